// What the page knows: the chosen world, its traffic, its clock; kept up to date by the stream.
import { batch, computed, signal } from "@preact/signals";
import { Refused, follow, get } from "./api.js";
import { remember, remembered } from "./parts.js";

/**
 * What the control API tells.
 * @typedef {{ id: string, seed: number, clock: { mode: string }, journal: { entries: number }, urls: Record<string, string> }} World
 * @typedef {{ at: string, fake: string, rows: { table: string, key: string, row: string, what: { en: string, ru: string } }[] }} Due
 * @typedef {{ mode: "real" | "frozen" | "scaled", now: string, scale?: number, next_due?: string, due?: Due[], seen: number }} Clock
 * @typedef {{ action: string, summary: string, arguments: any }} Action
 * @typedef {{ fake: string, id: string, kind: string, method?: string, path?: string, command?: string }} Operation
 */

/**
 * An entry of the journal, or what happened beside it; `headers`, `request` and `reply` only where it was read whole.
 * @typedef {{ seq?: number, at?: string, fake?: string, operation?: string, channel?: string, method?: string, path?: string,
 *   query?: string, status?: number, client?: string, warnings?: string[], fault?: string,
 *   headers?: { name: string, value: string }[], request?: any, reply?: any, what?: string, action?: string, args?: any,
 *   result?: any, fired?: any, id?: string, world?: string, clock?: Clock, missed?: number, of?: string }} Entry
 * @typedef {{ id: string, name: string, data: Entry }} Event an event of the stream
 * @typedef {{ number: number, id: string, name: string, data: Entry, service: string, text: string }} Line a line of the traffic
 */

/** The most lines that are kept; the journal of the world keeps its own. */
const MOST = 20_000;

export const worldId = signal(new URLSearchParams(location.search).get("world") ?? remembered("world") ?? "default");
export const worlds = signal(/** @type {World[]} */ ([]));
export const actions = signal(/** @type {Action[]} */ ([]));
export const operations = signal(/** @type {Operation[]} */ ([]));

/** `off`, `live`, `gone` or `token`, and why. */
export const connection = signal({ state: "off", why: null });

/** The clock as last told, and the browser's time at that moment. */
export const clock = signal(/** @type {Clock | null} */ (null));

/** What is said of the last thing done: {text, bad}. */
export const notice = signal(/** @type {{ text: string, bad: boolean } | null} */ (null));

/** Which panel is open: `worlds`, `faults`, `scenarios`, `manual` or none. */
export const panel = signal(/** @type {string | null} */ (null));

/** The line of a journal entry, if it is still listed. */
export const bySeq = (seq) => all.findLast(({ data }) => data.seq === seq) ?? null;

/** Changes whenever something happened in the world that views, faults or worlds may show. */
export const pulse = signal(0);

export const world = computed(() => worlds.value.find((known) => known.id === worldId.value) ?? null);

export const services = computed(() => {
  const named = new Set(actions.value.map((action) => action.action.split(".")[0]));
  for (const operation of operations.value) named.add(operation.fake);
  return [...named];
});

/** Says how a request ended, and hands its refusal on as a text. */
export async function attempt(work, done) {
  try {
    const result = await work();
    if (done) say(typeof done === "function" ? done(result) : done);
    return { result };
  } catch (error) {
    say(error.message, true);
    return { error: error.message, path: error instanceof Refused ? error.path : "" };
  }
}

let saying = 0;
export function say(text, bad = false) {
  notice.value = { text, bad };
  clearTimeout(saying);
  saying = setTimeout(() => (notice.value = null), bad ? 10_000 : 4_000);
}

// ---- Traffic --------------------------------------------------------------------------------------------------------

export const filter = signal({ service: "", status: "", operation: "", client: "", text: "" });
/** The lines that pass the filter, oldest first; `version` changes with it, at most once a frame. */
/** @type {Line[]} */
let all = [];
/** @type {Line[]} */
let passing = [];
export const version = signal(0);
export const total = signal(0);
/** Where paused: the lines as they stood, and how many have passed since. */
export const held = signal(/** @type {Line[] | null} */ (null));
export const fresh = signal(0);
export const selected = signal(/** @type {Line | null} */ (null));
/** Whether a client has sent something since the page was opened, or somebody has done something. */
export const begun = signal(false);
let number = 0;
/** @type {Event[]} */
let waiting = [];

export const lines = () => held.value ?? passing;

