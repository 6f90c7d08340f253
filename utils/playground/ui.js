// What all playgrounds share: elements, sliders, colours, canvases, axes.

export const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#b85c9e", "#9a7b0a", "#767676"]; // utils/style.py
export const DASHES = [[], [7, 3], [2, 3], [8, 3, 2, 3], [4, 5], []];
export const HILL = [91, 124, 168];


/** An element: `h("button", {type: "button", onclick}, "Play")`. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

/** Three significant digits, as people write them. */
export function short(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const text = size !== 0 && (size < 1e-3 || size >= 1e5)
    ? x.toExponential(1).replace(/\.0e/, "e").replace("e+", "e")
    : String(Number(x.toPrecision(3)));
  return text.replaceAll("-", "−");
}

let names = 0;

/**
 * A labelled slider. With `log`, it moves the exponent. With `decay`, it moves log(1 − value), so
 * that 0, 0.9 and 0.99 are as far apart as they feel.
 * `set(value)` moves it without calling `change`.
 */
export function knob({ label, min, max, value, step = 0.01, log, decay, unit = "" }, change) {
  const id = `ms-${names++}-${Math.random().toString(36).slice(2, 7)}`;
  const range = h("input", { type: "range", id, "data-lm-suppress-shortcuts": "true" });
  const shown = h("output", { for: id });
  const to = log ? Math.log10 : decay ? (x) => -Math.log10(1 - x) : (x) => x;
  const from = (u) => {
    if (decay) return Number((1 - (10 ** -u).toPrecision(3)).toPrecision(9)); // each 0.01 is another number
    return log ? Number((10 ** u).toPrecision(3)) : Number(u.toFixed(6));
  };
  Object.assign(range, { min: to(min), max: to(max), step: log || decay ? 0.01 : step });
  const tell = (x) => {
    shown.textContent = short(x) + unit;
    range.setAttribute("aria-valuetext", short(x) + unit);
  };
  const set = (x) => {
    range.value = to(Math.min(max, Math.max(min, x)));
    tell(x);
  };
  range.addEventListener("input", () => {
    const x = Math.min(max, Math.max(min, from(Number(range.value))));
    tell(x);
    change(x);
  });
  set(value);
  const element = h("div", { class: "knob" }, h("label", { for: id }, label), range, shown);
  return { element, set, range };
}

/** A labelled whole number. */
export function number({ label, min, max, value }, change) {
  const id = `ms-${names++}-${Math.random().toString(36).slice(2, 7)}`;
  const input = h("input", { type: "number", id, min, max, step: 1, value });
  input.addEventListener("input", () => {
    const x = Math.round(Number(input.value));
    if (input.value !== "" && x >= min && x <= max) change(x);
  });
  const set = (x) => {
    if (document.activeElement !== input) input.value = x;
  };
  return { element: h("div", { class: "knob" }, h("label", { for: id }, label), input), set };
}

export function choice({ label, options, value }, change) {
  const id = `ms-${names++}-${Math.random().toString(36).slice(2, 7)}`;
  const select = h("select", { id, onchange: () => change(select.value) },
    ...options.map(([key, text]) => h("option", { value: key }, text)));
  select.value = value;
  const element = h("span", { class: "chip" }, h("label", { for: id }, label), select);
  return { element, set: (x) => (select.value = x) };
}

