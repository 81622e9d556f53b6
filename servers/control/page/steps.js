// The steps of a scenario: what was done when, what it captured, what was expected and what was found.
import { useSignal } from "@preact/signals";
import { bySeq, selected } from "./store.js";
import { html, pretty } from "./parts.js";
import { t } from "./text.js";

/** The state of a step, by its sign. */
const SIGNS = { passed: "✓", failed: "✗", waits: "…", planned: "·" };

const TONES = { passed: "ok", failed: "bad", waits: "busy", planned: "idle" };

const WORDS = { passed: "step_passed", failed: "step_failed", waits: "step_waits", planned: "step_planned" };

/**
 * The steps in order: those that were done with what came of them, then those that are still to come. A repeated step
 * is one row a round.
 */
export function rowsOf(plan, done, playing) {
  const rows = done.map((outcome) => ({ ...outcome, state: outcome.failure ? "failed" : "passed" }));
  const seen = new Map();
  for (const { line } of done) seen.set(line, (seen.get(line) ?? 0) + 1);
  const left = plan.filter(({ line, rounds }) => (seen.get(line) ?? 0) < (rounds ?? 1));
  return [...rows, ...left.map((step, n) => ({ ...step, state: playing && n === 0 ? "waits" : "planned" }))];
}

/** The lines of the file around a place. */
function Excerpt({ source, line }) {
  if (!source || !line) return null;
  const all = source.split("\n");
  const from = Math.max(0, line - 2);
  const part = all.slice(from, Math.min(all.length, line + 3));
  return html`<pre class="excerpt">${part.map((text, n) => html`<span key=${n} class=${from + n + 1 === line ? "here" : ""}>${String(from + n + 1).padStart(4)}  ${text}${"\n"}</span>`)}</pre>`;
}

const Value = ({ label, value }) =>
  value === undefined || value === null ? null : html`<dt>${label}</dt><dd><pre tabindex="0" aria-label=${label}>${pretty(value)}</pre></dd>`;

function Nearest({ nearest }) {
  if (!nearest) return null;
  const line = bySeq(nearest.seq);
  return html`<dt>${t("nearest")}</dt>
    <dd>
      ${line ? html`<button class="link mono" onClick=${() => (selected.value = line)}>${line.data.method ?? ""} ${line.data.path ?? line.data.operation} ${line.data.status}</button>` : html`#${nearest.seq}`}
      ${nearest.unmet?.length
        ? html`<table class="plain"><thead><tr><th scope="col"></th><th scope="col">${t("expected")}</th><th scope="col">${t("found")}</th></tr></thead>
            <tbody>${nearest.unmet.map((unmet, n) => html`<tr key=${n}><th scope="row">${unmet.condition}</th><td><code>${unmet.expected}</code></td><td><code>${unmet.found === undefined ? "—" : JSON.stringify(unmet.found)}</code></td></tr>`)}</tbody></table>`
        : null}
    </dd>`;
}

/** What came of a step, whole. */
function More({ step, source }) {
  const caused = [];
  for (let seq = (step.journal?.[0] ?? 0) + 1; step.journal && seq <= step.journal[1] && caused.length < 20; seq += 1) {
    const line = bySeq(seq);
    if (line) caused.push(line);
  }
  return html`<dl class="step-more">
    ${step.failure && html`<dt>${t("why_failed")}</dt><dd class="bad-text">${step.failure}</dd>`}
    <${Value} label=${t("expected")} value=${step.expected} />
    <${Value} label=${t("found")} value=${step.found ?? step.result} />
    <${Nearest} nearest=${step.nearest} />
    ${step.captured && html`<dt>${t("captured")}</dt><dd><table class="plain"><tbody>${Object.entries(step.captured).map(([name, value]) => html`<tr key=${name}><th scope="row">${name}</th><td><code>${JSON.stringify(value)}</code></td></tr>`)}</tbody></table></dd>`}
    ${caused.length ? html`<dt>${t("traffic")}</dt><dd>${caused.map((line) => html`<button key=${line.number} class="link mono block" onClick=${() => (selected.value = line)}>${line.data.method ?? line.data.channel} ${line.data.path ?? line.data.operation} ${line.data.status}</button>`)}</dd>` : null}
    <dt>${t("in_file")}</dt><dd><${Excerpt} source=${source} line=${step.failed_at?.[0] ?? step.line} /></dd>
  </dl>`;
}

/** More rows than these are not shown at once. */
const MANY = 500;

/** The steps as a list; `here` is the one to look at, `onStep` hears of one that is opened. */
export function Steps({ rows, source, here, onStep }) {
  const open = useSignal(null);
  const failed = rows.filter((row) => row.state === "failed").length;
  const only = useSignal(false);
  const shown = only.value ? rows.filter((row) => row.state === "failed") : rows;
  return html`<div class="steps">
    <div class="bar"><span class="quiet">${t("steps_count", rows.filter((row) => row.state === "passed").length, failed, rows.length)}</span>
      ${failed > 0 && html`<label><input type="checkbox" checked=${only.value} onChange=${(event) => (only.value = event.target.checked)} /> ${t("only_failed")}</label>`}</div>
    <ol class="list">
      ${shown.slice(0, MANY).map((row, n) => {
        const key = `${row.line} ${row.round ?? 1} ${row.state === "planned"} ${n}`;
        const flip = () => {
          open.value = open.value === key ? null : key;
          if (open.value) onStep?.(row);
        };
        return html`<li key=${key} class=${`step ${row.state} ${row === here ? "here" : ""}`} data-state=${row.state}>
          <button class="step-head" aria-expanded=${open.value === key} onClick=${flip}>
            <span class="mono quiet at">${row.at}</span>
            <span class=${`badge ${TONES[row.state]}`} role="img" aria-label=${t(WORDS[row.state])}>${SIGNS[row.state]}</span>
            <span class="what">${row.what}${row.round ? ` #${row.round}` : ""}</span>
            ${row.captured && html`<span class="quiet">${Object.keys(row.captured).join(", ")}</span>`}
          </button>
          ${row.failure && open.value !== key && html`<p class="bad-text cut">${row.failure}</p>`}
          ${open.value === key && html`<${More} step=${row} source=${source} />`}
        </li>`;
      })}
    </ol>
    ${shown.length > MANY && html`<p class="quiet">${t("and_more", shown.length - MANY)}</p>`}
  </div>`;
}

/** The virtual seconds of a span such as `1m30s`. */
export function seconds(span) {
  const units = { d: 86_400, h: 3_600, m: 60, s: 1, ms: 0.001, us: 0.000_001, "µs": 0.000_001, ns: 1e-9 };
  let sum = 0;
  for (const [, number, unit] of String(span ?? "").matchAll(/([\d.]+)\s*(ms|us|µs|ns|[dhms])/g)) sum += Number(number) * units[unit];
  return sum;
}
