// What is drawn on a canvas: lines, dots, stars, crosses, words. All places are in pixels.
import { h } from "../dom.js";
import { lineStyle } from "./colours.js";

/** @typedef {CanvasRenderingContext2D} Context @typedef {import("../types.js").Inks} Inks */

export const FONT = "11px system-ui, sans-serif";

/** x, but at least low and at most high. @param {number} x @param {number} low @param {number} high */
export const clamp = (x, low, high) => Math.max(low, Math.min(high, x));

/**
 * A line through points; what is far outside is cut off.
 * @param {Context} ctx @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys
 */
export function stroke(ctx, xs, ys, count = xs.length) {
  ctx.lineJoin = "round"; // no spikes where a wide band turns back
  ctx.beginPath();
  for (let i = 0; i < count; i++) ctx.lineTo(clamp(xs[i], -4000, 6000), clamp(ys[i], -4000, 6000));
  ctx.stroke();
}

/**
 * A line in its own colour, width and dashes.
 * @param {Context} ctx @param {{ color: string, dash: number[], width?: number }} style
 * @param {ArrayLike<number>} xs @param {ArrayLike<number>} ys
 */
export function styled(ctx, { color, dash, width = 2 }, xs, ys, count = xs.length) {
  ctx.strokeStyle = color;
  ctx.lineWidth = width;
  ctx.setLineDash(dash);
  stroke(ctx, xs, ys, count);
  ctx.setLineDash([]);
}

/** @param {Context} ctx @param {number} x @param {number} y @param {number} radius @param {string | null} fill @param {string} [edge] */
export function dot(ctx, x, y, radius, fill, edge) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  if (fill) {
    ctx.fillStyle = fill;
    ctx.fill();
  }
  if (edge) {
    ctx.strokeStyle = edge;
    ctx.stroke();
  }
}

/** Here is a minimum. @param {Context} ctx @param {number} x @param {number} y @param {string} color */
export function star(ctx, x, y, color) {
  ctx.beginPath();
  for (let i = 0; i < 10; i++) {
    const [r, a] = [i % 2 ? 3 : 7, (i * Math.PI) / 5 - Math.PI / 2];
    ctx.lineTo(x + r * Math.cos(a), y + r * Math.sin(a));
  }
  ctx.closePath();
  ctx.strokeStyle = color;
  ctx.lineWidth = 1.3;
  ctx.stroke();
}

/** Here a path ends badly; kept inside the canvas. @param {Context} ctx @param {number} x @param {number} y @param {number} width @param {number} height @param {string} color */
export function cross(ctx, x, y, width, height, color) {
  const [cx, cy] = [clamp(x, 9, width - 9), clamp(y, 9, height - 9)];
  ctx.strokeStyle = color;
  ctx.lineWidth = 3;
  stroke(ctx, [cx - 5, cx + 5], [cy - 5, cy + 5]);
  stroke(ctx, [cx - 5, cx + 5], [cy + 5, cy - 5]);
}

/** Words at a place. @param {Context} ctx @param {string} text @param {number} x @param {number} y @param {CanvasTextAlign} align @param {CanvasTextBaseline} baseline */
export function write(ctx, text, x, y, align, baseline) {
  ctx.textAlign = align;
  ctx.textBaseline = baseline;
  ctx.fillText(text, x, y);
}

/** Words on a plate of their own, kept inside the canvas. @param {Context} ctx @param {string[]} lines @param {number} x @param {number} y @param {number} width @param {Inks} ink */
export function label(ctx, lines, x, y, width, ink) {
  ctx.font = "12px system-ui, sans-serif";
  const w = Math.max(...lines.map((line) => ctx.measureText(line).width)) + 12;
  const t = 16 * lines.length + 6;
  const [left, top] = [Math.max(0, Math.min(width - w, x + 12)), Math.max(0, y - t - 6)];
  ctx.globalAlpha = 0.92;
  ctx.fillStyle = ink.plate;
  ctx.fillRect(left, top, w, t);
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1;
  ctx.strokeStyle = ink.line;
  ctx.strokeRect(left + 0.5, top + 0.5, w, t);
  ctx.fillStyle = ink.text;
  lines.forEach((line, i) => {
    write(ctx, line, left + 6, top + 5 + 16 * i, "left", "top");
  });
}

/** A piece of a line, for a legend. @param {number} i which line */
export function swatch(i) {
  const canvas = h("canvas", { width: 52, height: 24, "aria-hidden": "true" });
  paintSwatch(canvas, { ...lineStyle(i), width: 3 });
  return canvas;
}

/** @param {HTMLCanvasElement} canvas @param {{ color: string, dash: number[], width: number }} style */
export function paintSwatch(canvas, style) {
  const ctx = /** @type {Context} */ (canvas.getContext("2d"));
  ctx.setTransform(2, 0, 0, 2, 0, 0);
  ctx.clearRect(0, 0, 26, 12);
  styled(ctx, style, [0, 26], [6, 6]);
}