/** Keep `root.dark` right: what counts is the colour behind, whoever painted it. */
export function followTheme(root, changed) {
  const look = () => {
    let at = root;
    let dark = matchMedia("(prefers-color-scheme: dark)").matches;
    let seen = false;
    for (; at && !seen; at = at.parentElement ?? at.getRootNode().host) {
      const [r, g, b, a = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
      if (a > 0.5) [dark, seen] = [0.299 * r + 0.587 * g + 0.114 * b < 128, true];
    }
    if (!seen && !getComputedStyle(document.documentElement).colorScheme.includes("dark")) dark = false; // a bare page is white
    if (dark !== root.classList.contains("dark")) {
      root.classList.toggle("dark", dark);
      changed();
    }
  };
  const soon = () => {
    look();
    setTimeout(look, 350); // some hosts load their new colours a moment later
  };
  const watch = new MutationObserver(soon);
  for (const at of [document.documentElement, document.body]) watch.observe(at, { attributes: true });
  const media = matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", soon);
  soon();
  return () => (watch.disconnect(), media.removeEventListener("change", soon));
}

/**
 * A canvas that keeps the size of its box, in device pixels. `draw(ctx, width, height)`.
 * `paint(key)` leaves it as it is if key and size are those of the last time.
 */
export class Plate {
  constructor(label, draw) {
    this.canvas = h("canvas", { role: "img", "aria-label": label });
    this.box = h("div", { class: "view" }, this.canvas);
    this.draw = draw;
    this.ctx = this.canvas.getContext("2d");
  }

  paint(key) {
    const [width, height] = [this.box.clientWidth, this.box.clientHeight];
    if (!width || !height) return;
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
    const same = this.canvas.width === w && this.canvas.height === t;
    if (same && key && key === this.key) return;
    if (!same) [this.canvas.width, this.canvas.height] = [w, t];
    this.key = key;
    this.ctx.setTransform(scale, 0, 0, scale, 0, 0);
    this.ctx.clearRect(0, 0, width, height);
    Object.assign(this, { width, height, scale });
    this.draw(this.ctx, width, height);
  }
}

export function ink(root) {
  const style = getComputedStyle(root);
  return { text: style.getPropertyValue("--text"), soft: style.getPropertyValue("--soft"), band: style.getPropertyValue("--band"), line: style.getPropertyValue("--line"), hot: style.getPropertyValue("--hot") };
}

/** Round numbers between low and high. */
export function ticks(low, high, wanted = 5) {
  const raw = (high - low) / wanted;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = unit * ([1, 2, 5, 10].find((k) => k * unit >= raw) ?? 10);
  const found = [];
  for (let x = Math.ceil(low / step) * step; x <= high + 1e-9 * step; x += step) found.push(Number(x.toPrecision(6)));
  return found;
}

/** Axes of a chart: frame, ticks, names. Returns what maps numbers to pixels, and back. */
export function axes(ctx, width, height, inks, { x: [x0, x1], y: [y0, y1], log, xlabel, ylabel, left = 46, ydraw = true }) {
  const box = { left, right: width - 10, top: 18, bottom: height - 32 };
  const [a, b] = log ? [Math.log10(y0), Math.log10(y1)] : [y0, y1];
  const X = (x) => box.left + ((x - x0) / (x1 - x0)) * (box.right - box.left);
  const Y = (y) => box.bottom - (((log ? Math.log10(Math.max(y, 1e-300)) : y) - a) / (b - a)) * (box.bottom - box.top);
  ctx.font = "11px system-ui, sans-serif";
  ctx.fillStyle = inks.soft;
  ctx.strokeStyle = inks.line;
  ctx.lineWidth = 1;
  ctx.textAlign = "center";
  ctx.textBaseline = "top";
  for (const x of ticks(x0, x1, Math.max(2, (box.right - box.left) / 70))) ctx.fillText(short(x), Math.min(X(x), width - 4 - ctx.measureText(short(x)).width / 2), box.bottom + 4);
  ctx.fillText(xlabel, (box.left + box.right) / 2, box.bottom + 18);
  ctx.textAlign = "right";
  ctx.textBaseline = "middle";
  const marks = log
    ? ticks(a, b, Math.max(2, (box.bottom - box.top) / 34)).filter(Number.isInteger).map((e) => 10 ** e)
    : ticks(a, b, Math.max(2, (box.bottom - box.top) / 34));
  ctx.globalAlpha = 0.6;
  ctx.beginPath();
  for (const y of marks) ctx.moveTo(box.left, Y(y)), ctx.lineTo(box.right, Y(y));
  ctx.stroke();
  ctx.globalAlpha = 1;
  for (const y of marks) ctx.fillText(log && (y < 1e-2 || y > 999) ? `1e${Math.round(Math.log10(y))}`.replace("-", "−") : short(y), box.left - 5, Y(y));
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  ctx.fillText(ylabel, 2, 0);
  return { box, X, Y, back: (px) => x0 + ((px - box.left) / (box.right - box.left)) * (x1 - x0) };
}

/** A line through points in pixels; what is far outside is left out. */
export function stroke(ctx, xs, ys, count) {
  ctx.beginPath();
  for (let i = 0; i < count; i++) {
    const [x, y] = [Math.max(-4000, Math.min(6000, xs[i])), Math.max(-4000, Math.min(6000, ys[i]))];
    if (i) ctx.lineTo(x, y);
    else ctx.moveTo(x, y);
  }
  ctx.stroke();
}

/** A piece of line number i, for a legend. */
export function swatch(i) {
  const canvas = h("canvas", { width: 26, height: 12, "aria-hidden": "true" });
  const ctx = canvas.getContext("2d");
  Object.assign(ctx, { strokeStyle: PALETTE[i % 6], lineWidth: 3 });
  ctx.setLineDash(DASHES[i % 6]);
  stroke(ctx, [0, 26], [6, 6], 2);
  return canvas;
}

export function dot(ctx, x, y, radius, fill, edge) {
  ctx.beginPath();
  ctx.arc(x, y, radius, 0, 2 * Math.PI);
  if (fill) (ctx.fillStyle = fill), ctx.fill();
  if (edge) (ctx.strokeStyle = edge), ctx.stroke();
}

/** Text on a plate of its own, kept inside the canvas. */
export function label(ctx, lines, x, y, width, inks, dark) {
  ctx.font = "12px system-ui, sans-serif";
  const w = Math.max(...lines.map((line) => ctx.measureText(line).width)) + 12;
  const t = 16 * lines.length + 6;
  const [left, top] = [Math.max(0, Math.min(width - w, x + 12)), Math.max(0, y - t - 6)];
  ctx.globalAlpha = 0.92;
  ctx.fillStyle = dark ? "#1b1b1b" : "#ffffff";
  ctx.fillRect(left, top, w, t);
  ctx.globalAlpha = 1;
  ctx.lineWidth = 1;
  ctx.strokeStyle = inks.line;
  ctx.strokeRect(left + 0.5, top + 0.5, w, t);
  ctx.fillStyle = inks.text;
  ctx.textAlign = "left";
  ctx.textBaseline = "top";
  lines.forEach((line, i) => ctx.fillText(line, left + 6, top + 5 + 16 * i));
}

/**
 * Call `work` at the next picture, once, however often it is asked for. `now()` does not wait for
 * that: what is drawn before a picture is in it. The second time for the same picture it waits.
 */
export function coalesce(work) {
  let asked = 0;
  let due;
  const soon = () => {
    due = true;
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      if (due) work();
    });
  };
  soon.now = () => {
    if (asked) return soon();
    soon();
    due = false;
    work();
  };
  soon.stop = () => cancelAnimationFrame(asked);
  return soon;
}

