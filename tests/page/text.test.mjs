// The page's texts, size and parts, without a browser.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { gzipSync } from "node:zlib";

const folder = process.env.PAGE;
const read = (name) => readFileSync(join(folder, name), "utf8");
const modules = readdirSync(folder).filter((name) => name.endsWith(".js"));

function table() {
  const text = read("text.js");
  const body = text.slice(text.indexOf("export const TEXT = {") + "export const TEXT = ".length, text.indexOf("\n};") + 2);
  return new Function(`return ${body}`)();
}

test("every text is there in both languages, with the same places for values", () => {
  for (const [key, [en, ru, ...more]] of Object.entries(table())) {
    assert.ok(en && ru && !more.length, key);
    assert.equal(en.split("{}").length, ru.split("{}").length, key);
    assert.ok(!/[а-яё]/i.test(en) || key === "lang", `${key} in English`);
  }
});

test("every text that is used is in the table, and the other way round", () => {
  const source = modules.filter((name) => name !== "text.js").map(read).join("\n");
  const known = Object.keys(table());
  const used = [...source.matchAll(/\bt\(\s*"(\w+)"/g)].map((found) => found[1]);
  assert.deepEqual(used.filter((key) => !known.includes(key)), []);
  // Some are named in tables of the modules before they are looked up.
  assert.deepEqual(known.filter((key) => !new RegExp(`\\b${key}\\b`).test(source)), []);
});

test("no text for people stands in the modules themselves", () => {
  for (const name of modules.filter((name) => name !== "text.js")) assert.ok(!/[а-яё]/i.test(read(name)), name);
});

test("the page is at most 200 KB gzipped", () => {
  const files = [...readdirSync(folder), ...readdirSync(join(folder, "vendor")).map((name) => `vendor/${name}`)];
  const sizes = files.filter((name) => /\.(m?js|css|html|svg)$/.test(name)).map((name) => gzipSync(read(name)).length);
  const total = sizes.reduce((sum, size) => sum + size, 0);
  assert.ok(total <= 200 * 1024, `${total} bytes`);
  assert.ok(total > 10 * 1024);
});

test("nothing is fetched from elsewhere, and no HTML is written past the escaping", () => {
  for (const name of [...modules, "index.html", "style.css"]) {
    const text = read(name);
    assert.ok(!/innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySetInnerHTML|\beval\(/.test(text), name);
    assert.ok(!/(src|href|url\(|from|import)\s*[=(]?\s*["'`(]?https?:/.test(text), name);
  }
});

test("the page asks at once for every module that it is made of", () => {
  const wanted = new Set(["main.js"]);
  for (const name of wanted) for (const [, other] of read(name).matchAll(/from "\.\/([\w-]+\.js)"/g)) wanted.add(other);
  const asked = [...read("index.html").matchAll(/modulepreload" href="\/page\/([\w-]+\.js)"/g)].map((found) => found[1]);
  assert.deepEqual(asked.sort(), [...wanted].sort());
});
