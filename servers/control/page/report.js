// The page of a report: what happened in a run, walked through along its time.
import { render } from "preact";
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { moment, shown, traces, version as written } from "./recorded.js";
import { Axis } from "./axis.js";
import { Details } from "./details.js";
import { Far } from "./far.js";
import { begun, clear, lines, open, pulse, selected, version, worldId } from "./store.js";
import { dateText, clockText, html } from "./parts.js";
import { Steps, rowsOf, seconds } from "./steps.js";
import { lang, speak, t } from "./text.js";
import { Theme, useTheme } from "./theme.js";
import { Traffic } from "./traffic.js";
import { listen } from "./keys.js";

/** What the left pane shows: the steps, or the far side at the moment. */
const left = signal("steps");

const reports = () => traces[shown.value].played;
const outcomes = ({ report }) => [...(report?.steps ?? []), ...(report?.expectations ?? [])];
const title = (trace) => trace.played.map(({ report }) => report?.title).filter(Boolean).join(", ") || trace.world;
const failed = (trace) => trace.played.some(({ report }) => report && !report.passed);

/** When a step was done, in milliseconds. */
const timeOf = (report, step) => new Date(report.started).getTime() + (seconds(step.at) + seconds(step.took)) * 1000;

function choose(place) {
  shown.value = place;
  const trace = traces[place];
  worldId.value = trace.world;
  clear();
  moment.value = trace.lines.length;
  begun.value = true;
  open();
}

/** Shows the world after so many lines. */
function move(count) {
  moment.value = count;
  const list = lines();
  selected.value = count > 0 ? list[Math.min(count, list.length) - 1] ?? null : null;
  pulse.value += 1;
}

/** Shows the world as a step left it. */
function goTo(report, step) {
  const list = lines();
  const last = step.journal ? list.findLastIndex(({ data }) => data.seq && data.seq <= step.journal[1]) : -1;
  const time = timeOf(report, step);
  const place = last >= 0 ? last : list.findLastIndex(({ data }) => data.at && new Date(data.at).getTime() <= time);
  moment.value = place + 1;
  pulse.value += 1;
  if (step.journal) selected.value = list[place] ?? null;
}

function Run({ played }) {
  const { report, plan, source } = played;
  if (!report) return null;
  const rows = rowsOf(plan, outcomes(played), false);
  const now = lines()[moment.value - 1];
  const time = now?.data.at ? new Date(now.data.at).getTime() : 0;
  const here = rows.findLast((row) => row.state !== "planned" && (row.journal ? now?.data.seq >= row.journal[1] : timeOf(report, row) <= time));
  return html`<section class="table" aria-label=${report.title}>
    <div class="bar wrap"><h2>${report.title}</h2><span class=${`badge ${report.passed ? "ok" : "bad"}`}>${t(report.passed ? "scenario_passed" : "scenario_failed")}</span>
      <span class="quiet">${report.file} · seed ${report.seed}</span></div>
    <${Steps} rows=${rows} source=${source} here=${here} onStep=${(step) => goTo(report, step)} />
  </section>`;
}

function Page() {
  version.value;
  const trace = traces[shown.value];
  const steps = reports().flatMap((played) => (played.report ? outcomes(played).map((step) => ({ time: timeOf(played.report, step), failed: Boolean(step.failure) })) : []));
  // The choice of a line is a choice of its moment.
  useEffect(
    () =>
      selected.subscribe((line) => {
        const place = line ? lines().lastIndexOf(line) + 1 : 0;
        if (!place || place === moment.peek()) return;
        moment.value = place;
        pulse.value += 1;
      }),
    [],
  );
  const begin = reports().find(({ report }) => report)?.report.started ?? trace.lines[0]?.data.at;
  return html`<header class="head bar">
      <h1>stend</h1>
      ${traces.length > 1
        ? html`<select id="trace" aria-label=${t("scenario")} value=${shown.value} onChange=${(event) => choose(Number(event.target.value))}>
            ${traces.map((other, n) => html`<option key=${n} value=${n}>${failed(other) ? "✗" : "✓"} ${title(other)}</option>`)}</select>`
        : html`<strong>${title(trace)}</strong>`}
      <span class="quiet">${begin ? `${dateText(begin)} ${clockText(begin)}` : ""} · stend ${written}</span>
      <span class="gap"></span>
      <button id="lang" onClick=${() => speak(lang.value === "ru" ? "en" : "ru")}>${t("lang")}</button>
      <${Theme} />
    </header>
    <${Axis} steps=${steps} at=${moment.value} move=${move} />
    <main class="panes">
      <div class="pane left">
        <div class="bar"><div class="tabs" role="tablist" aria-label=${t("shown")}>
          ${["steps", "far"].map((name) => html`<button key=${name} id=${`left-${name}`} role="tab" aria-selected=${left.value === name} onClick=${() => (left.value = name)}>${t(name)}</button>`)}
        </div></div>
        ${left.value === "steps"
          ? html`<div class="board" tabindex="0" role="region" aria-label=${t("steps")}>${reports().map((played, n) => html`<${Run} key=${n} played=${played} />`)}
              ${reports().every(({ report }) => !report) && html`<p class="quiet pad">${t("scenario_none")}</p>`}</div>`
          : html`<${Far} past=${true} />`}
      </div>
      <div class="right"><${Traffic} upto=${moment.value} /><${Details} past=${true} /></div>
    </main>`;
}

/** `#play=2&step=5` leads to a step: numbers from 1. */
function fromAddress() {
  const asked = new URLSearchParams(location.hash.slice(1));
  const wanted = Number(asked.get("play")) - 1;
  const bad = traces.findIndex(failed);
  choose(traces[wanted] ? wanted : Math.max(0, bad));
}

useTheme();
speak(lang.value);
fromAddress();
render(html`<${Page} />`, document.getElementById("app"));
listen();
