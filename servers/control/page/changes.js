// What of a world differs from how it began, as a tree.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get } from "./api.js";
import { pulse } from "./store.js";
import { html } from "./parts.js";
import { t } from "./text.js";

/** @typedef {{ path: string[], kind: string, before?: any, after?: any }} Change */
/** @typedef {{ name: string, below: Map<string, Branch>, change: Change | null, count: number }} Branch */

/** Where more changes than these lie below a branch, it begins closed. */
const OPEN = 40;

/** @param {Change[]} changes */
function grow(changes) {
  /** @type {Branch} */
  const root = { name: "", below: new Map(), change: null, count: 0 };
  for (const change of changes) {
    let branch = root;
    branch.count += 1;
    for (const name of change.path) {
      if (!branch.below.has(name)) branch.below.set(name, { name, below: new Map(), change: null, count: 0 });
      branch = branch.below.get(name);
      branch.count += 1;
    }
    branch.change = change;
  }
  return root;
}

/** The sign and the text of a kind of change. */
const KINDS = { added: ["+", "change_added"], removed: ["−", "change_removed"], changed: ["~", "change_changed"] };

const shown = (value) => (value?.bytes && Object.keys(value).length === 1 ? `… ${value.bytes} B` : JSON.stringify(value));

function Leaf({ name, change }) {
  const [sign, text] = KINDS[change.kind];
  return html`<li class=${`leaf ${change.kind}`}><span class="mono" role="img" aria-label=${t(text)}>${sign}</span> <strong>${name}</strong>
    ${change.before !== undefined && html` <del>${shown(change.before)}</del>`}${change.kind === "changed" && " → "}${change.after !== undefined && html` <ins>${shown(change.after)}</ins>`}</li>`;
}

function Branches({ below }) {
  return html`<ul class="tree">${[...below.values()].map((branch) => {
    if (branch.change) return html`<${Leaf} key=${branch.name} name=${branch.name} change=${branch.change} />`;
    // A chain without forks is one line.
    let [name, end] = [branch.name, branch];
    while (end.below.size === 1 && !end.change) {
      const [only] = end.below.values();
      if (only.change) break;
      name = `${name} / ${only.name}`;
      end = only;
    }
    return html`<li key=${branch.name}><details open=${end.count <= OPEN}><summary>${name} <span class="quiet">${end.count}</span></summary><${Branches} below=${end.below} /></details></li>`;
  })}</ul>`;
}

/** @param {{ path: string }} given where the control API tells the changes of the world */
export function Changes({ path }) {
  const found = useSignal(null);
  const wrong = useSignal(null);
  const wanted = useSignal(0);
  useEffect(() => {
    let mine = true;
    get(path).then(
      (told) => mine && ((found.value = told), (wrong.value = null)),
      (error) => mine && (wrong.value = error.message),
    );
    return () => (mine = false);
  }, [path, wanted.value]);
  // What happens meanwhile may make more differences; looking again is asked for, as a large world takes its time.
  const seen = useSignal(pulse.peek());
  const stale = pulse.value !== seen.value;
  const again = () => {
    seen.value = pulse.peek();
    wanted.value += 1;
  };
  if (wrong.value) return html`<p class="bad-text" role="status">${wrong.value}</p>`;
  const told = found.value;
  if (!told) return null;
  return html`<section class="changes" aria-label=${t("compare")}>
    <div class="bar"><strong>${t("changes_count", told.count)}</strong><button disabled=${!stale} onClick=${again}>⟳ ${t("again")}</button></div>
    ${told.count ? html`<${Branches} below=${grow(told.changes).below} />` : html`<p class="quiet">${t("changes_none")}</p>`}
    ${told.count > told.changes.length && html`<p class="quiet">${t("and_more", told.count - told.changes.length)}</p>`}
    ${told.too_large.length > 0 && html`<p class="quiet">${t("too_large", told.too_large.join(", "))}</p>`}
  </section>`;
}
