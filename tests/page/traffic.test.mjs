// The traffic's details: the document, copies that can be used, the conversation on a socket.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { after } from "node:test";
import { FEED, api, asTablet, on, shot, shut, until, violations } from "./bench.mjs";

after(shut);

const clipboard = { permissions: ["clipboard-read", "clipboard-write"] };
const copied = (page) => page.evaluate(() => navigator.clipboard.readText());

on("the details tell what the document says of the operation, and how sure we are", {}, async ({ page, urls }) => {
  await fetch(urls.carbis + FEED, asTablet);
  await page.locator(".line.exchange").click();
  await page.click("#part-document");
  const claim = page.locator('[data-claim="CB-003"]');
  await claim.waitFor();
  assert.match(await claim.innerText(), /proved/);
  assert.match(await claim.innerText(), /documented/);
  await page.getByRole("heading", { name: "Как получить список событий" }).waitFor();
  assert.match(await page.locator("#details").innerText(), /\d+ of \d+ statements are proved by tests/);
  assert.deepEqual(await violations(page), []);
  await shot(page, "document");
});

on("an exchange copied as a step and as an expectation can be played", { browser: clipboard }, async ({ page, urls }) => {
  await fetch(urls.carbis + FEED, asTablet);
  await page.locator(".line.exchange").click();
  await page.click("#copy-step");
  const step = await copied(page);
  await page.click("#copy-expect");
  await until(async () => (await copied(page)) !== step, "the expectation is copied");
  const expectation = await copied(page);
  const indented = (text, by) => text.trimEnd().split("\n").map((line) => by + line).join("\n");
  const scenario = `stend: 1\ntitle: copied\nworld: busy\ntimeline:\n${indented(step, "  ")}\nexpect:\n  - ${expectation}`;
  await page.click("#open-scenarios");
  await page.fill("#scenario-text", scenario);
  await page.locator("#scenario-speed").selectOption("max");
  await page.locator("#panel").getByRole("button", { name: "▶ Play" }).click();
  await page.locator("#panel #scenario-state", { hasText: "passed" }).waitFor();
});

on("the time axis marks what happened, and a click on it chooses the line", { serve: ["--clock", "2026-11-26T14:00:00+03:00"] }, async ({ page, urls }) => {
  await fetch(urls.carbis + FEED, asTablet);
  await api(urls, "/clock/advance", { method: "POST", body: JSON.stringify({ by: "10m" }) });
  await fetch(urls.carbis + "/nowhere", asTablet);
  await page.locator(".line.exchange").nth(1).waitFor();
  const axis = page.locator(".axis canvas");
  /** The colours of a column of the axis, by its place from 0 to 1. */
  const marks = (share) =>
    axis.evaluate((canvas, share) => {
      const { data } = canvas.getContext("2d").getImageData(Math.round(share * (canvas.width - 3)), 0, 1, canvas.height);
      return [...new Set(data.filter((_, n) => n % 4 === 3))].some((alpha) => alpha > 0);
    }, share);
  await until(async () => (await marks(0)) && (await marks(1)) && !(await marks(0.5)), "the beginning and the end are marked, and nothing between");
  const { width, height } = await axis.boundingBox();
  const first = page.locator(".line.exchange", { hasText: FEED.split("?")[0] });
  await axis.click({ position: { x: 1, y: height / 2 } });
  await until(async () => (await first.getAttribute("aria-selected")) === "true", "the first line is chosen");
  await axis.click({ position: { x: width - 1, y: height / 2 } });
  await until(async () => (await page.locator(".line.exchange", { hasText: "/nowhere" }).getAttribute("aria-selected")) === "true", "the last line is chosen");
  assert.deepEqual(await violations(page), []);
});

