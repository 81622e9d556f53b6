// The keys of the page.
import { act, lastDone } from "./form.js";
import { panel, selected } from "./store.js";
import { move } from "./traffic.js";

function pressed(event) {
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
}

export const listen = () => document.addEventListener("keydown", pressed);
