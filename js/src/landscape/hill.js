// Contours, and the paths over them.

import { arrows, drag, hand, place } from "../controls/drag.js";
import { h } from "../dom.js";
import { inks } from "../draw/colours.js";
import { fit, levels, shade } from "../draw/contour.js";
import { cross, dot, FONT, label, star, stroke, write } from "../draw/marks.js";
import { Plate } from "../draw/plate.js";
import { short } from "../format.js";

/** @typedef {import("./state.js").State} State @typedef {import("../types.js").Frame} Frame @typedef {import("../types.js").Line} Line */
/** @typedef {CanvasRenderingContext2D} Context @typedef {import("../types.js").Inks} Inks */

const MANY = 300000; // pixels: more are not worth the time
const DOTS = 120; // steps: with more, the dots would hide the line
const NEAR = 14; // pixels from the pointer

export class Hill extends Plate {
  /** @param {State} state @param {HTMLElement} root */
  constructor(state, root) {
    super("contours", (ctx, width, height) => this.show(ctx, width, height));
    this.state = state;
    this.root = root;
    this.art = h("canvas");
    this.drawn = ""; // which contours `art` holds
    /** @type {Frame} */
    this.frame = [0, 1, 0, 1];
    this.hand = hand(this, "Start point; arrow keys move it");
    drag(this.hand, this, (px, py) => this.setStart(...this.toWeights(px, py)));
    arrows(this.hand, (dx, dy) => {
      const step = 0.0025 * (this.frame[1] - this.frame[0]);
      this.setStart(state.scene.start[0] + step * dx, state.scene.start[1] + step * dy);
    });
    this.canvas.addEventListener("pointermove", (event) => state.setHover(this.under(...this.at(event))));
    this.canvas.addEventListener("pointerleave", () => state.setHover(null));
    state.on(["scene"], () => this.describeHand());
  }

  /** @param {number} x @param {number} y */
  setStart(x, y) {
    const [x0, x1, y0, y1] = this.frame;
    this.state.setStart(Math.max(x0, Math.min(x1, x)), Math.max(y0, Math.min(y1, y)));
  }

  /** @param {number} x */
  toX(x) {
    const [x0, x1] = this.frame;
    return ((x - x0) / (x1 - x0)) * this.width;
  }

  /** @param {number} y */
  toY(y) {
    const [, , y0, y1] = this.frame;
    return ((y1 - y) / (y1 - y0)) * this.height;
  }

  /** @param {number} px @param {number} py @returns {[number, number]} */
  toWeights(px, py) {
    const [x0, x1, y0, y1] = this.frame;
    return [x0 + (px / this.width) * (x1 - x0), y1 - (py / this.height) * (y1 - y0)];
  }

  /** The step of a path that is nearest to a place, if one is near. @param {number} px @param {number} py */
  under(px, py) {
    const { state } = this;
    let [far, best] = [NEAR, /** @type {{ step: number, name: string } | null} */ (null)];
    for (const { name, path } of state.lines(inks(this.root))) {
      for (let step = 0; step < Math.min(state.shown + 1, path.x.length); step++) {
        const d = Math.hypot(this.toX(path.x[step]) - px, this.toY(path.y[step]) - py);
        if (d < far) [far, best] = [d, { name, step }];
      }
    }
    return best;
  }

  /** @param {Context} ctx @param {number} width @param {number} height */
  show(ctx, width, height) {
    const { state } = this;
    const ink = inks(this.root);
    this.frame = fit(state.land.window, width, height);
    this.paintContours(ctx, width, height);
    const [x0, x1, y0, y1] = this.frame.map(short);
    ctx.fillStyle = ink.text;
    ctx.font = FONT;
    write(ctx, `w₁: ${x0} … ${x1}   w₂: ${y0} … ${y1}`, width - 5, height - 4, "right", "bottom");
    for (const [x, y] of state.land.minima) star(ctx, this.toX(x), this.toY(y), ink.text);
    const all = state.lines(ink);
    for (const line of all) this.paintPath(ctx, line, ink);
    if (state.hover) this.paintHover(ctx, all, ink);
    place(this.hand, this, this.toX(state.scene.start[0]), this.toY(state.scene.start[1]));
  }

  /** @param {Context} ctx @param {number} width @param {number} height */
  paintContours(ctx, width, height) {
    const { state, art } = this;
    const scale = width * height * this.scale ** 2 > MANY ? 1 : this.scale;
    const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
    const key = JSON.stringify([state.scene.land, w, t]);
    if (key !== this.drawn) {
      this.drawn = key;
      [art.width, art.height] = [w, t];
      const pixels = shade(levels(state.land, this.frame, w, t), w, t);
      /** @type {Context} */ (art.getContext("2d")).putImageData(new ImageData(pixels, w, t), 0, 0);
    }
    ctx.drawImage(art, 0, 0, width, height);
  }

  /** @param {Context} ctx @param {Line} line @param {Inks} ink */
  paintPath(ctx, { path, color, dash, width }, ink) {
    const { state } = this;
    const n = Math.min(state.shown, path.x.length - 1) + 1;
    const [xs, ys] = [path.x.slice(0, n).map((x) => this.toX(x)), path.y.slice(0, n).map((y) => this.toY(y))];
    const wide = width > 2;
    ctx.strokeStyle = color;
    ctx.lineWidth = width;
    ctx.setLineDash(dash);
    stroke(ctx, xs, ys);
    ctx.setLineDash([]);
    if (state.scene.steps <= DOTS) for (let i = 1; i < n; i++) dot(ctx, xs[i], ys[i], wide ? 5 : 2.2, color);
    dot(ctx, xs[n - 1], ys[n - 1], wide ? 7 : 4.5, color);
    if (!path.left || state.shown < path.left) return;
    const end = Math.min(path.left, n) - 1;
    cross(ctx, xs[end], ys[end], this.width, this.height, ink.hot);
  }

  /** @param {Context} ctx @param {Line[]} all @param {Inks} ink */
  paintHover(ctx, all, ink) {
    const hover = /** @type {{ step: number, name?: string }} */ (this.state.hover);
    for (const { name, path, color, label: text } of all) {
      if (hover.name && hover.name !== name) continue;
      const i = Math.min(hover.step, path.x.length - 1);
      const [x, y] = [this.toX(path.x[i]), this.toY(path.y[i])];
      ctx.lineWidth = 2;
      dot(ctx, x, y, 7, null, ink.text);
      dot(ctx, x, y, 4.5, color);
      if (!hover.name) continue;
      const said = [`${text}, step ${i}`, `w = (${short(path.x[i])}, ${short(path.y[i])})`, `loss ${short(path.loss[i])}`];
      label(ctx, said, x, y, this.width, ink);
    }
  }

  describeHand() {
    const { land, scene } = this.state;
    const [x, y] = scene.start;
    this.hand.setAttribute("aria-valuemin", String(land.window[0]));
    this.hand.setAttribute("aria-valuemax", String(land.window[1]));
    this.hand.setAttribute("aria-valuenow", String(x));
    this.hand.setAttribute("aria-valuetext", `w1 ${short(x)}, w2 ${short(y)}`);
  }
}
