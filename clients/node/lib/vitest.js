// For vitest: `test` is vitest's own with the fixtures `stend` (the bench) and `world` (a world of the test's own).
import { afterAll, test as base } from "vitest";
import { journalText, sharedBench, stopSharedBench, worldId } from "./worlds.js";

export const test = base.extend({
  /** How the world is made; `test.override` or `test.scoped` change it for a file or a group. */
  worldOptions: {},
  // biome-ignore lint: vitest reads the names of the first parameter
  stend: async ({}, use) => {
    await use(await sharedBench());
  },
  world: async ({ stend, worldOptions, task, onTestFailed }, use) => {
    const { scenario, ...made } = worldOptions;
    const world = await stend.world({ id: worldId(task.name), ...made });
    onTestFailed(async () => {
      for (const error of task.result?.errors ?? []) error.message += `\n\n${seen}`;
    });
    let seen = "";
    try {
      if (scenario !== undefined) await world.play(scenario);
      await use(world);
    } finally {
      seen = await journalText(world).catch((why) => `the journal cannot be read: ${why.message}`);
      await world.delete();
    }
  },
});

afterAll(stopSharedBench);
