// Every snippet of the package's README is run by what its name stands for.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { command, node, project } from "./project.mjs";

const folder = dirname(createRequire(import.meta.url).resolve("stend/package.json"));
const text = readFileSync(join(folder, "README.md"), "utf8");
const blocks = [...text.matchAll(/^```js\n\/\/ (\S+)\n([\s\S]*?)^```$/gm)].map(([, name, code]) => ({ name, code }));

function ways(name) {
  if (name.endsWith(".test.mjs")) return ["--test", name];
  if (name.endsWith(".test.js")) return [command("vitest"), "run", "--root", ".", name];
  if (name.endsWith(".spec.mjs")) return [command("@playwright/test", "playwright"), "test", name];
  return [name];
}

test("the README has snippets of all kinds", () => assert.equal(blocks.length, text.match(/^```js$/gm).length));

for (const { name, code } of blocks) {
  test(`${name} of the README`, async () => {
    const run = await node(project({ [name]: code }), ways(name)).ended;
    assert.equal(run.code, 0, run.out);
    assert.doesNotMatch(run.out, /No test files found|# tests 0/);
  });
}
