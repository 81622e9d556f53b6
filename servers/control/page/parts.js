// Small parts that every pane uses.
import { h } from "preact";
import htm from "htm";

export const html = htm.bind(h);

/**
 * Makes a function that runs `work` after some milliseconds, once for all its calls until then.
 * @param {() => void} work
 * @param {number} usual
 */
export function gathered(work, usual) {
  let waiting = 0;
  return (after = usual) => {
    waiting ||= setTimeout(() => {
      waiting = 0;
      work();
    }, after);
  };
}

/** Height of a line of a list, in pixels; `style.css` has the same. */
export const LINE = 28;

export function remembered(key) {
  try {
    return localStorage.getItem(`stend.${key}`);
  } catch {
    return null;
  }
}

export function remember(key, value) {
  try {
    if (value == null) localStorage.removeItem(`stend.${key}`);
    else localStorage.setItem(`stend.${key}`, value);
  } catch {
    // A browser without storage asks again the next time.
  }
}

const two = (number) => String(number).padStart(2, "0");

/** The time of day of a moment, in this browser's zone, to milliseconds where `fine`. */
export function clockText(at, fine) {
  const date = new Date(at);
  if (Number.isNaN(date.getTime())) return String(at);
  const text = `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
  return fine ? `${text}.${String(date.getMilliseconds()).padStart(3, "0")}` : text;
}

export function dateText(at) {
  const date = new Date(at);
  return `${two(date.getDate())}.${two(date.getMonth() + 1)}.${date.getFullYear()}`;
}

/** A span of seconds, as `3m20s`. */
export function spanText(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  const [h, m, s] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60), whole % 60];
  if (h >= 48) return `${Math.floor(h / 24)}d${h % 24}h`;
  if (h > 0) return `${h}h${two(m)}m`;
  return m > 0 ? `${m}m${two(s)}s` : `${s}s`;
}

/** A value as JSON over several lines; text that is no JSON as it is. */
export function pretty(value) {
  return typeof value === "string" ? value : JSON.stringify(value, null, 2);
}
