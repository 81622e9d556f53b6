// Light and dark: as the browser has it, until somebody chooses.
import { html, remember, remembered } from "./parts.js";
import { t } from "./text.js";

function use(name) {
  document.documentElement.dataset.theme = name;
}

/** Takes the theme that was chosen before, if one was. */
export function useTheme() {
  const chosen = remembered("theme");
  if (chosen) use(chosen);
}

const isDark = () => (document.documentElement.dataset.theme ?? (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function turn() {
  const name = isDark() ? "light" : "dark";
  use(name);
  remember("theme", name);
}

export const Theme = () => html`<button id="theme" aria-label=${t("theme")} title=${t("theme")} onClick=${turn}>☾</button>`;
