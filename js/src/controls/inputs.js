// Sliders, numbers, choices: each has an element and a `set` that moves it without calling `change`.
import { h, newId } from "../dom.js";
import { short } from "../format.js";

/** @typedef {import("../types.js").Knob} Knob @typedef {import("../types.js").Control} Control @typedef {import("../types.js").Range} Range */
/** @typedef {Range & { label: string, value: number }} KnobAbout */

/**
 * From a slider's value to where it stands, and back.
 * With `log` it moves the exponent. With `decay` it moves log(1 − value), so that 0, 0.9 and 0.99
 * are as far apart as they feel.
 * @param {Range} range
 */
export function scale({ log, decay }) {
  if (log) return { to: Math.log10, from: (/** @type {number} */ u) => Number((10 ** u).toPrecision(3)) };
  if (!decay) return { to: (/** @type {number} */ x) => x, from: (/** @type {number} */ u) => Number(u.toFixed(6)) };
  return {
    to: (/** @type {number} */ x) => -Math.log10(1 - x),
    from: (/** @type {number} */ u) => Number((1 - Number((10 ** -u).toPrecision(3))).toPrecision(9)), // each 0.01 is another number
  };
}

/** A labelled slider. @param {KnobAbout} about @param {(x: number) => void} change @returns {Knob} */
export function knob(about, change) {
  const { label, min, max, value, step = 0.01, log, decay, unit = "" } = about;
  const id = newId();
  const range = h("input", { type: "range", id, "data-lm-suppress-shortcuts": "true" });
  const shown = h("output", { for: id });
  const { to, from } = scale(about);
  const inside = (/** @type {number} */ x) => Math.min(max, Math.max(min, x));
  Object.assign(range, { min: to(min), max: to(max), step: log || decay ? 0.01 : step });
  const say = (/** @type {number} */ x) => {
    shown.textContent = short(x) + unit;
    range.setAttribute("aria-valuetext", short(x) + unit);
  };
  const set = (/** @type {number} */ x) => {
    range.value = String(to(inside(x)));
    say(x);
  };
  range.addEventListener("input", () => {
    const x = inside(from(Number(range.value)));
    say(x);
    change(x);
  });
  set(value);
  return { element: h("div", { class: "knob" }, h("label", { for: id }, label), range, shown), set, range };
}

/** A labelled whole number. @param {{ label: string, min: number, max: number, value: number }} about @param {(x: number) => void} change @returns {Control} */
export function number({ label, min, max, value }, change) {
  const id = newId();
  const input = h("input", { type: "number", id, min, max, step: 1, value });
  input.addEventListener("input", () => {
    const x = Math.round(Number(input.value));
    if (input.value !== "" && x >= min && x <= max) change(x);
  });
  const set = (/** @type {number} */ x) => {
    if (document.activeElement !== input) input.value = String(x);
  };
  return { element: h("div", { class: "knob" }, h("label", { for: id }, label), input), set };
}

/** One of several. @param {{ label: string, options: [string, string][], value: string }} about @param {(key: string) => void} change @returns {Control} */
export function choice({ label, options, value }, change) {
  const id = newId();
  const made = options.map(([key, text]) => h("option", { value: key }, text));
  const select = h("select", { id, onchange: () => change(select.value) }, ...made);
  select.value = value;
  const element = h("span", { class: "chip" }, h("label", { for: id }, label), select);
  return {
    element,
    set: (x) => {
      select.value = x;
    },
  };
}