/** A socket of the queue that an operator has logged in on, and what came on it. */
async function operator(url) {
  const socket = new WebSocket(url);
  const came = [];
  socket.onmessage = ({ data }) => came.push(JSON.parse(data));
  await new Promise((then) => (socket.onopen = then));
  const send = async (command, data, token) => {
    const before = came.length;
    socket.send(JSON.stringify({ command, token, data }));
    return until(() => came.slice(before).find((frame) => frame.command === command), command);
  };
  const login = await send("login", { component: "workplace", login: "operator", password: "827ccb0eea8a706c4c34a16891f84e7b", workplace: 11 });
  return { send: (command, data) => send(command, data, login.data.token ?? login.token), socket };
}

on("of a socket the whole conversation is there", { serve: ["--clock", "2026-11-26T14:00:00+03:00"] }, async ({ page, urls }) => {
  const { send, socket } = await operator(urls.queue);
  await send("serviceList", {});
  const line = page.locator(".line.exchange", { hasText: "serviceList" });
  await line.click();
  await page.click("#part-conversation");
  const turns = page.locator(".turn");
  await until(async () => (await turns.count()) >= 2, "what was sent and got is there");
  const said = await page.locator(".conversation").innerText();
  assert.match(said, /⇢[\s\S]*serviceList[\s\S]*⇠[\s\S]*serviceList/);
  assert.deepEqual(await violations(page), []);
  await shot(page, "conversation");
  socket.close();
});

on("an entry that the journal has dropped says so, and a gap is told", { serve: ["--clock", "frozen"] }, async ({ page, urls }) => {
  await page.click("#tab-carbis");
  // A world that keeps few entries.
  const worlds = `${urls.control}/control/v1/worlds`;
  const made = await fetch(worlds, { method: "POST", body: JSON.stringify({ id: "short", world: { stend: 1, base: "documented", journal: { entries: 5 } } }) });
  assert.equal(made.status, 201, await made.text());
  await page.goto(`${urls.control}/?world=short`);
  await page.locator("#connection.ok").waitFor();
  await fetch(`${urls.carbis}/w/short/first`);
  await page.locator(".line.exchange", { hasText: "/first" }).waitFor();
  for (let n = 0; n < 12; n += 1) await fetch(`${urls.carbis}/w/short/later${n}`);
  await page.locator(".line.exchange", { hasText: "/later11" }).waitFor();
  await page.locator(".line.exchange", { hasText: "/first" }).click();
  await page.getByText("The journal has dropped this entry").waitFor();
  // Who comes when most has gone is told what was missed.
  await page.reload();
  await page.locator(".line.gap").waitFor();
  assert.match(await page.locator(".line.gap").first().innerText(), /\d+ entries were missed here/);
});

/** A way to the control port that can be cut. */
async function wire(to) {
  const { port } = new URL(to);
  const pairs = new Set();
  const server = createServer((near) => {
    const far = connect(Number(port), "127.0.0.1");
    near.pipe(far).pipe(near);
    for (const end of [near, far]) end.on("error", () => {});
    pairs.add(near);
  });
  await new Promise((then) => server.listen(0, "127.0.0.1", then));
  const cut = () => pairs.forEach((near) => near.destroy()) ?? pairs.clear();
  return { url: `http://127.0.0.1:${server.address().port}`, cut, close: () => server.close() ?? cut() };
}

on("a stream that breaks says so, is made again, and goes on where it was", {}, async ({ urls, context }) => {
  const way = await wire(urls.control);
  const page = await context.newPage();
  await page.goto(`${way.url}/`);
  await page.locator("#connection.ok").waitFor();
  await fetch(`${urls.carbis}/before`);
  await page.locator(".line.exchange", { hasText: "/before" }).waitFor();
  way.cut();
  await page.locator("#connection.bad").waitFor();
  await fetch(`${urls.carbis}/meanwhile`);
  await page.locator("#connection.ok").waitFor();
  await page.locator(".line.exchange", { hasText: "/meanwhile" }).waitFor();
  assert.equal(await page.locator(".line.exchange").count(), 2, "nothing is missed, and nothing comes twice");
  assert.equal((await api(urls, "/journal")).entries.length, 2);
  way.close();
});
