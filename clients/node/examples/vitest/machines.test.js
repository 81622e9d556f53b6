// A client of Telemetron tested with vitest.
import { expect } from "vitest";
import { test } from "stend/vitest";

const LOGIN = {
  grant_type: "password", client_id: "client-key", client_secret: "client-secret",
  username: "me@example.com", password: "123456", scope: "teleport",
};

async function machines(base) {
  const json = { "content-type": "application/json" };
  const { access_token } = await (await fetch(`${base}/auth/`, { method: "POST", headers: json, body: JSON.stringify(LOGIN) })).json();
  return (await fetch(`${base}/v2/vending_machines`, { headers: { authorization: `Bearer ${access_token}` } })).json();
}

test("machines are listed", async ({ world }) => {
  expect((await machines(world.url("telemetron"))).length).toBeGreaterThan(0);
  await world.verify({ journal: { fake: "telemetron", status: 200, count: 2 } });
});

test("worlds do not see each other", async ({ world }) => {
  expect(await world.journal()).toEqual([]);
});
