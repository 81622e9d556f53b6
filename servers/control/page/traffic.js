// The traffic: a window over the list of what happened, newest first.
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { begun, clear, filter, fresh, held, lines, operations, pause, refilter, selected, services, total, version } from "./store.js";
import { Axis } from "./axis.js";
import { First } from "./first.js";
import { LINE, clockText, html } from "./parts.js";
import { t } from "./text.js";

const STATUSES = ["2xx", "3xx", "4xx", "5xx", "warning", "fault"];

function Filter() {
  const wanted = filter.value;
  const names = operations.value.filter((row) => !wanted.service || row.fake === wanted.service).map((row) => row.id);
  const set = (key) => (event) => refilter({ [key]: event.target.value });
  return html`<div class="bar filters">
    <input id="filter" type="search" aria-label=${t("filter")} placeholder=${t("filter")} value=${wanted.text} onInput=${set("text")} />
    <select aria-label=${t("service")} value=${wanted.service} onChange=${(event) => refilter({ service: event.target.value, operation: "" })}>
      <option value="">${t("service")}: ${t("all")}</option>
      ${services.value.map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
    </select>
    <select aria-label=${t("operation")} value=${wanted.operation} onChange=${set("operation")}>
      <option value="">${t("operation")}: ${t("all")}</option>
      ${[...new Set(names)].map((name) => html`<option key=${name} value=${name}>${name}</option>`)}
    </select>
    <select aria-label=${t("status")} value=${wanted.status} onChange=${set("status")}>
      <option value="">${t("status")}: ${t("all")}</option>
      ${STATUSES.map((name) => html`<option key=${name} value=${name}>${name === "warning" ? t("warnings") : name === "fault" ? t("fault") : name}</option>`)}
    </select>
    <input class="short" aria-label=${t("client")} placeholder=${t("client")} value=${wanted.client} onInput=${set("client")} />
  </div>`;
}

/** The sign, the words and the outcome of a line. */
function told(/** @type {import("./store.js").Line} */ { name, data }) {
  if (name === "gap") return { sign: "…", what: t("gap", data.missed), end: "", tone: "warn" };
  if (name === "world" || name === "clock") return toldOfWorld(data);
  const fine = data.channel === "http" ? data.status >= 200 && data.status < 400 : data.status === 200 || data.status === 0;
  const end = data.channel === "http" ? String(data.status || "—") : data.channel === "push" ? t("push") : fine ? "ok" : String(data.status);
  const sign = data.channel === "push" ? "⇠" : data.channel === "http" ? "→" : "⇢";
  const path = data.channel === "http" ? `${data.path}${data.query ? `?${data.query}` : ""}` : data.operation ?? data.path;
  return { sign, verb: data.channel === "http" ? data.method : "", what: path, end, tone: fine ? "" : data.status >= 500 || !data.status ? "bad" : "warn" };
}

function toldOfWorld(/** @type {import("./store.js").Entry} */ data) {
  const args = data.args && Object.keys(data.args).length ? ` ${JSON.stringify(data.args)}` : "";
  const detail = data.fired ?? data.id ?? data.world ?? (data.clock ? `${data.clock.mode} ${data.clock.now}` : "");
  if (data.what === "action") return { sign: "✱", what: `${data.action}${args}`, end: t("action"), tone: "done" };
  return { sign: "·", what: `${data.what.replaceAll("_", " ")} ${detail}`, end: "", tone: "quiet" };
}

function Line({ line, place, top, later }) {
  const { sign, verb, what, end, tone } = told(line);
  const { data } = line;
  const chosen = selected.value === line;
  return html`<div
    class=${`line ${tone} ${line.name} ${chosen ? "chosen" : ""} ${later ? "later" : ""}`}
    role="option"
    id=${`line-${line.number}`}
    aria-selected=${chosen}
    aria-posinset=${place + 1}
    aria-setsize=${lines().length}
    style=${{ top: `${top}px` }}
    onClick=${() => (selected.value = line)}
  >
    <span class="at">${data.at ? clockText(data.at, true) : ""}</span>
    <span class="sign" aria-hidden="true">${sign}</span>
    <span class="verb">${verb}</span>
    <span class="what" title=${what}>${what}</span>
    ${data.warnings?.length ? html`<span class="mark warn" title=${data.warnings.join("\n")}>⚠${data.warnings.length}</span>` : null}
    ${data.fault ? html`<span class="mark bad" title=${t("fault_hit")}>✕ ${data.fault}</span>` : null}
    <span class="end">${end}</span>
    <span class="of">${line.service}${data.client ? ` ${data.client}` : ""}</span>
  </div>`;
}

