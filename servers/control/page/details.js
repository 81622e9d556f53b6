// One line of the traffic in full: what was sent, what was got, and why.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { Conversation, isOfSocket } from "./conversation.js";
import { asCurl, asExpectation, asStep } from "./copy.js";
import { Document, KINDS } from "./document.js";
import { copy } from "./files.js";
import { First } from "./first.js";
import { at, begun, operations, say, selected, total } from "./store.js";
import { clockText, dateText, html, pretty } from "./parts.js";
import { t } from "./text.js";

/** More of a body than this, in characters, is cut: the browser would freeze over it. */
const LONG = 200_000;

/** The parts of the details, and which is shown. */
const PARTS = { exchange: "part_exchange", document: "part_document", conversation: "part_conversation" };
const part = signal("exchange");

function Body({ value, label }) {
  const text = value == null || value === "" ? "" : pretty(value);
  return html`<section class="body" aria-label=${label}>
    <h3>${label}</h3>
    ${text ? html`<pre tabindex="0" aria-label=${label}>${text.length > LONG ? `${text.slice(0, LONG)}…` : text}</pre>` : html`<p class="quiet">${t("bodies_no")}</p>`}
  </section>`;
}

/** @param {{ entry: import("./store.js").Entry }} given */
function Why({ entry }) {
  const row = operations.value.find((known) => known.fake === entry.fake && known.id === entry.operation);
  return html`<div class="why">
    <dl>
      <dt>${t("operation")}</dt><dd>${entry.operation ?? "—"}${row?.kind ? html` <span class="badge idle">${t(KINDS[row.kind] ?? row.kind)}</span>` : null}</dd>
      <dt>${t("time")}</dt><dd>${dateText(entry.at)} ${clockText(entry.at, true)}</dd>
      ${entry.client && html`<dt>${t("client")}</dt><dd>${entry.client}</dd>`}
      ${entry.fault && html`<dt>${t("fault_hit")}</dt><dd class="bad-text">✕ ${entry.fault}</dd>`}
      ${entry.warnings?.length ? html`<dt>${t("warnings")}</dt><dd><ul>${entry.warnings.map((text) => html`<li key=${text} class="warn-text">⚠ ${text}</li>`)}</ul></dd>` : null}
    </dl>
    ${entry.headers?.length
      ? html`<details><summary>${t("headers")} (${entry.headers.length})</summary>
          <table class="plain"><tbody>${entry.headers.map(({ name, value }, n) => html`<tr key=${n}><th scope="row">${name}</th><td>${value}</td></tr>`)}</tbody></table>
        </details>`
      : null}
  </div>`;
}

function Copies({ entry }) {
  const take = (text) => copy(text).then(() => say(t("copied")));
  return html`<span class="copies">
    <button id="copy-curl" onClick=${() => take(asCurl(entry))}>${t("copy_curl")}</button>
    <button id="copy-step" onClick=${() => take(asStep(entry))}>${t("copy_step")}</button>
    <button id="copy-expect" onClick=${() => take(asExpectation(entry))}>${t("copy_expect")}</button>
  </span>`;
}

/** The whole entry of a line, read from the journal. */
function useEntry(line) {
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
  return { entry: entry.value, wrong: wrong.value };
}

function Parts({ names, shown }) {
  return html`<div class="tabs" role="tablist" aria-label=${t("details")}>
    ${names.map((name) => html`<button key=${name} id=${`part-${name}`} role="tab" aria-selected=${name === shown} onClick=${() => (part.value = name)}>${t(PARTS[name])}</button>`)}
  </div>`;
}

export function Details({ past = false }) {
  const line = selected.value;
  const { entry, wrong } = useEntry(line);
  if (!line) {
    return html`<section class="pane details" aria-label=${t("details")}>
      ${begun.value || past || total.value === 0 ? html`<p class="quiet pad">${t("details_none")}</p>` : html`<${First} />`}
    </section>`;
  }
  const isEntry = Boolean(line.data.seq);
  const shown = entry ?? line.data;
  const title = isEntry ? `${shown.method ?? ""} ${shown.path ?? shown.operation}` : line.data.action ?? line.data.what ?? line.name;
  const names = Object.keys(PARTS).filter((name) => (name === "conversation" ? isOfSocket(shown) : name === "exchange" || !past));
  const chosen = isEntry && names.includes(part.value) ? part.value : "exchange";
  return html`<section class="pane details" id="details" aria-label=${t("details")} tabindex="-1">
    <div class="bar">
      <h2 class="mono">${title}</h2>
      ${isEntry && html`<span class=${`badge ${shown.status >= 500 ? "bad" : shown.status >= 400 ? "warn" : "ok"}`}>${shown.status}</span>`}
      ${isEntry && names.length > 1 && html`<${Parts} names=${names} shown=${chosen} />`}
      <span class="gap"></span>
      ${entry && html`<${Copies} entry=${entry} />`}
      <button onClick=${() => (selected.value = null)} aria-label=${t("close")}>✕</button>
    </div>
    ${wrong && html`<p class="bad-text pad" role="status">${wrong}</p>`}
    <div class="full" tabindex="0" role=${isEntry ? "tabpanel" : "group"} aria-label=${isEntry ? t(PARTS[chosen]) : t("details")}>
      ${!isEntry && html`<${Body} value=${line.data} label=${t("details")} />`}
      ${isEntry && chosen === "exchange" && html`<${Why} entry=${shown} />
        ${entry && html`<div class="bodies"><${Body} value=${entry.request} label=${t("request")} /><${Body} value=${entry.reply} label=${t("reply")} /></div>`}`}
      ${isEntry && chosen === "document" && html`<${Document} entry=${shown} />`}
      ${isEntry && chosen === "conversation" && html`<${Conversation} entry=${shown} />`}
    </div>
  </section>`;
}
