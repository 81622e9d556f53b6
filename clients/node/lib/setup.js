"use strict";
// One bench for all workers of a test run: `globalSetup` of vitest and of Playwright, `--test-global-setup` of Node.js 24.
// The helpers of all workers find it by STEND_CONTROL_URL; a bench that this variable names already is used instead.
const { serve } = require("./process.js");

let bench;

async function globalTeardown() {
  if (!bench) return;
  delete process.env.STEND_CONTROL_URL;
  await bench.stop();
  bench = undefined;
}

async function globalSetup() {
  if (process.env.STEND_CONTROL_URL) return undefined;
  bench = await serve();
  process.env.STEND_CONTROL_URL = bench.controlUrl;
  return globalTeardown;
}

module.exports = { default: globalSetup, globalSetup, globalTeardown };
