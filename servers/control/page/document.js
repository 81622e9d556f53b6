// What the vendor's document says of an operation, and how sure we are of each statement.
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { html } from "./parts.js";
import { t } from "./text.js";

/**
 * A statement of a vendor's document, or a ruling.
 * @typedef {{ id: string, section?: string, kind: string, says: string, status: string, operations?: string[], because?: string,
 *   setting?: string, under?: string, confirmed?: { verdict: string, by: string }[] }} Claim
 */

/** The claims about each service, read once; they are a part of the program. */
const claims = signal(/** @type {Record<string, Claim[]>} */ ({}));

/** Where a statement comes from, by its text. */
export const KINDS = { documented: "kind_documented", observed: "kind_observed", assumed: "kind_assumed" };

/** What is known of our own behaviour: its text and its tone. */
const STATUSES = {
  proved: ["status_proved", "ok"],
  by_setting: ["status_by_setting", "busy"],
  contradicted: ["status_contradicted", "bad"],
  not_emulated: ["status_not_emulated", "warn"],
  unproved: ["status_unproved", "warn"],
};

function One({ claim }) {
  const [text, tone] = STATUSES[claim.status] ?? [claim.status, "idle"];
  return html`<li class="claim" data-claim=${claim.id}>
    <span class="mono quiet">${claim.id}</span>
    <span class=${`badge ${tone}`}>${t(text)}</span>
    <span class="badge idle">${t(KINDS[claim.kind] ?? claim.kind)}</span>
    <p>${claim.says}</p>
    ${claim.setting && html`<p class="quiet"><code>${claim.setting}${claim.under ? `: ${claim.under}` : ""}</code></p>`}
    ${claim.because && html`<p class="quiet">${claim.because}</p>`}
  </li>`;
}

/** @param {{ entry: import("./store.js").Entry }} given */
export function Document({ entry }) {
  const { fake: service, operation } = entry;
  useEffect(() => {
    if (claims.peek()[service]) return;
    get(`/claims/${service}`).then(
      (list) => (claims.value = { ...claims.peek(), [service]: list }),
      () => {},
    );
  }, [service]);
  const all = claims.value[service];
  if (!all) return null;
  const own = all.filter((claim) => operation && claim.operations?.includes(operation));
  if (!own.length) return html`<p class="quiet">${t("document_none")}</p>`;
  const sections = [...new Set(own.map((claim) => claim.section ?? ""))];
  return html`<p class="quiet">${t("document_sure", own.filter(({ status }) => status === "proved").length, own.length)}</p>
    ${sections.map((section) => html`<section key=${section} class="section" aria-label=${section || t("rulings")}>
      <h3>${section || t("rulings")}</h3>
      <ul class="list">${own.filter((claim) => (claim.section ?? "") === section).map((claim) => html`<${One} key=${claim.id} claim=${claim} />`)}</ul>
    </section>`)}`;
}
