// The smoothing playground: noisy values, three averages of them, and the weights behind each.
import { choice, knob } from "./controls/inputs.js";
import { h } from "./dom.js";
import { axes, clipped } from "./draw/axes.js";
import { inks, lineStyle } from "./draw/colours.js";
import { dot, label, stroke, styled, swatch } from "./draw/marks.js";
import { Plate } from "./draw/plate.js";
import { debiased, ewma, sma, weights } from "./engine/averages.js";
import { AVERAGES } from "./facts.js";
import { short } from "./format.js";
import { Kernel } from "./host/kernel.js";
import { letOut } from "./host/leave.js";
import { followTheme } from "./host/theme.js";
import { coalesce, later } from "./host/timing.js";
import { announce } from "./host/without_kernel.js";

/** @typedef {import("./types.js").Host} Host @typedef {import("./types.js").AverageName} AverageName @typedef {import("./types.js").Line<number[]>} Line */
/** @typedef {{ label: string, y: number[], truth: number[] | null }} Data @typedef {{ y: number[] | null, trouble: string }} Trail */

const NAMES = /** @type {AverageName[]} */ (Object.keys(AVERAGES));
const SAVED = ["beta", "which", "window"];
const SILENT = "The kernel does not answer: it is busy, restarting or dead. Run the cell again to bring your function back.";

