// Time: play, pause, one step back, one step on.
import { knob } from "../controls/inputs.js";
import { ACROSS, roving } from "../controls/roving.js";
import { h } from "../dom.js";

/** @typedef {import("./state.js").State} State */

const SECONDS = 6; // for a long walk
const SLOWEST = 8; // steps a second
const STILL = 700; // ms between two pictures where motion is not wanted
const STILLS = 8;

export class Player {
  /** @param {State} state @param {() => void} rested called when a step has been chosen */
  constructor(state, rested) {
    this.state = state;
    this.rested = rested;
    const { steps } = state.scene;
    const button = (/** @type {string} */ text, /** @type {string | undefined} */ name, /** @type {() => void} */ onclick) =>
      h("button", { type: "button", "aria-label": name, title: name, onclick }, text);
    this.button = button("▶ Play", undefined, () => this.play());
    const back = button("◀", "One step back", () => this.go(state.shown - 1));
    const on = button("▶|", "One step on", () => this.go(state.shown + 1));
    this.scrub = knob({ label: "step", min: 0, max: steps, value: steps, step: 1 }, (x) => this.go(x));
    this.scrub.element.classList.add("scrub");
    const buttons = h("span", { class: "chip", role: "group", "aria-label": "Steps" }, this.button, back, on);
    roving(buttons, ACROSS);
    this.element = h("div", { class: "bar" }, buttons, this.scrub.element);
    state.on(["scene", "look"], () => this.show());
  }

  show() {
    this.scrub.range.max = String(this.state.scene.steps);
    this.scrub.set(this.state.shown);
  }

  /** To a step, and rest there. @param {number} step */
  go(step) {
    this.play(false);
    this.state.setShown(step);
    this.rested();
  }

  play(on = !this.state.playing) {
    const { state } = this;
    if (on === state.playing) return;
    state.playing = on;
    this.button.textContent = on ? "❚❚ Pause" : "▶ Play";
    if (!on) return this.rested();
    if (state.shown >= state.scene.steps) state.shown = 0;
    let position = state.shown;
    let since = performance.now();
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const rate = Math.max(SLOWEST, state.scene.steps / SECONDS);
    const tick = (/** @type {number} */ now) => {
      if (!state.playing || !this.element.isConnected) return;
      if (!calm) {
        position += Math.min(0.1, (now - since) / 1000) * rate;
        since = now;
      } else if (now - since > STILL) {
        position += state.scene.steps / STILLS; // a few still pictures instead of a film
        since = now;
      }
      state.setShown(Math.min(state.scene.steps, Math.floor(position)));
      if (state.shown >= state.scene.steps) this.play(false);
      else requestAnimationFrame(tick);
    };
    requestAnimationFrame(tick);
  }
}
