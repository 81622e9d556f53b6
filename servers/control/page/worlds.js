// Worlds: which there are, making, copying, comparing, saving, loading, resetting and removing them; how clients reach them.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, get } from "./api.js";
import { Changes } from "./changes.js";
import { attempt, choose, readWorlds, worldId, worlds } from "./store.js";
import { Copy, Upload, download } from "./files.js";
import { html } from "./parts.js";
import { t } from "./text.js";

const path = (id, more = "") => `/worlds/${encodeURIComponent(id)}${more}`;

async function change(work, done) {
  const ended = await attempt(work, done);
  await readWorlds().catch(() => {});
  return ended;
}

/** The lines that a shell reads, so that clients find this world. */
function environment(world, bench) {
  const lines = Object.entries({ control: bench.control, ...world.urls }).map(([name, url]) => `export STEND_${name.toUpperCase()}_URL='${url}'`);
  const user = world.id === "default" ? "" : `${world.id}:world@`;
  if (bench.gateway) lines.push(`export HTTPS_PROXY='${bench.gateway.replace("://", `://${user}`)}'`);
  return lines.join("\n");
}

/** How clients reach a world. */
function Reach({ world }) {
  const bench = useSignal(null);
  useEffect(() => void get("/health").then(({ urls }) => (bench.value = urls), () => {}), []);
  const control = bench.value?.control ?? location.origin;
  const all = `eval "$(stend env ${control}${world.id === "default" ? "" : ` --world ${world.id}`})"`;
  return html`<table class="plain urls"><tbody>${Object.entries(world.urls).map(([name, url]) => html`<tr key=${name}>
      <th scope="row">${name}</th><td><code>${url}</code></td><td><${Copy} text=${url} label=${`${t("copy")} ${name}`} /></td></tr>`)}</tbody></table>
    ${bench.value && html`<details class="environment" open><summary>${t("environment")}</summary>
      <p class="quiet">${t("environment_all")}</p>
      <div class="bar"><code class="cut">${all}</code><${Copy} text=${all} label=${`${t("copy")} stend env`} /></div>
      <p class="quiet">${t("environment_lines")} <${Copy} text=${environment(world, bench.value)} label=${`${t("copy")} ${t("environment")}`} /></p>
      <pre tabindex="0" aria-label=${t("environment")}>${environment(world, bench.value)}</pre>
    </details>`}`;
}

function One({ world }) {
  const here = world.id === worldId.value;
  const compares = useSignal(false);
  const save = async () => {
    const { result } = await attempt(() => get(path(world.id, "/state"), { accept: "application/yaml" }));
    if (result) download(`${world.id}.yaml`, result);
  };
  const load = (text) => change(() => call("PUT", path(world.id, "/state"), text, { "content-type": "application/yaml" }), `✓ ${t("load")}: ${world.id}`);
  const fork = () =>
    change(async () => {
      const made = await call("POST", "/worlds", { fork_of: world.id });
      await readWorlds();
      choose(made.id);
    });
  const remove = () => change(() => call("DELETE", path(world.id)), `✓ ${t("remove")}: ${world.id}`).then(() => here && choose("default"));
  return html`<li class=${here ? "here" : ""} data-world=${world.id}>
    <div class="bar wrap">
      <button class="link" aria-current=${here ? "true" : undefined} onClick=${() => choose(world.id)}><strong>${world.id}</strong></button>
      <span class="quiet">${t("world_about", world.seed, world.clock.mode, world.journal.entries)}</span>
    </div>
    <div class="bar wrap">
      <button onClick=${fork}>${t("fork")}</button>
      <button aria-pressed=${compares.value} onClick=${() => (compares.value = !compares.value)}>${t("compare")}</button>
      <button onClick=${() => change(() => call("POST", path(world.id, "/reset")), `✓ ${t("reset")}: ${world.id}`)}>${t("reset")}</button>
      <button onClick=${save}>⤓ ${t("save")}</button>
      <${Upload} id=${`load-${world.id}`} label=${t("load")} take=${load} />
      ${world.id !== "default" && html`<button onClick=${remove}>${t("remove")}</button>`}
    </div>
    ${compares.value && html`<${Changes} path=${path(world.id, "/changes")} />`}
    ${here && html`<${Reach} world=${world} />`}
  </li>`;
}

export function Worlds() {
  const id = useSignal("");
  const start = useSignal("documented");
  const wrong = useSignal(null);
  useEffect(() => void readWorlds().catch(() => {}), []);
  const make = async (event) => {
    event.preventDefault();
    const ended = await change(() => call("POST", "/worlds", { ...(id.value && { id: id.value }), world: start.value }));
    wrong.value = ended.error ?? null;
    if (ended.result) choose(ended.result.id);
  };
  return html`<div class="panel-body">
    <ul class="list" id="worlds">${worlds.value.map((world) => html`<${One} key=${world.id} world=${world} />`)}</ul>
    <form class="form" aria-label=${t("make")} onSubmit=${make}>
      <h3>${t("make")}</h3>
      <div class="field"><label for="world-name">${t("world_name")}</label><input id="world-name" autocomplete="off" aria-invalid=${Boolean(wrong.value)} value=${id.value} onInput=${(event) => (id.value = event.target.value)} /></div>
      <div class="field"><label for="world-start">${t("world_start")}</label>
        <select id="world-start" value=${start.value} onChange=${(event) => (start.value = event.target.value)}><option>documented</option><option>busy</option></select></div>
      ${wrong.value && html`<p class="bad-text" role="alert">${wrong.value}</p>`}
      <button class="main" type="submit">${t("make")}</button>
    </form>
  </div>`;
}
