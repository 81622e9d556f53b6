// The head: which world, whether the stream lives, and its time.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call } from "./api.js";
import { at, attempt, clock, connection, panel, pulse, readClock, worldId, worldTime } from "./store.js";
import { clockText, dateText, gathered, html, spanText } from "./parts.js";
import { faultCount } from "./faults.js";
import { lang, speak, t, titled } from "./text.js";
import { Theme } from "./theme.js";

const readSoon = gathered(() => readClock().catch(() => {}), 1000);

const SPEEDS = [2, 10, 60, 600];

async function set(mode, scale) {
  await attempt(() => call("PUT", at("/clock"), { mode, ...(scale && { scale }) }));
  readClock().catch(() => {});
}

async function advance(how) {
  await attempt(() => call("POST", at("/clock/advance"), how), ({ count }) => `✓ ${t("fired", count)}`);
  readClock().catch(() => {});
}

/** What a row says falls due, or only where. */
function dueText({ fake, rows }) {
  if (fake === "world") return t("due_world");
  if (!rows.length) return fake;
  return rows.map(({ row, what }) => `${row}: ${titled(what)}`).join("; ");
}

/** What falls due next: one is advanced to by a click. */
function Due({ now }) {
  const dues = clock.value?.due ?? [];
  if (!dues.length) return null;
  const left = (at) => spanText((new Date(at).getTime() - now) / 1000);
  const line = (due) => t("due_line", left(due.at), dueText(due));
  const [next, ...later] = dues;
  return html`<span class="due"><button id="due" title=${`${t("advance_due")}: ${clockText(next.at)}`} onClick=${() => advance({ to: next.at })}><span class="cut">${line(next)}</span> →</button>
    ${later.length > 0 && html`<details class="drop"><summary aria-label=${t("due_later", later.length)}>+${later.length}</summary>
      <ul>${later.map((due) => html`<li key=${due.fake}><button title=${`${t("advance_due")}: ${clockText(due.at)}`} onClick=${() => advance({ to: due.at })}>${line(due)} →</button></li>`)}</ul></details>`}</span>`;
}

function Clock() {
  const now = useSignal(worldTime());
  useEffect(() => {
    const tick = setInterval(() => (now.value = worldTime()), 250);
    return () => clearInterval(tick);
  }, []);
  // What falls due next changes with what happens.
  useEffect(() => pulse.subscribe(() => readSoon()), []);
  const known = clock.value;
  if (!known) return null;
  const time = worldTime();
  const mode = known.mode === "scaled" ? String(known.scale) : known.mode;
  const change = (event) => {
    const wanted = event.target.value;
    return Number(wanted) ? set("scaled", Number(wanted)) : set(wanted);
  };
  now.value;
  return html`<span class="clock" role="group" aria-label=${t("time")}>
    <time id="clock" class="mono">${dateText(time)} ${clockText(time)}</time>
    <select id="mode" aria-label=${t("time")} value=${mode} onChange=${change}>
      <option value="real">▶ ${t("clock_real")}</option>
      <option value="frozen">■ ${t("clock_frozen")}</option>
      ${[...new Set([...SPEEDS, ...(known.mode === "scaled" ? [known.scale] : [])])].map((speed) => html`<option key=${speed} value=${String(speed)}>×${speed} ${t("clock_scaled")}</option>`)}
    </select>
    ${["1m", "10m", "1h"].map((by) => html`<button key=${by} aria-label=${`${t("advance")} ${by}`} onClick=${() => advance({ by })}>+${by}</button>`)}
    <${Due} now=${time} />
  </span>`;
}

function Connection() {
  const { state, why } = connection.value;
  const text = state === "live" ? t("live") : state === "gone" ? t("world_gone") : why && state === "off" ? t("off_ended", why) : t("off");
  return html`<span id="connection" class=${`state ${state === "live" ? "ok" : "bad"}`} role="status" title=${why ?? ""}>● ${text}</span>`;
}

export function Opens({ name, children }) {
  return html`<button id=${`open-${name}`} aria-expanded=${panel.value === name} onClick=${() => (panel.value = panel.value === name ? null : name)}>${children} ▾</button>`;
}

export function Head() {
  return html`<header class="head bar">
    <h1>stend</h1>
    <${Opens} name="worlds">${t("world")}: ${worldId.value}<//>
    <${Connection} />
    <${Clock} />
    <span class="gap"></span>
    <${Opens} name="faults">${t("faults")} ${faultCount.value || ""}<//>
    <button id="lang" onClick=${() => speak(lang.value === "ru" ? "en" : "ru")}>${t("lang")}</button>
    <${Theme} />
  </header>`;
}
