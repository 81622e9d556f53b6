"use strict";
// For node:test: `withWorld` gives a test a world of its own and puts the journal into the message of its failure.
const { after } = require("node:test");
const { checkWarnings, journalText, makeWorld, sharedBench, stopSharedBench } = require("./worlds.js");

let prepared = false;

function prepare() {
  if (prepared) return;
  prepared = true;
  after(stopSharedBench);
  // `node --test` runs each file in a process of its own, which outlives a runner that is killed. It ends here, and its bench with it.
  const runner = process.env.NODE_TEST_CONTEXT ? process.ppid : undefined;
  if (runner !== undefined) setInterval(() => process.ppid === runner || process.exit(1), 250).unref();
}

/** Wraps a test's function: `test("…", withWorld(async (world, t) => { … }, { seed: 7 }))`. */
function withWorld(run, options = {}) {
  prepare();
  return async (context) => {
    const world = await makeWorld(await sharedBench(), context?.fullName ?? context?.name ?? "", options);
    try {
      try {
        await run(world, context);
        await checkWarnings(world, options);
      } catch (error) {
        if (error instanceof Error) error.message += `\n\n${await journalText(world)}`;
        throw error;
      }
    } finally {
      await world.delete();
    }
  };
}

module.exports = { withWorld };
