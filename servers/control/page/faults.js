// The faults of the world: what is put in, how often it struck, and a form for another.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, get } from "./api.js";
import { at, attempt, operations, pulse, services, world, worldId } from "./store.js";
import { html } from "./parts.js";
import { t } from "./text.js";

const faults = signal([]);
/** How many faults there are, for the head. */
export const faultCount = signal(0);

async function read() {
  faults.value = await get(at("/faults"));
  faultCount.value = faults.value.length;
}

let reading = null;
/** Keeps the list up to date. */
export function watchFaults() {
  const soon = () => {
    reading ??= setTimeout(() => {
      reading = null;
      read().catch(() => {});
    }, 250);
  };
  pulse.subscribe(soon);
  worldId.subscribe(soon);
}

const add = async (fault) => {
  const done = await attempt(() => call("POST", at("/faults"), fault), ({ id }) => `✓ ${id}`);
  read().catch(() => {});
  return done;
};
const remove = async (id) => {
  await attempt(() => call("DELETE", at(id ? `/faults/${encodeURIComponent(id)}` : "/faults")));
  read().catch(() => {});
};

/** Ready-made faults, by their texts; those on pushes are for services with sockets. */
const PRESETS = [
  ["preset_503", { respond: { status: 503 }, times: 1 }],
  ["preset_slow", { delay: { fixed: "3s" } }],
  ["preset_429", { quota: { limit: 1, window: "1m" } }],
  ["preset_reset_before", { reset: "before", times: 1 }],
  ["preset_reset_after", { reset: "after", times: 1 }],
  ["preset_drop", { drop: true, times: 1 }, true],
  ["preset_reorder", { reorder: 1, times: 1 }, true],
];

/** The effects that the form offers, with an example of each. */
const EFFECTS = {
  respond: { status: 503, body: "" },
  delay: { fixed: "3s" },
  quota: { limit: 1, window: "1m" },
  reset: "before",
  truncate: 50,
  dribble: { bytes: 16, every: "100ms" },
  garbage: 64,
  drop: true,
  duplicate: true,
  reorder: 1,
  close: 1011,
  no_pong: true,
};

const effectOf = (fault) => Object.keys(EFFECTS).filter((key) => key in fault).map((key) => `${key} ${JSON.stringify(fault[key])}`).join(", ");

function New({ service }) {
  const effect = useSignal("respond");
  const value = useSignal(JSON.stringify(EFFECTS.respond));
  const wrong = useSignal(null);
  const match = useSignal({ operation: "", path: "", client: "" });
  const times = useSignal("1");
  const names = operations.value.filter((row) => row.fake === service).map((row) => row.id);
  const submit = async (event) => {
    event.preventDefault();
    wrong.value = null;
    try {
      const given = Object.fromEntries(Object.entries(match.value).filter(([, text]) => text));
      const fault = { match: { fake: service, ...given }, [effect.value]: JSON.parse(value.value) };
      if (times.value) fault.times = Number(times.value);
      wrong.value = (await add(fault)).error ?? null;
    } catch (error) {
      wrong.value = error.message;
    }
  };
  const field = (key) => (event) => (match.value = { ...match.value, [key]: event.target.value });
  return html`<form class="form" aria-label=${t("add_fault")} onSubmit=${submit}>
    <h3>${t("add_fault")}</h3>
    <div class="field"><label for="fault-operation">${t("operation")}</label>
      <select id="fault-operation" value=${match.value.operation} onChange=${field("operation")}><option value="">${t("all")}</option>${[...new Set(names)].map((name) => html`<option key=${name}>${name}</option>`)}</select></div>
    <div class="field"><label for="fault-path">${t("path")}</label><input id="fault-path" placeholder="/v2/*" value=${match.value.path} onInput=${field("path")} /></div>
    <div class="field"><label for="fault-client">${t("client")}</label><input id="fault-client" value=${match.value.client} onInput=${field("client")} /></div>
    <div class="field"><label for="fault-effect">${t("fault")}</label>
      <select id="fault-effect" value=${effect.value} onChange=${(event) => {
        effect.value = event.target.value;
        value.value = JSON.stringify(EFFECTS[effect.value]);
      }}>${Object.keys(EFFECTS).map((name) => html`<option key=${name}>${name}</option>`)}</select>
      <input class="mono" aria-label=${t("args")} value=${value.value} onInput=${(event) => (value.value = event.target.value)} /></div>
    <div class="field"><label for="fault-times">${t("times_left")}</label><input id="fault-times" inputmode="numeric" value=${times.value} onInput=${(event) => (times.value = event.target.value)} /></div>
    ${wrong.value && html`<p class="bad-text" role="alert">${wrong.value}</p>`}
    <button class="main" type="submit">${t("add")}</button>
  </form>`;
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
    <div class="bar wrap">${PRESETS.filter(([, , pushes]) => !pushes || sockets).map(([key, fault]) => html`<button key=${key} data-preset=${key} onClick=${() => add({ match: { fake: service }, ...fault })}>${t(key)}</button>`)}</div>
    <ul class="list" id="faults">
      ${faults.value.map((fault) => html`<li key=${fault.id}>
        <strong>${fault.id}</strong> <code>${Object.values(fault.match ?? {}).map(String).join(" ") || "*"}</code> → <code>${effectOf(fault)}</code>
        ${fault.times != null ? html` ×${fault.times}` : null}
        <span class="quiet"> ${t("hits", fault.applied ?? 0, fault.matched ?? 0)}</span>
        <button aria-label=${`${t("remove")} ${fault.id}`} onClick=${() => remove(fault.id)}>✕</button>
      </li>`)}
    </ul>
    ${faults.value.length ? html`<button onClick=${() => remove()}>${t("remove_all")}</button>` : html`<p class="quiet">${t("faults_none")}</p>`}
    <${New} service=${service} />
  </div>`;
}
