// Which optimizers are drawn, and which one the sliders belong to; a legend that tells how each path ends.
import { ACROSS, roving } from "../controls/roving.js";
import { h } from "../dom.js";
import { inks, lineStyle } from "../draw/colours.js";
import { paintSwatch } from "../draw/marks.js";
import { OPTIMIZERS } from "../facts.js";
import { short } from "../format.js";
import { fate } from "./words.js";

/** @typedef {import("./state.js").State} State */

/** @param {State} state @param {HTMLElement} root */
export function chips(state, root) {
  const element = h("fieldset", { class: "chips" }, h("legend", { class: "unseen" }, "Optimizers"));
  const names = [...(state.mine ? ["mine"] : []), ...Object.keys(OPTIMIZERS)];
  const all = names.map((name) => chip(state, name));
  element.append(...all.map((each) => each.element));
  roving(element, ACROSS);
  const show = () => {
    for (const each of all) each.show(root);
  };
  return { element, show };
}

/** @param {State} state @param {string} name */
function chip(state, name) {
  const own = name === "mine";
  const text = own ? (state.mine?.label ?? "") : OPTIMIZERS[name].label;
  const box = h("input", { type: "checkbox", "aria-label": `draw ${text}`, disabled: own });
  const swatch = h("canvas", { width: 52, height: 24, "aria-hidden": "true" });
  const pick = h("button", { type: "button", onclick: () => state.select(name) }, text);
  box.addEventListener("change", () => state.setOn(name, box.checked));
  let drawn = "";

  /** @param {HTMLElement} root */
  function show(root) {
    const on = own || state.run(name).on;
    const path = own ? state.current : state.paths.get(name);
    const told = on && path && !state.hidden;
    box.checked = on;
    pick.setAttribute("aria-pressed", String(name === state.selected));
    const said = !told ? text : path.left ? `${text} ${fate(path)}` : `${text}: ${short(path.loss[path.loss.length - 1])}`;
    if (pick.textContent !== said) pick.textContent = said;
    pick.classList.toggle("bad", Boolean(told && path.left));
    swatch.hidden = !on;
    const key = `${state.dark} ${on && !own && state.slot(name)} ${on}`;
    if (key === drawn) return;
    drawn = key;
    if (!on) return;
    paintSwatch(swatch, own ? { color: inks(root).band, dash: [], width: 8 } : { ...lineStyle(state.slot(name)), width: 3 });
  }
  return { element: h("span", { class: "chip" }, box, swatch, pick), show };
}
