// The training dashboard: loss and accuracy of several runs while they are being made.
import { DASHES, PALETTE, Plate, announce, axes, coalesce, dot, followTheme, h, ink, later, short, stroke, swatch } from "./ui.js";

export function renderDashboard({ model, el }) {
  let runs = model.get("runs"); // [{label, width, losses, valid: [[step, loss, accuracy], …], step, total, seconds, state}]

  const lastStep = () => Math.max(1, ...runs.map((run) => Math.max(run.total, run.step)));

  const losses = new Plate("training loss", (ctx, width, height) => {
    const inks = ink(root);
    const all = runs.flatMap((run) => [...run.losses, ...run.valid.map(([, loss]) => loss)]).filter((loss) => loss > 0 && loss < 1e9);
    const [low, high] = all.length ? [Math.min(...all), Math.max(...all)] : [0.1, 1];
    const { X, Y } = axes(ctx, width, height, inks, { x: [0, lastStep()], y: [low / 1.3, high * 1.3], log: true, xlabel: "step", ylabel: "loss: lines on training batches, dots on validation" });
    runs.forEach((run, i) => {
      ctx.strokeStyle = PALETTE[i % 6];
      ctx.setLineDash(DASHES[i % 6]);
      ctx.lineWidth = 2;
      const xs = run.losses.map((_, j) => X(Math.min(run.step, (j + 0.5) * run.width)));
      stroke(ctx, xs, run.losses.map((loss) => Y(loss)), xs.length);
      ctx.setLineDash([]);
      for (const [step, loss] of run.valid) dot(ctx, X(step), Y(loss), 4, PALETTE[i % 6], inks.text);
    });
  });

  const accuracy = new Plate("accuracy", (ctx, width, height) => {
    const inks = ink(root);
    const all = runs.flatMap((run) => run.valid.map(([, , part]) => part));
    const low = Math.min(0.9, ...all) - 0.02;
    const { X, Y } = axes(ctx, width, height, inks, { x: [0, lastStep()], y: [Math.max(0, low), 1], xlabel: "step", ylabel: "validation accuracy" });
    runs.forEach((run, i) => {
      ctx.strokeStyle = PALETTE[i % 6];
      ctx.setLineDash(DASHES[i % 6]);
      ctx.lineWidth = 2;
      const [xs, ys] = [run.valid.map(([step]) => X(step)), run.valid.map(([, , part]) => Y(part))];
      stroke(ctx, xs, ys, xs.length);
      ctx.setLineDash([]);
      xs.forEach((x, j) => dot(ctx, x, ys[j], 4, PALETTE[i % 6], inks.text));
    });
  });

  const bar = h("progress", { max: 1, value: 0, "aria-label": "progress of the run" });
  const said = h("span", {});
  const running = () => runs.find((run) => run.state === "running");
  let asked = 0; // stop was pressed between two runs: the timer until the next look
  const calm = () => {
    clearTimeout(asked);
    asked = 0;
    stop.disabled = false;
    stop.textContent = "■ Stop";
  };
  const interrupt = (tries) => { // a busy kernel hears nothing else
    asked = 0;
    const kernel = model.widget_manager?.kernel;
    if (!kernel?.interrupt) stop.textContent = "Interrupt the kernel to stop";
    else if (running()) kernel.interrupt();
    else if (tries) asked = setTimeout(interrupt, 200, tries - 1);
    else calm();
  };
  const stop = h("button", { type: "button", hidden: true, onclick() {
    stop.disabled = true;
    stop.textContent = "Stopping …";
    interrupt(10);
  } }, "■ Stop");
  const legend = h("div", { class: "chips" });
  const spoken = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const stage = h("div", { class: "stage twin" }, losses.box, accuracy.box);
  const root = h("div", { class: "ms-play", role: "region", "aria-label": "Training dashboard" },
    h("div", { class: "bar" }, bar, said, stop), stage, legend, spoken);

  const tell = (run) => {
    const last = run.valid.at(-1);
    const end = run.losses.length ? `, loss ${short(run.losses.at(-1))}` : "";
    return `${run.label}: step ${run.step} of ${run.total}${end}${last ? `, accuracy ${(100 * last[2]).toFixed(2)} %` : ""}, ${short(run.seconds)} s${run.state === "running" ? "" : `, ${run.state}`}`;
  };

  const speak = later(() => {
    const text = runs.length ? `${runs.map(tell).join("; ")}.` : "No run yet.";
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
    const left = now && now.step ? (now.seconds / now.step) * (now.total - now.step) : 0;
    said.textContent = !runs.length ? "No run yet." : !now ? "" : `${now.label}: step ${now.step} of ${now.total}, about ${Math.ceil(left)} s left`;
    runs.forEach((run, i) => {
      if (!legend.children[i]) legend.append(h("span", { class: "chip" }, swatch(i), ""));
      legend.children[i].lastChild.data = tell(run);
    });
    soon();
  }

  const soon = coalesce(() => {
    losses.paint();
    accuracy.paint(JSON.stringify([root.className, lastStep(), runs.map((run) => run.valid)]));
  });
  const heard = () => {
    runs = model.get("runs");
    update();
    speak();
  };
  const news = ({ kind, at, run }) => {
    if (kind !== "run") return;
    runs = [...runs.slice(0, at), run];
    update();
    speak();
  };
  if (!model.static) announce(model.get("uid"));
  el.append(root);
  heard();
  model.on("change:runs", heard);
  model.on("msg:custom", news);
  const unfollow = followTheme(root, soon);
  const watch = new ResizeObserver(() => {
    stage.classList.toggle("wide", root.clientWidth >= 680);
    soon();
  });
  watch.observe(root);
  return () => (model.off?.("change:runs", heard), model.off?.("msg:custom", news), clearTimeout(asked), unfollow(), watch.disconnect(), soon.stop(), speak.stop());
}