function passes(line, wanted) {
  const { data } = line;
  if (wanted.service && line.service !== wanted.service) return false;
  if (wanted.status && !fits(line, wanted.status)) return false;
  if (wanted.operation && data.operation !== wanted.operation) return false;
  if (wanted.client && !(data.client ?? "").includes(wanted.client)) return false;
  return !wanted.text || line.text.includes(wanted.text.toLowerCase());
}

function fits(line, status) {
  const { data, name } = line;
  if (status === "warning") return Boolean(data.warnings?.length);
  if (status === "fault") return Boolean(data.fault);
  if (name !== "exchange" && name !== "push") return false;
  if (/^\dxx$/.test(status)) return String(data.status)[0] === status[0];
  return String(data.status).startsWith(status);
}

/** @param {Event} event @returns {Line} */
function lineOf({ id, name, data }) {
  const service = data.fake ?? data.action?.split(".")[0] ?? "";
  const text = `${data.method ?? ""} ${data.path ?? ""}${data.query ? `?${data.query}` : ""} ${data.operation ?? ""} ${
    data.status ?? ""
  } ${data.client ?? ""} ${data.fault ?? ""} ${data.what ?? ""} ${data.action ?? ""} ${data.fired ?? ""} ${
    data.args ? JSON.stringify(data.args) : ""
  }`;
  number += 1;
  return { number, id, name, data, service, text: text.toLowerCase() };
}

function take(events) {
  waiting.push(...events);
  if (waiting.length === events.length) requestAnimationFrame(show);
  // A tab in the background gets no frames; it keeps the newest.
  if (waiting.length > MOST) waiting.splice(0, waiting.length - MOST);
}

function show() {
  const events = waiting;
  waiting = [];
  const wanted = filter.peek();
  const came = events.map(lineOf);
  const fit = came.filter((line) => passes(line, wanted));
  all = kept(all, came);
  passing = kept(passing, fit);
  const began = events.some((event) => event.name === "exchange" || event.data.what === "action");
  const told = events.findLast((event) => event.name === "clock" || event.data.what === "restore" || event.data.what === "reset");
  batch(() => {
    version.value += 1;
    total.value = all.length;
    if (held.peek()) fresh.value += fit.length;
    pulse.value += 1;
    if (began) begun.value = true;
  });
  if (told) readClock();
}

function kept(lines, more) {
  if (!more.length) return lines;
  const joined = lines.length + more.length > MOST * 1.25 ? lines.slice(-(MOST - more.length)) : lines;
  for (const line of more) joined.push(line);
  return joined;
}

export function refilter(wanted) {
  filter.value = { ...filter.peek(), ...wanted };
  passing = all.filter((line) => passes(line, filter.peek()));
  batch(() => {
    if (held.peek()) held.value = passing.slice();
    version.value += 1;
  });
}

export function pause(on) {
  batch(() => {
    held.value = on ? passing.slice() : null;
    fresh.value = 0;
  });
}

export function clear() {
  all = [];
  passing = [];
  batch(() => {
    if (held.peek()) held.value = [];
    fresh.value = 0;
    total.value = 0;
    selected.value = null;
    version.value += 1;
  });
}

// ---- The world ------------------------------------------------------------------------------------------------------

export const at = (path = "") => `/worlds/${encodeURIComponent(worldId.peek())}${path}`;

/** @type {AbortController | null} */
let stop = null;

export function choose(id) {
  batch(() => {
    worldId.value = id;
    clear();
    begun.value = false;
    held.value = null;
    clock.value = null;
  });
  remember("world", id);
  open();
}

/** Follows the chosen world. */
export function open() {
  stop?.abort();
  stop = new AbortController();
  waiting = [];
  const mine = stop.signal;
  follow(worldId.peek(), mine, {
    onEvents: (events) => mine.aborted || take(events),
    onState: (state, why) => {
      if (mine.aborted) return;
      connection.value = { state, why };
      if (state === "live") Promise.all([readClock(), readWorlds(), readKinds()]).catch(() => {});
      if (state === "gone") readWorlds().catch(() => {});
    },
  });
}

export async function readWorlds() {
  worlds.value = await get("/worlds");
}

export async function readClock() {
  clock.value = { ...(await get(at("/clock?due=true"))), seen: performance.now() };
}

async function readKinds() {
  if (actions.peek().length) return;
  const [acts, ops] = await Promise.all([get("/actions"), get("/operations")]);
  batch(() => {
    actions.value = acts;
    operations.value = ops;
  });
}

/** The world's time now, reckoned from what was told last. */
export function worldTime() {
  const known = clock.value;
  if (!known) return null;
  const speed = known.mode === "real" ? 1 : known.mode === "scaled" ? known.scale : 0;
  return new Date(known.now).getTime() + (performance.now() - known.seen) * speed;
}
