// For Playwright: `test` is its own with the fixtures `stend` (the worker's bench) and `world` (a world of the test's own).
import { test as base } from "@playwright/test";
import { journalText, worldId } from "./worlds.js";
import { Bench } from "./client.js";
import { serve } from "./process.js";

export const test = base.extend({
  worldOptions: [{}, { option: true }],
  stend: [
    // biome-ignore lint: Playwright reads the names of the first parameter
    async ({}, use) => {
      const running = process.env.STEND_CONTROL_URL;
      const bench = running ? await Bench.connect(running) : await serve();
      await use(bench);
      await bench.stop?.();
    },
    { scope: "worker" },
  ],
  world: async ({ stend, worldOptions }, use, info) => {
    const { scenario, ...made } = worldOptions;
    const world = await stend.world({ id: worldId(info.title), ...made });
    try {
      if (scenario !== undefined) await world.play(scenario);
      await use(world);
      if (info.status !== info.expectedStatus) {
        await info.attach("stend journal", { body: await journalText(world, 100), contentType: "text/plain" });
      }
    } finally {
      await world.delete();
    }
  },
});
export { expect } from "@playwright/test";
