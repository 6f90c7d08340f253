// The field of learning rate and β: a point to drag, the edges of stability, and the loss at the end as ink.
import { arrows, drag, hand, place } from "../controls/drag.js";
import { chartBox, clipped } from "../draw/axes.js";
import { inks, lineStyle } from "../draw/colours.js";
import { clamp, FONT, styled, write } from "../draw/marks.js";
import { Plate } from "../draw/plate.js";
import { sharpness } from "../engine/landscapes.js";
import { EDGES } from "../engine/optimizers.js";
import { HYPER, OPTIMIZERS } from "../facts.js";
import { power, short } from "../format.js";
import { EndMap } from "./end_map.js";

/** @typedef {import("./state.js").State} State @typedef {CanvasRenderingContext2D} Context */

const LR = HYPER.lr.slider;
const BETA = HYPER.beta.slider;

/** Where a learning rate and a β lie in the field, 0 … 1: the first by its exponent, the other by 1 − β. */
const lrToPart = (/** @type {number} */ lr) => Math.log10(lr / LR.min) / Math.log10(LR.max / LR.min);
const betaToPart = (/** @type {number} */ beta) => -Math.log10(1 - Math.min(beta, BETA.max)) / 2;

export class Pad extends Plate {
  /** @param {State} state @param {HTMLElement} root @param {() => void} soon asks for a picture */
  constructor(state, root, soon) {
    super("learning rate and beta", (ctx) => this.show(ctx));
    this.state = state;
    this.root = root;
    this.map = new EndMap(state, () => {
      this.key = "";
      soon();
    });
    this.hand = hand(this, "Learning rate (left, right) and beta (up, down)");
    drag(this.hand, this, (px, py) => {
      const { left, right, top, bottom } = this.field();
      state.setPair((px - left) / (right - left), (bottom - py) / (bottom - top));
    });
    arrows(this.hand, (dx, dy) =>
      state.setPair(lrToPart(state.value("lr")) + 0.01 * dx, betaToPart(state.value("beta")) + 0.01 * dy),
    );
    this.canvas.setAttribute("aria-label", "Learning rate against beta, with edges of stability.");
    this.hand.setAttribute("aria-valuemin", String(LR.min));
    this.hand.setAttribute("aria-valuemax", String(LR.max));
    state.on(["scene"], () => this.describeHand());
  }

  /** Draw only if something but the point has changed. */
  refresh() {
    const { state } = this;
    this.paint(
      JSON.stringify([state.scene.land, state.scene.runs.map(({ on }) => on), state.textbook(), state.dark, state.hidden]),
    );
    place(this.hand, this, this.toX(clamp(state.value("lr"), LR.min, LR.max)), this.toY(state.value("beta")));
  }

  field() {
    return chartBox(this.width, this.height, 34);
  }

  /** @param {number} lr */
  toX(lr) {
    const { left, right } = this.field();
    return left + lrToPart(lr) * (right - left);
  }

  /** @param {number} beta */
  toY(beta) {
    const { top, bottom } = this.field();
    return bottom - betaToPart(beta) * (bottom - top);
  }

  /** @param {Context} ctx */
  show(ctx) {
    const { state } = this;
    const ink = inks(this.root);
    const box = this.field();
    const [across, up] = [box.right - box.left, box.bottom - box.top];
    this.map.paint(ctx, box.left, box.top, across, up);
    ctx.strokeStyle = ink.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(box.left + 0.5, box.top + 0.5, across - 1, up - 1);
    ctx.font = FONT;
    ctx.fillStyle = ink.soft;
    for (const lr of [1e-4, 1e-3, 1e-2, 0.1, 1, 10]) {
      write(ctx, lr < 0.01 ? power(lr) : short(lr), Math.min(this.toX(lr), box.right - 4), box.bottom + 4, "center", "top");
    }
    write(ctx, "learning rate; lines: edge of stability", (box.left + box.right) / 2, box.bottom + 18, "center", "top");
    for (const beta of [0, 0.5, 0.9, 0.99]) write(ctx, short(beta), box.left - 4, this.toY(beta), "right", "middle");
    const book = state.textbook();
    const whose = book ? OPTIMIZERS[book].label : state.mine?.label;
    write(ctx, `β  (ink: mean of the last ten losses of ${whose})`, 2, 0, "left", "top");
    clipped(ctx, box, () => this.paintEdges(ctx));
  }

  /** The largest stable learning rate for each β. @param {Context} ctx */
  paintEdges(ctx) {
    const { state } = this;
    if (state.hidden) return;
    const curvature = sharpness(state.land);
    const betas = Array.from({ length: 61 }, (_, i) => 1 - 10 ** (-i / 30));
    for (const { name, on } of state.scene.runs) {
      const edge = EDGES[name];
      if (!on || !edge) continue;
      styled(
        ctx,
        lineStyle(state.slot(name)),
        betas.map((beta) => this.toX(edge(beta, curvature))),
        betas.map((beta) => this.toY(beta)),
      );
    }
  }

  describeHand() {
    const [lr, beta] = [this.state.value("lr"), this.state.value("beta")];
    this.hand.setAttribute("aria-valuenow", String(lr));
    this.hand.setAttribute("aria-valuetext", `learning rate ${short(lr)}, beta ${short(beta)}`);
  }
}
