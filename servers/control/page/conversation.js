// What was said on a client's sockets, from the beginning on.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { at, bySeq, selected } from "./store.js";
import { clockText, html, pretty } from "./parts.js";
import { t } from "./text.js";

/** Whether an entry is a part of a conversation. */
export const isOfSocket = ({ channel }) => channel === "frame" || channel === "push";

/** The most entries that are shown: the newest. */
const MOST = 500;

/** Where more of a text is behind a click, in characters. */
const LONG = 300;

function Said({ text }) {
  if (text.length <= LONG) return html`<pre>${text}</pre>`;
  return html`<details><summary><code class="cut">${text.slice(0, LONG)}…</code></summary><pre>${text}</pre></details>`;
}

const said = (value) => (value == null || value === "" ? "" : typeof value === "string" ? value : JSON.stringify(value).length <= LONG ? JSON.stringify(value) : pretty(value));

function Turn({ entry, here }) {
  const line = bySeq(entry.seq);
  const at = html`<button class="link mono" disabled=${!line} onClick=${() => (selected.value = line)}>${clockText(entry.at, true)}</button>`;
  return html`${said(entry.request) && html`<li class=${`turn sent ${here ? "here" : ""}`}>${at} <span aria-label=${t("turn_sent")}>⇢</span> <strong>${entry.operation ?? ""}</strong><${Said} text=${said(entry.request)} /></li>`}
    ${said(entry.reply) && html`<li class=${`turn got ${here ? "here" : ""}`}>${at} <span aria-label=${t("turn_got")}>⇠</span> <strong>${entry.operation ?? ""}</strong> ${entry.channel === "push" && html`<span class="badge busy">${t("push")}</span>`}<${Said} text=${said(entry.reply)} /></li>`}`;
}

/** @param {{ entry: import("./store.js").Entry }} given */
export function Conversation({ entry }) {
  const all = useSignal(null);
  const wrong = useSignal(null);
  const { fake, client, seq } = entry;
  useEffect(() => {
    let mine = true;
    const of = (channel) => get(at(`/journal?fake=${fake}&channel=${channel}&limit=${MOST}${client ? `&client=${encodeURIComponent(client)}` : ""}`));
    Promise.all([of("frame"), of("push")]).then(
      (found) => {
        const entries = found.flatMap((journal) => journal.entries).filter((other) => (other.client ?? null) === (client ?? null));
        if (mine) all.value = entries.sort((one, other) => one.seq - other.seq).slice(-MOST);
      },
      (error) => mine && (wrong.value = error.message),
    );
    return () => (mine = false);
  }, [fake, client, seq]);
  if (wrong.value) return html`<p class="bad-text">${wrong.value}</p>`;
  if (!all.value) return null;
  return html`<p class="quiet">${t("conversation_of", client ?? "—", all.value.length)}</p>
    <ol class="conversation">${all.value.map((other) => html`<${Turn} key=${other.seq} entry=${other} here=${other.seq === seq} />`)}</ol>`;
}
