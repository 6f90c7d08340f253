// Loss against step.
import { axes, clipped } from "../draw/axes.js";
import { inks } from "../draw/colours.js";
import { cross, dot, label, stroke, styled } from "../draw/marks.js";
import { Plate } from "../draw/plate.js";
import { short } from "../format.js";

/** @typedef {import("./state.js").State} State @typedef {CanvasRenderingContext2D} Context */
/** @typedef {import("../types.js").Line} Line @typedef {import("../types.js").Inks} Inks @typedef {ReturnType<typeof axes>} Axes */

const FLOOR = 1e-14; // below it, rounding is all there is to see
const LABELLED = 6; // paths whose losses are told at the pointer

export class Chart extends Plate {
  /** @param {State} state @param {HTMLElement} root */
  constructor(state, root) {
    super("loss against step", (ctx, width, height) => this.show(ctx, width, height));
    this.state = state;
    this.root = root;
    this.back = (/** @type {number} */ px) => px;
    this.canvas.addEventListener("pointermove", (event) => {
      const step = Math.round(this.back(this.at(event)[0]));
      state.setHover(step >= 0 && step <= state.scene.steps ? { step } : null);
    });
    this.canvas.addEventListener("pointerleave", () => state.setHover(null));
  }

  /** @param {Context} ctx @param {number} width @param {number} height */
  show(ctx, width, height) {
    const { state } = this;
    const ink = inks(this.root);
    const all = state.lines(ink);
    const chart = axes(ctx, width, height, ink, {
      x: [0, state.scene.steps],
      y: this.range(all),
      log: true,
      xlabel: "step",
      ylabel: "loss",
    });
    this.back = chart.back;
    clipped(
      ctx,
      chart.box,
      () => {
        for (const line of all) this.paintLosses(ctx, line, chart, ink);
      },
      2,
    );
    this.paintStep(ctx, all, chart, ink);
  }

  /** From the smallest loss to the largest that is not absurd, with a margin. @param {Line[]} all @returns {[number, number]} */
  range(all) {
    const first = Math.max(this.state.land.f(...this.state.scene.start), 1e-6);
    let [low, high] = [first, first];
    for (const { path } of all) {
      for (const loss of path.loss) {
        low = Math.min(low, Math.max(loss, FLOOR));
        high = Math.max(high, Math.min(loss, 1000 * first));
      }
    }
    return [low / 2, high * 2];
  }

  /** @param {Context} ctx @param {Line} line @param {Axes} chart @param {Inks} ink */
  paintLosses(ctx, line, { X, Y, box }, ink) {
    const { path } = line;
    const n = Math.min(this.state.shown, path.x.length - 1) + 1;
    const ys = path.loss.slice(0, n).map((loss) => Y(Math.max(loss, FLOOR)));
    styled(
      ctx,
      line,
      ys.map((_, i) => X(i)),
      ys,
    );
    if (!path.left || this.state.shown < path.left) return;
    cross(ctx, X(path.left), path.raised ? ys[n - 1] : box.top + 6, this.width, this.height, ink.hot);
  }

  /** The step that is looked at: a line, and the loss of each path there. @param {Context} ctx @param {Line[]} all @param {Axes} chart @param {Inks} ink */
  paintStep(ctx, all, { X, Y, box }, ink) {
    const { hover, shown, scene } = this.state;
    const at = hover ? hover.step : shown;
    if (hover || shown < scene.steps) {
      ctx.strokeStyle = ink.soft;
      ctx.lineWidth = 1;
      stroke(ctx, [X(at), X(at)], [box.top, box.bottom]);
    }
    if (!hover) return;
    for (const { path, color } of all) {
      const i = Math.min(at, path.loss.length - 1);
      ctx.lineWidth = 2;
      dot(ctx, X(i), Math.max(box.top, Y(Math.max(path.loss[i], FLOOR))), 4.5, color, ink.text);
    }
    if (hover.name) return;
    const said = all.slice(0, LABELLED).map(({ path, label: name }) => `${name}: ${short(path.loss[at] ?? Number.NaN)}`);
    label(ctx, [`step ${at}`, ...said], X(at), box.top + 70, this.width, ink);
  }
}
