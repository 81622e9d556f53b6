// Packs the npm packages: `node scripts/pack.mjs OUTDIR PLATFORM=BINARY…`, e.g. `linux-x64=target/release/stend`.
// Writes stend-VERSION.tgz and one stend-PLATFORM-VERSION.tgz for each binary. `npm pack` dates all entries alike, so the
// same inputs give the same bytes.
import { spawnSync } from "node:child_process";
import { chmodSync, copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(dirname(fileURLToPath(import.meta.url)));
const [outdir, ...binaries] = process.argv.slice(2);
if (!outdir || binaries.some((one) => !/^\w+-\w+=./.test(one))) {
  console.error("usage: node scripts/pack.mjs OUTDIR PLATFORM=BINARY…   e.g. linux-x64=target/release/stend");
  process.exit(2);
}
const main = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const { VERSION = main.version } = process.env;
if (main.version !== VERSION || Object.values(main.optionalDependencies).some((one) => one !== VERSION)) {
  console.error(`clients/node/package.json has other versions than ${VERSION}`);
  process.exit(2);
}
mkdirSync(outdir, { recursive: true });

function pack(folder) {
  for (const name of ["LICENSE-MIT", "LICENSE-APACHE"]) copyFileSync(join(here, "../..", name), join(folder, name));
  const result = spawnSync(process.env.NPM ?? "npm", ["pack", "--silent", "--pack-destination", resolve(outdir)], { cwd: folder, encoding: "utf8", shell: process.platform === "win32" });
  if (result.status !== 0) {
    console.error(result.stderr);
    process.exit(1);
  }
  console.log(join(outdir, result.stdout.trim()));
}

for (const one of binaries) {
  const [platform, binary] = [one.slice(0, one.indexOf("=")), one.slice(one.indexOf("=") + 1)];
  const name = `@stend/${platform}`;
  if (!(name in main.optionalDependencies)) {
    console.error(`package.json lists no ${name}; there are ${Object.keys(main.optionalDependencies).join(", ")}`);
    process.exit(2);
  }
  const [os, cpu] = platform.split("-");
  const folder = mkdtempSync(join(tmpdir(), "stend-pack-"));
  const exe = os === "win32" ? "stend.exe" : "stend";
  mkdirSync(join(folder, "bin"));
  copyFileSync(binary, join(folder, "bin", exe));
  chmodSync(join(folder, "bin", exe), 0o755);
  const { version, license } = main;
  const description = `The stend binary for ${os} on ${cpu}`;
  writeFileSync(join(folder, "package.json"), `${JSON.stringify({ name, version, description, license, os: [os], cpu: [cpu], files: ["bin"] }, null, 2)}\n`);
  pack(folder);
  rmSync(folder, { recursive: true });
}
const folder = mkdtempSync(join(tmpdir(), "stend-pack-"));
for (const part of ["package.json", "README.md", "bin", "lib"]) cpSync(join(here, part), join(folder, part), { recursive: true });
pack(folder);
rmSync(folder, { recursive: true });
