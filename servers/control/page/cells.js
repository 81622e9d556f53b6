// The cells of a view, by the types of their columns.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { picture } from "./api.js";
import { clockText, dateText, html, spanText } from "./parts.js";
import { lang, titled } from "./text.js";

const rouble = (kopecks) => new Intl.NumberFormat(lang.value === "ru" ? "ru-RU" : "en-GB", { minimumFractionDigits: 2 }).format(kopecks / 100);

/** A picture is fetched with the token, which an image's address cannot carry. */
function Picture({ path, label }) {
  const address = useSignal(null);
  useEffect(() => {
    let [made, gone] = [null, false];
    picture(path).then(
      (url) => (gone ? URL.revokeObjectURL(url) : (address.value = made = url)),
      () => {},
    );
    return () => {
      gone = true;
      if (made) URL.revokeObjectURL(made);
    };
  }, [path]);
  return address.value ? html`<a href=${address.value} target="_blank" rel="noopener"><img class="picture" src=${address.value} alt=${label} /></a>` : null;
}

function Series({ chart, points, label }) {
  const [width, height, most] = [Math.max(40, points.length * 5), 20, Math.max(1, ...points)];
  const y = (value) => height - (value / most) * height;
  const shape =
    chart === "bar"
      ? points.map((value, n) => html`<rect key=${n} x=${n * 5} y=${y(value)} width="4" height=${height - y(value)} />`)
      : html`<polyline points=${points.map((value, n) => `${n * 5},${y(value)}`).join(" ")} />`;
  return html`<svg class=${`series ${chart}`} width=${width} height=${height} role="img" aria-label=${`${label}: ${points.join(", ")}`}>${shape}</svg>`;
}

/** What a cell says, as text: for lists to pick from. */
export function cellText(cell) {
  if (cell == null) return "";
  if (typeof cell === "object") return titled(cell.title) || cell.text || (cell.max != null ? `${cell.value}/${cell.max}` : "");
  return String(cell);
}

export function Cell({ column, cell, follow }) {
  if (cell == null) return null;
  const label = titled(column.title);
  switch (column.type) {
    case "money":
      return html`<span class="number">${rouble(cell)}</span>`;
    case "number":
      return html`<span class="number">${cell}</span>`;
    case "time":
      return html`<time class="mono" datetime=${cell} title=${cell}>${dateText(cell).slice(0, 5)} ${clockText(cell)}</time>`;
    case "span":
      return html`<span class="mono">${spanText(cell)}</span>`;
    case "badge":
      return html`<span class=${`badge ${cell.tone}`}>${cellText(cell)}</span>`;
    case "meter": {
      const low = cell.max > 0 && cell.value / cell.max < 0.2;
      return html`<span class="meter"><meter min="0" max=${cell.max || 1} low=${cell.max * 0.2} value=${cell.value} aria-label=${label}></meter> <span class=${low ? "bad-text" : "quiet"}>${cell.value}/${cell.max}</span></span>`;
    }
    case "picture":
      return html`<${Picture} path=${cell} label=${label} />`;
    case "link":
      return html`<button class="link" onClick=${() => follow(cell.table, cell.key)}>${cell.text}</button>`;
    case "series":
      return html`<${Series} chart=${cell.chart} points=${cell.points} label=${label} />`;
    default:
      return html`<span>${cellText(cell)}</span>`;
  }
}
