// The sliders: those of the optimizer that is looked at, and those of the landscape and the walk.
import { choice, knob, number } from "../controls/inputs.js";
import { DOWN, roving } from "../controls/roving.js";
import { h, newId } from "../dom.js";
import { HYPER, LANDSCAPES, OPTIMIZERS, SETTINGS } from "../facts.js";

/** @typedef {import("./state.js").State} State @typedef {import("../types.js").Control} Control @typedef {import("../types.js").HyperName} HyperName */
/** @typedef {{ made: Control, value: () => number }} Live */

const HINT = "up and down go from one to the next, left and right move it";

/** A group that is filled anew when other sliders are wanted. @param {State} state @param {string} label @param {() => Live[]} fill */
function group(state, label, fill) {
  const element = h("div", { class: "knobs", role: "group", "aria-label": `${label}: ${HINT}` });
  const settle = roving(element, DOWN);
  /** @type {Live[]} */
  let live = [];
  const build = () => {
    live = fill();
    element.replaceChildren(...live.map(({ made }) => made.element));
    settle();
  };
  state.on(["controls"], build);
  state.on(["scene"], () => {
    for (const { made, value } of live) made.set(value());
  });
  build();
  return element;
}

/** Sliders of the selected optimizer. @param {State} state */
export function hyperKnobs(state) {
  return group(state, "Hyper-parameters", () => {
    const { mine, selected } = state;
    if (selected === "mine" && mine) {
      return mine.sliders.map((each) => ({
        made: knob(each, (x) => state.setHyper(each.to ?? each.key, x)),
        value: () => each.value,
      }));
    }
    return OPTIMIZERS[selected].uses.map((key) => {
      const value = () => state.run(selected)[key];
      const { label, slider } = HYPER[key];
      return { made: knob({ label, ...slider, value: value() }, (x) => state.setHyper(key, x)), value };
    });
  });
}

/** Sliders of the landscape, the number of steps, the noise. @param {State} state */
export function sceneKnobs(state) {
  return group(state, "Shape, steps and noise", () => {
    const { scene } = state;
    const shape = Object.entries(LANDSCAPES[scene.land.name].shape).map(([key, about]) => {
      const value = () => Number(state.scene.land[key]);
      return { made: knob({ ...about, value: value() }, (x) => state.setShape(key, x)), value };
    });
    const walk = /** @type {("steps" | "noise")[]} */ (["steps", "noise"]).map((key) => {
      const { label, slider } = SETTINGS[key];
      const value = () => state.scene[key];
      const set = (/** @type {number} */ x) => state.setSetting(key, key === "steps" ? Math.round(x) : x);
      return { made: knob({ label, ...slider, value: value() }, set), value };
    });
    const seed = number({ ...SETTINGS.seed, value: scene.seed }, (x) => state.setSetting("seed", x));
    return [...shape, ...walk, { made: seed, value: () => state.scene.seed }];
  });
}

/** Which landscape; and whether lr and β are one for all. @param {State} state */
export function choices(state) {
  const options = Object.entries(LANDSCAPES).map(([key, { label }]) => /** @type {[string, string]} */ ([key, label]));
  const land = choice({ label: "Landscape", options, value: state.scene.land.name }, (name) => state.setLandscape(name));
  state.on(["scene"], () => land.set(state.scene.land.name));
  const id = newId();
  const same = h("input", { type: "checkbox", checked: state.same, id });
  same.addEventListener("change", () => {
    state.same = same.checked;
  });
  return h(
    "div",
    { class: "bar" },
    land.element,
    h("span", { class: "chip" }, same, h("label", { for: id }, "same lr and β for all")),
  );
}
