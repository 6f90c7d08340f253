// The smoothing playground: noisy values, three averages of them, and the weights behind each.
import {
  DASHES, Kernel, PALETTE, Plate, announce, axes, choice, coalesce, dot, followTheme, h, ink, knob, label, later, short, stroke, swatch,
} from "./ui.js";

/** Mean of the last k values, or of all while there are fewer. */
export function sma(x, k) {
  return x.map((_, t) => {
    const seen = x.slice(Math.max(0, t + 1 - k), t + 1);
    return seen.reduce((a, b) => a + b) / seen.length;
  });
}

/** a ← β a + (1 − β) x, from 0. */
export function ewma(x, beta) {
  let a = 0;
  return x.map((g) => (a = beta * a + (1 - beta) * g));
}

/** The EWMA, kept raw, divided by 1 − βᵗ where it is used. */
export const debiased = (x, beta) => ewma(x, beta).map((a, i) => a / (1 - beta ** (i + 1)));

/** The weight of each of the first t values in the average after t: [[x₁, …], …] for each average. */
export function weights(t, beta, k) {
  const ages = Array.from({ length: t }, (_, i) => t - 1 - i);
  const raw = ages.map((age) => (1 - beta) * beta ** age);
  return {
    sma: ages.map((age) => (age < k ? 1 / Math.min(t, k) : 0)), ewma: raw, debiased: raw.map((w) => w / (1 - beta ** t)),
  };
}

