// Worlds: which there are, making, copying, resetting and removing them, and their URLs.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { call, get } from "./api.js";
import { attempt, choose, readWorlds, say, worldId, worlds } from "./store.js";
import { copy, download, html } from "./parts.js";
import { t } from "./text.js";

const path = (id, more = "") => `/worlds/${encodeURIComponent(id)}${more}`;

async function change(work, done) {
  const ended = await attempt(work, done);
  await readWorlds().catch(() => {});
  return ended;
}

function One({ world }) {
  const here = world.id === worldId.value;
  const take = (text) => copy(text).then(() => say(t("copied")));
  const save = async () => {
    const { result } = await attempt(() => get(path(world.id, "/state"), { accept: "application/yaml" }));
    if (result) download(`${world.id}.yaml`, result);
  };
  return html`<li class=${here ? "here" : ""} data-world=${world.id}>
    <div class="bar wrap">
      <button class="link" aria-current=${here ? "true" : undefined} onClick=${() => choose(world.id)}><strong>${world.id}</strong></button>
      <span class="quiet">seed ${world.seed} · ${world.clock.mode} · ${world.journal.entries}</span>
      <span class="gap"></span>
      <button onClick=${() => change(async () => {
        const made = await call("POST", "/worlds", { fork_of: world.id });
        await readWorlds();
        choose(made.id);
      })}>${t("fork")}</button>
      <button onClick=${() => change(() => call("POST", path(world.id, "/reset")), `✓ ${t("reset")}: ${world.id}`)}>${t("reset")}</button>
      <button onClick=${save}>${t("save")}</button>
      ${world.id !== "default" && html`<button onClick=${() => change(() => call("DELETE", path(world.id)), `✓ ${t("remove")}: ${world.id}`).then(() => here && choose("default"))}>${t("remove")}</button>`}
    </div>
    ${here && html`<table class="plain"><tbody>${Object.entries(world.urls).map(([name, url]) => html`<tr key=${name}><th scope="row">${name}</th><td><code>${url}</code></td><td><button aria-label=${`${t("copy")} ${name}`} onClick=${() => take(url)}>${t("copy")}</button></td></tr>`)}</tbody></table>`}
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
      <div class="field"><label for="world-name">${t("world_name")}</label><input id="world-name" autocomplete="off" value=${id.value} onInput=${(event) => (id.value = event.target.value)} /></div>
      <div class="field"><label for="world-start">${t("world_start")}</label>
        <select id="world-start" value=${start.value} onChange=${(event) => (start.value = event.target.value)}><option>documented</option><option>busy</option></select></div>
      ${wrong.value && html`<p class="bad-text" role="alert">${wrong.value}</p>`}
      <button class="main" type="submit">${t("make")}</button>
    </form>
  </div>`;
}
