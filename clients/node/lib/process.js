// Finds, starts and stops the stend binary.
"use strict";
const { spawn } = require("node:child_process");
const { accessSync, constants, existsSync, mkdtempSync, openSync, closeSync, readFileSync, rmSync, statSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { delimiter, join } = require("node:path");
const { Bench } = require("./client.js");
const { StartError } = require("./errors.js");
const { optionalDependencies } = require("../package.json");

const EXE = process.platform === "win32" ? "stend.exe" : "stend";

function runs(path) {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}

/** The path of the binary: STEND_BINARY, the platform's package, or the one on PATH. */
function executable() {
  const named = process.env.STEND_BINARY;
  if (named) {
    if (!runs(named)) throw new StartError(`STEND_BINARY names ${named}, which is no executable file`);
    return named;
  }
  const platform = `@stend/${process.platform}-${process.arch}`;
  try {
    return require.resolve(`${platform}/bin/${EXE}`);
  } catch {
    for (const folder of (process.env.PATH ?? "").split(delimiter)) {
      // The package's own launcher is a script of the same name.
      const path = join(folder, EXE);
      if (folder && !folder.includes("node_modules") && runs(path)) return path;
    }
  }
  const why = platform in optionalDependencies
    ? `${platform} is not installed; install it beside stend, without --omit=optional, on the platform that the tests run on`
    : `there is no package for ${process.platform}-${process.arch}, only ${Object.keys(optionalDependencies).join(", ")}`;
  throw new StartError(`no stend executable: ${why}; or set STEND_BINARY to the path of one`);
}

/** A `stend serve` of one's own, on free ports or from `portBase`. It ends with stop(), and when this process ends, however that happens. */
class Process {
  static async start({ world, scenario, seed, clock, strict = false, portBase, args = [], timeout = 10 } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "stend-"));
    const ready = join(folder, "ready.json");
    const log = join(folder, "stend.log");
    const options = ["serve", "--exit-on-eof", "--ready-file", ready];
    const add = (name, value) => value !== undefined && options.push(name, String(value));
    if (portBase === undefined) options.push("--ephemeral");
    add("--port-base", portBase);
    add("--world", world);
    add("--scenario", scenario);
    add("--seed", seed);
    add("--clock", clock instanceof Date ? clock.toISOString() : clock);
    if (strict) options.push("--strict");
    options.push(...args);
    let command;
    const self = new Process();
    try {
      command = executable();
      const out = openSync(log, "w");
      // The bench ends when its standard input closes: a parent that is killed leaves nothing behind.
      self.child = spawn(command, options, { stdio: ["pipe", out, out] });
      closeSync(out);
    } catch (error) {
      rmSync(folder, { recursive: true, force: true });
      throw error instanceof StartError ? error : new StartError(`cannot start ${command}: ${error.message}`);
    }
    self.folder = folder;
    self.log = log;
    let failed;
    self.child.on("error", (error) => (failed = error));
    self.child.stdin.on("error", () => {});
    const until = performance.now() + timeout * 1000;
    while (!(existsSync(ready) && statSync(ready).size > 0)) {
      const ended = failed ? failed.message : self.child.exitCode !== null ? `exit code ${self.child.exitCode}` : undefined;
      if (ended !== undefined || performance.now() > until) {
        const printed = self.output();
        await self.stop();
        throw new StartError(`\`${[command, ...options].join(" ")}\` did not start (${ended ?? "no answer"}):\n${printed}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    self.urls = JSON.parse(readFileSync(ready, "utf8"));
    self.controlUrl = self.urls.control;
    // A bench that is forgotten does not keep the process alive; it ends with it.
    self.child.unref();
    self.child.stdin.unref?.();
    return self;
  }

  /** What the process has printed so far. */
  output() {
    try {
      return readFileSync(this.log, "utf8");
    } catch {
      return "";
    }
  }

  /** Ends the process. */
  async stop() {
    const { child } = this;
    if (child.exitCode === null && child.signalCode === null && child.pid !== undefined) {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      child.ref();
      child.kill("SIGTERM");
      child.stdin.end();
      const late = setTimeout(() => child.kill("SIGKILL"), 5000);
      await ended;
      clearTimeout(late);
    }
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs a bench of one's own: stop it with `bench.stop()`, or write `await using bench = await serve()`. */
async function serve(options = {}) {
  const started = await Process.start(options);
  const bench = await Bench.connect(started.controlUrl, options);
  bench.stop = () => started.stop();
  bench[Symbol.asyncDispose ?? Symbol.for("Symbol.asyncDispose")] = bench.stop;
  return bench;
}

module.exports = { Process, executable, serve };
