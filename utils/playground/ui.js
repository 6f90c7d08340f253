// What all playgrounds share: elements, sliders, colours, canvases, axes.

export const PALETTE = ["#0072b2", "#d55e00", "#009e73", "#b85c9e", "#9a7b0a", "#767676"]; // utils/style.py
export const DASHES = [[], [7, 3], [2, 3], [8, 3, 2, 3], [4, 5], []];
export const HILL = "91, 124, 168";

export const CSS = `
.ms-play { --text: #1f1f1f; --soft: #595959; --line: #c4c4c4; --fill: #f2f2f2; --focus: #005a9c;
  --hot: #b3261e; --good: #00664b;
  container-type: inline-size; box-sizing: border-box; width: 100%; min-width: 0; max-width: 1100px; padding: 4px; color: var(--text);
  font: 13px/1.4 system-ui, -apple-system, "Segoe UI", sans-serif; text-align: left; }
.ms-play.dark { --text: #e6e6e6; --soft: #b0b0b0; --line: #5a5a5a; --fill: #2b2b2b; --focus: #6cb8f0;
  --hot: #ff9a90; --good: #5fd3ac; }
.ms-play *, .ms-play *::before { box-sizing: border-box; }
.ms-play canvas { display: block; width: 100%; height: 100%; }
.ms-play .stage { display: grid; gap: 8px 14px; grid-template-columns: minmax(0, 1fr); }
.ms-play .view { position: relative; min-width: 0; }
.ms-play .bar { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.ms-play button, .ms-play select, .ms-play input[type=number] { font: inherit; color: var(--text); background: var(--fill);
  border: 1px solid var(--line); border-radius: 5px; padding: 3px 8px; min-height: 30px; margin: 0; cursor: pointer; }
.ms-play input[type=number] { width: 5.5em; cursor: text; }
.ms-play button:hover { border-color: var(--text); }
.ms-play button[aria-pressed=true] { border-color: var(--text); box-shadow: inset 0 0 0 1px var(--text); }
.ms-play :focus-visible { outline: 2px solid var(--focus); outline-offset: 2px; }
.ms-play input[type=range] { flex: 1; min-width: 60px; width: 100%; margin: 0; height: 26px; accent-color: var(--focus); }
.ms-play input[type=checkbox], .ms-play input[type=radio] { width: 18px; height: 18px; margin: 0; accent-color: var(--focus); }
.ms-play .knobs { display: grid; gap: 2px 18px; grid-template-columns: repeat(auto-fill, minmax(220px, 1fr)); margin-top: 6px; }
.ms-play .knob { display: grid; grid-template-columns: minmax(6.5em, auto) minmax(60px, 1fr) 4.2em; gap: 8px; align-items: center; min-height: 30px; }
.ms-play .knob output { text-align: right; font-variant-numeric: tabular-nums; }
.ms-play .chips { display: flex; flex-wrap: wrap; gap: 4px 10px; margin: 8px 0 2px; padding: 0; border: 0; min-width: 0; }
.ms-play .chip { display: inline-flex; align-items: center; gap: 5px; min-height: 30px; }
.ms-play .chip canvas { width: 26px; height: 12px; }
.ms-play .chip button { padding: 2px 7px; }
.ms-play .hand { position: absolute; width: 44px; height: 44px; margin: -22px 0 0 -22px; border-radius: 50%; touch-action: none; cursor: grab; }
.ms-play .hand::before { content: ""; position: absolute; inset: 14px; border-radius: 50%; border: 3px solid var(--text); background: #8884; }
.ms-play .note { color: var(--soft); min-height: 1.4em; }
.ms-play .bad { color: var(--hot); }
.ms-play .good { color: var(--good); }
.ms-play .trouble { border-left: 3px solid var(--hot); padding: 2px 8px; margin: 6px 0; color: var(--text); overflow-wrap: anywhere; }
.ms-play .goal { border-left: 3px solid var(--focus); padding: 2px 8px; margin: 0 0 6px; }
.ms-play table { border-collapse: collapse; font-variant-numeric: tabular-nums; margin: 4px 0; }
.ms-play th, .ms-play td { text-align: right; padding: 1px 10px 1px 0; font-weight: normal; border: 0; background: none; color: var(--text); }
.ms-play th:first-child { text-align: left; }
.ms-play thead th { color: var(--soft); }
.ms-play tr.differs td { color: var(--hot); font-weight: 600; }
.ms-play details > summary { cursor: pointer; min-height: 26px; }
.ms-play .scroll { overflow-x: auto; max-width: 100%; }
.ms-play .unseen { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.ms-play .link { width: 100%; font: 12px/1.3 ui-monospace, monospace; color: var(--text); background: var(--fill); border: 1px solid var(--line); border-radius: 5px; padding: 4px; }
@media print { .ms-play .bar, .ms-play .knobs { display: none; } }
`;

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
    const x = log ? 10 ** u : decay ? 1 - 10 ** -u : u;
    return log || decay ? Number(x.toPrecision(decay && x > 0.9 ? 4 : 3)) : Number(x.toFixed(6));
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

/** A canvas that keeps the size of its box, in device pixels. `draw(ctx, width, height)`. */
export class Plate {
  constructor(label, height, draw) {
    this.canvas = h("canvas", { role: "img", "aria-label": label });
    this.box = h("div", { class: "view" }, this.canvas);
    this.box.style.height = typeof height === "number" ? `${height}px` : height;
    this.draw = draw;
    this.ctx = this.canvas.getContext("2d");
  }

  paint() {
    const [width, height] = [this.box.clientWidth, this.box.clientHeight];
    if (!width || !height) return;
    const scale = Math.min(2, globalThis.devicePixelRatio || 1);
    const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
    if (this.canvas.width !== w || this.canvas.height !== t) [this.canvas.width, this.canvas.height] = [w, t];
    this.ctx.setTransform(scale, 0, 0, scale, 0, 0);
    this.ctx.clearRect(0, 0, width, height);
    Object.assign(this, { width, height, scale });
    this.draw(this.ctx, width, height);
  }
}

export function ink(root) {
  const style = getComputedStyle(root);
  return { text: style.getPropertyValue("--text"), soft: style.getPropertyValue("--soft"), line: style.getPropertyValue("--line"), hot: style.getPropertyValue("--hot") };
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
  for (const x of ticks(x0, x1, Math.max(2, (box.right - box.left) / 70))) ctx.fillText(short(x), X(x), box.bottom + 4);
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

/** Call `work` at the next picture, once, however often it is asked for. */
export function coalesce(work) {
  let asked = 0;
  const soon = () => {
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      work();
    });
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
    this.out.delete(reply.id);
    this.heard = performance.now();
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
    if (!this.silent) this.mute((this.silent = true));
  }

  beat() { // the watchdog; it also asks an idle kernel now and then whether it is there
    const oldest = Math.min(...this.out.values());
    if (performance.now() - oldest > this.patience) {
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
