// A form made from the JSON schema of an action's arguments.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { call, get } from "./api.js";
import { actions, at, attempt } from "./store.js";
import { cellText } from "./cells.js";
import { html } from "./parts.js";
import { t } from "./text.js";

const typesOf = (schema) => [schema.type ?? []].flat();

/** Words to choose one of, where the schema has a fixed list. */
function words(schema) {
  if (schema.enum) return schema.enum.filter((word) => word !== null);
  const options = (schema.oneOf ?? schema.anyOf ?? []).filter((option) => option.type !== "null");
  const found = options.flatMap((option) => option.enum ?? (option.const === undefined ? [] : [option.const]));
  return options.length && found.length >= options.length ? found : null;
}

const picksOf = (schema) => schema["x-pick"] ?? schema.items?.["x-pick"] ?? null;

function shape(schema) {
  const types = typesOf(schema);
  if (picksOf(schema)) return types.includes("array") ? "picks" : "pick";
  if (words(schema)) return "word";
  if (types.includes("boolean")) return "switch";
  if (types.includes("array")) return ["string", "integer", "number"].includes(schema.items?.type) ? "list" : "json";
  if (types.includes("object") || schema.default === null) return "json";
  return "text";
}

/** A typed text as the schema wants it. */
function typed(text, schema) {
  const types = typesOf(schema);
  const numeric = types.some((type) => type === "integer" || type === "number");
  if (numeric && text.trim() !== "" && Number.isFinite(Number(text))) return Number(text);
  if (schema.anyOf && /^-?\d+$/.test(text)) return Number(text);
  return text;
}

/** What was entered as a value of the argument; `undefined` leaves it out. */
function entered(kind, value, schema) {
  if (value === undefined || value === "" || (Array.isArray(value) && !value.length)) return undefined;
  if (kind === "switch") return value === "true";
  if (kind === "json") return JSON.parse(value);
  if (kind === "list") return value.split(",").map((part) => typed(part.trim(), schema.items));
  if (kind === "picks") return value.map((part) => typed(part, schema.items ?? {}));
  if (kind === "word") return words(schema).find((word) => String(word) === value);
  return typed(value, schema);
}

