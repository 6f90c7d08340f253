// The landscape playground: paths over contours, loss against step, lr × β. This module only puts the parts together.
import { h } from "../dom.js";
import { fromLink, toLink } from "../engine/link.js";
import { letOut } from "../host/leave.js";
import { followTheme } from "../host/theme.js";
import { coalesce, later } from "../host/timing.js";
import { announce } from "../host/without_kernel.js";
import { Chart } from "./chart.js";
import { chips } from "./chips.js";
import { stepDebugger } from "./debugger.js";
import { Hill } from "./hill.js";
import { choices, hyperKnobs, sceneKnobs } from "./knobs.js";
import { fromAddress, linkBox } from "./link_box.js";
import { ownClass, trouble } from "./own_class.js";
import { Pad } from "./pad.js";
import { Player } from "./player.js";
import { State } from "./state.js";
import { goalBox, predictionBox } from "./tasks.js";
import { comparison, words } from "./words.js";

/** @typedef {import("../types.js").Host} Host */

const WIDE = 680; // pixels: from here on the pictures stand side by side
const BOTH = 50; // ms to wait for the kernel, if it is quick: one picture for both paths

/** @param {Host} host @returns {() => void} what ends it */
export function renderLandscape({ model, el }) {
  const state = new State(model);
  const given = fromAddress(model.static);
  if (given) state.scene = fromLink(given);

  // the parts
  const root = h("div", {
    class: "ms-play",
    role: "region",
    "aria-label": "Optimizer playground",
    "data-lm-suppress-shortcuts": "true",
  });
  const note = h("div", { class: "note" });
  const spoken = h("div", { class: "unseen", "aria-live": "polite", role: "status" });
  const say = (/** @type {string} */ text) => {
    spoken.textContent = text;
    note.textContent = text;
  };
  const describe = later(() => {
    const text = words(state);
    hill.canvas.setAttribute("aria-label", `Contours and paths. ${text}`);
    chart.canvas.setAttribute("aria-label", `Loss against step. ${text}`);
    say(text + comparison(state));
  }, 400);
  const hill = new Hill(state, root);
  const chart = new Chart(state, root);
  const pad = new Pad(state, root, () => soon());
  const player = new Player(state, describe);
  const legend = chips(state, root);
  const goal = state.goal && goalBox(state, state.goal);
  const prediction = state.predict && predictionBox(state, state.predict, { play: () => player.play(true), say });
  const line = ownClass(state, () => debug.open);
  const debug = stepDebugger(state, { opened: () => line?.ask(), go: (step) => player.go(step) });

  // the pictures
  let due = 0;
  const soon = coalesce(() => {
    clearTimeout(due);
    due = 0;
    hill.paint();
    chart.paint();
    pad.refresh();
    legend.show();
  });
  const save = later(() => {
    model.set("link", toLink(state.scene));
    if (state.mine) model.set("values", state.scene.mine);
    model.save_changes();
  }, 250);

  // what follows from what
  let begun = false;
  state.on(["question"], () => {
    if (begun) line?.ask();
  });
  state.on(["scene"], () => {
    if (begun) {
      if (state.mine && !line) state.setTrail(null);
      save();
    }
    describe();
    if (!line?.kernel.quick) soon();
    else due ||= window.setTimeout(soon, BOTH);
  });
  state.on(["trail", "silent"], () => {
    describe();
    soon.now();
  });
  state.on(["look"], soon);

  // the page; in this order the tab key goes through it
  const stage = h("div", { class: "stage scene" }, hill.box, player.element, hyperKnobs(state), chart.box, pad.box);
  if (goal) root.append(goal.element);
  if (prediction) root.append(prediction);
  root.append(
    stage,
    note,
    trouble(state, Boolean(line)),
    legend.element,
    choices(state),
    sceneKnobs(state),
    debug,
    linkBox(state, say),
    spoken,
  );
  keys(root, player, state);
  letOut(root);
  announce(model);
  el.append(root);

  // begin
  state.changed();
  begun = true;
  if (model.get("recorded")) state.setTrail(model.get("recorded"));
  const load = () => state.load();
  model.on("change:link", load);
  const renewed = () => line?.ask(); // the student has mended the class, or broken it
  model.on("change:recorded", renewed);
  const unfollow = followTheme(root, () => {
    state.dark = root.classList.contains("dark");
    soon();
  });
  const size = new ResizeObserver(() => {
    stage.classList.toggle("wide", root.clientWidth >= WIDE);
    soon();
  });
  size.observe(root);
  return () => {
    model.off?.("change:link", load);
    model.off?.("change:recorded", renewed);
    unfollow();
    size.disconnect();
    line?.kernel.stop();
    state.playing = false;
    for (const each of [soon, describe, save, goal, pad.map]) each?.stop();
  };
}

/** Space plays, comma and full stop step; not where something is typed. @param {HTMLElement} root @param {Player} player @param {State} state */
function keys(root, player, state) {
  root.addEventListener("keydown", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.matches("input[type=text], input[type=number], select")) return;
    const step = { ",": -1, ".": 1 }[event.key];
    if (step) player.go(state.shown + step);
    else if (event.key === " " && !target.matches("button, summary, input[type=checkbox], input[type=radio]")) {
      event.preventDefault();
      player.play();
    } else return;
    event.stopPropagation();
  });
}
