// The panel of worlds: made, compared, saved, loaded, reached.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { FEED, asTablet, on, shot, shut, until, violations } from "./bench.mjs";

after(shut);

on("a world is made, forked, chosen, reset and removed", {}, async ({ page, urls }) => {
  await page.click("#open-worlds");
  await page.fill("#world-name", "mine");
  await page.locator("#world-start").selectOption("busy");
  const make = page.getByRole("form", { name: "Make a world" });
  await make.getByRole("button").click();
  const mine = page.locator('[data-world="mine"]');
  await mine.getByText("/w/mine").first().waitFor();
  await page.locator("#open-worlds", { hasText: "mine" }).waitFor();
  assert.deepEqual(await violations(page), []);
  await shot(page, "worlds");
  await page.fill("#world-name", "mine");
  await make.getByRole("button").click();
  await make.getByRole("alert").waitFor();
  await fetch(`${urls.carbis}/w/mine${FEED}`, asTablet);
  await page.locator(".line.exchange").waitFor();
  await mine.getByRole("button", { name: "Fork" }).click();
  await until(async () => (await page.locator("#worlds > li").count()) === 3, "three worlds");
  await mine.getByRole("button", { name: "Reset" }).click();
  await page.locator("#notice").waitFor();
  await mine.getByRole("button", { name: "Remove" }).click();
  await until(async () => (await page.locator("#worlds > li").count()) === 2, "two worlds");
  await page.locator("#worlds").getByRole("button", { name: "default" }).click();
  await page.locator("#open-worlds", { hasText: "default" }).waitFor();
});

on("a world is compared with its beginning, saved, changed and loaded again", { browser: { acceptDownloads: true } }, async ({ page }) => {
  await page.click("#open-worlds");
  const world = page.locator('[data-world="default"]');
  await world.getByRole("button", { name: "Compare" }).click();
  await world.getByText("Nothing differs from how the world began").waitFor();
  const [file] = await Promise.all([page.waitForEvent("download"), world.getByRole("button", { name: "Save as file" }).click()]);
  assert.equal(file.suggestedFilename(), "default.yaml");
  const saved = readFileSync(await file.path(), "utf8");
  assert.match(saved, /^stend: 1/m);
  await page.keyboard.press("Escape");
  await page.click("#tab-carbis");
  const table = page.locator('[data-table="tables"] tbody tr').first();
  const name = (await table.locator("td").first().innerText()).trim();
  await table.getByRole("button", { name: "Call the waiter" }).click();
  await page.locator(".line.done").first().waitFor();
  await page.click("#open-worlds");
  await world.getByRole("button", { name: "Compare" }).click();
  const changes = page.locator(".changes");
  await changes.locator(".leaf").first().waitFor();
  assert.match(await changes.innerText(), /carbis/);
  assert.match(await changes.innerText(), /waiter/i, `the call of table ${name} is among what differs`);
  assert.deepEqual(await violations(page), []);
  await shot(page, "compare");
  await page.setInputFiles("#load-default", { name: "default.yaml", mimeType: "application/yaml", buffer: Buffer.from(saved) });
  await page.locator("#notice", { hasText: "Load a file: default" }).waitFor();
  await changes.getByRole("button", { name: "Compare again" }).click();
  await changes.getByText("Nothing differs").waitFor();
  // A file that is no world is refused, in words.
  await page.setInputFiles("#load-default", { name: "bad.yaml", mimeType: "application/yaml", buffer: Buffer.from("stend: 1\ncarbs: {}\n") });
  await page.locator("#notice.bad", { hasText: "carbis" }).waitFor();
});

on("URLs and environment are there to copy, and lead to the world", { browser: { permissions: ["clipboard-read", "clipboard-write"] } }, async ({ page, urls }) => {
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  await page.click("#open-worlds");
  await page.fill("#world-name", "shop");
  await page.getByRole("form", { name: "Make a world" }).getByRole("button").click();
  const world = page.locator('[data-world="shop"]');
  await world.getByRole("button", { name: "Copy carbis" }).click();
  const url = await copied();
  assert.equal(url, `${urls.carbis}/w/shop`);
  assert.equal((await fetch(url + FEED, asTablet)).status, 200);
  await world.getByRole("button", { name: "Copy stend env" }).click();
  assert.equal(await copied(), `eval "$(stend env ${urls.control} --world shop)"`);
  await world.getByRole("button", { name: "Copy Environment" }).click();
  const lines = (await copied()).split("\n");
  assert.ok(lines.includes(`export STEND_CARBIS_URL='${urls.carbis}/w/shop'`), lines.join("\n"));
  assert.ok(lines.some((line) => line.startsWith("export HTTPS_PROXY='http://shop:world@")), lines.join("\n"));
});

on("a world that is removed while it is shown says so", {}, async ({ page, urls }) => {
  const worlds = `${urls.control}/control/v1/worlds`;
  await fetch(worlds, { method: "POST", body: '{"id": "brief"}' });
  await page.goto(`${urls.control}/?world=brief`);
  await page.locator("#connection.ok").waitFor();
  await fetch(`${worlds}/brief`, { method: "DELETE" });
  await page.getByText("This world is gone").first().waitFor();
  // Another one is chosen, and lives.
  await page.click("#open-worlds");
  await page.locator("#worlds").getByRole("button", { name: "default" }).click();
  await page.locator("#connection.ok").waitFor();
});
