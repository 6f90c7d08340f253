// A canvas that keeps the size of its box, in device pixels.
import { h } from "../dom.js";

/** @typedef {CanvasRenderingContext2D} Context */

export class Plate {
  /** @param {string} label @param {(ctx: Context, width: number, height: number) => void} draw */
  constructor(label, draw) {
    this.canvas = h("canvas", { role: "img", "aria-label": label });
    this.box = h("div", { class: "view" }, this.canvas);
    this.draw = draw;
    this.ctx = /** @type {Context} */ (this.canvas.getContext("2d"));
    this.width = 0;
    this.height = 0;
    this.scale = 1;
    this.key = "";
  }

  /** Draw; with a key, only if key or size are not those of the last time. @param {string} [key] */
  paint(key) {
    const [width, height] = [this.box.clientWidth, this.box.clientHeight];
    if (!width || !height) return;
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
    const same = this.canvas.width === w && this.canvas.height === t;
    if (same && key && key === this.key) return;
    if (!same) [this.canvas.width, this.canvas.height] = [w, t];
    this.key = key ?? "";
    this.ctx.setTransform(scale, 0, 0, scale, 0, 0);
    this.ctx.clearRect(0, 0, width, height);
    [this.width, this.height, this.scale] = [width, height, scale];
    this.draw(this.ctx, width, height);
  }

  /** Where on the canvas an event is. @param {MouseEvent} event @returns {[number, number]} */
  at({ clientX, clientY }) {
    const { left, top } = this.canvas.getBoundingClientRect();
    return [clientX - left, clientY - top];
  }
}
