// The faults of the world: what is put in, how often it struck, on and off.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, get } from "./api.js";
import { EFFECTS, NewFault } from "./fault-form.js";
import { at, attempt, pulse, services, world, worldId } from "./store.js";
import { gathered, html } from "./parts.js";
import { t } from "./text.js";

const faults = signal([]);
/** How many faults are switched on, for the head. */
export const faultCount = signal(0);

async function read() {
  faults.value = await get(at("/faults"));
  faultCount.value = faults.value.filter((fault) => !fault.off).length;
}

const soon = gathered(() => read().catch(() => {}), 250);

/** Keeps the list up to date. */
export function watchFaults() {
  pulse.subscribe(() => soon());
  worldId.subscribe(() => soon());
}

const change = async (work, done) => {
  const ended = await attempt(work, done);
  read().catch(() => {});
  return ended;
};
const one = (id) => at(`/faults/${encodeURIComponent(id)}`);
const add = (fault) => change(() => call("POST", at("/faults"), fault), ({ id }) => `✓ ${id}`);
const flip = ({ id, off }) => change(() => call("PUT", one(id), { off: !off }));
const remove = (id) => change(() => call("DELETE", id ? one(id) : at("/faults")));

/** Ready-made faults, by their texts; those on pushes are for services with sockets. */
const PRESETS = [
  { name: "preset_503", fault: { respond: { status: 503 }, times: 1 } },
  { name: "preset_slow", fault: { delay: { fixed: "3s" } } },
  { name: "preset_429", fault: { quota: { limit: 1, window: "1m" } } },
  { name: "preset_reset_before", fault: { reset: "before", times: 1 } },
  { name: "preset_reset_after", fault: { reset: "after", times: 1 } },
  { name: "preset_drop", fault: { drop: true, times: 1 }, pushes: true },
  { name: "preset_reorder", fault: { reorder: 1, times: 1 }, pushes: true },
];

const effectOf = (fault) => Object.keys(EFFECTS).filter((key) => key in fault).map((key) => `${key} ${JSON.stringify(fault[key])}`).join(", ");

const matchOf = (match = {}) => Object.entries(match).map(([key, value]) => (key === "fake" ? value : `${key} ${typeof value === "object" ? JSON.stringify(value) : value}`)).join(", ");

function One({ fault }) {
  const over = fault.times != null && (fault.applied ?? 0) >= fault.times;
  return html`<li class=${`fault ${fault.off || over ? "idle" : ""}`} data-fault=${fault.id}>
    <label class="switch"><input type="checkbox" role="switch" checked=${!fault.off} aria-label=${t("fault_on", fault.id)} onChange=${() => flip(fault)} /> <strong>${fault.id}</strong></label>
    <span><code>${matchOf(fault.match) || "*"}</code> → <code>${effectOf(fault)}</code>${fault.times != null ? ` ×${fault.times}` : ""}</span>
    <span class="gap"></span>
    <span class="quiet">${t("hits", fault.applied ?? 0, fault.matched ?? 0)}${over ? `, ${t("used_up")}` : ""}</span>
    <button aria-label=${`${t("remove")} ${fault.id}`} onClick=${() => remove(fault.id)}>✕</button>
  </li>`;
}

export function Faults() {
  const picked = useSignal("");
  const service = services.value.includes(picked.value) ? picked.value : services.value[0];
  useEffect(() => void read().catch(() => {}), []);
  const sockets = (world.value?.urls?.[service] ?? "").startsWith("ws");
  return html`<div class="panel-body">
    <div class="bar"><label for="fault-service">${t("service")}</label>
      <select id="fault-service" value=${service} onChange=${(event) => (picked.value = event.target.value)}>${services.value.map((name) => html`<option key=${name}>${name}</option>`)}</select></div>
    <p class="quiet">${t("presets", service)}</p>
    <div class="bar wrap">${PRESETS.filter(({ pushes }) => !pushes || sockets).map(({ name, fault }) => html`<button key=${name} data-preset=${name} onClick=${() => add({ match: { fake: service }, ...fault })}>${t(name)}</button>`)}</div>
    <ul class="list" id="faults">${faults.value.map((fault) => html`<${One} key=${fault.id} fault=${fault} />`)}</ul>
    ${faults.value.length ? html`<button onClick=${() => remove(undefined)}>${t("remove_all")}</button>` : html`<p class="quiet">${t("faults_none")}</p>`}
    <${NewFault} key=${service} service=${service} add=${add} />
  </div>`;
}
