// The faults pane: presets, a form of one's own, on and off, counts.
import assert from "node:assert/strict";
import { after } from "node:test";
import { FEED, api, on, shot, shut, until, violations } from "./bench.mjs";

after(shut);

on("a fault of one's own is checked at its fields, counted and removed", {}, async ({ page, urls }) => {
  await page.click("#open-faults");
  const form = page.getByRole("form", { name: "Add a fault" });
  const add = form.getByRole("button", { name: "Add" });
  const field = (id) => form.locator(".field", { has: page.locator(id) });
  await form.locator("#fault-effect").selectOption("respond");
  await form.getByLabel("Arguments").fill('{"status": 99}');
  await add.click();
  await field("#fault-effect").getByRole("alert").waitFor();
  await form.getByLabel("Arguments").fill('{"status": 418}');
  await form.locator("#fault-probability").fill("7");
  await add.click();
  await field("#fault-probability").getByRole("alert").waitFor();
  assert.deepEqual(await violations(page), []);
  await form.locator("#fault-probability").fill("");
  await form.locator("summary").click();
  await form.locator("#fault-path").fill("/api/*");
  await form.locator("#fault-header").fill("token: demo-*");
  await add.click();
  await page.locator("#faults li").waitFor();
  assert.equal((await fetch(urls.carbis + FEED)).status, 401, "without the header it is not meant");
  assert.equal((await fetch(urls.carbis + FEED, { headers: { token: "demo-token" } })).status, 418);
  await page.getByText("applied 1 of 1 matched, used up").waitFor();
  await page.locator("#faults li").getByRole("button").click();
  await until(async () => (await page.locator("#faults li").count()) === 0, "no fault is left");
  assert.deepEqual(await api(urls, "/faults"), []);
});

on("a fault with a probability strikes about so often; switched off it does not, and keeps its counts", {}, async ({ page, urls }) => {
  await page.click("#open-faults");
  const form = page.getByRole("form", { name: "Add a fault" });
  await form.locator("#fault-times").fill("");
  await form.locator("#fault-probability").fill("0.5");
  await form.getByRole("button", { name: "Add" }).click();
  const row = page.locator("#faults li");
  await row.waitFor();
  const ask = async () => (await fetch(`${urls.carbis}/nowhere`)).status;
  const got = [];
  for (let n = 0; n < 40; n += 1) got.push(await ask());
  const struck = got.filter((status) => status === 503).length;
  assert.ok(struck > 8 && struck < 32, `${struck} of 40`);
  await page.getByText(`applied ${struck} of 40 matched`).waitFor();
  await row.getByRole("switch").click();
  await until(async () => (await api(urls, "/faults"))[0].off === true, "it is off");
  await page.locator("#open-faults", { hasText: /^faults\s*▾$/ }).waitFor();
  for (let n = 0; n < 5; n += 1) assert.equal(await ask(), 404);
  await page.getByText(`applied ${struck} of 40 matched`).waitFor();
  await row.getByRole("switch").click();
  await until(async () => (await api(urls, "/faults"))[0].off === undefined, "it is on again");
  await page.locator("#open-faults", { hasText: "faults 1" }).waitFor();
  await shot(page, "faults");
});

/** What a preset does to two requests to Carbis. */
const PRESETS = {
  preset_503: async (ask) => assert.deepEqual([await ask(), await ask()], [503, 404]),
  preset_429: async (ask) => assert.deepEqual([await ask(), await ask()], [404, 429]),
  preset_reset_before: async (ask) => assert.deepEqual([await ask(), await ask()], ["reset", 404]),
  preset_reset_after: async (ask) => assert.deepEqual([await ask(), await ask()], ["reset", 404]),
};

on("each preset does at a click what its button says", {}, async ({ page, urls }) => {
  const ask = () => fetch(`${urls.carbis}/nowhere`).then(({ status }) => status, () => "reset");
  await page.click("#open-faults");
  for (const [name, holds] of Object.entries(PRESETS)) {
    await page.click(`[data-preset="${name}"]`);
    await page.locator("#faults li").waitFor();
    await holds(ask);
    await page.getByRole("button", { name: "Remove all" }).click();
    await until(async () => (await page.locator("#faults li").count()) === 0, "no fault is left");
  }
  // Slow: the reply waits for three seconds of the world's clock, which stands here.
  await page.click('[data-preset="preset_slow"]');
  await page.locator("#faults li").waitFor();
  const held = ask();
  await until(async () => (await api(urls, "/clock?due=true")).due.some(({ fake }) => fake === "world"), "a reply is held");
  let answered;
  held.then((status) => (answered = status));
  // Other things of the town fall due before it.
  await until(async () => answered !== undefined || (await page.click("#due"), false), "the reply that was held");
  assert.equal(answered, 404);
  // Those on pushes are offered where there are sockets.
  assert.equal(await page.locator('[data-preset="preset_drop"]').count(), 0);
});

/** A client of the queue: sends commands one after the other, keeps the names of a service that pushes bring. */
async function client(url, login) {
  const socket = new WebSocket(url);
  const [names, waiting] = [[], []];
  socket.onmessage = ({ data }) => {
    const message = JSON.parse(data);
    if (message.id === undefined) names.push(message.data.find(({ id }) => id === 1).name);
    else waiting.shift()(message);
  };
  await new Promise((opened, failed) => ((socket.onopen = opened), (socket.onerror = failed)));
  let token;
  const ask = (command, data = {}) =>
    new Promise((done) => {
      waiting.push(done);
      socket.send(JSON.stringify({ id: 1, command, data, token }));
    });
  ({ token } = await ask("login", login));
  return { ask, names, close: () => socket.close() };
}

on("a push is lost, and two change places, as their presets say", {}, async ({ page, urls }) => {
  const board = await client(urls.queue, { component: "qboard", login: "qboard" });
  const password = "827ccb0eea8a706c4c34a16891f84e7b";
  const clerk = await client(urls.queue, { component: "workplace", login: "admin", password, workplace: 18 });
  await board.ask("subscribeServices");
  const rename = (name) => clerk.ask("setService", { id: 1, name });
  await page.click("#open-faults");
  await page.locator("#fault-service").selectOption("queue");
  await page.click('[data-preset="preset_drop"]');
  await page.locator("#faults li").waitFor();
  await rename("lost");
  await rename("kept");
  await until(() => board.names.length === 1, "the second push");
  assert.deepEqual(board.names, ["kept"]);
  await page.locator("#faults li", { hasText: "applied 1 of" }).waitFor();
  await page.click('[data-preset="preset_reorder"]');
  await until(async () => (await page.locator("#faults li").count()) === 2, "two faults on pushes");
  await rename("first");
  await rename("second");
  await until(() => board.names.length === 3, "both pushes");
  assert.deepEqual(board.names, ["kept", "second", "first"]);
  board.close();
  clerk.close();
});
