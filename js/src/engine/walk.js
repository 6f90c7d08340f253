// A walk of a textbook optimizer on a landscape. tests/utils/playground proves it equal to torch.
import { BATCH_SEED } from "../facts.js";
import { normals } from "./normals.js";
import { hyper, l2, STEPS } from "./optimizers.js";

/** @typedef {import("../types.js").Ground} Ground @typedef {import("../types.js").Hyper} Hyper @typedef {import("../types.js").Kept} Kept */
/** @typedef {import("../types.js").Land} Land @typedef {import("../types.js").Path} Path @typedef {import("../types.js").Replay} Replay */

/** What is kept for both weights: name → [for x, for y]. @param {Kept} sx @param {Kept} sy @returns {Record<string, number[]>} */
const snapshot = (sx, sy) => Object.fromEntries(Object.keys(sx).map((key) => [key, [sx[key], sy[key]]]));

/**
 * Walk, and write down x, y and loss before the first step and after each one, and the gradients
 * gx, gy of each step. Ends before a step that leaves something infinite or NaN: `broke` is that
 * step's number, else 0. With `states`, also what the optimizer keeps after each step.
 * @param {string} name @param {Partial<Hyper>} given @param {Land} land @param {Ground} ground @returns {Path}
 */
export function walk(name, given, land, { start, steps, noise = 0, seed = 0 }, states = false) {
  const h = hyper(name, given);
  const step = STEPS[name];
  const decay = l2(name, h);
  const jitter = noise ? normals(steps, seed) : null;
  const centers = land.batch ? normals(steps, seed + BATCH_SEED) : null;
  /** @type {Path} */
  const path = { x: [start[0]], y: [start[1]], loss: [land.f(...start)], gx: [], gy: [], states: [], broke: 0 };
  /** @type {Kept[]} */
  const [sx, sy] = [{}, {}];
  let [x, y] = start;
  for (let t = 1; t <= steps; t++) {
    const i = 2 * (t - 1);
    let [gx, gy] = centers && land.batch ? land.batch(x, y, [centers[i], centers[i + 1]]) : land.grad(x, y);
    if (jitter) [gx, gy] = [gx + noise * jitter[i], gy + noise * jitter[i + 1]];
    path.gx.push(gx);
    path.gy.push(gy);
    if (decay) [gx, gy] = [gx + decay * x, gy + decay * y];
    [x, y] = [step(x, gx, sx, h, t), step(y, gy, sy, h, t)];
    if (states) path.states.push(snapshot(sx, sy));
    const loss = land.f(x, y);
    if (!Number.isFinite(loss)) {
      path.broke = t;
      break;
    }
    path.x.push(x);
    path.y.push(y);
    path.loss.push(loss);
  }
  return path;
}

/**
 * The textbook's optimizer, given the weights and gradients that another one met: where it would
 * have gone at each step, and what it would keep. So a rounding error does not grow from step to
 * step. `differs` is the first step at which the other one went elsewhere, else 0.
 * @param {string} name @param {Partial<Hyper>} given @param {Pick<Path, "x" | "y" | "gx" | "gy">} path @returns {Replay}
 */
export function replay(name, given, path) {
  const h = hyper(name, given);
  const step = STEPS[name];
  const decay = l2(name, h);
  /** @type {Replay} */
  const out = { x: [path.x[0]], y: [path.y[0]], states: [], differs: 0 };
  /** @type {Kept[]} */
  const [sx, sy] = [{}, {}];
  let [reach, stride] = [Math.max(Math.abs(path.x[0]), Math.abs(path.y[0])), 0];
  for (let t = 1; t <= path.gx.length; t++) {
    const [x, y] = [path.x[t - 1], path.y[t - 1]];
    const nx = step(x, path.gx[t - 1] + decay * x, sx, h, t);
    const ny = step(y, path.gy[t - 1] + decay * y, sy, h, t);
    out.x.push(nx);
    out.y.push(ny);
    out.states.push(snapshot(sx, sy));
    reach = Math.max(reach, Math.abs(nx), Math.abs(ny));
    stride = Math.max(stride, Math.hypot(nx - x, ny - y));
    const allowed = 2e-7 * stride + 1e-13 * reach; // state in float32 is no mistake
    if (!out.differs && !(Math.hypot(path.x[t] - nx, path.y[t] - ny) <= allowed)) {
      if (path.x.length > t || Number.isFinite(nx + ny)) out.differs = t;
    }
  }
  return out;
}

/**
 * The step at which a path has left the picture for good, or broke; else 0.
 * @param {Path} path @param {Land} land
 */
export function leaves(path, { window: [x0, x1, y0, y1] }) {
  const reach = 10 * Math.max(x1 - x0, y1 - y0);
  const at = path.x.findIndex((x, i) => Math.hypot(x - (x0 + x1) / 2, path.y[i] - (y0 + y1) / 2) > reach);
  return at > 0 ? at : path.broke;
}
