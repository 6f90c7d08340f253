// The landscapes' formulas, the same as in utils/landscape.py: loss f and gradient [∂f/∂x, ∂f/∂y].
import { LANDSCAPES } from "../facts.js";
import { SLICE, spline } from "./spline.js";

/** @typedef {import("../types.js").Land} Land @typedef {import("../types.js").LandShape} LandShape */
/** @typedef {import("../types.js").Pair} Pair @typedef {Record<string, number>} Values */
/** @typedef {Pick<Land, "f" | "grad" | "batch"> & Partial<Land>} Formulas */

/** @param {Values} shape @returns {Formulas} */
function quadratic({ condition, rotation, curvature }) {
  const angle = (rotation * Math.PI) / 180;
  const [c, s, flat] = [Math.cos(angle), Math.sin(angle), curvature / condition];
  const xx = curvature * s * s + flat * c * c;
  const xy = (flat - curvature) * s * c;
  const yy = curvature * c * c + flat * s * s;
  return {
    f: (x, y) => 0.5 * (xx * x * x + 2 * xy * x * y + yy * y * y),
    grad: (x, y) => [xx * x + xy * y, xy * x + yy * y],
  };
}

/** One of the two equal parts of the wells. @param {number} x */
const well = (x) => (x ** 4 - 16 * x * x + 5 * x) / 40 + 1.9583082851885707;
/** @param {number} x */
const wellSlope = (x) => (4 * x ** 3 - 32 * x + 5) / 40;

/** @type {Record<string, (shape: Values) => Formulas>} */
const FORMULAS = {
  quadratic,

  noisy(shape) {
    // each mini-batch sees the bowl moved to a place of its own
    const bowl = quadratic(shape);
    return { ...bowl, batch: (x, y, [cx, cy]) => bowl.grad(x - shape.spread * cx, y - shape.spread * cy) };
  },

  ravine: ({ steep, flat }) => ({
    f: (x, y) => 0.5 * steep * (y - 0.5 * Math.sin(2 * x)) ** 2 + 0.5 * flat * x * x,
    grad(x, y) {
      const wall = steep * (y - 0.5 * Math.sin(2 * x));
      return [flat * x - wall * Math.cos(2 * x), wall];
    },
  }),

  saddle: () => ({
    f: (x, y) => 0.5 * x * x - 0.5 * y * y + 0.25 * y ** 4 + 0.25,
    grad: (x, y) => [x, y * y * y - y],
  }),

  rosenbrock: ({ b }) => ({
    f: (x, y) => (1 - x) ** 2 + b * (y - x * x) ** 2,
    grad(x, y) {
      const wall = 2 * b * (y - x * x);
      return [-2 * (1 - x) - 2 * wall * x, wall];
    },
  }),

  beale: () => ({
    f: (x, y) => (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y ** 3) ** 2,
    grad(x, y) {
      const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y ** 3];
      return [2 * a * (y - 1) + 2 * b * (y * y - 1) + 2 * c * (y ** 3 - 1), 2 * a * x + 4 * b * x * y + 6 * c * x * y * y];
    },
  }),

  wells: () => ({ f: (x, y) => well(x) + well(y), grad: (x, y) => [wellSlope(x), wellSlope(y)] }),

  mnist: () => ({ ...spline(), minima: [SLICE.minimum], window: SLICE.window }),
};

/** The landscape of a scene: `{name, condition: 10, …}` → its functions. @param {LandShape} shape @returns {Land} */
export function landscape({ name, ...given }) {
  const { shape, minima, window, root } = LANDSCAPES[name];
  const values = Object.fromEntries(Object.entries(shape).map(([key, { value }]) => [key, Number(given[key] ?? value)]));
  return { minima, window, root, ...FORMULAS[name](values) };
}

/** Largest curvature at the (first) minimum: the λ of the edge of stability. @param {Land} land */
export function sharpness(land) {
  const [x, y] = land.minima[0];
  const h = 1e-4;
  const [right, left] = [land.grad(x + h, y), land.grad(x - h, y)];
  const [up, down] = [land.grad(x, y + h), land.grad(x, y - h)];
  const xx = (right[0] - left[0]) / (2 * h);
  const yy = (up[1] - down[1]) / (2 * h);
  const xy = (up[0] - down[0]) / (2 * h);
  return (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
}
