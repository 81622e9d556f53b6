// The form for a fault of one's own: which exchanges, what is done to them, how often.
import { useSignal } from "@preact/signals";
import { operations } from "./store.js";
import { html } from "./parts.js";
import { t } from "./text.js";

/** The effects that the form offers, with an example of each. */
export const EFFECTS = {
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

/** What a fault is matched by beside service and operation: its key, an example, and how its text is read. */
const MATCHES = [
  { key: "path", label: "match_path", example: "/v2/*" },
  { key: "method", label: "match_method", example: "POST" },
  { key: "client", label: "match_client", example: "demo-token" },
  { key: "header", label: "match_header", example: "user-agent: curl*", read: (text) => Object.fromEntries([text.split(/:\s*/, 2)]) },
  { key: "probability", label: "match_probability", example: "0.1", read: Number },
  { key: "nth", label: "match_nth", example: "3", read: Number },
  { key: "from", label: "match_from", example: "2026-11-26T14:00:00+03:00" },
  { key: "until", label: "match_until", example: "2026-11-26T15:00:00+03:00" },
];

const CHANNELS = ["http", "frame", "push", "ping"];

/** The field that a refusal speaks of. */
const placeOf = ({ path, error }) => MATCHES.find(({ key }) => path?.startsWith(`match.${key}`))?.key ?? (/^times/.test(path) ? "times" : error && "");

function Field({ name, label, error, children }) {
  return html`<div class="field"><label for=${`fault-${name}`}>${label}</label>${children}
    ${error && html`<small class="bad-text" role="alert">${error}</small>`}</div>`;
}

export function NewFault({ service, add }) {
  const effect = useSignal("respond");
  const value = useSignal(JSON.stringify(EFFECTS.respond));
  const match = useSignal(/** @type {Record<string, string>} */ ({}));
  const times = useSignal("1");
  const wrong = useSignal(/** @type {{ at: string, why: string } | null} */ (null));
  const names = operations.value.filter((row) => row.fake === service).map((row) => row.id);
  const set = (key) => (event) => (match.value = { ...match.value, [key]: event.target.value });
  const failed = (at) => (wrong.value?.at === at ? wrong.value.why : null);

  const submit = async (event) => {
    event.preventDefault();
    wrong.value = null;
    const matching = { fake: service };
    for (const key of ["operation", "way"]) if (match.value[key]) matching[key] = match.value[key];
    for (const { key, read } of MATCHES) if (match.value[key]) matching[key] = read ? read(match.value[key]) : match.value[key];
    let given;
    try {
      given = JSON.parse(value.value);
    } catch (error) {
      wrong.value = { at: "effect", why: error.message };
      return;
    }
    const fault = { match: matching, [effect.value]: given, ...(times.value && { times: Number(times.value) }) };
    const ended = await add(fault);
    if (ended.error) wrong.value = { at: ended.path?.startsWith(effect.value) ? "effect" : placeOf(ended), why: ended.error };
  };
  return html`<form class="form" aria-label=${t("add_fault")} onSubmit=${submit}>
    <h3>${t("add_fault")}</h3>
    <${Field} name="effect" label=${t("fault")} error=${failed("effect")}>
      <select id="fault-effect" value=${effect.value} onChange=${(event) => {
        effect.value = event.target.value;
        value.value = JSON.stringify(EFFECTS[effect.value]);
      }}>${Object.keys(EFFECTS).map((name) => html`<option key=${name}>${name}</option>`)}</select>
      <input class="mono" aria-label=${t("args")} value=${value.value} onInput=${(event) => (value.value = event.target.value)} /><//>
    <${Field} name="operation" label=${t("operation")}>
      <select id="fault-operation" value=${match.value.operation ?? ""} onChange=${set("operation")}><option value="">${t("all")}</option>${[...new Set(names)].map((name) => html`<option key=${name}>${name}</option>`)}</select><//>
    <${Field} name="times" label=${t("times_left")} error=${failed("times")}>
      <input id="fault-times" inputmode="numeric" placeholder=${t("times_all")} value=${times.value} onInput=${(event) => (times.value = event.target.value)} /><//>
    <${Field} name="probability" label=${t("match_probability")} error=${failed("probability")}>
      <input id="fault-probability" inputmode="decimal" placeholder="0.1" value=${match.value.probability ?? ""} onInput=${set("probability")} /><//>
    <details open=${MATCHES.some(({ key }) => key !== "probability" && failed(key))}><summary>${t("match_more")}</summary>
      <${Field} name="way" label=${t("match_way")}>
        <select id="fault-way" value=${match.value.way ?? ""} onChange=${set("way")}><option value="">${t("match_default")}</option>${CHANNELS.map((name) => html`<option key=${name}>${name}</option>`)}</select><//>
      ${MATCHES.filter(({ key }) => key !== "probability").map(({ key, label, example }) => html`<${Field} key=${key} name=${key} label=${t(label)} error=${failed(key)}>
        <input id=${`fault-${key}`} placeholder=${example} value=${match.value[key] ?? ""} onInput=${set(key)} /><//>`)}
    </details>
    ${failed("") && html`<p class="bad-text" role="alert">${failed("")}</p>`}
    <button class="main" type="submit">${t("add")}</button>
  </form>`;
}
