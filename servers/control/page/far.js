// The far side: the views of the services as a board that one can act on.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { Cell, cellText } from "./cells.js";
import { Form, act } from "./form.js";
import { actions, at, clock, connection, pulse, services, worldId } from "./store.js";
import { gathered, html, remember, remembered } from "./parts.js";
import { t, titled } from "./text.js";

const chosen = signal(remembered("service"));
/** The view of the chosen service, or why there is none: {service, tables} or {service, error}. */
const view = signal(null);
/** How many rows of each table are wanted, where more than a page are. */
const wanted = signal({});
/** The open form, and the last result: {place, ...}. */
const open = signal(null);
const result = signal(null);
/** The row whose further actions are shown. */
const more = signal(/** @type {string | null} */ (null));

/** What the cells held before, and how often each has changed. */
let before = new Map();
let changes = new Map();

const place = (...parts) => parts.join("\u0000");

function note(service, tables) {
  const now = new Map();
  for (const table of tables) {
    const known = [...before.keys()].some((key) => key.startsWith(place(service, table.id, "")));
    for (const row of table.rows) {
      for (const column of table.columns) {
        const key = place(service, table.id, row.key, column.id);
        const value = JSON.stringify(row.cells[column.id] ?? null);
        now.set(key, value);
        // Spans grow by themselves.
        if (known && column.type !== "span" && before.get(key) !== value) changes.set(key, (changes.get(key) ?? 0) + 1);
      }
    }
  }
  before = now;
}

const service = () => (services.value.includes(chosen.value) ? chosen.value : services.value[0]);

async function read() {
  const name = service();
  const id = worldId.peek();
  if (!name) return;
  try {
    const shown = await get(at(`/view/${name}`));
    for (const [table, limit] of Object.entries(wanted.peek()[name] ?? {})) {
      const part = await get(at(`/view/${name}?table=${table}&limit=${limit}`));
      const found = shown.tables.findIndex((other) => other.id === table);
      if (found >= 0) [shown.tables[found]] = part.tables;
    }
    if (name !== service() || id !== worldId.peek()) return;
    note(name, shown.tables);
    view.value = { service: name, tables: shown.tables };
  } catch (error) {
    if (name === service()) view.value = { service: name, error: error.message };
  }
}

/** Reads the view soon, and once for all that happens until then. */
const soon = gathered(() => {
  if (!document.hidden) read();
}, 150);

function Act({ offer, where }) {
  const needs = offer.ask?.length > 0;
  const click = async () => {
    if (needs) open.value = open.value?.where === where && open.value.offer.name === offer.name ? null : { where, offer };
    else {
      open.value = null;
      const done = await act(offer.name, offer.args ?? {});
      result.value = { where, ...done };
    }
    soon(0);
  };
  return html`<button class="act" aria-expanded=${needs ? open.value?.where === where && open.value.offer.name === offer.name : undefined} onClick=${click}>${titled(offer.title)}${needs ? " …" : ""}</button>`;
}

const buttons = (offers, where) => offers.map((offer) => html`<${Act} key=${offer.name + JSON.stringify(offer.args)} offer=${offer} where=${where} />`);

/** So many buttons of a row have room beside it; the others are behind one. */
const room = () => (innerWidth < 800 ? 0 : innerWidth < 1200 ? 1 : 2);

/** The actions of a row: the first ones, and the rest on a line of their own below it. */
function Acts({ offers, where }) {
  const beside = offers.length <= room() ? offers.length : room();
  const unfolded = more.value === where;
  return html`${buttons(offers.slice(0, beside), where)}
    ${beside < offers.length && html`<button class="act more" aria-label=${t("more_actions", offers.length - beside)} aria-expanded=${unfolded} onClick=${() => (more.value = unfolded ? null : where)}>⋯</button>`}`;
}

function Below({ where, offers = [] }) {
  const form = open.value?.where === where ? open.value.offer : null;
  const done = result.value?.where === where ? result.value : null;
  const rest = more.value === where ? offers.slice(room()) : [];
  if (!form && !done && !rest.length) return null;
  return html`<div class="below">
    ${rest.length > 0 && html`<div class="bar wrap rest" role="group" aria-label=${t("more_actions", rest.length)}>
      ${buttons(rest, where)}</div>`}
    ${form && html`<${Form} key=${form.name} name=${form.name} known=${form.args} ask=${form.ask} onClose=${() => (open.value = null)}
      onDone=${(came) => {
        open.value = null;
        result.value = { where, result: came };
        soon(0);
      }} />`}
    ${done && html`<p class=${done.error ? "bad-text result" : "result"} role="status">
      ${done.error ? done.error : html`✓ ${done.result.action} <code>${JSON.stringify(done.result.result)?.slice(0, 300)}</code>`}
      <button class="link" aria-label=${t("close")} onClick=${() => (result.value = null)}>✕</button>
    </p>`}
  </div>`;
}

