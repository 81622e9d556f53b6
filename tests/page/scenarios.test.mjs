// The scenarios pane: written, checked, played, paused, recorded.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after } from "node:test";
import { api, on, shot, shut, until, violations } from "./bench.mjs";

after(shut);

const SCENARIO = `stend: 1
title: Calls
world: busy
clock: { start: 2026-11-26T14:00:00+03:00 }
timeline:
  - at: 1s
    do: { carbis.call_waiter: { table: 1000041 } }
  - at: 2s
    title: the tablet asks
    call: { carbis: { get: "/api/v4/events?hash=none", headers: { token: demo-token } } }
    capture: { seen: "$.result" }
    expect: { status: 404 }
  - at: 10h
    do: { carbis.call_waiter: { table: 1000041 } }
`;

const open = (page) => page.click("#open-scenarios");
const write = (page, text) => page.fill("#scenario-text", text);
const play = (page) => page.locator("#panel").getByRole("button", { name: "▶ Play" }).click();
const state = (page) => page.locator("#panel #scenario-state");

on("mistakes stand at their lines, as the checker tells them", {}, async ({ page }) => {
  await open(page);
  await write(page, "stend: 1\ntitle: wrong\ntimeline:\n  - do: { carbis.call_waiter: { tabel: 1 } }\n  - do: { no.such: {} }\n");
  const problems = page.locator(".problems li");
  await until(async () => (await problems.count()) >= 2, "both mistakes are told");
  assert.match(await problems.first().innerText(), /4:.*tabel.*table/s);
  assert.deepEqual(await page.locator(".gutter .wrong").allInnerTexts(), ["4", "5"]);
  await problems.last().getByRole("button").click();
  assert.equal(await page.evaluate(() => document.activeElement.value.slice(0, document.activeElement.selectionStart).split("\n").length), 5);
  assert.deepEqual(await violations(page), []);
  await shot(page, "scenario-mistakes");
  await write(page, SCENARIO);
  await until(async () => (await problems.count()) === 0, "nothing is wrong any more");
  assert.equal(await page.locator(".gutter .wrong").count(), 0);
});

on("a scenario is played, slowed, paused, gone on with and stopped, and its steps tell what came", {}, async ({ page, urls }) => {
  await open(page);
  await write(page, SCENARIO);
  await page.locator("#scenario-speed").selectOption("1");
  await play(page);
  await state(page).filter({ hasText: "playing" }).waitFor();
  // Done, failed and still to come, with what was expected, found and captured.
  await page.locator('#panel .step[data-state="failed"]').waitFor();
  await page.locator('#panel .step[data-state="failed"] .step-head').click();
  const more = page.locator("#panel .step-more");
  await more.locator('pre[aria-label="Expected"]', { hasText: "404" }).waitFor();
  assert.match(await more.locator('pre[aria-label="Found"]').innerText(), /"status": 200/);
  assert.match(await more.locator(".excerpt .here").innerText(), /status: 404/);
  await page.locator('#panel .step[data-state="passed"] .step-head').click();
  await more.getByText("call_waiter").first().waitFor();
  await page.locator('#panel .step[data-state="waits"]').waitFor();
  await page.click("#play-pause");
  await state(page).filter({ hasText: "paused" }).waitFor();
  const stands = (await api(urls, "/clock")).now;
  assert.equal((await api(urls, "/clock")).mode, "frozen");
  assert.deepEqual(await violations(page), []);
  await shot(page, "scenario");
  await new Promise((then) => setTimeout(then, 300));
  assert.equal((await api(urls, "/clock")).now, stands, "the clock stands");
  await page.click("#play-pause");
  await until(async () => (await api(urls, "/clock")).scale === 1, "it goes on as before");
  await page.locator("#scenario-speed").selectOption("60");
  await until(async () => (await api(urls, "/clock")).scale === 60, "sixty times as fast");
  const bar = page.locator("#panel #scenario-bar");
  await until(async () => (await bar.evaluate((bar) => bar.value)) > 2, "the bar moves");
  assert.equal(await bar.evaluate((bar) => bar.max), 36_000);
  await page.click("#play-stop");
  await state(page).filter({ hasText: "stopped" }).waitFor();
  // Once more, as fast as it goes: it fails at the end, by its one failed step.
  await page.locator("#scenario-speed").selectOption("max");
  await play(page);
  await state(page).filter({ hasText: "failed" }).waitFor();
  await page.getByText("2 passed, 1 failed, of 3").waitFor();
});

on("a play at full speed can be taken from any pace to the end", {}, async ({ page }) => {
  await open(page);
  await write(page, SCENARIO.replace("status: 404", "status: 200"));
  await page.locator("#scenario-speed").selectOption("1");
  await play(page);
  await state(page).filter({ hasText: "playing" }).waitFor();
  await page.locator("#scenario-speed").selectOption("max");
  await state(page).filter({ hasText: "passed" }).waitFor();
});

on("the shipped scenarios are there to choose, read and play", {}, async ({ page }) => {
  await open(page);
  const names = await until(async () => {
    const found = await page.locator("#shipped option").evaluateAll((options) => options.map((option) => option.value).filter(Boolean));
    return found.length > 10 && found;
  }, "the scenarios are listed");
  assert.ok(names.includes("lunch-rush") && names.includes("ticket-called-twice"), names.join());
  await page.locator("#shipped").selectOption("waiter-call");
  await until(async () => (await page.inputValue("#scenario-text")).includes("title: Waiter call"), "its text is in the editor");
  await page.locator("#scenario-speed").selectOption("max");
  await play(page);
  await state(page).filter({ hasText: "passed" }).waitFor();
  await shot(page, "scenario-shipped");
});

on("the session is recorded as a scenario, and the file plays", { serve: ["--clock", "2026-11-26T14:00:00+03:00"], browser: { acceptDownloads: true } }, async ({ page, urls }) => {
  await page.click("#tab-carbis");
  await page.locator('[data-table="tables"] tbody tr').first().getByRole("button", { name: "Call the waiter" }).click();
  await page.locator(".line.done").first().waitFor();
  await fetch(`${urls.carbis}/api/v4/events?hash=none`, { headers: { token: "demo-token" } });
  await open(page);
  const [file] = await Promise.all([page.waitForEvent("download"), page.click("#record")]);
  assert.equal(file.suggestedFilename(), "default.scenario.yaml");
  const text = readFileSync(await file.path(), "utf8");
  assert.match(text, /carbis\.call_waiter/);
  assert.equal(await page.inputValue("#scenario-text"), text);
  await page.locator("#scenario-speed").selectOption("max");
  await play(page);
  await state(page).filter({ hasText: "passed" }).waitFor();
  // A file from the disk comes into the editor.
  await page.setInputFiles("#scenario-file", { name: "mine.yaml", mimeType: "application/yaml", buffer: Buffer.from("stend: 1\ntitle: mine\n") });
  await until(async () => (await page.inputValue("#scenario-text")).includes("title: mine"), "the file is in the editor");
});