/** @param {Host} host @returns {() => void} what ends it */
export function renderSmoothing({ model, el }) {
  const sets = /** @type {Data[]} */ (model.get("data"));
  const mine = /** @type {{ label: string } | null} */ (model.get("mine")); // your own function
  let trail = /** @type {Trail | null} */ (model.get("recorded"));
  let at = /** @type {number} */ (model.get("which"));
  let beta = /** @type {number} */ (model.get("beta"));
  let span = /** @type {number} */ (model.get("window")); // of the SMA; 0 is all so far
  let t = 0; // the weights are those of the averages after it
  let hover = /** @type {number | null} */ (null);
  let silent = false;
  let stale = false; // the trail answers an older question
  const on = { sma: true, ewma: true, debiased: true };
  /** @type {Record<AverageName, number[]>} */
  let averages = { sma: [], ewma: [], debiased: [] };
  const data = () => sets[at];
  const size = () => data().y.length;
  const own = () => (stale && silent ? null : (trail?.y ?? null));

  /** The averages that are drawn. @returns {Line[]} */
  const lines = () =>
    NAMES.map((name, i) => ({ name, path: averages[name], ...lineStyle(i), label: AVERAGES[name], width: 2 })).filter(
      ({ name }) => on[/** @type {AverageName} */ (name)],
    );

  const chart = new Plate("values and their averages", (ctx, width, height) => {
    const ink = inks(root);
    const { y, truth } = data();
    const [low, high] = [Math.min(...y), Math.max(...y)];
    const pad = 0.08 * (high - low || 1);
    const {
      box,
      X,
      Y,
      back: toX,
    } = axes(ctx, width, height, ink, { x: [1, size()], y: [low - pad, high + pad], xlabel: "mini-batch", ylabel: "value" });
    back = toX;
    y.forEach((v, i) => {
      dot(ctx, X(i + 1), Y(v), 2.2, ink.soft);
    });
    const now = hover ?? t;
    clipped(ctx, box, () => {
      const line = (/** @type {number[]} */ ys, /** @type {{ color: string, dash: number[], width: number }} */ style) =>
        styled(
          ctx,
          style,
          ys.map((_, i) => X(i + 1)),
          ys.map(Y),
        );
      const yours = own();
      if (yours) line(yours, { color: ink.band, dash: [], width: 7 });
      if (truth) line(truth, { color: ink.soft, dash: [], width: 1 });
      for (const each of lines()) line(each.path, each);
      ctx.strokeStyle = ink.soft;
      ctx.lineWidth = 1;
      stroke(ctx, [X(now), X(now)], [box.top, box.bottom]);
    });
    if (!hover) return;
    const said = lines().map(({ path, label: name }) => `${name}: ${short(path[now - 1])}`);
    label(ctx, [`mini-batch ${now}: ${short(y[now - 1])}`, ...said], X(now), box.top + 78, width, ink);
  });
  let back = (/** @type {number} */ px) => px;

  const bars = new Plate("weights", (ctx, width, height) => {
    const now = hover ?? t;
    const all = weights(now, beta, span || size());
    const shown = lines().map((line) => ({ line, w: all[/** @type {AverageName} */ (line.name)] }));
    const top = Math.max(0.02, ...shown.flatMap(({ w }) => w));
    const ylabel = `weight of each value in the averages after mini-batch ${now}`;
    const { X, Y } = axes(ctx, width, height, inks(root), { x: [1, size()], y: [0, top * 1.05], xlabel: "mini-batch", ylabel });
    for (const { line, w } of shown)
      styled(
        ctx,
        line,
        w.flatMap((_, i) => [X(i + 0.5), X(i + 1.5)]),
        w.flatMap((v) => [Y(v), Y(v)]),
      );
  });

  // ---- words ----

  function words() {
    const { truth, label: name } = data();
    const story = lines().map(({ path, label: text }) => {
      if (!truth) return `${text} ends at ${short(path[path.length - 1])}`;
      const error = Math.sqrt(path.reduce((sum, v, i) => sum + (v - truth[i]) ** 2, 0) / path.length);
      return `${text} is off by ${short(error)}`;
    });
    const measure = truth ? " (root mean square error)" : "";
    const begin = `${name[0].toUpperCase()}${name.slice(1)}, β = ${short(beta)}, effective window ${short(1 / (1 - beta))}. `;
    return `${begin}${story.join("; ")}${measure}.${twin()}`;
  }

  /** Which of the three is yours? Nothing is said of an answer to an older question. */
  function twin() {
    const y = trail?.y;
    if (!mine || !y || stale) return "";
    const same = (/** @type {number[]} */ ys) =>
      y.length === ys.length && ys.every((v, i) => Math.abs(v - y[i]) <= 1e-6 * (1 + Math.abs(v)));
    const found = NAMES.find((name) => same(averages[name]));
    return ` ${mine.label} is ${found ? `the ${AVERAGES[found]}` : "none of the three"}.`;
  }

  const describe = later(() => {
    const text = words();
    note.textContent = text;
    spoken.textContent = text;
    chart.canvas.setAttribute("aria-label", `Noisy values and their averages. ${text}`);
    bars.canvas.setAttribute("aria-label", `Weight of each value in each average after mini-batch ${t}.`);
  }, 300);

  // ---- your function ----

  const question = () => ({ kind: "smooth", which: at, beta });
  const line =
    mine && model.send && !model.static
      ? new Kernel(model, {
          heard(reply, asked) {
            if (reply.kind !== "smooth") return;
            trail = reply.trail;
            stale = JSON.stringify(asked) !== JSON.stringify(question());
            look();
          },
          mute(now) {
            silent = now;
            look();
          },
        })
      : null;
  function ask() {
    stale = true;
    line?.ask(question());
  }

  function showTrouble() {
    const said = silent
      ? SILENT
      : !mine
        ? ""
        : trail?.trouble
          ? `${mine.label}: ${trail.trouble}`
          : trail
            ? ""
            : `${mine.label} needs a running notebook; what moves here is the textbook.`;
    trouble.hidden = !said;
    trouble.textContent = said;
  }

  // ---- what follows from what ----

  const save = later(() => {
    model.set("which", at);
    model.set("beta", beta);
    model.set("window", span);
    model.save_changes();
  }, 250);
  const soon = coalesce(() => {
    chart.paint();
    bars.paint();
  });
  function look() {
    showTrouble();
    describe();
    soon();
  }
  function compute() {
    const { y } = data();
    averages = { sma: sma(y, span || y.length), ewma: ewma(y, beta), debiased: debiased(y, beta) };
    look();
  }
  function changed() {
    if (line) ask();
    else if (mine) trail = null;
    save();
    compute();
  }

  // ---- the page ----

  const boxes = NAMES.map((name, i) => {
    const box = h("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => {
      on[name] = box.checked;
      look();
    });
    return h("label", { class: "chip" }, box, swatch(i), AVERAGES[name]);
  });
  const yours = mine ? [h("span", { class: "chip" }, `▬ ${mine.label} (yours)`)] : [];
  const chips = h("fieldset", { class: "chips" }, h("legend", { class: "unseen" }, "Averages"), ...boxes, ...yours);
  const knobs = h("div", { class: "knobs" });
  const spoken = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const note = h("div", { class: "note" });
  const trouble = h("div", { class: "trouble", role: "alert", hidden: true });

  function build() {
    t = size();
    const made = [
      knob({ label: "β", min: 0, max: 0.99, value: beta, step: 0.01 }, (x) => {
        beta = x;
        changed();
      }),
      knob({ label: "SMA over", min: 1, max: size(), value: span || size(), step: 1 }, (x) => {
        span = x === size() ? 0 : x;
        changed();
      }),
      knob({ label: "weights at", min: 1, max: size(), value: t, step: 1 }, (x) => {
        t = x;
        look();
      }),
    ];
    knobs.replaceChildren(...made.map(({ element }) => element));
  }

  const options = sets.map((set, i) => /** @type {[string, string]} */ ([String(i), set.label]));
  const pick = choice({ label: "Data", options, value: String(at) }, (i) => {
    at = Number(i);
    span = 0;
    build();
    changed();
  });
  chart.canvas.addEventListener("pointermove", (event) => {
    const now = Math.round(back(chart.at(event)[0]));
    hover = now >= 1 && now <= size() ? now : null;
    soon();
  });
  chart.canvas.addEventListener("pointerleave", () => {
    hover = null;
    soon();
  });
  const stage = h("div", { class: "stage flat" }, chart.box, bars.box);
  const root = h(
    "div",
    { class: "ms-play", role: "region", "aria-label": "Smoothing playground", "data-lm-suppress-shortcuts": "true" },
    stage,
    note,
    trouble,
    chips,
    knobs,
    h("div", { class: "bar" }, pick.element),
    spoken,
  );
  letOut(root);
  announce(model);
  el.append(root);

  // ---- begin ----

  build();
  compute();
  const load = () => {
    if (model.get("beta") === beta && model.get("which") === at && model.get("window") === span) return;
    [beta, at, span] = [model.get("beta"), model.get("which"), model.get("window")];
    build();
    if (line) ask();
    compute();
  };
  for (const key of SAVED) model.on(`change:${key}`, load);
  if (line) model.on("change:recorded", ask); // the student has mended the function, or broken it
  const unfollow = followTheme(root, soon);
  const watch = new ResizeObserver(soon);
  watch.observe(root);
  return () => {
    for (const key of SAVED) model.off?.(`change:${key}`, load);
    model.off?.("change:recorded", ask);
    unfollow();
    watch.disconnect();
    line?.stop();
    for (const each of [soon, describe, save]) each.stop();
  };
}
