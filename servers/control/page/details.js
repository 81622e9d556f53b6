// One line of the traffic in full: what was sent, what was got, and why.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { asCurl, asExpectation, asStep } from "./copy.js";
import { at, operations, say, selected } from "./store.js";
import { clockText, copy, dateText, html, pretty } from "./parts.js";
import { t } from "./text.js";

/** More of a body than this, in characters, is cut: the browser would freeze over it. */
const LONG = 200_000;

function Body({ value, label }) {
  const text = value == null || value === "" ? "" : pretty(value);
  return html`<section class="body" aria-label=${label}>
    <h3>${label}</h3>
    ${text ? html`<pre tabindex="0" aria-label=${label}>${text.length > LONG ? `${text.slice(0, LONG)}…` : text}</pre>` : html`<p class="quiet">${t("bodies_no")}</p>`}
  </section>`;
}

function Why({ entry }) {
  const row = operations.value.find((known) => known.fake === entry.fake && known.id === entry.operation);
  return html`<div class="why">
    <dl>
      <dt>${t("operation")}</dt><dd>${entry.operation ?? "—"}${row?.kind ? html` <span class="badge idle">${row.kind}</span>` : null}</dd>
      <dt>${t("time")}</dt><dd>${dateText(entry.at)} ${clockText(entry.at, true)}</dd>
      ${entry.client && html`<dt>${t("client")}</dt><dd>${entry.client}</dd>`}
      ${entry.fault && html`<dt>${t("fault_hit")}</dt><dd class="bad-text">✕ ${entry.fault}</dd>`}
      ${entry.warnings?.length ? html`<dt>${t("warnings")}</dt><dd><ul>${entry.warnings.map((text) => html`<li class="warn-text">⚠ ${text}</li>`)}</ul></dd>` : null}
    </dl>
    ${entry.headers?.length
      ? html`<details><summary>${t("headers")} (${entry.headers.length})</summary>
          <table class="plain"><tbody>${entry.headers.map(({ name, value }) => html`<tr><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
        </details>`
      : null}
  </div>`;
}

function Copies({ entry }) {
  const take = (text) => copy(text).then(() => say(t("copied")));
  return html`<span class="copies">
    <button id="copy-curl" onClick=${() => take(asCurl(entry))}>${t("copy_curl")}</button>
    <button onClick=${() => take(asStep(entry))}>${t("copy_step")}</button>
    <button onClick=${() => take(asExpectation(entry))}>${t("copy_expect")}</button>
  </span>`;
}

export function Details() {
  const line = selected.value;
  const entry = useSignal(null);
  const wrong = useSignal(null);
  useEffect(() => {
    entry.value = null;
    wrong.value = null;
    const seq = line?.data.seq;
    if (!seq) return undefined;
    let mine = true;
    get(at(`/journal?since=${seq - 1}&limit=1`)).then(
      (journal) => {
        const [found] = journal.entries;
        if (!mine) return;
        if (found?.seq === seq) entry.value = found;
        else wrong.value = t("entry_gone");
      },
      (error) => mine && (wrong.value = error.message),
    );
    return () => (mine = false);
  }, [line]);

  if (!line) return html`<section class="pane details" aria-label=${t("details")}><p class="quiet pad">${t("details_none")}</p></section>`;
  const shown = entry.value ?? line.data;
  const title = line.data.seq ? `${shown.method ?? ""} ${shown.path ?? shown.operation}` : line.data.action ?? line.data.what ?? line.name;
  return html`<section class="pane details" id="details" aria-label=${t("details")} tabindex="-1">
    <div class="bar">
      <h2 class="mono">${title}</h2>
      ${line.data.seq && html`<span class=${`badge ${shown.status >= 500 ? "bad" : shown.status >= 400 ? "warn" : "ok"}`}>${shown.status}</span>`}
      <span class="gap"></span>
      ${entry.value && html`<${Copies} entry=${entry.value} />`}
      <button onClick=${() => (selected.value = null)} aria-label=${t("close")}>✕</button>
    </div>
    ${wrong.value && html`<p class="bad-text pad" role="status">${wrong.value}</p>`}
    ${line.data.seq
      ? html`<div class="full">
          <${Why} entry=${shown} />
          ${entry.value && html`<div class="bodies"><${Body} value=${entry.value.request} label=${t("request")} /><${Body} value=${entry.value.reply} label=${t("reply")} /></div>`}
        </div>`
      : html`<div class="full"><${Body} value=${line.data} label=${t("details")} /></div>`}
  </section>`;
}
