// Is a goal reached, with which score? The same walks and sentences as in utils/playground/goals.py.
import { fill, OPTIMIZERS, STABLE_STEPS, VERDICTS } from "../facts.js";
import { landscape } from "./landscapes.js";
import { fromLink } from "./link.js";
import { walk } from "./walk.js";

/** @typedef {import("../types.js").Goal} Goal @typedef {import("../types.js").Verdict} Verdict */
/** @typedef {import("../types.js").Scene} Scene @typedef {import("../types.js").Run} Run */

/** @param {Goal} goal @param {Scene} scene @returns {Verdict} */
export function verdict(goal, scene) {
  const ground = fromLink(goal.link);
  const land = landscape(ground.land);
  /** @param {Run} run @param {number} steps */
  const go = (run, steps) => walk(run.name, run, land, { ...ground, steps });
  const on = scene.runs.filter((run) => run.on);

  /** Steps until the loss is below the goal's, or infinity. @param {Run} run */
  const stepsTo = (run) => {
    const i = go(run, goal.steps).loss.findIndex((loss) => loss < goal.loss);
    return i < 0 ? Infinity : i;
  };
  /** No larger loss after many steps than at the start. @param {Run} run */
  const stable = (run) => {
    const { loss, broke } = go(run, STABLE_STEPS);
    return !broke && loss[loss.length - 1] <= loss[0];
  };

  if (goal.kind === "edge") return edge(goal, on, stable);

  const took = on.map((run) => ({ name: run.name, steps: stepsTo(run) }));
  const best = took.reduce((a, b) => (b.steps < a.steps ? b : a));
  const other = goal.kind === "beat" ? ground.runs.find((run) => run.name === goal.optimizer) : undefined;
  const rival = other ? stepsTo(other) : goal.steps + 1;
  const text = fill(VERDICTS[best.steps === Infinity ? "never" : goal.kind], {
    optimizer: OPTIMIZERS[best.name].label,
    loss: goal.loss,
    limit: goal.steps,
    steps: best.steps,
    rival: OPTIMIZERS[goal.optimizer]?.label,
    rival_steps: rival === Infinity ? VERDICTS.rival_never : rival,
  });
  return { passed: best.steps < rival, score: best.steps, text };
}

/** @param {Goal} goal @param {Run[]} on @param {(run: Run) => boolean} stable @returns {Verdict} */
function edge(goal, on, stable) {
  const optimizer = OPTIMIZERS[goal.optimizer].label;
  const run = on.find(({ name }) => name === goal.optimizer);
  if (!run) return { passed: false, score: 0, text: fill(VERDICTS.off, { optimizer }) };
  const inside = stable(run);
  const outside = stable({ ...run, lr: run.lr * (1 + goal.within) });
  const kind = !inside ? "diverges" : outside ? "timid" : "edge";
  const text = fill(VERDICTS[kind], { optimizer, lr: run.lr, within: `${Math.round(100 * goal.within)}%` });
  return { passed: inside && !outside, score: run.lr, text };
}
