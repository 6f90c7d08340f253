// The loss at the end, over learning rate × β, for the optimizer that is looked at. It is computed in slices
// of a few milliseconds, so that nothing waits for it.
import { h } from "../dom.js";
import { HILL_RGB } from "../draw/contour.js";
import { walk } from "../engine/walk.js";
import { HYPER } from "../facts.js";
import { later } from "../host/timing.js";

/** @typedef {import("./state.js").State} State */

const [COLUMNS, ROWS] = [48, 24];
const SLICE = 5; // ms
const QUIET = 250; // ms without a change before it begins
const LR = HYPER.lr.slider;

/** How much ink a loss at the end gets, 0 … 1: from 1e-6 of the first loss to ten times the first. @param {number} ratio */
export const ink = (ratio) => Math.min(1, Math.max(0, (Math.log10(ratio + 1e-6) + 6) / 7));

export class EndMap {
  /** @param {State} state @param {() => void} grown called after each slice */
  constructor(state, grown) {
    this.state = state;
    this.grown = grown;
    this.art = h("canvas", { width: COLUMNS, height: ROWS });
    /** @type {ImageData | null} */
    this.image = null;
    this.stopped = false;
    this.begin = later(() => this.start(), QUIET);
    state.on(["scene"], () => {
      if (!state.hidden) this.begin();
    });
  }

  start() {
    const { state } = this;
    const name = state.textbook();
    if (!name) {
      this.image = null;
      return;
    }
    const image = new ImageData(COLUMNS, ROWS);
    this.image = image;
    const given = { ...state.run(name) };
    const scene = { ...state.scene, noise: 0 };
    const { land } = state;
    const first = Math.max(land.f(...scene.start), 1e-12);
    let done = 0;
    const slice = () => {
      if (this.image !== image || this.stopped) return; // another one has begun
      const until = performance.now() + SLICE;
      for (; done < COLUMNS * ROWS && performance.now() < until; done++) {
        const [column, row] = [done % COLUMNS, Math.floor(done / COLUMNS)];
        given.lr = LR.min * (LR.max / LR.min) ** ((column + 0.5) / COLUMNS);
        given.beta = 1 - 10 ** (-2 * ((row + 0.5) / ROWS));
        const { loss, broke } = walk(name, given, land, scene);
        const last = loss.slice(-10).reduce((a, b) => a + b) / 10;
        const alpha = 150 * ink(broke ? Infinity : last / first);
        image.data.set([...HILL_RGB, alpha], 4 * ((ROWS - 1 - row) * COLUMNS + column));
      }
      this.grown();
      if (done < COLUMNS * ROWS) setTimeout(slice, 0);
    };
    slice();
  }

  /** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y @param {number} width @param {number} height */
  paint(ctx, x, y, width, height) {
    if (!this.image) return;
    /** @type {CanvasRenderingContext2D} */ (this.art.getContext("2d")).putImageData(this.image, 0, 0);
    ctx.drawImage(this.art, x, y, width, height);
  }

  stop() {
    this.stopped = true;
    this.begin.stop();
  }
}
