// The bicubic spline of utils/playground/slice.py: the loss of a network on MNIST over a plane in its weights.
import stored from "../../../utils/playground/mnist.json" with { type: "json" };

/** @typedef {import("../types.js").Slice} Slice */

export const SLICE = /** @type {Slice} */ (/** @type {unknown} */ (stored));

/** Loss and gradient at (x, y). Outside the grid the loss rises by ½ wall times the squared distance. */
export function spline() {
  const { n, wall, unit, levels, grid } = SLICE;
  const raw = atob(levels);
  const c = Float64Array.from(
    { length: (n + 2) ** 2 },
    (_, k) => unit * (raw.charCodeAt(2 * k) + 256 * raw.charCodeAt(2 * k + 1)),
  );

  /**
   * The cell that x is in, its four weights, their slopes, and how far x lies outside.
   * @param {number} x @param {number} low @param {number} high @returns {[number, number[], number[], number]}
   */
  const cell = (x, low, high) => {
    const near = Math.min(Math.max(x, low), high);
    const u = ((near - low) / (high - low)) * (n - 1);
    const i = Math.min(Math.floor(u), n - 2);
    const [t, s, k] = [u - i, 1 - u + i, near === x ? (n - 1) / (high - low) / 6 : 0];
    return [
      i,
      [s ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (3 * s ** 3 - 6 * s ** 2 + 4) / 6, t ** 3 / 6],
      [-3 * k * s * s, k * (9 * t * t - 12 * t), -k * (9 * s * s - 12 * s), 3 * k * t * t],
      x - near,
    ];
  };

  /** @param {number} i @param {number[]} v @param {number} j @param {number[]} w */
  const sum = (i, v, j, w) => {
    let total = 0;
    for (let q = 0; q < 4; q++) for (let p = 0; p < 4; p++) total += c[(j + q) * (n + 2) + i + p] * w[q] * v[p];
    return total;
  };

  return {
    /** @param {number} x @param {number} y */
    f(x, y) {
      const [[i, v, , dx], [j, w, , dy]] = [cell(x, grid[0], grid[1]), cell(y, grid[2], grid[3])];
      return sum(i, v, j, w) + 0.5 * wall * (dx * dx + dy * dy);
    },
    /** @param {number} x @param {number} y @returns {[number, number]} */
    grad(x, y) {
      const [[i, v, dv, dx], [j, w, dw, dy]] = [cell(x, grid[0], grid[1]), cell(y, grid[2], grid[3])];
      return [sum(i, dv, j, w) + wall * dx, sum(i, v, j, dw) + wall * dy];
    },
  };
}
