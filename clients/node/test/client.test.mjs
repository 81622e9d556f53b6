import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { mkdtempSync, writeFileSync, chmodSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { Bench, ExpectationFailed, Process, StartError, StendError, serve } from "stend";

const require = createRequire(import.meta.url);
const launcher = join(dirname(require.resolve("stend/package.json")), "bin/stend.js");
const folder = mkdtempSync(join(tmpdir(), "stend-test-"));
let bench;
before(async () => (bench = await serve()));
after(() => bench.stop());

async function events(world, expected = 200) {
  const reply = await fetch(`${world.url("carbis")}/api/v4/events?hash=none`, { headers: { token: "demo-token" } });
  assert.equal(reply.status, expected);
  const body = await reply.text();
  return expected === 200 ? JSON.parse(body).data.updates : undefined;
}

test("an action in one world is seen there alone", async () => {
  const [one, other] = await Promise.all([bench.world(), bench.world()]);
  const called = await one.act("carbis.call_waiter", { table: 1000028 });
  assert.deepEqual((await events(one)).map((event) => event.hash), [called.hash]);
  assert.deepEqual(await events(other), []);
  await Promise.all([one.delete(), other.delete()]);
});

test("a world's clock stands and moves as told", async () => {
  const world = await bench.world({ clock: "2026-11-21T12:00:00+03:00", seed: 7 });
  assert.equal(world.seed, 7);
  const noon = new Date("2026-11-21T09:00:00Z");
  assert.deepEqual(await world.clock.now(), noon);
  await world.act("carbis.call_waiter", { table: 1000028 });
  await world.clock.advance(240.5);
  assert.equal((await world.clock.now()) - noon, 240500);
  assert.equal((await events(world)).length, 1);
  await world.clock.advance("1m");
  assert.deepEqual(await events(world), []);
  await world.clock.freeze(noon);
  await world.clock.advanceTo(new Date("2026-11-21T10:00:00Z"));
  assert.deepEqual(await world.clock.now(), new Date("2026-11-21T10:00:00Z"));
  await world.delete();
});

test("faults, journal and expectations", async () => {
  const world = await bench.world();
  const id = await world.faults.add({ fake: "carbis" }, { respond: { status: 503 }, times: 1 });
  await events(world, 503);
  await events(world);
  assert.deepEqual((await world.faults.list()).map((fault) => fault.id), [id]);
  await world.faults.clear();
  const entries = await world.journal({ service: "carbis", operation: "events" });
  assert.deepEqual(entries.map((entry) => entry.status), [503, 200]);
  assert.equal(entries[0].fault, id);
  await world.verify({ journal: { operation: "events", count: 2 } });
  await assert.rejects(world.verify({ journal: { operation: "events", status: 500 } }), (error) => {
    assert.ok(error instanceof ExpectationFailed);
    assert.equal(error.nearest.operation, "events");
    return true;
  });
  await world.clearJournal();
  assert.deepEqual(await world.journal(), []);
  await world.delete();
});

test("verify waits as long as it is told", async () => {
  const world = await bench.world();
  setTimeout(() => events(world), 200);
  await world.verify({ journal: { operation: "events" } }, { within: 5 });
  const began = performance.now();
  await assert.rejects(world.verify({ journal: { operation: "events", count: 9 } }, { within: 0.2 }), ExpectationFailed);
  assert.ok(performance.now() - began >= 200);
  await world.delete();
});

test("a world is saved, restored, forked and reset", async () => {
  const world = await bench.world({ clock: "frozen" });
  await world.act("carbis.call_waiter", { table: 1000028 });
  for (const name of ["saved.yaml", "saved.json"]) await world.save(join(folder, name));
  const fork = await world.fork();
  assert.equal((await events(fork)).length, 1);
  await world.reset();
  assert.deepEqual(await events(world), []);
  for (const name of ["saved.yaml", "saved.json"]) {
    await world.restore(join(folder, name));
    assert.equal((await events(world)).length, 1, name);
    const other = await bench.world({ world: join(folder, name) });
    assert.equal((await events(other)).length, 1, name);
    await other.delete();
  }
  await Promise.all([fork.delete(), world.delete()]);
});

test("a scenario is played, and one that fails says why", async () => {
  const good = "stend: 1\ntimeline:\n  - do: { carbis.call_waiter: { table: 1000028 } }\n";
  const world = await bench.world();
  assert.equal((await world.play(good)).passed, true);
  writeFileSync(join(folder, "bad.yaml"), `${good}expect:\n  - journal: { fake: carbis, count: 3 }\n`);
  await assert.rejects(world.play(join(folder, "bad.yaml")), ExpectationFailed);
  await world.delete();
});

test("errors say what to do", async () => {
  await assert.rejects(bench.get("no-such-world"), (error) => error instanceof StendError && error.status === 404);
  const world = await bench.world({ id: "taken" });
  await assert.rejects(bench.world({ id: "taken" }), (error) => error.status === 409 && /taken/.test(error.message));
  await assert.rejects(world.act("carbis.call_waitr", { table: 1 }), /call_waiter/);
  assert.throws(() => world.url("telemtron"), /telemetron/);
  assert.throws(() => new Bench("127.0.0.1:7700"), /http:\/\/127.0.0.1:7700/);
  for (const id of ["касса", "a\r\nb: c"]) await assert.rejects(bench.world({ id }), (error) => error.status === 422);
  await world.delete();
});

test("what the process says is in the error", async () => {
  writeFileSync(join(folder, "broken.yaml"), "carbis: { tabels: [] }\n");
  await assert.rejects(Process.start({ world: join(folder, "broken.yaml") }), (error) => error instanceof StartError && /tabels/.test(error.message));
  const before = process.env.STEND_BINARY;
  try {
    process.env.STEND_BINARY = join(folder, "nothing");
    await assert.rejects(Process.start(), /STEND_BINARY/);
    writeFileSync(join(folder, "nothing"), "no executable format");
    chmodSync(join(folder, "nothing"), 0o755);
    await assert.rejects(Process.start(), StartError);
  } finally {
    if (before === undefined) delete process.env.STEND_BINARY;
    else process.env.STEND_BINARY = before;
  }
});

test("ports that are taken are named", async () => {
  const portBase = Number(new URL(bench.controlUrl).port);
  await assert.rejects(Process.start({ portBase }), (error) => error instanceof StartError && error.message.includes(`port ${portBase} for control is in use`));
});

test("a parent that is killed takes the bench along", async () => {
  const module = import.meta.resolve("stend");
  const code = `import { Process } from ${JSON.stringify(module)}; const p = await Process.start(); console.log(p.controlUrl); setTimeout(() => {}, 60000);`;
  const parent = spawn(process.execPath, ["--input-type=module", "-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const url = await new Promise((resolve) => parent.stdout.once("data", (data) => resolve(String(data).trim())));
  await Bench.connect(url);
  parent.kill("SIGKILL");
  const until = performance.now() + 3000;
  for (;;) {
    try {
      await Bench.connect(url);
    } catch {
      return;
    }
    assert.ok(performance.now() < until, `${url} still answers`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
});

test("CommonJS code can use it", async () => {
  const stend = require("stend");
  assert.equal(stend.Bench, Bench);
  const other = await stend.Bench.connect(bench.controlUrl);
  assert.equal((await other.get()).id, "default");
});

test("the command hands arguments, output and exit code through", async () => {
  const run = (...args) =>
    new Promise((resolve) => {
      const child = spawn(process.execPath, [launcher, ...args]);
      let out = "";
      child.stdout.on("data", (data) => (out += data));
      child.on("exit", (code) => resolve([code, out]));
    });
  const [good, version] = await run("--version");
  assert.equal(good, 0);
  assert.match(version, /^stend \d/);
  assert.equal((await run("no-such-command"))[0], 2);
});
