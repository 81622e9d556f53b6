// The helper for node:test, in runs of its own.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

const helper = import.meta.resolve("stend/test");

function run(body) {
  const file = join(mkdtempSync(join(tmpdir(), "stend-run-")), "one.test.mjs");
  writeFileSync(file, `import { test } from "node:test"; import assert from "node:assert/strict"; import { withWorld } from ${JSON.stringify(helper)};
const events = async (world, query = "hash=none") => (await (await fetch(world.url("carbis") + "/api/v4/events?" + query, { headers: { token: "demo-token" } })).json()).data.updates;
${body}`);
  const env = { ...process.env };
  delete env.NODE_TEST_CONTEXT;
  const result = spawnSync(process.execPath, ["--test", "--test-reporter=tap", file], { encoding: "utf8", env, timeout: 30000 });
  return { code: result.status, out: result.stdout + result.stderr };
}

test("each test has a world of its own", () => {
  const { code, out } = run(`
    for (const name of ["first", "второй"]) test(name, withWorld(async (world) => {
      assert.deepEqual(await events(world), []);
      await world.act("carbis.call_waiter", { table: 1000028 });
      assert.equal((await events(world)).length, 1);
    }, { seed: 5, clock: "frozen" }));`);
  assert.equal(code, 0, out);
  assert.match(out, /# pass 2/);
});

test("a failure shows the journal", () => {
  const { code, out } = run(`test("fails", withWorld(async (world) => { await events(world, "hsh=none&hash=none"); assert.equal(1, 2); }));`);
  assert.equal(code, 1);
  assert.match(out, /events -> 200/);
  assert.match(out, /warning: .*hsh/);
});

test("warnings fail a test where they are errors", () => {
  const { code, out } = run(`test("odd", withWorld(async (world) => { await events(world, "hsh=none&hash=none"); }, { warnings: "error" }));`);
  assert.equal(code, 1);
  assert.match(out, /warned about requests/);
});
