"use strict";
// What the helpers for test runners share: one bench, a world per test, the journal of a failure.
const { randomBytes } = require("node:crypto");
const { Bench } = require("./client.js");
const { serve } = require("./process.js");

let bench;

/** The bench of this process: the one that STEND_CONTROL_URL names, or one that is started at the first call. */
function sharedBench() {
  const running = process.env.STEND_CONTROL_URL;
  bench ??= running ? Bench.connect(running) : serve();
  return bench;
}

/** Stops the bench of this process, if it was started here. */
async function stopSharedBench() {
  const started = bench;
  bench = undefined;
  await (await started)?.stop?.();
}

/** A world's name from a test's: what a URL may hold, readable, different for different tests, tries, threads and runs. */
function worldId(name) {
  const short = name.replace(/[^A-Za-z0-9]+/g, "-").slice(-40).replace(/^-+|-+$/g, "");
  const suffix = randomBytes(4).toString("hex");
  return short ? `${short}-${suffix}` : suffix;
}

/** A world for a test, and what its options ask to be played in it. */
async function makeWorld(from, name, { scenario, warnings, ...options } = {}) {
  if (![undefined, "show", "error"].includes(warnings)) {
    throw new TypeError(`invalid warnings ${JSON.stringify(warnings)}; expected "show" or "error"`);
  }
  const world = await from.world({ id: worldId(name), ...options });
  try {
    if (scenario !== undefined) await world.play(scenario);
  } catch (error) {
    await world.delete();
    throw error;
  }
  return world;
}

/** Throws if the bench warned about a request of a test for which warnings are errors. */
async function checkWarnings(world, { warnings } = {}) {
  if (warnings !== "error") return;
  const entries = await world.journal({ limit: 10000 });
  const texts = entries.flatMap((entry) => (entry.warnings ?? []).map((text) => `  ${entry.fake} ${entry.operation ?? entry.path}: ${text}`));
  if (texts.length) throw new Error(`the bench warned about requests of this test:\n${texts.join("\n")}`);
}

/** What a world saw, for the report of a failure. */
async function journalText(world, limit = 20) {
  let entries;
  try {
    entries = await world.journal({ limit });
  } catch (error) {
    return `the journal of world ${world.id} cannot be read: ${error.message}`;
  }
  if (entries.length === 0) {
    const urls = Object.entries(world.urls).map(([name, url]) => `  ${name.padEnd(11)} ${url}`);
    return `no request has reached the world ${world.id}; its URLs:\n${urls.join("\n")}`;
  }
  const lines = entries.flatMap((entry) => [
    `  ${entry.seq} ${entry.at} ${entry.fake} ${entry.operation ?? `${entry.method} ${entry.path}`} -> ${entry.status}`,
    ...(entry.warnings ?? []).map((text) => `      warning: ${text}`),
  ]);
  return `stend journal of world ${world.id}:\n${lines.join("\n")}`;
}

module.exports = { checkWarnings, journalText, makeWorld, sharedBench, stopSharedBench };
