// The page: its panes, its keys, and what is said once.
import { render } from "preact";
import { useSignal } from "@preact/signals";
import { giveToken, tokenAsked } from "./api.js";
import { Details } from "./details.js";
import { Far } from "./far.js";
import { Faults, watchFaults } from "./faults.js";
import { act, lastDone } from "./form.js";
import { Foot, Scenarios, watchScenario } from "./scenarios.js";
import { notice, open, panel, selected } from "./store.js";
import { html, remembered } from "./parts.js";
import { lang, speak, t } from "./text.js";
import { Head, theme } from "./time.js";
import { Traffic, move } from "./traffic.js";
import { Worlds } from "./worlds.js";

const PANELS = { worlds: Worlds, faults: Faults, scenarios: Scenarios };

function Panel() {
  const name = panel.value;
  if (!name) return null;
  return html`<aside class=${`panel ${name}`} id="panel" aria-label=${t(name)}>
    <div class="bar"><h2>${t(name)}</h2><span class="gap"></span><button aria-label=${t("close")} onClick=${() => (panel.value = null)}>✕</button></div>
    <${PANELS[name]} />
  </aside>`;
}

function Token() {
  const text = useSignal("");
  const use = (event) => {
    event.preventDefault();
    giveToken(text.value);
    open();
  };
  return html`<main class="ask"><form class="form" onSubmit=${use}>
    <h1>stend</h1>
    <p>${t("token_ask")}</p>
    <div class="field"><label for="token">${t("token_label")}</label>
      <input id="token" type="password" autocomplete="off" value=${text.value} onInput=${(event) => (text.value = event.target.value)} /></div>
    ${tokenAsked.value === "wrong" && html`<p class="bad-text" role="alert">${t("token_wrong")}</p>`}
    <button class="main" type="submit">${t("token_use")}</button>
  </form></main>`;
}

function Page() {
  if (tokenAsked.value) return html`<${Token} />`;
  return html`<${Head} />
    <main class="panes"><${Far} /><div class="right"><${Traffic} /><${Details} /></div></main>
    <${Foot} />
    <${Panel} />
    <div class="notice-place" aria-live="polite">${notice.value && html`<p id="notice" class=${notice.value.bad ? "notice bad" : "notice"}>${notice.value.text}</p>`}</div>`;
}

document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    if (panel.value) {
      const opener = document.getElementById(`open-${panel.value}`);
      panel.value = null;
      opener?.focus();
    } else selected.value = null;
    return;
  }
  const writes = event.target.closest?.("input, textarea, select");
  if (writes || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") document.getElementById("filter")?.focus();
  else if (event.key === "j" || (event.key === "ArrowDown" && event.target.id === "lines")) move(1);
  else if (event.key === "k" || (event.key === "ArrowUp" && event.target.id === "lines")) move(-1);
  else if (event.key === "Enter" && (event.target.id === "lines" || event.target === document.body)) document.getElementById("details")?.focus();
  else if (event.key === "." && lastDone) act(lastDone.name, lastDone.args);
  else return;
  event.preventDefault();
});

const chosen = remembered("theme");
if (chosen) theme(chosen);
speak(lang.value);
render(html`<${Page} />`, document.getElementById("app"));
watchFaults();
watchScenario();
open();
