// The whole control API has methods: each operation and each parameter of its description is sent by some call.
import assert from "node:assert/strict";
import { test } from "node:test";
import { StendError, serve } from "stend";

const WAITER = { stend: 1, title: "a call", timeline: [{ at: "1s", do: { "carbis.call_waiter": { table: 1000028 } } }] };
const NOON = "2026-11-21T12:00:00+03:00";

/** Notes the methods, paths and parameters of what is asked. */
function noted(bench) {
  const sent = [];
  const { target, text, events } = bench.http;
  let method = "GET";
  bench.http.text = (...given) => ((method = given[0]), text.apply(bench.http, given));
  bench.http.events = (...given) => ((method = "GET"), events.apply(bench.http, given));
  bench.http.target = (...given) => {
    const url = new URL(target.apply(bench.http, given));
    sent.push({ method, path: decodeURI(url.pathname), names: [...url.searchParams.keys()] });
    return url.href;
  };
  return sent;
}

test("every operation has a method", async () => {
  const bench = await serve({ args: ["--metrics"] });
  try {
    const sent = noted(bench);
    assert.equal((await bench.health()).status, "ok");
    assert.ok("stend" in (await bench.index()));
    assert.match(await bench.certificate(), /^-----BEGIN CERT/);
    assert.match(await bench.metrics(), /# TYPE/);
    assert.deepEqual([...new Set((await bench.operations("carbis")).map((one) => one.fake))], ["carbis"]);
    assert.ok((await bench.actions("queue")).length && (await bench.specs()).length);
    assert.ok((await bench.claims("carbis")).every((claim) => claim.id && claim.status));
    const [{ name }] = await bench.scenarios();
    assert.deepEqual((await bench.check(await bench.scenario(name))).problems, []);
    assert.deepEqual((await bench.check("stend: 1\ntitle: x\ntimline: []\n")).problems.map((one) => one.line), [3]);
    const [{ topic }] = await bench.manual();
    assert.notEqual(await bench.chapter(topic, { lang: "ru" }), await bench.chapter(topic));
    await assert.rejects(bench.chapter("nothing"), (error) => error instanceof StendError && error.status === 404);

    const world = await bench.world({ clock: NOON });
    assert.ok(JSON.stringify((await bench.spec("carbis", { world: world.id })).servers).includes(world.id));
    assert.equal((await (await bench.get(world.id)).describe()).id, world.id);
    assert.equal((await bench.worlds()).length, 2);
    await world.act("carbis.call_waiter", { table: 1000028 });
    const feed = () => fetch(`${world.url("carbis")}/api/v4/events?hash=none`, { headers: { token: "demo-token" } });
    assert.equal((await feed()).status, 200);
    const filter = { service: "carbis", channel: "http", operation: "ev*", client: "demo-token", status: "2xx" };
    const page = await world.journalPage({ ...filter, since: 0, limit: 5, bodies: false, wait: 1 });
    assert.equal(page.entries.length, 1);
    assert.deepEqual(await world.journal({ fault: "none" }), []);
    await world.verify({ journal: { operation: "events" } }, { within: "1ms" });
    const events = [];
    for await (const event of world.stream({ since: 0, bodies: false })) {
      events.push(event);
      if (event.event === "exchange") break;
    }
    assert.deepEqual([events.at(-1).data.operation, typeof events.at(-1).id], ["events", "string"]);
    await assert.rejects(world.stream({ since: "nonsense" }).next(), (error) => error instanceof StendError && error.status === 422);
    assert.ok((await world.view({ limit: 1 })).services.some((one) => one.service === "queue"));
    const [table] = (await world.viewService("carbis", { table: "tables", limit: 1 })).tables;
    assert.equal(table.rows.length, 1);
    await world.viewService("carbis", { table: "tables", after: table.next ?? "nothing" }).catch((error) => assert.ok(error instanceof StendError));
    await assert.rejects(world.picture("queue", "none.png"), (error) => error.status === 404);
    assert.equal((await world.recording()).steps, 2);
    const fault = await world.faults.add({}, { drop: true });
    await world.faults.switch(fault, false);
    assert.equal((await feed()).status, 200);
    assert.equal((await world.faults.list()).length, 1);
    await world.faults.remove(fault);
    await world.faults.clear();
    assert.ok((await world.changes()).count >= 1);
    await world.clock.get({ due: true });
    await world.clock.freeze();
    await world.clock.advance(1);
    await world.restore(await world.state());
    await world.startScenario(WAITER, { speed: 0.001, seed: 4, start: NOON, report: true });
    assert.equal((await world.scenario({ steps: true })).state, "playing");
    await world.setSpeed("max");
    await world.stopScenario();
    assert.ok((await world.report()).lines.length > 0);
    await world.clearJournal();
    await world.reset("carbis");
    await world.delete();

    const missing = [];
    for (const [path, operations] of Object.entries((await bench.openapi()).paths)) {
      const shape = new RegExp(`^${path.replace(/[.]/g, "\\.").replace(/\{\w+\}/g, "[^/]+")}$`);
      for (const [method, operation] of Object.entries(operations)) {
        const here = sent.filter((one) => one.method === method.toUpperCase() && shape.test(one.path));
        if (!here.length) missing.push(`${method} ${path}`);
        for (const { in: place, name } of operation.parameters ?? []) {
          // `fake` and `way` are other names of `service` and `channel`.
          if (place === "query" && !["fake", "way"].includes(name) && !here.some((one) => one.names.includes(name))) missing.push(`${path}?${name}`);
        }
      }
    }
    assert.deepEqual(missing, []);
  } finally {
    await bench.stop();
  }
});
