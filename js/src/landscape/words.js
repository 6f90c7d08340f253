// What the pictures show, in words: for those who do not see them, and below the picture.
import { LANDSCAPES, OPTIMIZERS } from "../facts.js";
import { short } from "../format.js";

/** @typedef {import("./state.js").State} State @typedef {import("../types.js").Path} Path */

/** How a path ended that did not go well. @param {Path} path */
export const fate = (path) => `${path.raised ? "stops" : "diverges"} at step ${path.left}`;

/** @param {string} label @param {Path} path */
const story = (label, path) =>
  path.left ? `${label} ${fate(path)}` : `${label}: loss ${short(path.loss[0])} → ${short(path.loss[path.loss.length - 1])}`;

/** The scene and how each path ends. @param {State} state */
export function words(state) {
  if (state.hidden) return "The paths are hidden until you have chosen.";
  const { scene, mine, current, paths } = state;
  const all = [...paths].map(([name, path]) => story(OPTIMIZERS[name].label, path));
  if (mine && current) all.unshift(story(mine.label, current));
  return `${LANDSCAPES[scene.land.name].label}, ${scene.steps} steps from (${scene.start.map(short).join(", ")}). ${all.join("; ")}.`;
}

/** Is your class the textbook's? Nothing is said of a path that answers an older question. @param {State} state */
export function comparison(state) {
  const { mine, trail, stale, hidden } = state;
  if (!mine?.against || !trail || trail.trouble || stale || hidden) return "";
  const differs = state.twin()?.differs;
  return differs ? ` Your path leaves the textbook's at step ${differs}.` : " Your path is the textbook's.";
}
