// Folders with test files of their own, beside the packages that a test of the helpers has installed.
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const here = dirname(fileURLToPath(import.meta.url));

/** A folder with these files. */
export function project(files) {
  mkdirSync(join(here, "runs"), { recursive: true });
  const folder = mkdtempSync(join(here, "runs", "run-"));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return folder;
}

/** The script that a package's command is. */
export function command(name, bin = name) {
  const manifest = require.resolve(`${name}/package.json`);
  return join(dirname(manifest), JSON.parse(readFileSync(manifest, "utf8")).bin[bin]);
}

/** Node.js with these arguments in a folder; `ended` gives its exit code and what it printed. */
export function node(folder, args, env = {}) {
  const all = { ...process.env, NO_COLOR: "1", CI: "1", ...env };
  delete all.NODE_TEST_CONTEXT;
  const child = spawn(process.execPath, args, { cwd: folder, env: all });
  let out = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (out += data));
  const ended = new Promise((resolve) => child.on("close", (code) => resolve({ code, out })));
  return { child, ended };
}

/** Waits until a condition holds. */
export async function eventually(what, holds) {
  const until = performance.now() + 20_000;
  while (!(await holds())) {
    if (performance.now() > until) throw new Error(`never: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Starts a run that never ends, kills its runner, and waits until the bench that its test wrote down is gone. */
export async function killed(folder, args) {
  const { child } = node(folder, args);
  const note = join(folder, "bench.txt");
  try {
    await eventually(`${note} is written`, () => existsSync(note) && readFileSync(note, "utf8").endsWith("\n"));
  } finally {
    child.kill("SIGKILL");
  }
  const url = readFileSync(note, "utf8").trim();
  await eventually(`nothing answers at ${url}`, () => fetch(`${url}/control/v1/health`).then(() => false, () => true));
}

/** A test's body that writes down its bench and hangs. */
export const HANG = `
  (await import("node:fs")).writeFileSync("bench.txt", world.bench.controlUrl + "\\n");
  await new Promise(() => setInterval(() => {}, 1000));
`;

/** Source of a function that polls Carbis's feed in a world. */
export const EVENTS = `
const events = async (world, query = "hash=none") =>
  (await (await fetch(world.url("carbis") + "/api/v4/events?" + query, { headers: { token: "demo-token" } })).json()).data.updates;
`;
