// Playwright drives a page of yours; here only its request fixture asks, so no browser is needed.
import { expect, test } from "stend/playwright";

test.use({ worldOptions: { seed: 7, clock: "2026-11-21T12:00:00+03:00" } });

test("the page's backend is the test's own world", async ({ world, request }) => {
  await world.act("carbis.call_waiter", { table: 1000028 });
  const reply = await request.get(`${world.url("carbis")}/api/v4/events?hash=none`, { headers: { token: "demo-token" } });
  expect((await reply.json()).data.updates).toHaveLength(1);
});
