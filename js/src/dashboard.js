// The training dashboard: loss and accuracy of several runs while they are being made.
import { h } from "./dom.js";
import { axes } from "./draw/axes.js";
import { inks, lineStyle } from "./draw/colours.js";
import { dot, styled, swatch } from "./draw/marks.js";
import { Plate } from "./draw/plate.js";
import { short } from "./format.js";
import { letOut } from "./host/leave.js";
import { followTheme } from "./host/theme.js";
import { coalesce, later } from "./host/timing.js";
import { announce } from "./host/without_kernel.js";

/** @typedef {import("./types.js").Host} Host */
/**
 * One training. losses: means over `width` steps each. valid: [step, loss, accuracy] after each validation.
 * @typedef {{ label: string, width: number, losses: number[], valid: [number, number, number][], step: number, total: number, seconds: number, state: string }} Training
 */

const TRIES = 10; // to find a run to stop, each TRY_AGAIN ms
const TRY_AGAIN = 200;
const WIDE = 680; // pixels: from here on the pictures stand side by side

/** A run in words. @param {Training} run */
function story({ label, step, total, losses, valid, seconds, state }) {
  const loss = losses.length ? `, loss ${short(losses[losses.length - 1])}` : "";
  const last = valid[valid.length - 1];
  const accuracy = last ? `, accuracy ${(100 * last[2]).toFixed(2)} %` : "";
  return `${label}: step ${step} of ${total}${loss}${accuracy}, ${short(seconds)} s${state === "running" ? "" : `, ${state}`}`;
}

/** @param {Host} host @returns {() => void} what ends it */
export function renderDashboard({ model, el }) {
  let runs = /** @type {Training[]} */ (model.get("runs"));
  const lastStep = () => Math.max(1, ...runs.map((run) => Math.max(run.total, run.step)));
  const running = () => runs.find((run) => run.state === "running");

  const losses = new Plate("training loss", (ctx, width, height) => {
    const ink = inks(root);
    const all = runs
      .flatMap((run) => [...run.losses, ...run.valid.map(([, loss]) => loss)])
      .filter((loss) => loss > 0 && loss < 1e9);
    const [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0.1, 1];
    const ylabel = "loss: lines on training batches, dots on validation";
    const { X, Y } = axes(ctx, width, height, ink, {
      x: [0, lastStep()],
      y: [low / 1.3, high * 1.3],
      log: true,
      xlabel: "step",
      ylabel,
    });
    runs.forEach((run, i) => {
      const style = lineStyle(i);
      styled(
        ctx,
        style,
        run.losses.map((_, j) => X(Math.min(run.step, (j + 0.5) * run.width))),
        run.losses.map(Y),
      );
      for (const [step, loss] of run.valid) dot(ctx, X(step), Y(loss), 4, style.color, ink.text);
    });
  });

  const accuracy = new Plate("accuracy", (ctx, width, height) => {
    const ink = inks(root);
    const all = runs.flatMap((run) => run.valid.map(([, , part]) => part));
    const low = Math.min(0.9, ...all) - 0.02;
    const { X, Y } = axes(ctx, width, height, ink, {
      x: [0, lastStep()],
      y: [Math.max(0, low), 1],
      xlabel: "step",
      ylabel: "validation accuracy",
    });
    runs.forEach((run, i) => {
      const style = lineStyle(i);
      const [xs, ys] = [run.valid.map(([step]) => X(step)), run.valid.map(([, , part]) => Y(part))];
      styled(ctx, style, xs, ys);
      xs.forEach((x, j) => {
        dot(ctx, x, ys[j], 4, style.color, ink.text);
      });
    });
  });

  // ---- stop ----

  const stop = h("button", { type: "button", hidden: true }, "■ Stop");
  let asked = 0; // stop was pressed between two runs: the timer until the next look
  const calm = () => {
    clearTimeout(asked);
    asked = 0;
    stop.disabled = false;
    stop.textContent = "■ Stop";
  };
  const interrupt = (/** @type {number} */ tries) => {
    // a busy kernel hears nothing else
    asked = 0;
    const kernel = model.widget_manager?.kernel;
    if (!kernel?.interrupt) stop.textContent = "Interrupt the kernel to stop";
    else if (running()) kernel.interrupt();
    else if (tries) asked = window.setTimeout(interrupt, TRY_AGAIN, tries - 1);
    else calm();
  };
  stop.addEventListener("click", () => {
    stop.disabled = true;
    stop.textContent = "Stopping …";
    interrupt(TRIES);
  });

  // ---- the page ----

  const bar = h("progress", { max: 1, value: 0, "aria-label": "progress of the run" });
  const said = h("span", {});
  const legend = h("div", { class: "chips" });
  const spoken = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const stage = h("div", { class: "stage twin" }, losses.box, accuracy.box);
  const root = h(
    "div",
    { class: "ms-play", role: "region", "aria-label": "Training dashboard" },
    h("div", { class: "bar" }, bar, said, stop),
    stage,
    legend,
    spoken,
  );

  const speak = later(() => {
    const text = runs.length ? `${runs.map(story).join("; ")}.` : "No run yet.";
    spoken.textContent = text;
    losses.canvas.setAttribute("aria-label", `Loss against step. ${text}`);
    accuracy.canvas.setAttribute("aria-label", `Validation accuracy against step. ${text}`);
  }, 1500);

  function update() {
    const now = running();
    bar.hidden = !now;
    if (!asked && (stop.hidden || !now)) calm();
    stop.hidden = !now || !model.send;
    if (now) bar.value = now.total ? Math.min(1, now.step / now.total) : 0;
    const left = now?.step ? (now.seconds / now.step) * (now.total - now.step) : 0;
    said.textContent = !runs.length
      ? "No run yet."
      : now
        ? `${now.label}: step ${now.step} of ${now.total}, about ${Math.ceil(left)} s left`
        : "";
    runs.forEach((run, i) => {
      if (!legend.children[i]) legend.append(h("span", { class: "chip" }, swatch(i), ""));
      /** @type {Text} */ (legend.children[i].lastChild).data = story(run);
    });
    soon();
    speak();
  }

  const soon = coalesce(() => {
    losses.paint();
    accuracy.paint(JSON.stringify([root.className, lastStep(), runs.map((run) => run.valid)]));
  });
  const heard = () => {
    runs = model.get("runs");
    update();
  };
  const news = (/** @type {{ kind: string, at: number, run: Training }} */ { kind, at, run }) => {
    if (kind !== "run") return;
    runs = [...runs.slice(0, at), run];
    update();
  };
  letOut(root);
  announce(model);
  el.append(root);
  heard();
  model.on("change:runs", heard);
  model.on("msg:custom", news);
  const unfollow = followTheme(root, soon);
  const watch = new ResizeObserver(() => {
    stage.classList.toggle("wide", root.clientWidth >= WIDE);
    soon();
  });
  watch.observe(root);
  return () => {
    model.off?.("change:runs", heard);
    model.off?.("msg:custom", news);
    clearTimeout(asked);
    unfollow();
    watch.disconnect();
    soon.stop();
    speak.stop();
  };
}
