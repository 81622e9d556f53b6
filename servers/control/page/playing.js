// The scenario that plays in the chosen world: how far it is, its pace, its steps.
import { signal } from "@preact/signals";
import { call, get } from "./api.js";
import { at, attempt, panel, pulse, worldId } from "./store.js";
import { gathered, html, spanText } from "./parts.js";
import { Steps, rowsOf, seconds } from "./steps.js";
import { Opens } from "./time.js";
import { t } from "./text.js";

/**
 * What the control API says of a play, with its plan and steps where the panel shows them.
 * @typedef {{ state: string, title: string, at: string, of: string, step: string, speed?: number | string, why?: string,
 *   plan?: any[], steps?: any[], done?: number, source?: string, report?: any }} Progress
 */

/** The scenario of the world, as told last; null: none was played. */
export const progress = signal(/** @type {Progress | null} */ (null));

const STATES = { playing: "scenario_playing", passed: "scenario_passed", failed: "scenario_failed", stopped: "scenario_stopped" };
const TONES = { playing: "busy", passed: "ok", failed: "bad", stopped: "idle" };

/** The speeds that are offered. */
export const SPEEDS = ["1", "10", "60", "600", "max"];

/** How fast it is played, or is to go on after a pause. */
export const pace = signal("10");

export async function readPlay() {
  const id = worldId.peek();
  try {
    const told = await get(at(`/scenario${panel.peek() === "scenarios" ? "?steps=true" : ""}`));
    if (id === worldId.peek()) progress.value = told;
  } catch (error) {
    if (error.status === 404) progress.value = null;
  }
}

const soon = gathered(readPlay, 400);

/** Keeps the progress up to date. */
export function watchScenario() {
  pulse.subscribe(() => soon());
  panel.subscribe(() => soon());
  worldId.subscribe(() => {
    progress.value = null;
    soon();
  });
  setInterval(() => progress.peek()?.state === "playing" && soon(), 1000);
}

export const stop = () => attempt(() => call("DELETE", at("/scenario"))).then(readPlay);

/** Asks for another pace. It counts at once for what is clicked next; what came of it is read afterwards. */
function change(speed) {
  if (progress.peek()) progress.value = { ...progress.peek(), speed };
  return attempt(() => call("PUT", at("/scenario"), { speed })).then(readPlay);
}

/** The pace as the control API takes it. */
const wanted = () => (pace.value === "max" ? "max" : Number(pace.value));

function choose(speed) {
  pace.value = speed;
  const now = progress.peek();
  if (now?.state === "playing" && now.speed !== "paused") change(wanted());
}

/** Pause, stop and speed. */
export function Controls() {
  const now = progress.value;
  const playing = now?.state === "playing";
  const paused = playing && now.speed === "paused";
  const flip = () => change(paused ? wanted() : "paused");
  return html`<span class="bar controls" role="group" aria-label=${t("scenario")}>
    ${playing && html`<button type="button" id="play-pause" aria-pressed=${paused} onClick=${flip}>${paused ? `▶ ${t("go_on")}` : `❚❚ ${t("pause")}`}</button>
      <button type="button" id="play-stop" onClick=${stop}>■ ${t("stop")}</button>`}
    <select id="scenario-speed" aria-label=${t("speed")} value=${pace.value} onChange=${(event) => choose(event.target.value)}>
      ${SPEEDS.map((name) => html`<option key=${name} value=${name}>${name === "max" ? t("speed_max") : `×${name}`}</option>`)}
    </select>
  </span>`;
}

function State({ now }) {
  return html`<span class=${`badge ${TONES[now.state] ?? "idle"}`} id="scenario-state">${t(STATES[now.state] ?? now.state)}${now.speed === "paused" ? `, ${t("paused")}` : ""}</span>`;
}

function Bar({ now }) {
  const [done, of] = [seconds(now.at), seconds(now.of)];
  if (!of) return null;
  const share = now.state === "playing" ? done : of;
  return html`<progress id="scenario-bar" max=${of} value=${share} aria-label=${t("scenario")}></progress>
    <span class="quiet mono">${t("scenario_of", spanText(share), spanText(of))}</span>`;
}

/** The steps with what came of each. */
export function Timeline() {
  const now = progress.value;
  if (!now) return html`<p class="quiet pad">${t("scenario_none")}</p>`;
  const { report } = now;
  const done = report ? [...report.steps, ...report.expectations] : now.steps ?? [];
  const rows = rowsOf(now.plan ?? [], done, now.state === "playing");
  return html`<section class="timeline" aria-label=${t("steps")}>
    <div class="bar wrap"><h3>${now.title}</h3><${State} now=${now} /><${Bar} now=${now} /></div>
    ${now.why && html`<p class="bad-text">${now.why}</p>`}
    ${rows.length > 0 && html`<${Steps} rows=${rows} source=${now.source} />`}
  </section>`;
}

/** How far the scenario is, in a line at the bottom. */
export function Foot() {
  const now = progress.value;
  return html`<footer class="foot bar">
    <${Opens} name="scenarios">${t("scenarios")}<//>
    ${now
      ? html`<strong class="cut">${now.title}</strong>${panel.value !== "scenarios" && html`<${State} now=${now} /><${Bar} now=${now} />`}
          <span class="quiet cut">${now.state === "playing" ? now.step : ""}</span>
          ${now.state === "playing" && panel.value !== "scenarios" && html`<${Controls} />`}`
      : html`<span class="quiet">${t("scenario_none")}</span>`}
    <span class="gap"></span><span class="quiet keys"><kbd>/</kbd> <kbd>j</kbd> <kbd>k</kbd> <kbd>Enter</kbd> <kbd>.</kbd></span>
    <${Opens} name="manual">${t("manual")}<//>
  </footer>`;
}
