// For node:test: `withWorld` gives a test a world of its own and puts the journal into the message of its failure.
import { after } from "node:test";
import { journalText, sharedBench, stopSharedBench, worldId } from "./worlds.js";

let registered = false;

/** Wraps a test's function: `test("…", withWorld(async (world, t) => { … }, { seed: 7 }))`. */
export function withWorld(run, options = {}) {
  const { scenario, warnings = "show", ...made } = options;
  if (!registered) {
    registered = true;
    after(stopSharedBench);
  }
  return async (context) => {
    const bench = await sharedBench();
    const world = await bench.world({ id: worldId(context?.name ?? ""), ...made });
    try {
      if (scenario !== undefined) await world.play(scenario);
      try {
        await run(world, context);
      } catch (error) {
        if (error instanceof Error) error.message += `\n\n${await journalText(world).catch((why) => `the journal cannot be read: ${why.message}`)}`;
        throw error;
      }
      if (warnings === "error") {
        const odd = (await world.journal({ limit: 10000 })).filter((entry) => entry.warnings?.length);
        if (odd.length) throw new Error(`the bench warned about requests of this test:\n${await journalText(world)}`);
      }
    } finally {
      await world.delete();
    }
  };
}
