// Your own class: what the kernel is asked, what it answers, and what is wrong.
import { h } from "../dom.js";
import { Kernel } from "../host/kernel.js";

/** @typedef {import("./state.js").State} State @typedef {import("../types.js").Question} Question */

const SILENT =
  "The kernel does not answer: it is busy, restarting or dead. The textbook goes on; run the cell again to bring your class back.";

/** @param {State} state @param {() => boolean} states whether what the optimizer keeps is looked at @returns {Question} */
export function question({ scene: { land, start, steps, noise, seed, mine } }, states) {
  return { kind: "walk", land: { ...land }, start, steps, noise, seed, values: mine, states: states() };
}

/** Is it about the same walk? @param {Question} a @param {Question} b */
const same = (a, b) => JSON.stringify({ ...a, states: 0 }) === JSON.stringify({ ...b, states: 0 });

/**
 * The line to the kernel, or null where there is none.
 * @param {State} state @param {() => boolean} states
 */
export function ownClass(state, states) {
  const { mine, model } = state;
  if (!mine || !model.send || model.static) return null;
  const now = () => question(state, states);
  const kernel = new Kernel(model, {
    heard(reply, asked) {
      if (reply.kind !== "walk") return;
      state.stale = !same(asked, now());
      state.setTrail(reply.trail);
    },
    mute: (silent) => state.setSilent(silent),
  });
  return {
    kernel,
    ask() {
      state.stale = true;
      kernel.ask(now());
    },
  };
}

/** What is wrong, as an alert. @param {State} state @param {boolean} line is there a line to the kernel? */
export function trouble(state, line) {
  const element = h("div", { class: "trouble", role: "alert", hidden: true });
  const show = () => {
    const { mine, current } = state;
    const said = [];
    if (state.silent) said.push(SILENT);
    if (mine && !line && !state.trail) said.push(`${mine.label} needs a running notebook; what moves here is the textbook.`);
    if (mine && current?.trouble)
      said.push(current.broke ? `Step ${current.broke} of ${mine.label}: ${current.trouble}` : current.trouble);
    element.hidden = !said.length;
    if (element.textContent !== said.join(" ")) element.textContent = said.join(" ");
  };
  state.on(["trail", "silent", "scene"], show);
  return element;
}
