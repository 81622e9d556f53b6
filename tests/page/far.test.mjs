// The far side: the views of the services, driven by their buttons.
import assert from "node:assert/strict";
import { after } from "node:test";
import { api, on, shot, shut, until, violations } from "./bench.mjs";

after(shut);

const rows = (page, table) => page.locator(`[data-table="${table}"] tbody tr:not(.under)`);

on("all by buttons: a ticket is called, a coffee sold, a waiter called, and the request that got a 503 found", {}, async ({ page, urls }) => {
  // A waiter.
  await page.click("#tab-carbis");
  await rows(page, "tables").first().getByRole("button", { name: "Call the waiter" }).click();
  await page.locator(".below .result", { hasText: "carbis.call_waiter" }).waitFor();
  await page.locator(".line.done", { hasText: "carbis.call_waiter" }).waitFor();
  // A coffee.
  await page.click("#tab-telemetron");
  await rows(page, "planogram").first().getByRole("button", { name: "Sell by card" }).click();
  await page.locator(".below .result", { hasText: "telemetron.sell" }).waitFor();
  await page.locator('[data-table="planogram"] [class*="changed-"]').first().waitFor();
  assert.deepEqual(await violations(page), []);
  // A ticket: taken, and called to a window.
  await page.click("#tab-queue");
  await rows(page, "services").first().getByRole("button", { name: "Take a ticket" }).click();
  await page.locator(".line.done", { hasText: "queue.take_ticket" }).waitFor();
  const call = page.getByRole("button", { name: "Call next" });
  if (!(await call.count())) {
    await rows(page, "windows").getByRole("button", { name: "Served" }).first().click();
    await call.first().waitFor();
  }
  await call.first().click();
  await page.locator(".line.done", { hasText: "queue.call_next" }).waitFor();
  await shot(page, "far");
  assert.equal((await api(urls, "/journal")).entries.filter((entry) => entry.channel === "http").length, 0, "no client has asked for anything");
  // Telemetron answers 503 once.
  await page.click("#open-faults");
  await page.locator("#fault-service").selectOption("telemetron");
  await page.click('[data-preset="preset_503"]');
  await page.locator("#faults li").waitFor();
  assert.deepEqual(await violations(page), []);
  assert.equal((await fetch(`${urls.telemetron}/v2/me`)).status, 503);
  assert.notEqual((await fetch(`${urls.telemetron}/v2/me`)).status, 503);
  await page.getByText("applied 1 of").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("combobox", { name: "Status", exact: true }).selectOption("fault");
  const line = page.locator(".line.exchange");
  await until(async () => (await line.count()) === 1, "one line has a fault");
  assert.match(await line.innerText(), /503/);
  await line.click();
  await page.locator("#details .bad-text").waitFor();
  assert.match(await page.locator("#details").innerText(), /Fault applied/);
  await shot(page, "found");
});

on("an action that is refused says why at its field, and changes nothing", {}, async ({ page, urls }) => {
  await page.click("#tab-queue");
  await page.locator('[data-table="waiting"]').getByRole("button", { name: "Take a ticket …" }).click();
  const form = page.getByRole("form", { name: "queue.take_ticket" });
  await form.getByRole("button", { name: "Do it" }).click();
  await form.getByText("is required").waitFor();
  await form.getByRole("button", { name: "Cancel" }).click();
  await page.locator("#any-action").selectOption("take_ticket");
  const any = page.locator(".any form");
  await any.getByRole("checkbox").first().check();
  await any.locator("#field-priority").fill("high");
  await any.getByRole("button", { name: "Do it" }).click();
  const said = any.locator(".field", { has: page.locator("#field-priority") }).locator(".bad-text");
  await said.waitFor();
  assert.match(await said.innerText(), /high|number|integer/);
  assert.equal(await any.locator("#field-priority").getAttribute("aria-invalid"), "true");
  assert.equal((await api(urls, "/changes")).count, 0);
});

on("many actions of a row are behind one button", {}, async ({ page }) => {
  await page.click("#tab-telemetron");
  const more = page.locator(".act.more").first();
  await more.waitFor();
  const row = page.locator("tr", { has: more }).first();
  assert.equal(await row.locator(".act").count(), 3, "two actions, and the button for the rest");
  await more.click();
  const rest = page.locator(".rest").first();
  assert.ok((await rest.getByRole("button").count()) >= 2);
  assert.deepEqual(await violations(page), []);
  await shot(page, "far-more");
  await more.click();
  assert.equal(await page.locator(".rest").count(), 0);
});

on("tickets show their picture, also with a control token", { token: true, serve: ["--world", "busy", "--clock", "2026-11-26T14:00:00+03:00", "--control-token", "t0ken"] }, async ({ page }) => {
  await page.fill("#token", "t0ken");
  await page.keyboard.press("Enter");
  await page.locator("#connection.ok").waitFor();
  await page.click("#tab-queue");
  const picture = page.locator('[data-table="tickets"] img.picture').first();
  await picture.waitFor();
  assert.ok((await picture.evaluate((image) => image.decode().then(() => image.naturalWidth))) > 50);
});

on("names that look like HTML are names", { serve: ["--clock", "frozen"] }, async ({ page, urls }) => {
  const evil = '<img src=x onerror="globalThis.struck = true"><script>globalThis.struck = true</script>';
  const state = await api(urls, "/state");
  state.carbis.tables[0].name = evil;
  const put = await fetch(`${urls.control}/control/v1/worlds/default/state`, { method: "PUT", body: JSON.stringify({ ...state, title: evil }) });
  assert.equal(put.status, 200, await put.text());
  await page.click("#tab-carbis");
  await page.getByText("<img src=x").first().waitFor();
  await page.getByRole("button", { name: "Call the waiter" }).first().click();
  await page.locator(".line.done").first().click();
  await page.locator("#details").waitFor();
  assert.equal(await page.locator("#app img, #app script").count(), 0);
  assert.equal(await page.evaluate(() => globalThis.struck), undefined);
});

on("a page of another origin may neither read nor act, and the policy lets nothing in", {}, async ({ urls, context }) => {
  const page = await context.newPage();
  await page.goto(`${urls.carbis}/nowhere`);
  const generation = () => fetch(`${urls.control}/control/v1/worlds/default`).then((reply) => reply.json()).then((world) => world.generation);
  const before = await generation();
  const asked = await page.evaluate(async (control) => {
    const read = await fetch(`${control}/control/v1/worlds`).then(() => "read", () => "refused");
    const acted = await fetch(`${control}/control/v1/worlds/default/reset`, { method: "POST", mode: "no-cors" }).then(() => "sent", () => "refused");
    return { read, acted };
  }, urls.control);
  assert.equal(asked.read, "refused");
  assert.equal(await generation(), before, "the world was not reset");
  const policy = (await fetch(`${urls.control}/`, { headers: { accept: "text/html" } })).headers.get("content-security-policy");
  assert.match(policy, /default-src 'self'/);
});