export function renderSmoothing({ model, el }) {
  const sets = model.get("data"); // [{label, y, truth}]
  const mine = model.get("mine"); // {label} of your own function
  let trail = model.get("recorded"); // {y, trouble}
  let [at, beta, k, t, hover, silent] = [model.get("which"), model.get("beta"), model.get("window"), 0, null, false];
  const on = { sma: true, ewma: true, debiased: true };
  const names = { sma: "SMA", ewma: "EWMA", debiased: "debiased EWMA" };
  let lines = {};
  const data = () => sets[at];
  const size = () => data().y.length;

  function compute() {
    const { y } = data();
    lines = { sma: sma(y, k || y.length), ewma: ewma(y, beta), debiased: debiased(y, beta) };
  }

  const shown = () => Object.keys(on).filter((name) => on[name]).map((name) => {
    const i = Object.keys(on).indexOf(name);
    return [name, lines[name], PALETTE[i], DASHES[i], names[name], 2];
  });

  const chart = new Plate("values and their averages", (ctx, width, height) => {
    const inks = ink(root);
    const { y, truth } = data();
    const low = Math.min(...y);
    const high = Math.max(...y);
    const pad = 0.08 * (high - low || 1);
    const { box, X, Y, back } = axes(ctx, width, height, inks, { x: [1, size()], y: [low - pad, high + pad], xlabel: "mini-batch", ylabel: "value" });
    chart.back = back;
    for (let i = 0; i < size(); i++) dot(ctx, X(i + 1), Y(y[i]), 2.2, inks.soft);
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    ctx.clip();
    const all = [...shown()];
    if (truth) all.unshift(["truth", truth, inks.soft, [], "", 1]);
    if (mine && trail?.y) all.unshift(["mine", trail.y, inks.band, [], mine.label, 7]);
    for (const [, ys, color, dash, , thick] of all) {
      ctx.strokeStyle = color;
      ctx.lineWidth = thick;
      ctx.setLineDash(dash);
      stroke(ctx, ys.map((_, i) => X(i + 1)), ys.map((v) => Y(v)), ys.length);
    }
    ctx.setLineDash([]);
    ctx.strokeStyle = inks.soft;
    ctx.lineWidth = 1;
    const now = hover ?? t;
    stroke(ctx, [X(now), X(now)], [box.top, box.bottom], 2);
    ctx.restore();
    if (hover) label(ctx, [`mini-batch ${now}: ${short(y[now - 1])}`, ...shown().map(([, ys, , , name]) => `${name}: ${short(ys[now - 1])}`)], X(now), box.top + 78, width, inks, root.classList.contains("dark"));
  });

  const bars = new Plate("weights", (ctx, width, height) => {
    const inks = ink(root);
    const now = hover ?? t;
    const w = weights(now, beta, k || size());
    const top = Math.max(...Object.keys(on).filter((name) => on[name]).flatMap((name) => w[name]), 0.02);
    const { X, Y } = axes(ctx, width, height, inks, { x: [1, size()], y: [0, top * 1.05], xlabel: "mini-batch", ylabel: `weight of each value in the averages after mini-batch ${now}` });
    for (const [name, , color, dash] of shown()) {
      ctx.strokeStyle = color;
      ctx.setLineDash(dash);
      ctx.lineWidth = 2;
      const xs = w[name].flatMap((_, i) => [X(i + 0.5), X(i + 1.5)]);
      stroke(ctx, xs, w[name].flatMap((v) => [Y(v), Y(v)]), xs.length);
    }
    ctx.setLineDash([]);
  });

  const words = () => {
    const { truth, label: name } = data();
    const error = (ys) => Math.sqrt(ys.reduce((sum, v, i) => sum + (v - truth[i]) ** 2, 0) / ys.length);
    const told = shown().map(([, ys, , , text]) => (truth ? `${text} is off by ${short(error(ys))}` : `${text} ends at ${short(ys.at(-1))}`));
    const same = mine && trail?.y ? ` ${mine.label} ${agree()}.` : "";
    return `${name[0].toUpperCase()}${name.slice(1)}, β = ${short(beta)}, effective window ${short(1 / (1 - beta))}. ${told.join("; ")}${truth ? " (root mean square error)" : ""}.${same}`;
  };

  /** Which of the three is yours? */
  function agree() {
    const near = (ys) => trail.y.length === ys.length && ys.every((v, i) => Math.abs(v - trail.y[i]) <= 1e-6 * (1 + Math.abs(v)));
    const twin = Object.keys(on).find((name) => near(lines[name]));
    return twin ? `is the ${names[twin]}` : "is none of the three";
  }

  const describe = later(() => {
    const text = words();
    note.textContent = spoken.textContent = text;
    chart.canvas.setAttribute("aria-label", `Noisy values and their averages. ${text}`);
    bars.canvas.setAttribute("aria-label", `Weight of each value in each average after mini-batch ${t}.`);
  }, 300);
  const save = later(() => {
    for (const [key, value] of Object.entries({ which: at, beta, window: k })) model.set(key, value);
    model.save_changes();
  }, 250);

  const kernel = mine && model.send && !model.static ? new Kernel(model, (reply) => {
    if (reply.kind !== "smooth") return;
    trail = reply.trail;
    showTrouble();
    describe();
    soon();
  }, (now) => ((silent = now), showTrouble())) : null;

  function showTrouble() {
    const said = silent ? "The kernel does not answer: it is busy, restarting or dead. Run the cell again to bring your function back."
      : trail?.trouble ? `${mine.label}: ${trail.trouble}`
        : mine && !trail ? `${mine.label} needs a running notebook; what moves here is the textbook.` : "";
    trouble.hidden = !said;
    trouble.textContent = said;
  }

  function changed() {
    if (kernel) kernel.ask({ kind: "smooth", which: at, beta });
    else if (mine) trail = null;
    save();
    refresh();
  }

  function refresh() {
    compute();
    showTrouble();
    describe();
    soon();
  }

  const chips = h("fieldset", { class: "chips" }, h("legend", { class: "unseen" }, "Averages"), ...Object.keys(on).map((name, i) => {
    const box = h("input", { type: "checkbox", checked: true });
    box.addEventListener("change", () => ((on[name] = box.checked), describe(), soon()));
    return h("label", { class: "chip" }, box, swatch(i), names[name]);
  }), ...(mine ? [h("span", { class: "chip" }, `▬ ${mine.label} (yours)`)] : []));
  const knobs = h("div", { class: "knobs" });
  const spoken = h("div", { class: "unseen", role: "status", "aria-live": "polite" });
  const note = h("div", { class: "note" });
  const trouble = h("div", { class: "trouble", role: "alert", hidden: true });

  function build() {
    t = size();
    const add = (...given) => knobs.append(knob(...given).element);
    knobs.replaceChildren();
    add({ label: "β", min: 0, max: 0.99, value: beta, step: 0.01 }, (x) => ((beta = x), changed()));
    add({ label: "SMA over", min: 1, max: size(), value: k || size(), step: 1 }, (x) => ((k = x === size() ? 0 : x), changed()));
    add({ label: "weights at", min: 1, max: size(), value: t, step: 1 }, (x) => ((t = x), describe(), soon()));
  }

  const pick = choice({ label: "Data", options: sets.map((set, i) => [String(i), set.label]), value: String(at) }, (i) => {
    [at, k] = [Number(i), 0];
    build();
    changed();
  });
  chart.canvas.addEventListener("pointermove", (event) => {
    const now = Math.round(chart.back(event.clientX - chart.canvas.getBoundingClientRect().left));
    hover = now >= 1 && now <= size() ? now : null;
    soon();
  });
  chart.canvas.addEventListener("pointerleave", () => ((hover = null), soon()));
  const stage = h("div", { class: "stage flat" }, chart.box, bars.box);
  const root = h("div", { class: "ms-play", role: "region", "aria-label": "Smoothing playground", "data-lm-suppress-shortcuts": "true" },
    stage, note, trouble, chips, knobs, h("div", { class: "bar" }, pick.element), spoken);
  const soon = coalesce(() => [chart, bars].forEach((plate) => plate.paint()));
  if (!model.static) announce(model.get("uid"));
  el.append(root);
  build();
  refresh();
  const load = () => {
    [beta, at, k] = [model.get("beta"), model.get("which"), model.get("window")];
    build();
    refresh();
    if (kernel) kernel.ask({ kind: "smooth", which: at, beta });
  };
  const heard = () => (model.get("beta") !== beta || model.get("which") !== at || model.get("window") !== k) && load();
  for (const key of ["beta", "which", "window"]) model.on(`change:${key}`, heard);
  const unfollow = followTheme(root, soon);
  const watch = new ResizeObserver(soon);
  watch.observe(root);
  return () => {
    for (const key of ["beta", "which", "window"]) model.off?.(`change:${key}`, heard);
    unfollow(), watch.disconnect(), kernel?.stop(), soon.stop(), describe.stop(), save.stop();
  };
}
