// An exchange as something to paste elsewhere.
import { world } from "./store.js";

const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

const AUTOMATIC = ["host", "content-length", "connection", "accept-encoding", "user-agent", "accept"];

const raw = (value) => (typeof value === "string" ? value : JSON.stringify(value));
const has = (value) => value != null && value !== "";

const target = (entry) => `${entry.path}${entry.query ? `?${entry.query}` : ""}`;

const own = (entry) => (entry.headers ?? []).filter(({ name }) => !AUTOMATIC.includes(name.toLowerCase()));

/**
 * The request as a shell command; for a frame, what to send to the socket.
 * @param {import("./store.js").Entry} entry
 */
export function asCurl(entry) {
  const base = world.value?.urls?.[entry.fake];
  if (entry.channel !== "http") return raw(entry.request ?? entry.reply ?? "");
  const parts = ["curl", "-i"];
  if (entry.method !== "GET") parts.push("-X", entry.method);
  // Where the bench is gone, another of its kind is reached by its environment.
  parts.push(base ? quoted(base.replace(/^ws/, "http") + target(entry)) : `"$STEND_${entry.fake.toUpperCase()}_URL"${quoted(target(entry))}`);
  for (const { name, value } of own(entry)) parts.push("-H", quoted(`${name}: ${value}`));
  if (has(entry.request)) parts.push("--data-raw", quoted(raw(entry.request)));
  return parts.join(" ");
}

/**
 * The request as a step of a scenario. JSON is YAML too.
 * @param {import("./store.js").Entry} entry
 */
export function asStep(entry) {
  if (entry.channel !== "http") return `- wait_for: { journal: ${JSON.stringify({ fake: entry.fake, operation: entry.operation })} }\n`;
  const headers = Object.fromEntries(own(entry).map(({ name, value }) => [name, value]));
  /** @type {Record<string, any>} */
  const asked = { [entry.method.toLowerCase()]: target(entry) };
  if (Object.keys(headers).length) asked.headers = headers;
  if (has(entry.request)) asked[typeof entry.request === "string" ? "body" : "json"] = entry.request;
  return `- call: ${JSON.stringify({ [entry.fake]: asked })}\n  expect: { status: ${entry.status} }\n`;
}

/**
 * That this exchange happened, as an expectation.
 * @param {import("./store.js").Entry} entry
 */
export function asExpectation(entry) {
  const { fake, operation, channel, status } = entry;
  if (channel === "push") return `push: ${JSON.stringify({ fake, command: operation })}\n`;
  return `journal: ${JSON.stringify({ fake, way: channel, operation, status, count: 1 })}\n`;
}
