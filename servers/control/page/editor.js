// A text with line numbers, and what the checker says of its lines.
import { useRef } from "preact/hooks";
import { html } from "./parts.js";
import { t } from "./text.js";

/** @typedef {{ line?: number, column?: number, message: string, hint?: string, file?: string }} Told */

/** A longer text than this, in characters, is no text to write in: the browser would freeze over it. */
export const LONGEST = 500_000;

/** Puts the cursor at a place of the text. */
function goTo(area, line, column) {
  const before = area.value.split("\n").slice(0, line - 1);
  const start = before.reduce((sum, text) => sum + text.length + 1, 0) + Math.max(0, (column ?? 1) - 1);
  area.focus();
  area.setSelectionRange(start, start);
  area.scrollTop = Math.max(0, (line - 4) * LINE);
}

/** Height of a line of the text, in pixels; `style.css` has the same. */
const LINE = 18;

/** @param {{ id: string, label: string, value: string, problems: Told[], onInput: (text: string) => void }} given */
export function Editor({ id, label, value, problems, onInput }) {
  const area = useRef(null);
  const gutter = useRef(null);
  const wrong = new Set(problems.map(({ line }) => line));
  const count = value.split("\n").length;
  return html`<div class="editor">
    <div class="written">
      <div class="gutter" ref=${gutter} aria-hidden="true">
        <pre>${Array.from({ length: count }, (_, n) => n + 1).join("\n")}</pre>
        ${[...wrong].filter(Boolean).map((line) => html`<span key=${line} class="wrong" style=${{ top: `${(line - 1) * LINE + 4}px` }}>${line}</span>`)}
      </div>
      <textarea id=${id} ref=${area} class="mono" spellcheck=${false} wrap="off" aria-label=${label} aria-invalid=${problems.length > 0}
        aria-describedby=${`${id}-problems`} value=${value} onInput=${(event) => onInput(event.target.value)}
        onScroll=${(event) => (gutter.current.scrollTop = event.target.scrollTop)}></textarea>
    </div>
    <ul class="problems" id=${`${id}-problems`} aria-live="polite">
      ${problems.map((told, n) => html`<li key=${n} class="bad-text">
        ${told.line && !told.file ? html`<button type="button" class="link mono" onClick=${() => goTo(area.current, told.line, told.column)}>${told.line}:${told.column}</button> ` : null}
        ${told.file ? `${told.file}: ` : ""}${told.message}${told.hint ? html` <span class="quiet">— ${told.hint}</span>` : null}
      </li>`)}
    </ul>
  </div>`;
}
