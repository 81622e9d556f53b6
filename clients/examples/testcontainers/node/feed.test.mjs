// A bench in a container for the file, a world per test: STEND_IMAGE names the image, else localhost/stend:0.2.0.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import { GenericContainer, Wait } from "testcontainers";

let container;
let base;
before(async () => {
  container = await new GenericContainer(process.env.STEND_IMAGE ?? "localhost/stend:0.2.0")
    // All that the image exposes: podman shows the others as unbound, for which Testcontainers would wait.
    .withExposedPorts(7700, 7701, 7702, 7703, 7704, 7705)
    .withWaitStrategy(Wait.forHttp("/control/v1/health", 7700))
    .start();
  base = (port) => `http://${container.getHost()}:${container.getMappedPort(port)}`;
});
after(() => container?.stop());

async function call(method, url, body) {
  const reply = await fetch(url, { method, body: body && JSON.stringify(body), headers: { token: "demo-token" } });
  assert.ok(reply.ok, `${method} ${url}: ${reply.status}`);
  const text = await reply.text();
  return text ? JSON.parse(text) : undefined;
}

/** Ports are mapped, so the world's URLs are the mapped ones with its prefix. */
const inWorld = (run) => async () => {
  const worlds = `${base(7700)}/control/v1/worlds`;
  const id = `test-${randomUUID()}`;
  await call("POST", worlds, { id, seed: 7, clock: "frozen" });
  try {
    await run({ control: `${worlds}/${id}`, carbis: `${base(7701)}/w/${id}` });
  } finally {
    await call("DELETE", `${worlds}/${id}`);
  }
};

test("a waiter is called", inWorld(async (world) => {
  await call("POST", `${world.control}/actions`, { "carbis.call_waiter": { table: 1000028 } });
  assert.equal((await call("GET", `${world.carbis}/api/v4/events?hash=none`)).data.updates.length, 1);
}));

test("nobody has called", inWorld(async (world) => {
  assert.deepEqual((await call("GET", `${world.carbis}/api/v4/events?hash=none`)).data.updates, []);
}));
