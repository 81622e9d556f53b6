import assert from "node:assert/strict";
import { test } from "node:test";
import { HANG, command, killed, node, project } from "./project.mjs";

const playwright = command("@playwright/test", "playwright");
const CONFIG = `module.exports = { testDir: ".", workers: 4, fullyParallel: true, retries: 0, timeout: 60000, globalSetup: require.resolve("stend/setup"), reporter: "list" };`;
const HEAD = `import { expect, test } from "stend/playwright";
const events = async (request, world, query = "hash=none") =>
  (await (await request.get(world.url("carbis") + "/api/v4/events?" + query, { headers: { token: "demo-token" } })).json()).data.updates;`;

test("Playwright: one bench for four workers, a world per test", async () => {
  const folder = project({
    "playwright.config.cjs": CONFIG,
    "feed.spec.mjs": `${HEAD}
      for (let n = 0; n < 20; n += 1) test("waiter " + n, async ({ world, request }) => {
        expect(await events(request, world)).toEqual([]);
        await world.act("carbis.call_waiter", { table: 1000028 });
        expect(await events(request, world)).toHaveLength(1);
        console.log("bench", world.bench.controlUrl);
      });`,
  });
  const { code, out } = await node(folder, [playwright, "test"]).ended;
  assert.equal(code, 0, out);
  assert.match(out, /20 passed/);
  assert.equal(new Set(out.match(/bench http:\S+/g)).size, 1);
});

test("Playwright: the journal is attached to a failure, warnings fail where they are errors", async () => {
  const folder = project({
    "playwright.config.cjs": CONFIG,
    "fails.spec.mjs": `${HEAD}
      test("fails", async ({ world, request }) => { await events(request, world); expect(1).toBe(2); });
      test.describe("strict", () => {
        test.use({ worldOptions: { warnings: "error" } });
        test("suspicious", async ({ world, request }) => { await events(request, world, "hsh=none&hash=none"); });
      });`,
  });
  const { code, out } = await node(folder, [playwright, "test"]).ended;
  assert.equal(code, 1, out);
  assert.match(out, /2 failed/);
  assert.match(out, /attachment #1: stend journal/);
  assert.match(out, /carbis events -> 200/);
  assert.match(out, /carbis events: .*hsh/);
});

test("Playwright: CommonJS tests, nothing is left when it is killed", async () => {
  const folder = project({
    "playwright.config.cjs": CONFIG,
    "hang.spec.cjs": `const { test } = require("stend/playwright"); test("hangs", async ({ world }) => { ${HANG} });`,
  });
  await killed(folder, [playwright, "test"]);
});
