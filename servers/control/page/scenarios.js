// Scenarios: written or pasted here, played in the chosen world; and how far the one is that plays.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, get } from "./api.js";
import { at, attempt, pulse, services, actions, worldId } from "./store.js";
import { download, html, remember, remembered } from "./parts.js";
import { Opens } from "./time.js";
import { t } from "./text.js";

/** The scenario of the world, as told last; null: none was played. */
const progress = signal(null);

const STATES = { playing: "scenario_playing", passed: "scenario_passed", failed: "scenario_failed", stopped: "scenario_stopped" };

async function read() {
  try {
    progress.value = await get(at("/scenario"));
  } catch (error) {
    if (error.status === 404) progress.value = null;
  }
}

let reading = null;
function soon() {
  reading ??= setTimeout(() => {
    reading = null;
    read();
  }, 500);
}

/** Keeps the progress up to date. */
export function watchScenario() {
  pulse.subscribe(soon);
  worldId.subscribe(() => {
    progress.value = null;
    soon();
  });
  setInterval(() => progress.peek()?.state === "playing" && soon(), 1000);
}

/** A scenario to start from: the first action of the first service that needs one whole number at the most. */
function example() {
  const fits = ({ arguments: schema }) => (schema.required ?? []).length === 0;
  const found = actions.value.find(fits) ?? actions.value[0];
  return `stend: 1\ntitle: ${services.value[0] ?? ""}\n\ntimeline:\n  - at: 1s\n    do: { ${found?.action ?? ""}: {} }\n`;
}

const play = (text, speed) => call("POST", at(`/scenario?speed=${speed}`), text, { "content-type": "application/yaml" });
const stop = () => attempt(() => call("DELETE", at("/scenario"))).then(soon);

async function record() {
  const { result } = await attempt(() => get(at("/recording")));
  if (result) download(`${worldId.value}.scenario.yaml`, result.scenario);
}

/** The steps of a report that did not pass, with what was expected and found. */
function Failures({ report }) {
  const steps = report?.steps ?? report?.results ?? [];
  const bad = steps.filter((step) => step.passed === false || step.failures?.length || step.state === "failed");
  if (!bad.length) return null;
  return html`<ul class="list">${bad.map((step, n) => html`<li key=${n} class="bad-text">✗ ${step.title ?? step.what ?? step.step ?? n + 1}<pre>${JSON.stringify(step.failures ?? step, null, 2)}</pre></li>`)}</ul>`;
}

export function Scenarios() {
  const text = useSignal(remembered("scenario") ?? example());
  const speed = useSignal("1");
  const wrong = useSignal(null);
  useEffect(() => void read(), []);
  const submit = async (event) => {
    event.preventDefault();
    remember("scenario", text.value);
    wrong.value = (await attempt(() => play(text.value, speed.value), `✓ ${t("scenario_playing")}`)).error ?? null;
    read();
  };
  return html`<div class="panel-body">
    <form class="form" aria-label=${t("scenario")} onSubmit=${submit}>
      <p class="quiet">${t("scenario_warns")}</p>
      <label for="scenario-text">${t("scenario_text")}</label>
      <textarea id="scenario-text" class="mono" rows="16" spellcheck=${false} value=${text.value} aria-invalid=${Boolean(wrong.value)} onInput=${(event) => (text.value = event.target.value)}></textarea>
      ${wrong.value && html`<p class="bad-text" role="alert">${wrong.value}</p>`}
      <div class="bar wrap">
        <button class="main" type="submit">▶ ${t("play")}</button>
        <label for="scenario-speed">${t("speed")}</label>
        <select id="scenario-speed" value=${speed.value} onChange=${(event) => (speed.value = event.target.value)}>${["1", "10", "60", "max"].map((name) => html`<option key=${name}>${name}</option>`)}</select>
        <button type="button" onClick=${stop}>${t("stop")}</button>
        <span class="gap"></span>
        <button type="button" onClick=${record}>${t("record")}</button>
      </div>
    </form>
    <${Failures} report=${progress.value?.report} />
  </div>`;
}

/** How far the scenario is, in a line at the bottom. */
export function Foot() {
  const now = progress.value;
  const of = Number(now?.of) || 0;
  const done = Number(now?.at) || 0;
  return html`<footer class="foot bar">
    <${Opens} name="scenarios">${t("scenarios")}<//>
    ${now
      ? html`<strong>${now.title}</strong><span class=${`badge ${now.state === "failed" ? "bad" : now.state === "playing" ? "busy" : now.state === "passed" ? "ok" : "idle"}`} id="scenario-state">${t(STATES[now.state] ?? now.state)}</span>
          ${of > 0 && html`<progress max=${of} value=${done} aria-label=${t("scenario")}></progress><span class="quiet">${t("scenario_of", done, of)}</span>`}
          <span class="quiet cut">${now.step ?? ""}</span>
          ${now.state === "playing" && html`<button onClick=${stop}>⏹ ${t("stop")}</button>`}`
      : html`<span class="quiet">${t("scenario_none")}</span>`}
    <span class="gap"></span><span class="quiet keys"><kbd>/</kbd> <kbd>j</kbd> <kbd>k</kbd> <kbd>Enter</kbd> <kbd>.</kbd></span>
  </footer>`;
}
