// Axes of a chart: frame, ticks, names.
import { power, short } from "../format.js";
import { FONT, stroke, write } from "./marks.js";

/** @typedef {CanvasRenderingContext2D} Context @typedef {import("../types.js").Inks} Inks @typedef {import("../types.js").Pair} Pair */

/** Round numbers between low and high. @param {number} low @param {number} high */
export function ticks(low, high, wanted = 5) {
  const raw = (high - low) / wanted;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5, 10].find((k) => k * unit >= raw) ?? 10);
  const found = [];
  for (let x = Math.ceil(low / step) * step; x <= high + 1e-9 * step; x += step) found.push(Number(x.toPrecision(6)));
  return found;
}

/** The box of a chart in its canvas: room for numbers on the left and below. @param {number} width @param {number} height */
export const chartBox = (width, height, left = 46) => ({ left, right: width - 10, top: 18, bottom: height - 32 });

/**
 * Draw them, and return what maps numbers to pixels, and back.
 * @param {Context} ctx @param {number} width @param {number} height @param {Inks} ink
 * @param {{ x: Pair, y: Pair, log?: boolean, xlabel: string, ylabel: string }} about
 */
export function axes(ctx, width, height, ink, { x: [x0, x1], y: [y0, y1], log = false, xlabel, ylabel }) {
  const box = chartBox(width, height);
  const [across, up] = [box.right - box.left, box.bottom - box.top];
  const [a, b] = log ? [Math.log10(y0), Math.log10(y1)] : [y0, y1];
  const X = (/** @type {number} */ x) => box.left + ((x - x0) / (x1 - x0)) * across;
  const Y = (/** @type {number} */ y) => box.bottom - (((log ? Math.log10(Math.max(y, 1e-300)) : y) - a) / (b - a)) * up;
  ctx.font = FONT;
  ctx.fillStyle = ink.soft;
  ctx.strokeStyle = ink.line;
  ctx.lineWidth = 1;
  for (const x of ticks(x0, x1, Math.max(2, across / 70))) {
    const half = ctx.measureText(short(x)).width / 2;
    write(ctx, short(x), Math.min(X(x), width - 4 - half), box.bottom + 4, "center", "top");
  }
  write(ctx, xlabel, (box.left + box.right) / 2, box.bottom + 18, "center", "top");
  const even = ticks(a, b, Math.max(2, up / 34));
  const marks = log ? even.filter(Number.isInteger).map((e) => 10 ** e) : even;
  ctx.globalAlpha = 0.6;
  for (const y of marks) stroke(ctx, [box.left, box.right], [Y(y), Y(y)]);
  ctx.globalAlpha = 1;
  for (const y of marks) write(ctx, log && (y < 1e-2 || y > 999) ? power(y) : short(y), box.left - 5, Y(y), "right", "middle");
  write(ctx, ylabel, 2, 0, "left", "top");
  return { box, X, Y, back: (/** @type {number} */ px) => x0 + ((px - box.left) / across) * (x1 - x0) };
}

/** Only what is inside the box is drawn by `work`. @param {Context} ctx @param {{ left: number, right: number, top: number, bottom: number }} box @param {() => void} work */
export function clipped(ctx, box, work, slack = 0) {
  ctx.save();
  ctx.beginPath();
  ctx.rect(box.left, box.top - slack, box.right - box.left + 4 * slack, box.bottom - box.top + 2 * slack);
  ctx.clip();
  work();
  ctx.restore();
}
