// What happens at one step: weights, gradient and state, your class's beside the textbook's.
import { h } from "../dom.js";
import { walk } from "../engine/walk.js";
import { OPTIMIZERS } from "../facts.js";
import { exact } from "../format.js";

/** @typedef {import("./state.js").State} State @typedef {import("../types.js").Path} Path @typedef {import("../types.js").Replay} Replay */
/** @typedef {(number | string)[] | string | null | undefined} Cell */

const TOLERANCE = 1e-7; // relative; below it two numbers are the same

/** Two entries of a row of the path; null where it has none. @param {Path | Replay | null} path @param {"x" | "gx"} key @param {number} i */
function pair(path, key, i) {
  const columns = /** @type {Partial<Path> | null} */ (path);
  const [xs, ys] = key === "x" ? [columns?.x, columns?.y] : [columns?.gx, columns?.gy];
  return xs && ys && i >= 0 && i < xs.length ? [xs[i], ys[i]] : null;
}

/** @param {Cell} found */
const text = (found) =>
  !found ? "–" : typeof found === "string" ? found : found.map((x) => (typeof x === "number" ? exact(x) : x)).join(", ");

/** Are they two different things? @param {Cell} a @param {Cell} b */
export function differ(a, b) {
  if (!Array.isArray(a) || !Array.isArray(b)) return false;
  return a.some((x, i) => !(Math.abs(Number(x) - Number(b[i])) <= TOLERANCE * Math.max(1e-5, Math.abs(Number(b[i])))));
}

/**
 * @param {State} state
 * @param {{ opened: () => void, go: (step: number) => void }} calls opened: it has been folded in or out
 */
export function stepDebugger(state, { opened, go }) {
  const table = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "what the optimizer keeps" });
  const element = h("details", {}, h("summary", {}, "Step debugger"), table);
  element.addEventListener("toggle", () => {
    opened();
    fill();
  });

  function fill() {
    if (!element.open) return;
    const { mine, current: trail, selected } = state;
    const name = state.textbook();
    const step = Math.min(state.hover?.step ?? state.shown, state.scene.steps);
    const twin = state.twin();
    const own = selected === "mine";
    const book =
      (own && twin) || (name && state.paths.has(name) ? walk(name, state.run(name), state.land, state.scene, true) : null);
    const met = own && trail ? trail : book;
    const [kept, books] = [trail?.states[step - 1], book?.states[step - 1]];
    /** @type {[string, Cell, Cell][]} */
    const rows = [
      ["w before the step", pair(trail, "x", step - 1), pair(met, "x", step - 1)],
      ["gradient g", pair(trail, "gx", step - 1), pair(met, "gx", step - 1)],
      ["w after the step", pair(trail, "x", step), pair(book, "x", step)],
    ];
    for (const key of new Set([...Object.keys(kept ?? {}), ...Object.keys(books ?? {})]))
      rows.push([`state["${key}"]`, kept?.[key], books?.[key]]);
    const heads = [
      `step ${step}`,
      ...(mine ? [mine.label] : []),
      name ? OPTIMIZERS[name].label + (met === book ? "" : ", given the same") : "no textbook twin",
    ];
    table.replaceChildren(
      ...(mine && trail && book ? [comparison(twin?.differs ?? 0)] : []),
      h(
        "table",
        {},
        h("thead", {}, h("tr", {}, ...heads.map((head) => h("th", { scope: "col" }, head)))),
        h(
          "tbody",
          {},
          ...rows.map(([what, a, b]) =>
            h(
              "tr",
              { class: mine && differ(a, b) ? "differs" : undefined },
              h("th", { scope: "row" }, what),
              ...(mine ? [h("td", {}, text(a))] : []),
              h("td", {}, text(b)),
            ),
          ),
        ),
      ),
    );
  }

  /** @param {number} step the first that differs, else 0 */
  function comparison(step) {
    if (!step) return h("div", { class: "good" }, "✓ The two paths are the same, step by step.");
    const there = h("button", { type: "button", onclick: () => go(step) }, `Go to step ${step}`);
    return h("div", { class: "bad" }, `✗ The paths differ first at step ${step}. `, there);
  }

  state.on(["scene", "trail", "silent", "look"], fill);
  return element;
}
