// The manual in the page, and what falls due.
import assert from "node:assert/strict";
import { after } from "node:test";
import { api, on, shot, shut, until, violations } from "./bench.mjs";

after(shut);

on("the manual has the chapters of the command line, in both languages", {}, async ({ page }) => {
  await page.click("#open-manual");
  const chapter = page.locator("#chapter");
  await page.locator('[data-topic="control"]').click();
  await chapter.getByRole("heading", { name: "Worlds, clock, journal: the control API" }).waitFor();
  assert.ok((await chapter.locator("pre").count()) > 5 && (await chapter.locator("table").count()) >= 1);
  assert.match(await chapter.locator("pre").first().innerText(), /^C=http/);
  assert.deepEqual(await violations(page), []);
  await shot(page, "manual");
  await page.click("#lang");
  await chapter.getByRole("heading", { name: /API/ }).first().waitFor();
  await until(async () => /[а-яё]{4}/i.test(await chapter.innerText()), "it is Russian");
  // A service is a chapter, too.
  await page.locator('[data-topic="queue"]').click();
  await until(async () => (await chapter.locator("table").count()) > 0, "its operations are a table");
});

on("what falls due next is named, advanced to, and told in the traffic", { serve: ["--clock", "2026-11-26T14:00:00+03:00"] }, async ({ page, urls }) => {
  await page.getByText("Nothing has happened yet").waitFor();
  await page.click("#tab-carbis");
  await page.locator('[data-table="tables"]').getByRole("button", { name: "Call the waiter" }).first().click();
  const due = page.locator("#due");
  await due.filter({ hasText: "Kept until" }).waitFor();
  assert.match(await due.innerText(), /in 5m00s: .*Kept until/);
  await due.click();
  await until(async () => (await page.locator("#clock").innerText()).endsWith("14:05:00"), "it is five minutes later");
  await page.locator(".line.world", { hasText: "left the feed" }).waitFor();
  assert.equal(await page.getByText("Nothing has happened yet").count(), 0);
  assert.equal((await api(urls, "/clock?due=true")).due.length, 0);
  assert.equal(await due.count(), 0);
});

on("where things happen by themselves, what to do first does not stand above them", {}, async ({ page }) => {
  await page.getByRole("button", { name: "Advance by 10m" }).click();
  await page.locator(".line.world").first().waitFor();
  assert.equal(await page.getByText("Nothing has happened yet").count(), 0);
  await page.getByText("No request has come yet").waitFor();
  const [line, hint] = await Promise.all([page.locator(".line").first().boundingBox(), page.locator(".first").boundingBox()]);
  assert.ok(line.y < hint.y, "the lines are above");
  assert.deepEqual(await violations(page), []);
});