function Row({ name, table, row, follow }) {
  const where = place(name, table.id, row.key);
  const below = [open.value?.where, result.value?.where, more.value].includes(where);
  const acts = table.rows.some((other) => other.actions?.length);
  return html`<tr id=${`row-${table.id}-${row.key}`} data-key=${row.key}>
      ${table.columns.map((column) => {
        const times = changes.get(place(name, table.id, row.key, column.id)) ?? 0;
        return html`<td key=${column.id} title=${column.type === "text" ? cellText(row.cells[column.id]) : undefined} class=${`is-${column.type} ${times ? `changed-${times % 2}` : ""}`}><${Cell} column=${column} cell=${row.cells[column.id]} follow=${follow} /></td>`;
      })}
      ${acts && html`<td class="acts"><${Acts} offers=${row.actions ?? []} where=${where} /></td>`}
    </tr>
    ${below && html`<tr class="under"><td colspan=${table.columns.length + (acts ? 1 : 0)}><${Below} where=${where} offers=${row.actions} /></td></tr>`}`;
}

function Table({ name, table }) {
  const where = place(name, table.id, "");
  const follow = (id, key) => {
    const found = document.getElementById(`row-${id}-${key}`);
    found?.scrollIntoView({ block: "center" });
    found?.classList.add("found");
    setTimeout(() => found?.classList.remove("found"), 2000);
  };
  const further = () => {
    const limit = Math.min(1000, table.rows.length + 200);
    wanted.value = { ...wanted.value, [name]: { ...wanted.value[name], [table.id]: limit } };
    soon(0);
  };
  const acts = table.rows.some((row) => row.actions?.length);
  return html`<section class="table" data-table=${table.id} aria-label=${titled(table.title)}>
    <div class="bar"><h3>${titled(table.title)}</h3><span class="quiet">${table.total ?? table.rows.length}</span>
      <span class="gap"></span>${table.actions?.map((offer) => html`<${Act} key=${offer.name} offer=${offer} where=${where} />`)}</div>
    <${Below} where=${where} />
    ${table.rows.length
      ? html`<div class="wide" tabindex="0"><table>
          <thead><tr>${table.columns.map((column) => html`<th key=${column.id} scope="col" class=${`is-${column.type}`}>${titled(column.title)}</th>`)}${acts && html`<td></td>`}</tr></thead>
          <tbody>${table.rows.map((row) => html`<${Row} key=${row.key} name=${name} table=${table} row=${row} follow=${follow} />`)}</tbody>
        </table></div>`
      : html`<p class="quiet">${t("empty")}</p>`}
    ${table.next && table.rows.length < 1000 && html`<button onClick=${further}>${t("more")}</button>`}
  </section>`;
}

/** Every action of the service, also those that no row offers. */
function Any({ name }) {
  const picked = useSignal("");
  const done = useSignal(null);
  const own = actions.value.filter((action) => action.action.startsWith(`${name}.`));
  return html`<section class="table any" aria-label=${t("other_action")}>
    <div class="bar"><h3>${t("other_action")}</h3>
      <select id="any-action" aria-label=${t("other_action")} value=${picked.value} onChange=${(event) => {
        done.value = null;
        picked.value = event.target.value;
      }}>
        <option value="">—</option>
        ${own.map(({ action, summary }) => html`<option key=${action} value=${action} title=${summary}>${action.slice(name.length + 1)}</option>`)}
      </select></div>
    ${picked.value && html`<${Form} key=${picked.value} name=${picked.value} onClose=${() => (picked.value = "")} onDone=${(came) => (done.value = came)} />`}
    ${done.value && html`<p class="result" role="status">✓ ${done.value.action} <code>${JSON.stringify(done.value.result)?.slice(0, 300)}</code></p>`}
  </section>`;
}

/** `past` is a moment of a report: one can look at it and not act. */
export function Far({ past = false }) {
  const names = services.value;
  const name = service();
  const turn = (to) => {
    chosen.value = to;
    remember("service", to);
    open.value = result.value = more.value = null;
  };
  useEffect(() => {
    view.value = null;
    before = new Map();
    changes = new Map();
    wanted.value = {};
    read();
  }, [name, worldId.value]);
  useEffect(() => pulse.subscribe(() => soon()), []);
  // What waits grows older, also when nothing happens.
  const runs = clock.value && clock.value.mode !== "frozen" && connection.value.state === "live";
  useEffect(() => {
    const tick = runs && setInterval(() => soon(), 5000);
    return () => clearInterval(tick);
  }, [runs]);
  const arrow = (event) => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (!step) return;
    turn(names[(names.indexOf(name) + step + names.length) % names.length]);
    event.currentTarget.parentElement.querySelector(`#tab-${service()}`)?.focus();
  };
  const shown = view.value?.service === name ? view.value : null;
  return html`<section class="pane far" aria-label=${t("far")}>
    <div class="bar"><h2>${t("far")}</h2>
      <div class="tabs" role="tablist" aria-label=${t("service")}>
        ${names.map((other) => html`<button key=${other} id=${`tab-${other}`} role="tab" aria-selected=${other === name} aria-controls="far-panel" tabindex=${other === name ? 0 : -1} onClick=${() => turn(other)} onKeyDown=${arrow}>${other}</button>`)}
      </div>
    </div>
    <div class="board" id="far-panel" role="tabpanel" aria-label=${name} tabindex="0">
      ${shown?.error && html`<p class="quiet pad" role="status">${shown.error.includes("/view") ? t("no_view") : shown.error}</p>`}
      ${shown?.tables?.map((table) => html`<${Table} key=${table.id} name=${name} table=${table} />`)}
      ${name && !past && html`<${Any} key=${name} name=${name} />`}
    </div>
  </section>`;
}