/** With `upto`, so many lines have happened by the moment that is shown; those after it are dim. */
export function Traffic({ upto = null }) {
  version.value;
  const list = lines();
  const box = useRef(null);
  const view = useSignal({ top: 0, height: 400 });
  const before = useRef({ list, length: list.length });

  // Lines come in at the top: who has scrolled down goes on seeing the same lines.
  useLayoutEffect(() => {
    const more = before.current.list === list ? list.length - before.current.length : 0;
    if (more > 0 && box.current.scrollTop > 0) box.current.scrollTop += more * LINE;
    before.current = { list, length: list.length };
  });
  useEffect(() => {
    const measure = () => box.current && (view.value = { top: box.current.scrollTop, height: box.current.clientHeight });
    const watcher = new ResizeObserver(measure);
    watcher.observe(box.current);
    return () => watcher.disconnect();
  }, []);

  const from = Math.max(0, Math.floor(view.value.top / LINE) - 5);
  const to = Math.min(list.length, from + Math.ceil(view.value.height / LINE) + 10);
  const window = [];
  for (let place = from; place < to; place += 1) {
    const line = list[list.length - 1 - place];
    const later = upto !== null && list.length - place > upto;
    window.push(html`<${Line} key=${line.number} line=${line} place=${place} top=${place * LINE} later=${later} />`);
  }
  return html`<section class="pane traffic" aria-label=${t("traffic")}>
    <div class="bar">
      <h2>${t("traffic")}</h2>
      <span class="quiet" id="total">${list.length === total.value ? total.value : `${list.length} / ${total.value}`}</span>
      <span class="gap"></span>
      ${held.value && fresh.value > 0 && html`<span class="quiet">${t("new_count", fresh.value)}</span>`}
      ${upto === null && html`<button id="pause" aria-pressed=${Boolean(held.value)} onClick=${() => pause(!held.value)}>${held.value ? t("newest") : t("pause")}</button>
        <button onClick=${clear}>${t("clear")}</button>`}
    </div>
    <${Filter} />
    ${upto === null && list.length > 0 && html`<${Axis} />`}
    ${upto === null && !begun.value && total.value === 0 && html`<${First} />`}
    <div
      class="lines"
      id="lines"
      role=${list.length ? "listbox" : "group"}
      tabindex="0"
      aria-label=${t("traffic")}
      aria-activedescendant=${list.length && selected.value ? `line-${selected.value.number}` : undefined}
      ref=${box}
      onScroll=${() => (view.value = { top: box.current.scrollTop, height: box.current.clientHeight })}
    >
      ${list.length
        ? html`<div class="all" role="presentation" style=${{ height: `${list.length * LINE}px` }}>${window}</div>`
        : total.value > 0 && html`<p class="quiet pad">${t("ignored")}</p>`}
    </div>
  </section>`;
}

/** Chooses the line so many further down, and brings it into sight. */
export function move(by) {
  const list = lines();
  if (!list.length) return;
  const place = selected.value ? list.lastIndexOf(selected.value) : -1;
  const next = place < 0 ? list.length - 1 : Math.min(list.length - 1, Math.max(0, place - by));
  selected.value = list[next];
  const box = document.getElementById("lines");
  const top = (list.length - 1 - next) * LINE;
  if (top < box.scrollTop) box.scrollTop = top;
  else if (top + LINE > box.scrollTop + box.clientHeight) box.scrollTop = top + LINE - box.clientHeight;
}
