// What is asked above the picture: a goal to reach, a prediction to make.
import { h, newId } from "../dom.js";
import { verdict } from "../engine/verdict.js";
import { later } from "../host/timing.js";

/** @typedef {import("./state.js").State} State @typedef {import("../types.js").Goal} Goal */

const QUIET = 200; // ms without a change before a goal is judged

/** A goal, and whether it is reached. @param {State} state @param {Goal} goal */
export function goalBox(state, goal) {
  const said = h("span", { "aria-live": "polite" });
  const judge = later(() => {
    if (state.hidden) return;
    const { passed, text } = verdict(goal, state.scene);
    said.textContent = `${passed ? "✓" : "✗"} ${text}`;
    said.className = passed ? "good" : "bad";
  }, QUIET);
  state.on(["scene"], judge);
  return { element: h("div", { class: "goal" }, `Goal: ${goal.text} `, said), stop: judge.stop };
}

/**
 * A question whose answer shows the paths.
 * @param {State} state @param {[string, string[]]} asked
 * @param {{ play: () => void, say: (text: string) => void }} calls
 */
export function predictionBox(state, [question, answers], { play, say }) {
  const name = newId();
  const boxes = answers.map((answer) => h("input", { type: "radio", name, value: answer, checked: answer === state.guess }));
  const reveal = h("button", { type: "button" }, "Reveal");
  const form = h(
    "fieldset",
    { class: "chips goal" },
    h("legend", { class: "unseen" }, "Predict"),
    h("span", {}, `Predict: ${question}`),
    ...answers.map((answer, i) => h("label", { class: "chip" }, boxes[i], answer)),
    reveal,
  );
  const close = () => {
    form.disabled = true;
    reveal.hidden = true;
  };
  if (state.guess !== null) close();
  reveal.addEventListener("click", () => {
    const chosen = boxes.find((box) => box.checked);
    if (!chosen) return say("Choose an answer first.");
    close();
    state.reveal(chosen.value);
    play();
  });
  return form;
}
