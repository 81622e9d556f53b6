// The Markdown that the manual is written in, as elements of the page; nothing in it is read as HTML.
import { html } from "./parts.js";

const INLINE = /`([^`]+)`|\*\*([^*]+)\*\*|!\[([^\]]*)\]\([^)]*\)|\[([^\]]+)\]\(([^)\s]+)\)/g;

/** Code, strong text and links within a line; a link to another file of the sources is only its text. */
function inline(text) {
  const parts = [];
  let last = 0;
  for (const found of text.matchAll(INLINE)) {
    parts.push(text.slice(last, found.index));
    const [, code, strong, picture, label, address] = found;
    if (code !== undefined) parts.push(html`<code>${code}</code>`);
    else if (strong !== undefined) parts.push(html`<strong>${inline(strong)}</strong>`);
    else if (picture === undefined && /^https?:\/\//.test(address)) parts.push(html`<a href=${address} target="_blank" rel="noopener noreferrer">${inline(label)}</a>`);
    else if (picture === undefined) parts.push(inline(label));
    last = found.index + found[0].length;
  }
  parts.push(text.slice(last));
  return parts;
}

const cells = (line) =>
  line.trim().replace(/^\||\|$/g, "").split(/(?<!\\)\|/).map((cell) => cell.replaceAll("\\|", "|").trim());

const isRule = (line) => /^\s*\|?[\s:|-]+\|[\s:|-]*$/.test(line) && line.includes("-");
const ITEM = /^(\s*)([-*]|\d+\.)\s+(.*)$/;

function table(lines) {
  const [head, , ...rows] = lines.map(cells);
  return html`<div class="wide" tabindex="0"><table class="plain lined"><thead><tr>${head.map((cell, n) => html`<th key=${n} scope="col">${inline(cell)}</th>`)}</tr></thead>
    <tbody>${rows.map((row, n) => html`<tr key=${n}>${row.map((cell, m) => html`<td key=${m}>${inline(cell)}</td>`)}</tr>`)}</tbody></table></div>`;
}

/** Reads lines while they fit; answers how many. */
function run(lines, from, fits) {
  let to = from;
  while (to < lines.length && fits(lines[to], to)) to += 1;
  return to;
}

/** @param {string} text */
export function markdown(text) {
  // Marks for tools, such as where a table begins, are for nobody to read.
  const lines = text.replace(/<!--[\s\S]*?-->/g, "").split("\n");
  const blocks = [];
  for (let n = 0; n < lines.length; ) {
    const line = lines[n];
    const fence = /^\s*```/.test(line);
    const heading = /^(#{1,6})\s+(.*)$/.exec(line);
    if (!line.trim()) n += 1;
    else if (fence) {
      const end = run(lines, n + 1, (other) => !/^\s*```/.test(other));
      blocks.push(html`<pre tabindex="0">${lines.slice(n + 1, end).join("\n")}</pre>`);
      n = end + 1;
    } else if (heading) {
      // The panel has a heading of its own.
      const level = `h${Math.min(6, heading[1].length + 2)}`;
      blocks.push(html`<${level}>${inline(heading[2])}<//>`);
      n += 1;
    } else if (line.includes("|") && isRule(lines[n + 1] ?? "")) {
      const end = run(lines, n, (other) => other.includes("|"));
      blocks.push(table(lines.slice(n, end)));
      n = end;
    } else if (ITEM.test(line)) {
      const end = run(lines, n, (other, place) => ITEM.test(other) || (place > n && /^\s+\S/.test(other)));
      const items = [];
      for (const other of lines.slice(n, end)) {
        const item = ITEM.exec(other);
        if (item) items.push(item[3]);
        else items[items.length - 1] += ` ${other.trim()}`;
      }
      blocks.push(/^\s*\d/.test(line) ? html`<ol>${items.map((item, m) => html`<li key=${m}>${inline(item)}</li>`)}</ol>` : html`<ul>${items.map((item, m) => html`<li key=${m}>${inline(item)}</li>`)}</ul>`);
      n = end;
    } else {
      const end = run(lines, n, (other, place) => other.trim() && (place === n || (!/^(#{1,6}\s|\s*```)/.test(other) && !ITEM.test(other) && !isRule(lines[place + 1] ?? ""))));
      blocks.push(html`<p>${inline(lines.slice(n, end).join(" "))}</p>`);
      n = Math.max(end, n + 1);
    }
  }
  return blocks;
}
