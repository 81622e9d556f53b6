// Scenarios: the shipped ones and one's own, checked while they are written, and played in the chosen world.
import { signal, useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, get } from "./api.js";
import { Editor, LONGEST } from "./editor.js";
import { Controls, Timeline, pace, readPlay } from "./playing.js";
import { actions, at, attempt, say, services, worldId } from "./store.js";
import { Upload, download } from "./files.js";
import { html, remember, remembered } from "./parts.js";
import { t } from "./text.js";

/** The scenarios that the program carries. */
const shipped = signal(/** @type {{ name: string, title: string, about: string }[]} */ ([]));

/** A scenario to start from: the first action of the first service that needs no argument. */
function example() {
  const fits = ({ arguments: schema }) => (schema.required ?? []).length === 0;
  const found = actions.value.find(fits) ?? actions.value[0];
  return `stend: 1\ntitle: ${services.value[0] ?? ""}\n\ntimeline:\n  - at: 1s\n    do: { ${found?.action ?? ""}: {} }\n`;
}

async function record() {
  const { result } = await attempt(() => get(at("/recording")), ({ steps }) => t("recorded", steps));
  if (result) download(`${worldId.value}.scenario.yaml`, result.scenario);
  return result;
}

function Shipped({ take }) {
  const chosen = useSignal("");
  useEffect(() => void get("/scenarios").then((list) => (shipped.value = list), () => {}), []);
  const turn = async (event) => {
    chosen.value = event.target.value;
    if (!chosen.value) return;
    const { result } = await attempt(() => get(`/scenarios/${chosen.value}`));
    if (result) take(result);
  };
  const about = shipped.value.find(({ name }) => name === chosen.value)?.about;
  return html`<div class="field"><label for="shipped">${t("shipped")}</label>
    <select id="shipped" value=${chosen.value} onChange=${turn}>
      <option value="">—</option>
      ${shipped.value.map(({ name, title }) => html`<option key=${name} value=${name}>${title}</option>`)}
    </select>
    ${about && html`<small class="quiet">${about}</small>`}</div>`;
}

/** What the checker says of a text, a moment after it was last changed. */
function useProblems(text) {
  const problems = useSignal(/** @type {import("./editor.js").Told[]} */ ([]));
  useEffect(() => {
    let mine = true;
    const wait = setTimeout(() => {
      call("POST", "/check", text, { "content-type": "application/yaml" }).then(
        (checked) => mine && (problems.value = checked.problems),
        (error) => mine && (problems.value = [{ message: error.message }]),
      );
    }, 300);
    return () => {
      mine = false;
      clearTimeout(wait);
    };
  }, [text]);
  return problems;
}

export function Scenarios() {
  const text = useSignal(remembered("scenario") ?? example());
  const wrong = useSignal(/** @type {string | null} */ (null));
  const problems = useProblems(text.value);
  const write = (written) => {
    if (written.length > LONGEST) return say(t("too_long"), true);
    text.value = written;
    wrong.value = null;
  };
  const submit = async (event) => {
    event.preventDefault();
    remember("scenario", text.value);
    const play = () => call("POST", at(`/scenario?speed=${pace.value}`), text.value, { "content-type": "application/yaml" });
    wrong.value = (await attempt(play, `✓ ${t("scenario_playing")}`)).error ?? null;
    readPlay();
  };
  return html`<div class="panel-body two">
    <form class="form" aria-label=${t("scenario")} onSubmit=${submit}>
      <${Shipped} take=${write} />
      <${Editor} id="scenario-text" label=${t("scenario_text")} value=${text.value} problems=${problems.value} onInput=${write} />
      ${wrong.value && problems.value.length === 0 && html`<p class="bad-text" role="alert">${wrong.value}</p>`}
      <div class="bar wrap">
        <button class="main" type="submit" title=${t("scenario_warns")}>▶ ${t("play")}</button>
        <${Controls} />
        <span class="gap"></span>
        <button type="button" id="record" title=${t("record_about")} onClick=${() => record().then((made) => made && write(made.scenario))}>● ${t("record")}</button>
        <button type="button" onClick=${() => download("scenario.yaml", text.value)}>⤓ ${t("save")}</button>
        <${Upload} id="scenario-file" label=${t("load")} take=${write} />
      </div>
      <p class="quiet">${t("scenario_warns")}</p>
    </form>
    <${Timeline} />
  </div>`;
}
