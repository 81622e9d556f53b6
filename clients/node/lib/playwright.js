"use strict";
// For Playwright: `test` is its own with the fixtures `stend` (the worker's bench) and `world` (a world of the test's own).
const { expect, test: base } = require("@playwright/test");
const { checkWarnings, journalText, makeWorld, sharedBench, stopSharedBench } = require("./worlds.js");

const test = base.extend({
  worldOptions: [{}, { option: true }],
  stend: [
    // biome-ignore lint: Playwright reads the names of the first parameter
    async ({}, use) => {
      await use(await sharedBench());
      await stopSharedBench();
    },
    { scope: "worker" },
  ],
  world: async ({ stend, worldOptions }, use, info) => {
    const world = await makeWorld(stend, info.title, worldOptions);
    try {
      await use(world);
      if (info.status !== info.expectedStatus) {
        await info.attach("stend journal", { body: await journalText(world, 100), contentType: "text/plain" });
      }
      await checkWarnings(world, worldOptions);
    } finally {
      await world.delete();
    }
  },
});

module.exports = { expect, test };
