#!/usr/bin/env node
// Runs the stend binary of this platform with the same arguments, terminal and exit code.
const { spawn } = require("node:child_process");
const { executable } = require("../lib/process.js");

let path;
try {
  path = executable();
} catch (error) {
  process.stderr.write(`error: ${error.message}\n`);
  process.exit(2);
}
const child = spawn(path, process.argv.slice(2), { stdio: "inherit" });
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("error", (error) => {
  process.stderr.write(`error: cannot start ${path}: ${error.message}\n`);
  process.exit(2);
});
child.on("exit", (code, signal) => {
  if (signal) {
    process.removeAllListeners(signal);
    process.kill(process.pid, signal);
  } else process.exit(code ?? 1);
});
