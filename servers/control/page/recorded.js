// In a report, this module stands in the place of api.js: it answers from what the file holds.
import { signal } from "@preact/signals";

const held = JSON.parse(document.getElementById("recorded").textContent);

/** The version of stend that wrote the report. */
export const version = held.version;

/** What happened, by worlds: {world, played, lines, snapshots}. */
export const traces = held.traces;

/** Which of them is shown, and how many of its lines have happened by the moment that is shown. */
export const shown = signal(0);
export const moment = signal(0);

export const tokenAsked = signal(null);
export const giveToken = () => {};

export class Refused extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
    this.path = "";
  }
}

/** The tables of a service at the moment that is shown: those of the last snapshot before it that has them. */
function tables(service) {
  const { snapshots } = traces[shown.peek()];
  const past = snapshots.filter((snapshot) => snapshot.line <= moment.peek() && snapshot.services[service]);
  const found = past.at(-1) ?? snapshots.find((snapshot) => snapshot.services[service]);
  // They are changed by who reads a page of more rows.
  return found ? structuredClone(found.services[service]) : [];
}

const zero = { mode: "frozen", next_due: null };

export async function get(path) {
  const trace = traces[shown.peek()];
  const [, rest] = /^\/worlds\/[^/]+(.*)$/.exec(path) ?? [null, path];
  const [name, query] = rest.split("?");
  const asked = new URLSearchParams(query);
  if (name === "/worlds") return [{ id: trace.world, seed: trace.seed, urls: {}, clock: zero, journal: { entries: trace.lines.length } }];
  if (name === "/actions" || name === "/faults") return [];
  if (name === "/operations") return held.operations;
  if (name === "/clock") return { ...zero, now: trace.now };
  if (name === "/journal") {
    const since = Number(asked.get("since"));
    const found = trace.lines.find(({ data }) => data.seq === since + 1);
    return { entries: found ? [found.data] : [] };
  }
  if (name.startsWith("/view/")) {
    const service = name.slice("/view/".length);
    const all = tables(service);
    return { service, tables: asked.has("table") ? all.filter(({ id }) => id === asked.get("table")) : all };
  }
  throw new Refused(404, path);
}

export async function call(method, path) {
  throw new Refused(405, `${method} ${path}`);
}

export async function picture(path) {
  throw new Refused(404, path);
}

/** Gives all that happened at once. */
export async function follow(world, stopped, { onEvents, onState }) {
  onState("live");
  if (!stopped.aborted) onEvents(traces[shown.peek()].lines.map((line, number) => ({ ...line, id: String(number) })));
}