/** What an argument that is known already looks like in its field. */
function shown(kind, value) {
  if (value === undefined || value === null) return undefined;
  if (kind === "picks") return [value].flat().map(String);
  if (kind === "list") return [value].flat().join(", ");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The rows of the table that an argument is picked from. */
function usePicks(pick) {
  const options = useSignal(null);
  useEffect(() => {
    if (!pick) return;
    const [service, table] = pick.split(".");
    get(at(`/view/${service}?table=${table}&limit=1000`)).then(
      ({ tables: [{ columns, rows }] }) => {
        const named = columns.filter((column) => ["text", "number", "badge", "link"].includes(column.type)).slice(0, 3);
        options.value = rows.map((row) => {
          const parts = named.map((column) => cellText(row.cells[column.id])).filter(Boolean);
          return { key: row.key, label: [...new Set([...parts, row.key])].join(" · ") };
        });
      },
      () => (options.value = null),
    );
  }, [pick]);
  return options.value;
}

function Field({ name, schema, required, value, set, error, first }) {
  const kind = shape(schema);
  const options = usePicks(picksOf(schema));
  const id = `field-${name}`;
  const said = { id, "aria-describedby": `${id}-about`, "aria-invalid": Boolean(error), ref: first };
  const hint = schema.examples?.[0] ?? (schema.default != null && typeof schema.default !== "object" ? schema.default : "");
  const change = (event) => set(event.target.value);
  let input;
  if (kind === "pick" && options) {
    input = html`<select ...${said} value=${value ?? ""} onChange=${change}>
      <option value="">${required ? "—" : t("unset")}</option>
      ${options.map((option) => html`<option key=${option.key} value=${option.key}>${option.label}</option>`)}
    </select>`;
  } else if (kind === "picks" && options) {
    const chosen = value ?? [];
    const flip = (key) => set(chosen.includes(key) ? chosen.filter((other) => other !== key) : [...chosen, key]);
    input = html`<span class="picks" role="group" id=${id} aria-label=${name}>
      ${options.map((option, n) => html`<label key=${option.key}><input type="checkbox" ref=${n === 0 ? first : undefined} checked=${chosen.includes(option.key)} onChange=${() => flip(option.key)} /> ${option.label}</label>`)}
    </span>`;
  } else if (kind === "word" || kind === "switch") {
    const list = kind === "switch" ? ["true", "false"] : words(schema);
    input = html`<select ...${said} value=${value ?? ""} onChange=${change}>
      <option value="">${required ? "—" : t("unset")}</option>
      ${list.map((word) => html`<option key=${word} value=${String(word)}>${String(word)}</option>`)}
    </select>`;
  } else if (kind === "json") {
    input = html`<textarea ...${said} rows="2" class="mono" placeholder=${t("field_json")} value=${value ?? ""} onInput=${change}></textarea>`;
  } else {
    const text = Array.isArray(value) ? value.join(", ") : value ?? "";
    const split = (event) => set(kind === "picks" ? event.target.value.split(",").map((part) => part.trim()).filter(Boolean) : event.target.value);
    input = html`<input ...${said} autocomplete="off" placeholder=${hint} value=${text} onInput=${split} />`;
  }
  return html`<div class="field">
    <label for=${id}>${name}${required ? " *" : ""}</label>
    ${input}
    <small id=${`${id}-about`} class=${error ? "bad-text" : "quiet"}>${error ?? schema.description ?? ""}</small>
  </div>`;
}

/** The schema of an action's arguments. */
export const schemaOf = (name) => actions.value.find((action) => action.action === name)?.arguments ?? {};

/** The action that was done last, for `.`. */
export let lastDone = null;

/** Does an action; answers {result} or {error, path}. */
export async function act(name, args) {
  lastDone = { name, args };
  return attempt(() => call("POST", at("/actions"), { [name]: args }), `✓ ${name}`);
}

/** A form for an action: fields for what is asked, or for all arguments; `known` are filled in. */
export function Form({ name, known = {}, ask, onDone, onClose }) {
  const schema = schemaOf(name);
  const properties = schema.properties ?? {};
  const required = schema.required ?? [];
  const fields = Object.keys(properties).filter((key) => !ask?.length || ask.includes(key) || !(key in known));
  const kindOf = (key) => shape(properties[key]);
  const values = useSignal(Object.fromEntries(fields.map((key) => [key, shown(kindOf(key), known[key])])));
  const errors = useSignal({});
  const first = useRef(null);
  useEffect(() => first.current?.focus(), []);

  const submit = async (event) => {
    event.preventDefault();
    const args = { ...known };
    const wrong = {};
    for (const key of fields) {
      try {
        const value = entered(kindOf(key), values.value[key], properties[key]);
        if (value === undefined) delete args[key];
        else args[key] = value;
        if (value === undefined && required.includes(key)) wrong[key] = t("required");
      } catch (error) {
        wrong[key] = error.message;
      }
    }
    errors.value = wrong;
    if (Object.keys(wrong).length) return;
    const done = await act(name, args);
    if (done.error) {
      const place = fields.find((key) => new RegExp(`\\b${key}\\b`).test(done.path)) ?? fields.find((key) => done.error.includes(`\`${key}\``));
      errors.value = { [place ?? ""]: done.error };
    } else onDone(done.result);
  };
  // Required arguments come first, then those that the row asks for.
  const rank = (key) => (ask?.includes(key) ? 0 : required.includes(key) ? 1 : 2);
  const ordered = [...fields].sort((a, b) => rank(a) - rank(b));
  const summary = actions.value.find((action) => action.action === name)?.summary;
  return html`<form class="form" aria-label=${name} onSubmit=${submit} onKeyDown=${(event) => event.key === "Escape" && (event.stopPropagation(), onClose())}>
    <p class="quiet"><code>${name}</code> ${summary}</p>
    ${ordered.map((key, n) => html`<${Field} key=${key} name=${key} schema=${properties[key]} required=${required.includes(key)}
      value=${values.value[key]} set=${(value) => (values.value = { ...values.value, [key]: value })} error=${errors.value[key]} first=${n === 0 ? first : undefined} />`)}
    ${errors.value[""] && html`<p class="bad-text" role="alert">${errors.value[""]}</p>`}
    <div class="bar"><button class="main" type="submit">${t("done")}</button><button type="button" onClick=${onClose}>${t("cancel")}</button></div>
  </form>`;
}
