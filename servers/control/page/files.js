// The clipboard, and files to and from the user's disk.
import { useSignal } from "@preact/signals";
import { html } from "./parts.js";
import { t } from "./text.js";

export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    // Without the permission, or over plain HTTP from another machine: the older way.
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}

/** A button that copies a text. */
export function Copy({ text, label, children }) {
  const done = useSignal(false);
  const take = () =>
    copy(text).then(() => {
      done.value = true;
      setTimeout(() => (done.value = false), 2000);
    });
  return html`<button type="button" aria-label=${label} onClick=${take}>${done.value ? `✓ ${t("copied")}` : children ?? t("copy")}</button>`;
}

/** A button that asks for a file and gives its text. */
export function Upload({ id, label, take }) {
  const chosen = async (event) => {
    const [file] = event.target.files;
    event.target.value = "";
    if (file) take(await file.text());
  };
  return html`<label class="button" for=${id}>⤒ ${label}<input id=${id} class="unseen" type="file" accept=".yaml,.yml,.json" onChange=${chosen} /></label>`;
}

/** Gives a file to the user. */
export function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text]));
  link.download = name;
  link.click();
  // The browser takes the file after this.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
