// A client of Carbis tested with node:test.
import assert from "node:assert/strict";
import { test } from "node:test";
import { withWorld } from "stend/test";

class Feed {
  #place = "none";
  constructor(base, token) {
    Object.assign(this, { base, token });
  }
  async poll() {
    const reply = await fetch(`${this.base}/api/v4/events?hash=${this.#place}`, { headers: { token: this.token } });
    if (!reply.ok) throw new Error(`the feed answered ${reply.status}`);
    const { updates } = (await reply.json()).data;
    if (updates.length) this.#place = updates.at(-1).hash;
    return updates.map((event) => event.code);
  }
}

test("a waiter is called once", withWorld(async (world) => {
  const feed = new Feed(world.url("carbis"), "demo-token");
  await world.act("carbis.call_waiter", { table: 1000028 });
  assert.deepEqual(await feed.poll(), ["waiter_call"]);
  assert.deepEqual(await feed.poll(), []);
}));

test("the client says what the POS answered", withWorld(async (world) => {
  await world.faults.add({ fake: "carbis" }, { respond: { status: 503 }, times: 1 });
  const feed = new Feed(world.url("carbis"), "demo-token");
  await assert.rejects(feed.poll(), /503/);
  assert.deepEqual(await feed.poll(), []);
}));
