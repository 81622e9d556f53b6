// The time axis: what happened when, each thing a mark; in a report, the moment that is shown can be moved along it.
import { useEffect, useRef } from "preact/hooks";
import { lines, selected, version } from "./store.js";
import { clockText, html } from "./parts.js";
import { t } from "./text.js";

/** The room of the last mark, in pixels. */
const MARK = 3;

/** Marks beyond this many are drawn as one where they stand together. */
const WIDE = 600;

/** While things happen, the axis shows this many of the latest lines, and is drawn this often at the most, in milliseconds. */
const LATEST = 2_000;
const PACE = 250;

const tone = ({ name, data }) => {
  if (data.fault || (data.seq && (data.status >= 500 || (data.channel === "http" && !data.status)))) return 3;
  if (name === "gap" || data.warnings?.length || (data.channel === "http" && data.status >= 400)) return 2;
  return data.seq ? 1 : 0;
};

/** The time of a line; of one that has none, that of the line before it. */
function times(list) {
  let last = 0;
  return list.map(({ data }) => (last = data.at ? new Date(data.at).getTime() : last));
}

/** No steps, always the same ones: another list would be drawn again. */
const NONE = [];

/** Marks by places of a canvas: the gravest of each place. */
function draw(canvas, list, steps) {
  const box = canvas.getBoundingClientRect();
  const context = canvas.getContext("2d");
  canvas.width = Math.max(1, Math.min(WIDE * 4, box.width * devicePixelRatio));
  canvas.height = Math.max(1, box.height * devicePixelRatio);
  if (!list.length) return;
  const all = times(list);
  const [from, to] = [all.find((time) => time) ?? 0, Math.max(...[all.at(-1), ...steps.map((step) => step.time)])];
  // A canvas knows no variables of the style; what they come to, it does.
  const colours = ["--edge", "--accent", "--warn", "--bad"].map((name) => {
    canvas.style.color = `var(${name})`;
    return getComputedStyle(canvas).color;
  });
  const place = (time) => Math.round((to > from ? (time - from) / (to - from) : 1) * (canvas.width - MARK));
  const marks = new Map();
  list.forEach((line, number) => {
    const x = place(all[number]);
    marks.set(x, Math.max(marks.get(x) ?? 0, tone(line)));
  });
  const half = canvas.height / 2;
  for (const [x, grave] of marks) {
    context.fillStyle = colours[grave];
    context.fillRect(x, half - (grave + 1) * (half / 4), 2, (grave + 1) * (half / 4));
  }
  for (const step of steps) {
    context.fillStyle = step.failed ? colours[3] : colours[1];
    context.fillRect(place(step.time), half + 2, step.failed ? 4 : 2, half - 2);
  }
}

/** The axis; `steps` are {time, failed}; with `move`, a slider goes from line to line, without it a click chooses a line. */
export function Axis({ steps = NONE, at = 0, move = null }) {
  version.value;
  const all = lines();
  const list = move ? all : all.slice(-LATEST);
  const canvas = useRef(null);
  const latest = useRef({ list, steps });
  latest.current = { list, steps };
  const drawing = useRef(0);
  const drawn = useRef(-PACE);
  useEffect(() => {
    if (drawing.current) return;
    drawing.current = setTimeout(() => {
      drawing.current = 0;
      drawn.current = performance.now();
      if (canvas.current) draw(canvas.current, latest.current.list, latest.current.steps);
    }, drawn.current + PACE - performance.now());
  }, [all, all.length, steps]);
  useEffect(() => {
    const watcher = new ResizeObserver(() => canvas.current && draw(canvas.current, latest.current.list, latest.current.steps));
    watcher.observe(canvas.current);
    return () => watcher.disconnect();
  }, []);
  const now = list[Math.max(0, at - 1)];
  const seek = (event) => {
    const all = times(list);
    const known = all.filter((time) => time);
    if (!known.length) return;
    const box = canvas.current.getBoundingClientRect();
    const share = Math.min(1, Math.max(0, (event.clientX - box.left) / (box.width - MARK)));
    const to = Math.max(known.at(-1), ...steps.map((step) => step.time));
    const time = known[0] + share * (to - known[0]);
    if (move) move(Math.max(1, all.findLastIndex((other) => other && other <= time) + 1));
    else selected.value = list.reduce((near, line, place) => (near.off < Math.abs(all[place] - time) ? near : { line, off: Math.abs(all[place] - time) }), { line: null, off: Infinity }).line;
  };
  return html`<section class="axis" aria-label=${t("time")}>
    <canvas ref=${canvas} role="img" aria-label=${move ? t("axis_about", list.length, steps.length) : t("axis_live", list.length)} onClick=${seek} onPointerMove=${(event) => event.buttons === 1 && seek(event)}></canvas>
    ${move && html`<input id="moment" type="range" min="0" max=${list.length} value=${at} aria-label=${t("axis")} aria-valuetext=${now?.data.at ? clockText(now.data.at, true) : String(at)}
      onInput=${(event) => move(Number(event.target.value))} />`}
    ${move && html`<span class="mono quiet">${now?.data.at ? clockText(now.data.at, true) : ""} · ${at} / ${list.length}</span>`}
  </section>`;
}
