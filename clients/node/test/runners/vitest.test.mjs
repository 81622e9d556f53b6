import assert from "node:assert/strict";
import { test } from "node:test";
import { EVENTS, HANG, command, killed, node, project } from "./project.mjs";

const vitest = command("vitest");
const CONFIG = (pool) => `export default { test: { pool: "${pool}", maxWorkers: 4, globalSetup: "stend/setup", testTimeout: 60000 } };`;
const HEAD = `import { expect } from "vitest"; import { test } from "stend/vitest"; ${EVENTS}`;

// The same titles in every file, so that the names of worlds would meet if they were made of titles alone.
const PARALLEL = `${HEAD}
for (let n = 0; n < 5; n += 1) test.concurrent("a waiter is called", async ({ world, expect }) => {
  expect(await events(world)).toEqual([]);
  await world.act("carbis.call_waiter", { table: 1000028 });
  expect(await events(world)).toHaveLength(1);
  await world.verify({ journal: { fake: "carbis", operation: "events", count: 2 } });
  console.log("bench", world.bench.controlUrl);
});`;

for (const pool of ["threads", "forks"]) {
  test(`vitest with ${pool}: one bench, a world per test`, async () => {
    const files = Object.fromEntries(Array.from({ length: 8 }, (_, n) => [`feed${n}.test.js`, PARALLEL]));
    const folder = project({ ...files, "vitest.config.mjs": CONFIG(pool) });
    const { code, out } = await node(folder, [vitest, "run"]).ended;
    assert.equal(code, 0, out);
    assert.match(out, /Tests +40 passed \(40\)/);
    const benches = out.match(/bench http:\S+/g);
    assert.equal(benches.length, 40);
    assert.equal(new Set(benches).size, 1);
  });

  test(`vitest with ${pool}: nothing is left when it is killed`, async () => {
    const folder = project({ "hang.test.js": `${HEAD} test("hangs", async ({ world }) => { ${HANG} });`, "vitest.config.mjs": CONFIG(pool) });
    await killed(folder, [vitest, "run"]);
  });
}

test("vitest: options of a world, and what a failure tells", async () => {
  const folder = project({
    "options.test.js": `${HEAD}
      test("fails", async ({ world }) => { await events(world); expect(1).toBe(2); });
      test("nearest", async ({ world }) => { await events(world); await world.verify({ journal: { operation: "events", status: 500 } }); });
      test("late", async ({ world }) => { setTimeout(() => events(world), 100); await world.verify({ journal: { operation: "events" } }, { within: 5 }); });
      `,
    "strict.test.js": `${HEAD} test.override({ worldOptions: { warnings: "error" } });
      test("suspicious", async ({ world }) => { await events(world, "hsh=none&hash=none"); });`,
    "clock.test.js": `${HEAD} test.override({ worldOptions: { seed: 7, clock: "2026-11-21T12:00:00+03:00",
        scenario: "stend: 1\\ntimeline:\\n  - do: { carbis.call_waiter: { table: 1000028 } }\\n" } });
      test("prepared", async ({ world }) => { expect(world.seed).toBe(7); expect(await events(world)).toHaveLength(1); });`,
    "vitest.config.mjs": CONFIG("threads"),
  });
  const { code, out } = await node(folder, [vitest, "run"]).ended;
  assert.equal(code, 1, out);
  assert.match(out, /Tests +3 failed \| 2 passed \(5\)/);
  assert.match(out, /stend journal of world fails-\w+:\n +1 \S+ carbis events -> 200/);
  assert.match(out, /nearest: \{/);
  assert.match(out, /the bench warned about requests of this test:\n +carbis events: .*hsh/);
});