/** Call `work` when there was quiet for `wait` ms. */
export function later(work, wait) {
  let timer;
  const soon = (...given) => {
    clearTimeout(timer);
    timer = setTimeout(() => work(...given), wait);
  };
  soon.stop = () => clearTimeout(timer);
  return soon;
}

/**
 * Talk with the kernel: the newest question wins, at most two are under way. `said(reply)` gets
 * every answer; `mute(true)` is called when none came in time, `mute(false)` when one comes again.
 */
export class Kernel {
  constructor(model, said, mute, patience = 4000) {
    Object.assign(this, { model, said, mute, patience });
    this.me = Math.random().toString(36).slice(2, 8);
    this.count = this.seen = 0;
    this.out = new Map();
    this.next = null;
    this.silent = false;
    this.hear = (message) => message?.me === this.me && this.take(message);
    model.on("msg:custom", this.hear);
    this.pulse = setInterval(() => this.beat(), 1000);
  }

  ask(question) {
    if (this.out.size < 2) this.post(question);
    else this.next = question;
  }

  post(question) {
    const id = ++this.count;
    this.out.set(id, performance.now());
    try {
      this.model.send({ ...question, me: this.me, id });
    } catch {
      this.hush(); // the line is closed
    }
  }

  take(reply) {
    this.heard = performance.now();
    this.quick = this.heard - this.out.get(reply.id) < 100;
    this.out.delete(reply.id);
    if (this.silent) this.mute((this.silent = false));
    if (this.next && this.out.size < 2) {
      const question = this.next;
      this.next = null;
      this.post(question);
    }
    if (reply.kind !== "pong" && reply.id > this.seen) {
      this.seen = reply.id;
      this.said(reply);
    }
  }

  hush() {
    this.out.clear();
    this.quick = false;
    if (!this.silent) this.mute((this.silent = true));
  }

  beat() { // the watchdog; it also asks an idle kernel now and then whether it is there
    const oldest = Math.min(...this.out.values());
    if (performance.now() - oldest > this.patience * (this.heard ? 1 : 4)) { // its own cell may still be running
      this.hush();
      if (this.next) this.post(this.next), (this.next = null);
    } else if (!this.out.size && !document.hidden && performance.now() - (this.heard ?? 0) > this.patience) {
      this.post({ kind: "ping" });
    }
  }

  stop() {
    clearInterval(this.pulse);
    this.model.off?.("msg:custom", this.hear);
  }
}

/**
 * A page without a kernel: put the live picture in the place of the still one. In a notebook that
 * is being run the widget itself shows up a moment later; then this one keeps out of sight.
 */
export function showStatic(id, state, css, render) {
  const place = document.getElementById(id);
  if (!place) return;
  const views = [...document.querySelectorAll('script[type="application/vnd.jupyter.widget-view+json"]')];
  const host = globalThis.msPlay ??= new Set();
  const show = () => {
    if (host.has(state.uid) || place.dataset.live) return;
    place.dataset.live = "yes";
    place.style.display = "";
    const model = {
      static: true, get: (key) => state[key], set: (key, value) => (state[key] = value), save_changes() {}, on() {}, off() {},
    };
    const el = document.createElement("div");
    place.replaceChildren(Object.assign(document.createElement("style"), { textContent: css }), el);
    render({ model, el });
  };
  if (views.length || !liveHost()) {
    const near = views.filter((view) => view.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING).at(-1);
    if (near?.closest(".jp-OutputArea, .output, .cell_output")?.contains(place)) near.remove(); // no second one from a CDN
    show();
  } else {
    place.style.display = "none";
    addEventListener("ms-play", () => host.has(state.uid) && (place.style.display = "none"));
    setTimeout(show, 2000);
  }
}

/** Is this a notebook application, where the widget can come? */
function liveHost() {
  return Boolean(document.querySelector("#jp-main-content-panel, .jp-LabShell, [data-jp-app-name], #jupyter-config-data")
    || globalThis.google?.colab || globalThis.acquireVsCodeApi || document.querySelector("[class*=vscode]"));
}

/** Tell `showStatic` that the widget is there. */
export function announce(uid) {
  (globalThis.msPlay ??= new Set()).add(uid);
  dispatchEvent(new Event("ms-play"));
}
