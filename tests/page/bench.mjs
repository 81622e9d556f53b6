// A running stend and a browser that looks at its page.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { chromium } from "playwright-core";

const binary = process.env.STEND;
export const shots = process.env.SHOTS;

/** Starts stend on free ports; answers its URLs by name. */
export async function serve(...options) {
  const folder = mkdtempSync(join(tmpdir(), "stend-page-"));
  const ready = join(folder, "ready.json");
  const given = ["serve", "--ephemeral", "--exit-on-eof", "--ready-file", ready, ...options];
  const child = spawn(binary, given, { stdio: ["pipe", "ignore", "inherit"] });
  const exited = once(child, "exit");
  const urls = await until(() => JSON.parse(readFileSync(ready, "utf8")), "stend is up");
  const stop = async () => {
    child.stdin.end();
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  return { urls: urls.urls ?? urls, stop, kill: () => child.kill("SIGKILL") };
}

/** Tries until it answers something true. */
export async function until(look, what, seconds = 20) {
  const end = Date.now() + seconds * 1000;
  let last;
  while (Date.now() < end) {
    try {
      const found = await look();
      if (found) return found;
    } catch (error) {
      last = error;
    }
    await new Promise((then) => setTimeout(then, 50));
  }
  throw new Error(`not so in ${seconds} s: ${what}${last ? ` (${last.message})` : ""}`);
}

let browser = null;

/** A page at this URL in a browser of its own profile; `problems` gathers what the browser complained of. */
export async function look(url, options = {}) {
  browser ??= await chromium.launch({ executablePath: process.env.CHROMIUM, args: ["--no-sandbox"] });
  const context = await browser.newContext({ viewport: { width: 1366, height: 820 }, locale: "en-GB", timezoneId: "Europe/Moscow", ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(15_000);
  const problems = [];
  page.on("pageerror", (error) => problems.push(String(error.stack ?? error)));
  page.on("console", (message) => message.type() === "error" && !/Failed to load resource/.test(message.text()) && problems.push(message.text()));
  const foreign = [];
  page.on("request", (request) => {
    const asked = new URL(request.url());
    if (!["blob:", "data:"].includes(asked.protocol) && asked.origin !== new URL(url).origin) foreign.push(request.url());
  });
  await page.goto(url);
  return { page, problems, foreign, context };
}

export const shut = async () => browser?.close();

export async function shot(page, name) {
  if (shots) await page.screenshot({ path: join(shots, `${name}.png`) });
}

const AXE = readFileSync(new URL(import.meta.resolve("axe-core/axe.min.js")), "utf8");

/** What axe finds wrong with the page as it stands. */
export async function violations(page) {
  // The policy of the page lets no foreign script in; this evaluates in the page's context, past it.
  await page.evaluate(AXE);
  const { violations: found } = await page.evaluate(() => globalThis.axe.run({ resultTypes: ["violations"] }));
  return found.map(({ id, nodes }) => `${id}: ${nodes.map((node) => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(" | ")}`);
}

/** The staff's feed, and who may read it. */
export const FEED = "/api/v4/events?hash=none";
export const asTablet = { headers: { token: "demo-token" } };

/** A test with a stend in the busy world and the page in front of it. */
export function on(title, options, run) {
  test(title, { timeout: 120_000 }, async () => {
    const bench = await serve(...(options.serve ?? ["--world", "busy", "--clock", "2026-11-26T14:00:00+03:00"]));
    try {
      const seen = await look(`${bench.urls.control}/`, options.browser);
      if (!options.token) await seen.page.locator("#connection.ok").waitFor();
      await run({ ...seen, ...bench });
      assert.deepEqual(seen.problems, []);
      assert.deepEqual(seen.foreign, [], "nothing is asked of others");
      await seen.context.close();
    } finally {
      await bench.stop();
    }
  });
}

export const api = (urls, path, init) => fetch(`${urls.control}/control/v1/worlds/default${path}`, init).then((reply) => reply.json());
