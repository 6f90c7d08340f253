// Contours of a landscape: ink by the height, and a ring where it passes from one level to the next.
import { HILL } from "../facts.js";

/** @typedef {import("../types.js").Land} Land @typedef {import("../types.js").Frame} Frame */

const LEVELS = 14;
const rgb = (/** @type {string} */ hex) => [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16));
export const HILL_RGB = rgb(HILL);

/**
 * What a canvas shows of a window, with equal scales on both axes.
 * @param {Frame} window @param {number} width @param {number} height @returns {Frame}
 */
export function fit([x0, x1, y0, y1], width, height) {
  const unit = Math.max((x1 - x0) / width, (y1 - y0) / height);
  const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
  return [cx - (unit * width) / 2, cx + (unit * width) / 2, cy - (unit * height) / 2, cy + (unit * height) / 2];
}

/**
 * The level, 0 … LEVELS, at each corner of w × t pixels: (w + 1)(t + 1) numbers, row by row from the top.
 * @param {Land} land @param {Frame} frame @param {number} w @param {number} t
 */
export function levels(land, [x0, x1, y0, y1], w, t) {
  const out = new Float32Array((w + 1) * (t + 1));
  let top = 0;
  for (let j = 0, k = 0; j <= t; j++) {
    const y = y1 - (j / t) * (y1 - y0);
    for (let i = 0; i <= w; i++, k++) {
      const loss = Math.max(0, land.f(x0 + (i / w) * (x1 - x0), y));
      out[k] = loss;
      if (loss > top) top = loss;
    }
  }
  for (let k = 0; k < out.length; k++) out[k] = LEVELS * (out[k] / top) ** (1 / land.root);
  return out;
}

/** Red, green, blue and opacity of each pixel. @param {Float32Array} heights @param {number} w @param {number} t */
export function shade(heights, w, t) {
  const out = new Uint8ClampedArray(4 * w * t);
  const [red, green, blue] = HILL_RGB;
  for (let j = 0, k = 0; j < t; j++) {
    for (let i = 0; i < w; i++, k += 4) {
      const at = j * (w + 1) + i;
      const u = heights[at];
      const slope = Math.max(Math.abs(heights[at + 1] - u), Math.abs(heights[at + w + 1] - u), 1e-9);
      const ring = Math.round(u);
      const edge = ring ? Math.max(0, 1 - Math.abs(u - ring) / slope) * 0.35 : 0;
      out[k] = red;
      out[k + 1] = green;
      out[k + 2] = blue;
      out[k + 3] = 255 * Math.min(0.75, 0.02 + 0.48 * Math.min(1, Math.floor(u) / (LEVELS - 1)) + edge);
    }
  }
  return out;
}
