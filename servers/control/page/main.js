// The page: its panes, its keys, and what is said once.
import { render } from "preact";
import { useSignal } from "@preact/signals";
import { giveToken, tokenAsked } from "./api.js";
import { Details } from "./details.js";
import { Far } from "./far.js";
import { Faults, watchFaults } from "./faults.js";
import { listen } from "./keys.js";
import { Manual } from "./manual.js";
import { Foot, watchScenario } from "./playing.js";
import { Scenarios } from "./scenarios.js";
import { notice, open, panel } from "./store.js";
import { html } from "./parts.js";
import { lang, speak, t } from "./text.js";
import { useTheme } from "./theme.js";
import { Head } from "./time.js";
import { Traffic } from "./traffic.js";
import { Worlds } from "./worlds.js";

const PANELS = { worlds: Worlds, faults: Faults, scenarios: Scenarios, manual: Manual };

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

useTheme();
speak(lang.value);
render(html`<${Page} />`, document.getElementById("app"));
listen();
watchFaults();
watchScenario();
open();
