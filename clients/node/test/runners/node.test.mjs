// node:test in parallel, what a world costs, types, and what is said where the binary is missing.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { serve } from "stend";
import { EVENTS, HANG, command, killed, node, project } from "./project.mjs";

const require = createRequire(import.meta.url);
const launcher = join(dirname(require.resolve("stend/package.json")), "bin/stend.js");
const HEAD = `import assert from "node:assert/strict"; import { test } from "node:test"; import { withWorld } from "stend/test"; ${EVENTS}`;
const FEED = `${HEAD}
test("a waiter is called", { concurrency: true }, async (t) => {
  await Promise.all(Array.from({ length: 10 }, () => t.test("in a world of its own", withWorld(async (world) => {
    assert.deepEqual(await events(world), []);
    await world.act("carbis.call_waiter", { table: 1000028 });
    assert.equal((await events(world)).length, 1);
    console.log("bench", world.bench.controlUrl);
  }))));
});`;
const files = Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`feed${n}.test.mjs`, FEED]));
const ARGS = ["--test", "--test-concurrency=4", "--test-reporter=tap"];

test("node:test in parallel: a bench a file, a world per test", async () => {
  const { code, out } = await node(project(files), ARGS).ended;
  assert.equal(code, 0, out);
  assert.match(out, /# pass 66/);
  assert.equal(new Set(out.match(/bench http:\S+/g)).size, 6);
});

test("node:test under `stend run`: one bench for all files", async () => {
  const { code, out } = await node(project(files), [launcher, "run", "--quiet", "--", process.execPath, ...ARGS]).ended;
  assert.equal(code, 0, out);
  assert.match(out, /# pass 66/);
  assert.equal(new Set(out.match(/bench http:\S+/g)).size, 1);
});

test("node:test: nothing is left when it is killed", async () => {
  const folder = project({ "hang.test.mjs": `${HEAD} test("hangs", withWorld(async (world) => { ${HANG} }));` });
  await killed(folder, ARGS);
});

test("a world costs a test at most 5 ms", async (t) => {
  const bench = await serve();
  const took = [];
  for (let n = 0; n < 200; n += 1) {
    const began = performance.now();
    const world = await bench.world({ id: `test-${n}` });
    await world.delete();
    took.push(performance.now() - began);
  }
  await bench.stop();
  took.sort((a, b) => a - b);
  t.diagnostic(`a world made and removed: median ${took[100].toFixed(2)} ms, 95 of 100 within ${took[190].toFixed(2)} ms`);
  assert.ok(took[100] <= 5, `median ${took[100]} ms`);
});

test("types: a strict TypeScript project of either kind", async () => {
  const source = `
import { Bench, ExpectationFailed, serve, type Entry, type World } from "stend";
import { withWorld } from "stend/test";
import { test as play } from "stend/playwright";
import setup from "stend/setup";
export async function count(world: World): Promise<number> {
  await world.verify({ journal: { fake: "carbis" } }, { within: "2s" });
  const entries: Entry[] = await world.journal({ service: "carbis", limit: 5 });
  return entries.length;
}
export const wrapped = withWorld(async (world, t) => { t.diagnostic(world.id); await count(world); }, { seed: 7, warnings: "error" });
play("x", async ({ world, request }) => { await request.get(world.url("carbis")); });
export async function main() { await using bench = await serve({ portBase: 8800 }); console.log(bench.urls, Bench, ExpectationFailed, setup); }
`;
  const config = { compilerOptions: { strict: true, noEmit: true, module: "nodenext", target: "es2022", lib: ["es2022", "esnext.disposable", "dom"], types: ["node"], skipLibCheck: true } };
  const good = project({
    "esm.mts": `${source}\nimport { test } from "stend/vitest";\ntest("y", async ({ world, stend }) => { console.log(world.id, stend.controlUrl); });\n`,
    "cjs.cts": source,
    "tsconfig.json": JSON.stringify(config),
  });
  const { code, out } = await node(good, [command("typescript", "tsc"), "-p", "."]).ended;
  assert.equal(code, 0, out);
  const bad = project({ "bad.mts": `import { serve } from "stend";\nconst bench = await serve();\nawait bench.world({ sed: 7 });\n`, "tsconfig.json": JSON.stringify(config) });
  const refused = await node(bad, [command("typescript", "tsc"), "-p", "."]).ended;
  assert.notEqual(refused.code, 0);
  assert.match(refused.out, /bad\.mts\(3,\d+\).*'sed'/);
});

test("a missing package of the platform, and a platform without one, are named", async () => {
  // Outside of everything that is installed.
  const outside = mkdtempSync(join(tmpdir(), "stend-missing-"));
  cpSync(dirname(require.resolve("stend/package.json")), join(outside, "node_modules/stend"), { recursive: true, dereference: true });
  const at = join(outside, "node_modules/stend/bin/stend.js");
  const env = { STEND_BINARY: "", PATH: "" };
  const missing = await node(outside, [at, "--version"], env).ended;
  assert.equal(missing.code, 2);
  assert.match(missing.out, new RegExp(`error: no stend executable: @stend/${process.platform}-${process.arch} is not installed; .*--omit=optional`));
  const other = await node(outside, ["-e", `Object.defineProperty(process, "arch", { value: "s390x" }); require("stend").serve().catch((error) => { console.log(error.message); });`], env).ended;
  assert.match(other.out, new RegExp(`there is no package for ${process.platform}-s390x, only @stend/linux-x64, `));
  rmSync(outside, { recursive: true });
});
