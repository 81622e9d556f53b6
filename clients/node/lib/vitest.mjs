// For vitest: `test` is vitest's own with the fixtures `stend` (the bench) and `world` (a world of the test's own).
import { afterAll, test as base } from "vitest";
import helper from "./worlds.js";

const { checkWarnings, journalText, makeWorld, sharedBench, stopSharedBench } = helper;

export const test = base.extend({
  /** How the world is made; `test.override({ worldOptions })` (before vitest 4 `test.scoped`) changes it for a group. */
  worldOptions: {},
  // biome-ignore lint: vitest reads the names of the first parameter
  stend: async ({}, use) => {
    await use(await sharedBench());
  },
  world: async ({ stend, worldOptions, task, onTestFailed }, use) => {
    const world = await makeWorld(stend, task.name, worldOptions);
    let seen = "";
    onTestFailed(() => {
      for (const error of task.result?.errors ?? []) error.message += `\n\n${seen}`;
    });
    try {
      await use(world);
      await checkWarnings(world, worldOptions);
    } finally {
      seen = await journalText(world);
      await world.delete();
    }
  },
});

afterAll(stopSharedBench);
