// What to do in a world in which no client has asked for anything yet.
import { operations, total, world } from "./store.js";
import { Copy } from "./files.js";
import { html } from "./parts.js";
import { t } from "./text.js";

export function First() {
  const urls = world.value?.urls ?? {};
  const [http] = Object.values(urls).filter((url) => url.startsWith("http"));
  const name = Object.keys(urls).find((key) => urls[key] === http);
  const row = operations.value.find((operation) => operation.fake === name && operation.method === "GET");
  const curl = `curl ${http}${row?.path ?? "/"}`;
  return html`<div class="first">
    <h3>${t(total.value ? "first_request" : "first_title")}</h3>
    ${http && html`<p>${t("first_curl")}</p><div class="bar"><pre tabindex="0">${curl}</pre><${Copy} text=${curl} label=${`${t("copy")} curl`} /></div>`}
    <p>${t("first_run")} <code>stend run -- …</code></p>
    <p>${t("first_url")}</p>
    <ul>${Object.entries(urls).map(([key, url]) => html`<li key=${key}>${key}: <code>${url}</code></li>`)}</ul>
    <p>${t("first_far")}</p>
  </div>`;
}
