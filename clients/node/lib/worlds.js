// What the helpers for test runners share: one bench, a world per test, the journal of a failure.
import { createHash } from "node:crypto";
import { Bench } from "./client.js";
import { serve } from "./process.js";

let bench;

/** The bench of this process: the one that STEND_CONTROL_URL names, or one that is started at the first call. */
export function sharedBench(options) {
  const running = process.env.STEND_CONTROL_URL;
  bench ??= running ? Bench.connect(running) : serve(options);
  return bench;
}

/** Stops the bench of this process, if it was started here. */
export async function stopSharedBench() {
  const started = bench;
  bench = undefined;
  await (await started)?.stop?.();
}

/** A world's name from a test's: what a URL may hold, readable, different for different tests and tries. */
let made = 0;
export function worldId(name) {
  const short = name.replace(/[^A-Za-z0-9]+/g, "-").replace(/^-+|-+$/g, "").slice(-40).replace(/^-+/, "");
  made += 1;
  const hash = createHash("sha256").update(`${name} ${process.pid} ${made}`).digest("hex").slice(0, 8);
  return short ? `${short}-${hash}` : hash;
}

/** What a world saw, for the report of a failure. */
export async function journalText(world, limit = 20) {
  const entries = await world.journal({ limit });
  if (entries.length === 0) {
    return `no request has reached the world ${world.id}; its URLs:\n${Object.entries(world.urls).map(([name, url]) => `  ${name.padEnd(11)} ${url}`).join("\n")}`;
  }
  const line = (entry) =>
    [`  ${entry.seq} ${entry.at} ${entry.fake} ${entry.operation ?? `${entry.method} ${entry.path}`} -> ${entry.status}`,
      ...(entry.warnings ?? []).map((text) => `      warning: ${text}`)].join("\n");
  return `stend journal of world ${world.id}:\n${entries.map(line).join("\n")}`;
}
