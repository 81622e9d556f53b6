// Reports: one file that opens from a disk, of a run that failed.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { after, test } from "node:test";
import { look, serve, shot, shut, until, violations } from "./bench.mjs";

after(shut);

const EVIL = '</script><img src=x onerror="globalThis.struck = true">';
const SCENARIO = `stend: 1
title: ${JSON.stringify(`Lunch ${EVIL}`)}
clock: { start: 2026-11-26T14:00:00+03:00 }
timeline:
  - at: 1s
    do: { carbis.call_waiter: { table: 1000028 } }
  - at: 2s
    call: { carbis: { get: "/api/v4/events?hash=none", headers: { token: demo-token } } }
    capture: { seen: "$.data.updates[0].hash" }
    expect: { status: 200 }
  - at: 5s
    call: { carbis: { get: "/nowhere?x=<b>" } }
    expect: { status: 200 }
expect:
  - journal: { fake: carbis, operation: events, status: 404, count: 1 }
`;

/** Runs the command with these arguments in a folder of its own, and looks at the report that it writes. */
async function reported(args, options, run) {
  const folder = mkdtempSync(join(tmpdir(), "stend-report-"));
  try {
    writeFileSync(join(folder, "lunch.yaml"), SCENARIO);
    const done = spawnSync(process.env.STEND, args, { cwd: folder, encoding: "utf8" });
    const seen = await look(pathToFileURL(join(folder, "out.html")).href, options);
    await seen.page.locator(".line").first().waitFor();
    await run({ ...seen, done, folder });
    assert.deepEqual(seen.problems, []);
    assert.equal(await seen.page.evaluate(() => globalThis.struck), undefined);
    await seen.context.close();
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const PLAY = ["play", "lunch.yaml", "--report", "out.html", "--junit", "out.xml"];

test("a failed play is walked through: its steps, its traffic, the state at every moment", { timeout: 60_000 }, () =>
  reported(PLAY, {}, async ({ page, done, folder }) => {
    assert.equal(done.status, 1, done.stderr);
    assert.match(readFileSync(join(folder, "out.xml"), "utf8"), /\[\[ATTACHMENT\|.*out\.html\]\]/);
    await until(async () => (await page.locator('.step[data-state="failed"]').count()) === 2, "two failed steps");
    assert.equal(await page.locator('.step[data-state="passed"]').count(), 2);
    assert.deepEqual(await violations(page), []);
    // The step that failed: what was expected and found, its request, its place in the file.
    await page.locator('.step[data-state="failed"] .step-head').first().click();
    const more = page.locator(".step-more");
    assert.match(await more.locator('pre[aria-label="Expected"]').innerText(), /"status": 200/);
    assert.match(await more.locator('pre[aria-label="Found"]').innerText(), /"status": 404/);
    assert.match(await more.locator(".excerpt .here").innerText(), /status: 200/);
    assert.match(await page.locator("#details h2").innerText(), /\/nowhere/);
    await page.locator('.body[aria-label="Reply"] pre').waitFor();
    await shot(page, "report");
    // What was captured, and the closest match.
    await page.locator('.step[data-state="passed"] .step-head').nth(1).click();
    assert.match(await more.innerText(), /seen/);
    await page.locator('.step[data-state="failed"] .step-head').last().click();
    await more.getByText("Closest match").waitFor();
    await more.locator("button.link").first().click();
    await page.locator(".line.chosen").waitFor();
    // Before anything was called, no waiter is wanted; at the end, one is.
    await page.click("#left-far");
    const wanted = () => page.locator('[data-table="feed"]').innerText();
    await page.locator("#moment").focus();
    await page.keyboard.press("Home");
    await page.locator('[data-table="feed"]').waitFor();
    await until(async () => (await page.locator(".line.later").count()) > 3 && /Nothing here/.test(await wanted()), "all is still to come");
    await page.keyboard.press("End");
    await until(async () => (await page.locator(".line.later").count()) === 0 && /waiter_call/.test(await wanted()), "a waiter has been called");
    assert.equal(await page.locator(".board .act").count(), 0, "nobody can act on what is past");
    assert.deepEqual(await violations(page), []);
    await shot(page, "report-far");
  }));

test("a report of a run has the traffic of its command", { timeout: 60_000 }, () =>
  reported(["run", "--report", "out.html", "--", process.execPath, "-e", 'fetch(process.env.STEND_CARBIS_URL + "/of-the-client")'], { colorScheme: "dark", viewport: { width: 1024, height: 700 } }, async ({ page, done }) => {
    assert.equal(done.status, 0, done.stderr);
    const line = page.locator(".line.exchange");
    assert.match(await line.innerText(), /of-the-client/);
    await line.click();
    await page.locator('.body[aria-label="Reply"] pre').waitFor();
    assert.deepEqual(await violations(page), []);
    await shot(page, "report-run-dark");
  }));

test("a play in a running bench has the same report", { timeout: 60_000 }, async () => {
  const bench = await serve("--clock", "frozen");
  try {
    await reported([...PLAY, "--attach", bench.urls.control], {}, async ({ page, done }) => {
      assert.equal(done.status, 1, done.stderr);
      await until(async () => (await page.locator('.step[data-state="failed"]').count()) === 2, "two failed steps");
      assert.equal(await page.locator('.step[data-state="passed"]').count(), 2);
      await page.locator('.step[data-state="failed"] .step-head').first().click();
      assert.match(await page.locator(".step-more .excerpt .here").innerText(), /status: 200/);
      await page.click("#left-far");
      await page.locator('[data-table="feed"]', { hasText: "waiter_call" }).waitFor();
    });
  } finally {
    await bench.stop();
  }
});

test("a running bench gives the report of a world as one file", { timeout: 60_000 }, async () => {
  const bench = await serve("--clock", "frozen");
  const folder = mkdtempSync(join(tmpdir(), "stend-report-"));
  const world = `${bench.urls.control}/control/v1/worlds/default`;
  try {
    assert.equal((await fetch(`${world}/scenario?speed=max&report=true`, { method: "POST", body: SCENARIO })).status, 202);
    await until(async () => (await (await fetch(`${world}/scenario`)).json()).state === "failed", "it is played");
    const file = join(folder, "world.html");
    writeFileSync(file, await (await fetch(`${world}/report`, { headers: { accept: "text/html" } })).text());
    const { page, problems, context } = await look(pathToFileURL(file).href);
    await until(async () => (await page.locator('.step[data-state="failed"]').count()) === 2, "two failed steps");
    assert.deepEqual(await violations(page), []);
    assert.deepEqual(problems, []);
    await context.close();
  } finally {
    await bench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
});
