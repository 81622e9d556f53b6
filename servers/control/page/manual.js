// The manual: the chapters that `stend help TOPIC` prints.
import { signal, useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { get } from "./api.js";
import { markdown } from "./markdown.js";
import { html, remember, remembered } from "./parts.js";
import { lang, t, titled } from "./text.js";

const topics = signal(/** @type {{ topic: string, about: { en: string, ru: string } }[]} */ ([]));
const chosen = signal(remembered("topic") ?? "start");

export function Manual() {
  const text = useSignal("");
  const wrong = useSignal(/** @type {string | null} */ (null));
  const place = useRef(null);
  useEffect(() => void get("/manual").then((list) => (topics.value = list), () => {}), []);
  useEffect(() => {
    let mine = true;
    get(`/manual/${encodeURIComponent(chosen.value)}?lang=${lang.value}`).then(
      (chapter) => {
        if (!mine) return;
        text.value = chapter;
        wrong.value = null;
        place.current?.scrollTo(0, 0);
      },
      (error) => mine && (wrong.value = error.message),
    );
    return () => (mine = false);
  }, [chosen.value, lang.value]);
  const turn = (topic) => {
    chosen.value = topic;
    remember("topic", topic);
  };
  return html`<div class="panel-body book">
    <nav aria-label=${t("topics")}><ul class="list">
      ${topics.value.map(({ topic, about }) => html`<li key=${topic}><button class="link" aria-current=${topic === chosen.value ? "true" : undefined} data-topic=${topic} onClick=${() => turn(topic)}><strong>${topic}</strong> <span class="quiet">${titled(about)}</span></button></li>`)}
    </ul></nav>
    <article id="chapter" ref=${place} tabindex="0" lang=${lang.value} aria-label=${chosen.value}>
      ${wrong.value ? html`<p class="bad-text" role="alert">${wrong.value}</p>` : markdown(text.value)}
    </article>
  </div>`;
}
