// The landscape playground: paths over contours, loss against step, lr × β.
import { LANDSCAPES, OPTIMIZERS, fromLink, landscape, replay, sharpness, toLink, verdict, walk } from "./engine.js";
import {
  DASHES, HILL, Kernel, PALETTE, Plate, announce, axes, choice, coalesce, dot, followTheme, h, ink, knob, label, later, number,
  short, stroke,
} from "./ui.js";

const LR = [1e-4, 10];
const BETA = [0, 0.99];
const FLOOR = 1e-14; // below it, rounding is all there is to see

const KNOBS = {
  lr: { label: "learning rate", min: LR[0], max: LR[1], log: true },
  beta: { label: "β, β₁", min: BETA[0], max: BETA[1], decay: true },
  beta2: { label: "β₂, α", min: 0, max: 0.9999, decay: true },
  eps: { label: "ε", min: 1e-12, max: 1, log: true },
  wd: { label: "weight decay", min: 0, max: 1, step: 0.01 },
};

export function renderLandscape({ model, el }) {
  let scene = fromLink(model.get("link"));
  const mine = model.get("mine"); // the student's class: {label, against, sliders: [{key, to, value, …}]}
  const goal = model.get("goal");
  const predict = model.get("predict");
  let selected = mine ? "mine" : scene.runs.find((run) => run.on).name;
  let same = new Set(scene.runs.filter((run) => run.on).map((run) => run.lr)).size < 2; // lr and β move for all at once
  let land, paths, trail, shown, playing, hover, guess;
  let silent = false;
  let dark = false;
  const dead = []; // what to undo at the end

  // ---- the scene ----

  const run = (name) => scene.runs.find((each) => each.name === name);
  const slider = (key) => mine?.sliders.find((each) => each.key === key || each.to === key);
  const textbook = () => (selected === "mine" ? mine.against : selected);
  const uses = (key) => selected === "mine" ? Boolean(slider(key)) : OPTIMIZERS[selected].uses.includes(key);
  const value = (key) => (selected === "mine" ? slider(key)?.value : run(selected)[key]) ?? run(textbook())?.[key];

  function setHyper(key, x) {
    const all = same && (key === "lr" || key === "beta");
    if (all) for (const each of scene.runs) each[key] = x;
    else if (selected !== "mine") run(selected)[key] = x;
    if ((all || selected === "mine") && slider(key)) slider(key).value = x;
    changed();
  }

  /** The textbook's twin of the student's class gets the same numbers. */
  function pair() {
    if (!mine) return;
    const twin = run(mine.against);
    if (!twin) return;
    twin.on = true;
    for (const { to, value: x } of mine.sliders) if (to) twin[to] = x;
  }

  function compute() {
    land = landscape(scene.land);
    paths = new Map();
    for (const each of scene.runs) if (each.on) paths.set(each.name, walk(each.name, each, land, scene));
    for (const path of paths.values()) path.left = gone(path);
  }

  /** The step at which a path has left for good, or broke; else 0. */
  function gone(path) {
    const [x0, x1, y0, y1] = land.window;
    const reach = 10 * Math.max(x1 - x0, y1 - y0);
    const at = path.x.findIndex((x, i) => Math.hypot(x - (x0 + x1) / 2, path.y[i] - (y0 + y1) / 2) > reach);
    return at > 0 ? at : path.broke;
  }

  const hidden = () => predict && guess === undefined;
  const fate = (path) => `${path.raised ? "stops" : "diverges"} at step ${path.left}`;

  /** What is drawn, the student's path as a band under the others: [name, path, colour, dash, label, width]. */
  function lines() {
    if (hidden()) return [];
    const on = scene.runs.filter((each) => each.on);
    const all = on.map(({ name }) => [name, paths.get(name), PALETTE[slot(name) % 6], DASHES[slot(name) % 6], OPTIMIZERS[name].label, 2]);
    if (mine && trail) all.unshift(["mine", trail, ink(root).band, [], mine.label, 7]);
    return all;
  }

  const slots = new Map(); // a colour stays with its optimizer while it is on
  function slot(name) {
    for (const key of [...slots.keys()]) if (!run(key).on) slots.delete(key);
    if (!slots.has(name)) {
      let free = 0;
      while ([...slots.values()].includes(free)) free++;
      slots.set(name, free);
    }
    return slots.get(name);
  }

  // ---- the pictures ----

  const hillArt = document.createElement("canvas");
  let hillKey = "";
  let frame; // [x0, x1, y0, y1] of the canvas, with equal scales

  function hillFrame(width, height) {
    const [x0, x1, y0, y1] = land.window;
    const unit = Math.max((x1 - x0) / width, (y1 - y0) / height);
    const [cx, cy] = [(x0 + x1) / 2, (y0 + y1) / 2];
    return [cx - (unit * width) / 2, cx + (unit * width) / 2, cy - (unit * height) / 2, cy + (unit * height) / 2];
  }

  function paintHill(width, height, scale) {
    const [w, t] = [Math.round(width * scale), Math.round(height * scale)];
    const key = JSON.stringify([scene.land, w, t]);
    if (key === hillKey) return;
    hillKey = key;
    const [x0, x1, y0, y1] = frame;
    const levels = new Float32Array((w + 1) * (t + 1));
    let top = 0;
    for (let j = 0, k = 0; j <= t; j++) {
      const y = y1 - (j / t) * (y1 - y0);
      for (let i = 0; i <= w; i++, k++) {
        const loss = Math.max(0, land.f(x0 + (i / w) * (x1 - x0), y));
        levels[k] = loss;
        if (loss > top) top = loss;
      }
    }
    for (let k = 0; k < levels.length; k++) levels[k] = 14 * (levels[k] / top) ** (1 / land.root);
    const image = new ImageData(w, t);
    const [red, green, blue] = HILL;
    for (let j = 0, k = 0; j < t; j++) {
      for (let i = 0; i < w; i++, k += 4) {
        const at = j * (w + 1) + i;
        const u = levels[at];
        const slope = Math.max(Math.abs(levels[at + 1] - u), Math.abs(levels[at + w + 1] - u), 1e-9);
        const ring = Math.round(u);
        const edge = ring ? Math.max(0, 1 - Math.abs(u - ring) / slope) * 0.35 : 0;
        image.data[k] = red;
        image.data[k + 1] = green;
        image.data[k + 2] = blue;
        image.data[k + 3] = 255 * Math.min(0.75, 0.02 + 0.48 * Math.min(1, Math.floor(u) / 13) + edge);
      }
    }
    [hillArt.width, hillArt.height] = [w, t];
    hillArt.getContext("2d").putImageData(image, 0, 0);
  }

  let toX, toY;
  const hill = new Plate("contours", (ctx, width, height) => {
    frame = hillFrame(width, height);
    const [x0, x1, y0, y1] = frame;
    paintHill(width, height, width * height * hill.scale ** 2 > 300000 ? 1 : hill.scale);
    ctx.drawImage(hillArt, 0, 0, width, height);
    toX = (x) => ((x - x0) / (x1 - x0)) * width;
    toY = (y) => ((y1 - y) / (y1 - y0)) * height;
    const inks = ink(root);
    ctx.fillStyle = inks.text;
    ctx.font = "11px system-ui, sans-serif";
    ctx.textAlign = "right";
    ctx.textBaseline = "bottom";
    ctx.fillText(`w₁: ${short(x0)} … ${short(x1)}   w₂: ${short(y0)} … ${short(y1)}`, width - 5, height - 4);
    for (const [x, y] of land.minima) star(ctx, toX(x), toY(y), inks.text);
    const all = lines();
    for (const [, path, color, dash, , thick] of all) {
      const n = Math.min(shown, path.x.length - 1) + 1;
      const [xs, ys] = [path.x.slice(0, n).map(toX), path.y.slice(0, n).map(toY)];
      ctx.strokeStyle = color;
      ctx.lineWidth = thick;
      ctx.setLineDash(dash);
      stroke(ctx, xs, ys, n);
      ctx.setLineDash([]);
      if (scene.steps <= 120) for (let i = 1; i < n; i++) dot(ctx, xs[i], ys[i], thick > 2 ? 5 : 2.2, color);
      dot(ctx, xs[n - 1], ys[n - 1], thick > 2 ? 7 : 4.5, color);
      if (path.left && shown >= path.left) cross(ctx, xs[path.left - 1] ?? xs[n - 1], ys[path.left - 1] ?? ys[n - 1], width, height, inks.hot);
    }
    if (hover) {
      for (const [name, path, color] of all) {
        const i = Math.min(hover.step, path.x.length - 1);
        if (!hover.name || hover.name === name) {
          ctx.lineWidth = 2;
          dot(ctx, toX(path.x[i]), toY(path.y[i]), 7, null, inks.text);
          dot(ctx, toX(path.x[i]), toY(path.y[i]), 4.5, color);
        }
      }
      const over = all.find(([name]) => name === hover.name);
      if (over) {
        const [, path, , , name] = over;
        const i = Math.min(hover.step, path.x.length - 1);
        label(ctx, [`${name}, step ${i}`, `w = (${short(path.x[i])}, ${short(path.y[i])})`, `loss ${short(path.loss[i])}`], toX(path.x[i]), toY(path.y[i]), width, inks, dark);
      }
    }
  });

  const chart = new Plate("loss against step", (ctx, width, height) => {
    const inks = ink(root);
    const all = lines();
    const first = Math.max(land.f(...scene.start), 1e-6);
    let [low, high] = [first, first];
    for (const [, path] of all) for (const loss of path.loss) {
      low = Math.min(low, Math.max(loss, FLOOR));
      high = Math.max(high, Math.min(loss, 1000 * first));
    }
    const y = [low / 2, high * 2];
    const { box, X, Y, back } = axes(ctx, width, height, inks, { x: [0, scene.steps], y, log: true, xlabel: "step", ylabel: "loss" });
    chart.back = back;
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top - 2, box.right - box.left + 8, box.bottom - box.top + 4);
    ctx.clip();
    for (const [, path, color, dash, , thick] of all) {
      const n = Math.min(shown, path.x.length - 1) + 1;
      ctx.strokeStyle = color;
      ctx.lineWidth = thick;
      ctx.setLineDash(dash);
      const ys = path.loss.slice(0, n).map((loss) => Y(Math.max(loss, FLOOR)));
      stroke(ctx, Array.from(ys, (_, i) => X(i)), ys, n);
      ctx.setLineDash([]);
      if (path.left && shown >= path.left) cross(ctx, X(path.left), path.raised ? ys[n - 1] : box.top + 6, width, height, inks.hot);
    }
    ctx.restore();
    const at = hover ? hover.step : shown;
    if (hover || shown < scene.steps) {
      ctx.strokeStyle = inks.soft;
      ctx.lineWidth = 1;
      stroke(ctx, [X(at), X(at)], [box.top, box.bottom], 2);
    }
    if (hover) for (const [, path, color] of all) {
      const i = Math.min(at, path.loss.length - 1);
      ctx.lineWidth = 2;
      dot(ctx, X(i), Math.max(box.top, Y(Math.max(path.loss[i], FLOOR))), 4.5, color, inks.text);
    }
    if (hover && !hover.name) label(ctx, [`step ${at}`, ...all.slice(0, 6).map(([, path, , , name]) => `${name}: ${short(path.loss[at] ?? NaN)}`)], X(at), box.top + 70, width, inks, dark);
  });

  // the pad
  const lrU = (lr) => Math.log10(lr / LR[0]) / Math.log10(LR[1] / LR[0]);
  const betaU = (beta) => -Math.log10(1 - Math.min(beta, BETA[1])) / 2;
  const padBox = (width, height) => ({ left: 34, right: width - 10, top: 18, bottom: height - 32 });
  let map = null; // loss at the end, over lr × β, for the selected optimizer
  const [COLS, ROWS] = [48, 24];
  const mapArt = h("canvas", { width: COLS, height: ROWS });

  const pad = new Plate("learning rate and beta", (ctx, width, height) => {
    const inks = ink(root);
    const box = padBox(width, height);
    const X = (lr) => box.left + lrU(lr) * (box.right - box.left);
    const Y = (beta) => box.bottom - betaU(beta) * (box.bottom - box.top);
    Object.assign(pad, { X, Y });
    if (map) {
      mapArt.getContext("2d").putImageData(map.image, 0, 0);
      ctx.drawImage(mapArt, box.left, box.top, box.right - box.left, box.bottom - box.top);
    }
    ctx.strokeStyle = inks.line;
    ctx.lineWidth = 1;
    ctx.strokeRect(box.left + 0.5, box.top + 0.5, box.right - box.left - 1, box.bottom - box.top - 1);
    ctx.font = "11px system-ui, sans-serif";
    ctx.fillStyle = inks.soft;
    ctx.textAlign = "center";
    ctx.textBaseline = "top";
    for (const lr of [1e-4, 1e-3, 1e-2, 0.1, 1, 10]) ctx.fillText(lr < 0.01 ? `1e${Math.log10(lr)}`.replace("-", "−") : short(lr), Math.min(X(lr), box.right - 4), box.bottom + 4);
    ctx.fillText("learning rate; lines: edge of stability", (box.left + box.right) / 2, box.bottom + 18);
    ctx.textAlign = "right";
    ctx.textBaseline = "middle";
    for (const beta of [0, 0.5, 0.9, 0.99]) ctx.fillText(short(beta), box.left - 4, Y(beta));
    ctx.textAlign = "left";
    ctx.textBaseline = "top";
    ctx.fillText(`β  (ink: mean of the last ten losses of ${OPTIMIZERS[textbook()]?.label ?? mine.label})`, 2, 0);
    ctx.save();
    ctx.beginPath();
    ctx.rect(box.left, box.top, box.right - box.left, box.bottom - box.top);
    ctx.clip();
    const curvature = sharpness(land);
    for (const each of scene.runs) {
      const { edge } = OPTIMIZERS[each.name];
      if (!each.on || !edge || hidden()) continue;
      const betas = Array.from({ length: 61 }, (_, i) => 1 - 10 ** (-i / 30));
      ctx.strokeStyle = PALETTE[slot(each.name) % 6];
      ctx.setLineDash(DASHES[slot(each.name) % 6]);
      ctx.lineWidth = 2;
      stroke(ctx, betas.map((beta) => X(edge({ beta }, curvature))), betas.map(Y), betas.length);
      ctx.setLineDash([]);
    }
    ctx.restore();
  });

  const drawMap = later(() => {
    const name = textbook();
    if (!OPTIMIZERS[name]) return (map = null);
    const mineNow = (map = { done: 0, image: new ImageData(COLS, ROWS) });
    const given = { ...run(name) };
    const first = Math.max(land.f(...scene.start), 1e-12);
    const slice = () => {
      if (map !== mineNow || !root.isConnected) return;
      const end = performance.now() + 5;
      while (map.done < COLS * ROWS && performance.now() < end) {
        given.lr = LR[0] * (LR[1] / LR[0]) ** (((map.done % COLS) + 0.5) / COLS);
        given.beta = 1 - 10 ** (-2 * ((Math.floor(map.done / COLS) + 0.5) / ROWS));
        const { loss, broke } = walk(name, given, land, { ...scene, noise: 0 });
        const end = broke ? Infinity : loss.slice(-10).reduce((a, b) => a + b) / 10 / first;
        const much = Math.min(1, Math.max(0, (Math.log10(end + 1e-6) + 6) / 7)); // 1e-6 … 10
        const row = ROWS - 1 - Math.floor(map.done / COLS);
        map.image.data.set([...HILL, 150 * much], 4 * (row * COLS + (map.done++ % COLS)));
      }
      pad.key = 0;
      soon();
      if (map.done < COLS * ROWS) setTimeout(slice, 0);
    };
    slice();
  }, 250);

  function star(ctx, x, y, color) {
    ctx.beginPath();
    for (let i = 0; i < 10; i++) {
      const [r, a] = [i % 2 ? 3 : 7, (i * Math.PI) / 5 - Math.PI / 2];
      ctx.lineTo(x + r * Math.cos(a), y + r * Math.sin(a));
    }
    ctx.closePath();
    ctx.strokeStyle = color;
    ctx.lineWidth = 1.3;
    ctx.stroke();
  }

  function cross(ctx, x, y, width, height, color) {
    const [cx, cy] = [Math.max(9, Math.min(width - 9, x)), Math.max(9, Math.min(height - 9, y))];
    ctx.strokeStyle = color;
    ctx.lineWidth = 3;
    stroke(ctx, [cx - 5, cx + 5], [cy - 5, cy + 5], 2);
    stroke(ctx, [cx - 5, cx + 5], [cy + 5, cy - 5], 2);
  }

  function place(hand, { width, height }, x, y) {
    hand.style.left = `${Math.max(0, Math.min(width, x))}px`;
    hand.style.top = `${Math.max(0, Math.min(height, y))}px`;
  }

  // ---- moving things ----

  function setStart(x, y) {
    const [x0, x1, y0, y1] = frame;
    const round = (v) => Number(v.toFixed(3));
    scene.start = [round(Math.max(x0, Math.min(x1, x))), round(Math.max(y0, Math.min(y1, y)))];
    changed();
  }

  function drag(hand, plate, move) {
    const to = (event) => {
      const rect = plate.canvas.getBoundingClientRect();
      move(event.clientX - rect.left, event.clientY - rect.top);
    };
    const begin = (event) => {
      if (event.button) return;
      event.preventDefault();
      hand.focus({ preventScroll: true });
      hand.setPointerCapture(event.pointerId);
      if (event.currentTarget !== hand) to(event);
    };
    hand.addEventListener("pointerdown", begin);
    hand.addEventListener("pointermove", (event) => hand.hasPointerCapture(event.pointerId) && to(event));
    plate.canvas.addEventListener("pointerdown", (event) => event.pointerType === "mouse" && begin(event));
    plate.canvas.addEventListener("click", (event) => event.pointerType !== "mouse" && to(event)); // a tap
  }

  function arrows(hand, move) {
    hand.addEventListener("keydown", (event) => {
      const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] }[event.key];
      if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      event.stopPropagation();
      move(by[0] * (event.shiftKey ? 10 : 1), by[1] * (event.shiftKey ? 10 : 1));
    });
  }

  const hand = (name) => h("div", { class: "hand", role: "slider", tabindex: 0, "aria-label": name, "data-lm-suppress-shortcuts": "true" });
  const startHand = hand("Start point; arrow keys move it");
  const padHand = hand("Learning rate (left, right) and beta (up, down)");
  drag(startHand, hill, (px, py) => {
    const [x0, x1, y0, y1] = frame;
    setStart(x0 + (px / hill.width) * (x1 - x0), y1 - (py / hill.height) * (y1 - y0));
  });
  arrows(startHand, (dx, dy) => setStart(scene.start[0] + 0.01 * dx * (frame[1] - frame[0]) / 4, scene.start[1] + 0.01 * dy * (frame[1] - frame[0]) / 4));
  const setPad = (u, v) => {
    const both = same || uses("beta");
    const lr = Number((LR[0] * (LR[1] / LR[0]) ** Math.max(0, Math.min(1, u))).toPrecision(3));
    const beta = Number((1 - 10 ** (-2 * Math.max(0, Math.min(1, v)))).toPrecision(3));
    setHyper("lr", lr);
    if (both) setHyper("beta", Math.min(BETA[1], beta));
  };
  drag(padHand, pad, (px, py) => {
    const box = padBox(pad.width, pad.height);
    setPad((px - box.left) / (box.right - box.left), (box.bottom - py) / (box.bottom - box.top));
  });
  arrows(padHand, (dx, dy) => setPad(lrU(value("lr")) + 0.01 * dx, betaU(value("beta") ?? 0) + 0.01 * dy));

  hill.canvas.addEventListener("pointermove", (event) => {
    const rect = hill.canvas.getBoundingClientRect();
    const [px, py] = [event.clientX - rect.left, event.clientY - rect.top];
    let best = { far: 14 };
    for (const [name, path] of lines()) {
      for (let i = 0; i < Math.min(shown + 1, path.x.length); i++) {
        const far = Math.hypot(toX(path.x[i]) - px, toY(path.y[i]) - py);
        if (far < best.far) best = { far, name, step: i };
      }
    }
    setHover(best.name ? best : null);
  });
  chart.canvas.addEventListener("pointermove", (event) => {
    const step = Math.round(chart.back(event.clientX - chart.canvas.getBoundingClientRect().left));
    setHover(step >= 0 && step <= scene.steps ? { step } : null);
  });
  for (const plate of [hill, chart]) plate.canvas.addEventListener("pointerleave", () => setHover(null));

  function setHover(next) {
    if (next?.step === hover?.step && next?.name === hover?.name) return;
    hover = next;
    soon();
    if (debugBox.open) fillDebugger();
  }

  // ---- time ----

  let since = 0;
  function play(on = !playing) {
    if (on === playing) return;
    playing = on;
    if (on && shown >= scene.steps) shown = 0;
    since = performance.now();
    let position = shown;
    const calm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const rate = Math.max(8, scene.steps / 6);
    const tick = (now) => {
      if (!playing || !root.isConnected) return;
      if (calm) { // a few still pictures instead of a film
        if (now - since > 700) (position += scene.steps / 8), (since = now);
      } else {
        position += Math.min(0.1, (now - since) / 1000) * rate;
        since = now;
      }
      setShown(Math.min(scene.steps, Math.floor(position)), true);
      if (shown >= scene.steps) play(false);
      else requestAnimationFrame(tick);
    };
    if (on) requestAnimationFrame(tick);
    playButton.textContent = on ? "❚❚ Pause" : "▶ Play";
    if (!on) describe();
  }

  function setShown(step, still) {
    if (!still) play(false);
    shown = Math.max(0, Math.min(scene.steps, step));
    if (still === undefined) describe();
    scrub.set(shown);
    if (debugBox.open) fillDebugger();
    soon();
  }

  // ---- the controls ----

  const playButton = h("button", { type: "button", onclick: () => play() }, "▶ Play");
  const scrub = knob({ label: "step", min: 0, max: scene.steps, value: scene.steps, step: 1 }, (x) => setShown(x));
  scrub.element.style.flex = "1 1 180px";
  scrub.element.style.gridTemplateColumns = "auto minmax(60px, 1fr) 3em";
  const button = (text, name, onclick) => h("button", { type: "button", "aria-label": name, title: name, onclick }, text);
  const bar = h("div", { class: "bar" }, playButton,
    button("◀", "One step back", () => setShown(shown - 1)),
    button("▶|", "One step on", () => setShown(shown + 1)), scrub.element);

  const landChoice = choice({ label: "Landscape", options: Object.entries(LANDSCAPES).map(([k, { label: text }]) => [k, text]), value: scene.land.name }, (name) => {
    const about = LANDSCAPES[name];
    scene.land = { name };
    for (const [k, p] of Object.entries(about.params)) scene.land[k] = p.value;
    scene.start = [...about.start];
    for (const each of scene.runs) each.lr = about.lr;
    if (slider("lr")) slider("lr").value = about.lr;
    buildKnobs();
    changed();
  });
  const sameBox = h("input", { type: "checkbox", checked: same, id: `same-${Math.random().toString(36).slice(2)}` });
  sameBox.addEventListener("change", () => (same = sameBox.checked));
  const choices = h("div", { class: "bar" }, landChoice.element,
    h("span", { class: "chip" }, sameBox, h("label", { for: sameBox.id }, "same lr and β for all")));

  const chips = h("fieldset", { class: "chips" }, h("legend", { class: "unseen" }, "Optimizers"));
  const chip = new Map();
  const chipNames = [...(mine ? ["mine"] : []), ...scene.runs.map((each) => each.name)];
  for (const name of chipNames) {
    const text = name === "mine" ? mine.label : OPTIMIZERS[name].label;
    const box = h("input", { type: "checkbox", "aria-label": `draw ${text}` });
    const swatch = h("canvas", { width: 52, height: 24, "aria-hidden": "true" });
    const pick = h("button", { type: "button", onclick: () => select(name) }, text);
    box.addEventListener("change", () => {
      if (name !== "mine") run(name).on = box.checked;
      if (box.checked) selected = name;
      else if (selected === name) selected = mine ? "mine" : (scene.runs.find((each) => each.on) ?? run(name)).name;
      buildKnobs();
      changed();
    });
    if (name === "mine") box.disabled = true;
    chip.set(name, { box, swatch, pick, text });
    chips.append(h("span", { class: "chip" }, box, swatch, pick));
  }

  function select(name) {
    selected = name;
    if (name !== "mine") run(name).on = true;
    buildKnobs();
    changed();
  }

  const knobs = h("div", { class: "knobs" });
  let live = {};
  function buildKnobs() {
    live = {};
    const add = (key, made) => ((live[key] = made), knobs.append(made.element));
    knobs.replaceChildren();
    if (selected === "mine") {
      for (const each of mine.sliders) {
        add(`mine:${each.key}`, knob({ ...KNOBS[each.to], ...each }, (x) => setHyper(each.to ?? each.key, x)));
      }
    } else {
      for (const key of OPTIMIZERS[selected].uses) add(key, knob({ ...KNOBS[key], value: run(selected)[key] }, (x) => setHyper(key, x)));
    }
    for (const [key, p] of Object.entries(LANDSCAPES[scene.land.name].params)) {
      add(`land:${key}`, knob({ ...p, value: scene.land[key] }, (x) => ((scene.land[key] = x), changed())));
    }
    add("steps", knob({ label: "steps", min: 1, max: 1000, value: scene.steps, log: true }, (x) => {
      const all = shown === scene.steps;
      scene.steps = Math.round(x);
      if (all || shown > scene.steps) shown = scene.steps;
      changed();
    }));
    add("noise", knob({ label: "noise σ", min: 0, max: 3, value: scene.noise, step: 0.05 }, (x) => ((scene.noise = x), changed())));
    add("seed", number({ label: "seed", min: 0, max: 4294967295, value: scene.seed }, (x) => ((scene.seed = x), changed())));
  }

  const linkText = h("input", { class: "link", type: "text", "aria-label": "This scene as a text to copy or replace", spellcheck: "false" });
  linkText.addEventListener("change", () => {
    model.set("link", linkText.value.trim());
    loadLink();
  });
  const copyButton = h("button", { type: "button", onclick: async () => {
    try {
      await navigator.clipboard.writeText(linkText.value);
      say("Copied.");
    } catch {
      linkText.select();
      say("Press Ctrl+C to copy.");
    }
  } }, "Copy link");
  const more = h("details", {}, h("summary", {}, "Link to this scene"), h("div", { class: "bar" }, linkText, copyButton));

  const debugTable = h("div", { class: "scroll", tabindex: 0, role: "region", "aria-label": "what the optimizer keeps" });
  const debugBox = h("details", { ontoggle: () => (askKernel(), fillDebugger()) }, h("summary", {}, "Step debugger"), debugTable);

  const note = h("div", { class: "note" });
  const trouble = h("div", { class: "trouble", role: "alert", hidden: true });
  const spoken = h("div", { class: "unseen", "aria-live": "polite", role: "status" });
  const stage = h("div", { class: "stage" }, hill.box, chart.box, pad.box);
  hill.box.append(startHand);
  pad.box.append(padHand);
  const top = h("div", {});
  const judged = h("span", { "aria-live": "polite" });
  if (goal) top.append(h("div", { class: "goal" }, `Goal: ${goal.text} `, judged));
  const judgeSoon = later(() => {
    const { passed, text } = verdict(goal, scene);
    if (hidden()) return;
    judged.textContent = `${passed ? "✓" : "✗"} ${text}`;
    judged.className = passed ? "good" : "bad";
  }, 200);
  if (predict) askFirst();

  /** The paths come when an answer has been chosen. */
  function askFirst() {
    guess = model.get("prediction") ?? undefined;
    const [asked, answers] = predict;
    const group = `predict-${Math.random().toString(36).slice(2)}`;
    const boxes = answers.map((answer) => h("input", { type: "radio", name: group, value: answer, checked: answer === guess }));
    const reveal = h("button", { type: "button", onclick: () => {
      const chosen = boxes.find((box) => box.checked);
      if (!chosen) return say("Choose an answer first.");
      guess = chosen.value;
      form.disabled = true;
      reveal.hidden = true;
      model.set("prediction", guess);
      model.save_changes();
      shown = 0;
      play(true);
      changed();
    } }, "Reveal");
    const form = h("fieldset", { class: "chips goal" }, h("legend", { class: "unseen" }, "Predict"), h("span", {}, `Predict: ${asked}`),
      ...answers.map((answer, i) => h("label", { class: "chip" }, boxes[i], answer)), reveal);
    if (guess !== undefined) (form.disabled = true), (reveal.hidden = true);
    top.append(form);
  }

  const root = h("div", { class: "ms-play", role: "region", "aria-label": "Optimizer playground", "data-lm-suppress-shortcuts": "true" },
    top, bar, stage, note, trouble, chips, choices, knobs, debugBox, more, spoken);

  root.addEventListener("keydown", (event) => {
    const typing = event.target.matches("input[type=text], input[type=number], select");
    if (event.key === " " && !typing && !event.target.matches("button, summary, input[type=checkbox], input[type=radio]")) {
      event.preventDefault();
      play();
    } else if (!typing && (event.key === "," || event.key === ".")) {
      setShown(shown + (event.key === "." ? 1 : -1));
    } else return;
    event.stopPropagation();
  });

  function say(text) {
    spoken.textContent = text;
    note.textContent = text;
  }

  // ---- your own class ----

  const kernel = mine && model.send && !model.static
    ? new Kernel(model, hear, (now) => {
      silent = now;
      showTrouble();
    }) : null;

  function question() {
    const { land: shape, start, steps, noise, seed } = scene;
    return { kind: "walk", land: shape, start, steps, noise, seed, values: scene.mine, states: debugBox.open };
  }

  function askKernel() {
    if (kernel) kernel.ask(question());
  }

  function hear(reply) {
    if (reply.kind !== "walk") return;
    setTrail(reply.trail);
  }

  function setTrail(next) {
    trail = next && {
      x: next.points.map((p) => p[0]), y: next.points.map((p) => p[1]), loss: next.losses,
      gx: next.grads.map((g) => g[0]), gy: next.grads.map((g) => g[1]),
      states: next.states, broke: next.broke, trouble: next.trouble, raised: next.raised,
    };
    if (trail) trail.left = gone(trail);
    showTrouble();
    fillDebugger();
    describe();
    soon.now();
  }

  /** The textbook's twin, given the gradients that the student's class met. */
  const twin = () => (mine?.against && trail?.x.length ? replay(mine.against, run(mine.against), trail) : null);
  const firstDifference = () => twin()?.differs ?? 0;

  function showTrouble() {
    const said = [];
    if (silent) said.push("The kernel does not answer: it is busy, restarting or dead. The textbook goes on; run the cell again to bring your class back.");
    if (mine && !kernel && !trail) said.push(`${mine.label} needs a running notebook; what moves here is the textbook.`);
    if (trail?.trouble) said.push(`Step ${trail.broke} of ${mine.label}: ${trail.trouble}`);
    trouble.hidden = !said.length;
    if (trouble.textContent !== said.join(" ")) trouble.textContent = said.join(" ");
  }

  function fillDebugger() {
    if (!debugBox.open) return;
    const step = Math.min(hover?.step ?? shown, scene.steps);
    const name = textbook();
    const book = (selected === "mine" && twin()) || (paths.get(name) && walk(name, run(name), land, scene, true));
    const differs = firstDifference();
    const met = selected === "mine" && trail ? trail : book;
    const at = (path, xs, ys, i) => (path && i >= 0 && i < path[xs].length ? [path[xs][i], path[ys][i]] : null);
    const rows = [
      ["w before the step", at(trail, "x", "y", step - 1), at(met, "x", "y", step - 1)],
      ["gradient g", at(trail, "gx", "gy", step - 1), at(met, "gx", "gy", step - 1)],
      ["w after the step", at(trail, "x", "y", step), at(book, "x", "y", step)],
    ];
    const keys = new Set([...Object.keys(trail?.states?.[step - 1] ?? {}), ...Object.keys(book?.states?.[step - 1] ?? {})]);
    for (const key of keys) rows.push([`state["${key}"]`, trail?.states?.[step - 1]?.[key], book?.states?.[step - 1]?.[key]]);
    const cell = (found) => !found ? "–" : typeof found === "string" ? found : found.map((x) => (typeof x === "number" ? exact(x) : x)).join(", ");
    const off = (a, b) => a && b && Array.isArray(a) && a.some((x, i) => !(Math.abs(x - b[i]) <= 1e-7 * Math.max(1e-5, Math.abs(b[i]))));
    const table = h("table", {},
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, `step ${step}`),
        ...(mine ? [h("th", { scope: "col" }, mine.label)] : []), h("th", { scope: "col" }, OPTIMIZERS[name] ? OPTIMIZERS[name].label + (met === book ? "" : ", given the same") : "no textbook twin"))),
      h("tbody", {}, ...rows.map(([what, a, b]) => h("tr", { class: mine && off(a, b) ? "differs" : undefined }, h("th", { scope: "row" }, what),
        ...(mine ? [h("td", {}, cell(a))] : []), h("td", {}, cell(b))))));
    const verdict = !mine || !trail || !book ? [] : differs
      ? [h("div", { class: "bad" }, `✗ The paths differ first at step ${differs}. `, h("button", { type: "button", onclick: () => setShown(differs) }, `Go to step ${differs}`))]
      : [h("div", { class: "good" }, "✓ The two paths are the same, step by step.")];
    debugTable.replaceChildren(...verdict, table);
  }

  const exact = (x) => String(Number(x.toPrecision(7))).replaceAll("-", "−");

  // ---- keeping it all in step ----

  const soon = coalesce(() => {
    clearTimeout(due);
    due = 0;
    hill.paint();
    chart.paint();
    pad.paint(JSON.stringify([scene.land, scene.runs.map(({ on }) => on), textbook(), dark, hidden()]));
    if (hill.width) place(startHand, hill, toX(scene.start[0]), toY(scene.start[1]));
    if (pad.width) place(padHand, pad, pad.X(Math.min(LR[1], Math.max(LR[0], value("lr") ?? 0.1))), pad.Y(value("beta") ?? 0));
    paintSwatches();
  });

  let due = 0; // one picture for both paths, if the kernel's answers come quickly
  const redraw = () => kernel?.quick ? due ||= setTimeout(soon, 50) : soon();

  function paintSwatches() {
    for (const [name, { box, swatch, pick, text }] of chip) {
      const on = name === "mine" ? true : run(name).on;
      box.checked = on;
      pick.setAttribute("aria-pressed", String(name === selected));
      const path = name === "mine" ? trail : paths.get(name);
      const said = !on || !path || hidden() ? text
        : path.left ? `${text} ${fate(path)}` : `${text}: ${short(path.loss.at(-1))}`;
      if (pick.textContent !== said) pick.textContent = said;
      pick.classList.toggle("bad", Boolean(on && path && !hidden() && path.left));
      const key = `${dark} ${on && name !== "mine" && slot(name)} ${on}`;
      if (swatch.key === key) continue;
      swatch.key = key;
      const ctx = swatch.getContext("2d");
      ctx.setTransform(2, 0, 0, 2, 0, 0);
      ctx.clearRect(0, 0, 26, 12);
      swatch.hidden = !on;
      if (!on) continue;
      ctx.strokeStyle = name === "mine" ? ink(root).band : PALETTE[slot(name) % 6];
      ctx.setLineDash(name === "mine" ? [] : DASHES[slot(name) % 6]);
      ctx.lineWidth = name === "mine" ? 8 : 3;
      stroke(ctx, [0, 26], [6, 6], 2);
    }
  }

  /** What the pictures show, in words. */
  function words() {
    if (hidden()) return "The paths are hidden until you have chosen.";
    const told = lines().map(([, path, , , name]) => path.left ? `${name} ${fate(path)}` : `${name}: loss ${short(path.loss[0])} → ${short(path.loss.at(-1))}`);
    return `${LANDSCAPES[scene.land.name].label}, ${scene.steps} steps from (${scene.start.map(short).join(", ")}). ${told.join("; ")}.`;
  }

  const describe = later(() => {
    const text = words();
    for (const plate of [hill, chart]) plate.canvas.setAttribute("aria-label", `${plate === hill ? "Contours and paths. " : "Loss against step. "}${text}`);
    pad.canvas.setAttribute("aria-label", "Learning rate against beta, with edges of stability.");
    const differs = firstDifference();
    say(mine && trail && !trail.trouble && paths.get(mine.against)
      ? `${text} ${differs ? `Your path leaves the textbook's at step ${differs}.` : "Your path is the textbook's."}` : text);
  }, 400);

  const save = later(() => {
    model.set("link", toLink(scene));
    if (mine) model.set("values", scene.mine);
    model.save_changes();
  }, 250);

  let first = true;
  function changed() {
    const all = shown === undefined || shown >= Number(scrub.range.max);
    pair();
    if (mine) scene.mine = Object.fromEntries(mine.sliders.map((each) => [each.key, each.value]));
    if (!first) askKernel(); // it works while the page does
    compute();
    if (all && !playing) shown = scene.steps;
    scrub.range.max = scene.steps;
    scrub.set(Math.min(shown, scene.steps));
    if (first) first = false;
    else {
      if (mine && !kernel) (trail = null), showTrouble();
      save();
    }
    for (const [key, made] of Object.entries(live)) {
      const [group, name] = key.includes(":") ? key.split(":") : ["", key];
      made.set(group === "mine" ? slider(name).value : group === "land" ? scene.land[name] : scene[key] ?? run(selected)[key]);
    }
    landChoice.set(scene.land.name);
    startHand.setAttribute("aria-valuemin", short(land.window[0]).replace("−", "-"));
    startHand.setAttribute("aria-valuemax", short(land.window[1]).replace("−", "-"));
    startHand.setAttribute("aria-valuenow", scene.start[0]);
    startHand.setAttribute("aria-valuetext", `w1 ${short(scene.start[0])}, w2 ${short(scene.start[1])}`);
    padHand.setAttribute("aria-valuemin", LR[0]);
    padHand.setAttribute("aria-valuemax", LR[1]);
    padHand.setAttribute("aria-valuenow", value("lr") ?? 0.1);
    padHand.setAttribute("aria-valuetext", `learning rate ${short(value("lr") ?? 0.1)}, beta ${short(value("beta") ?? 0)}`);
    const link = toLink(scene);
    if (document.activeElement !== linkText) linkText.value = model.static && /^https?:/.test(location.protocol) ? `${location.href.split("#")[0]}#play=${link}` : link;
    fillDebugger();
    if (goal) judgeSoon();
    if (!hidden()) drawMap();
    describe();
    redraw();
  }

  function loadLink() {
    const link = model.get("link");
    if (link === toLink(scene)) return;
    scene = fromLink(link);
    for (const each of mine?.sliders ?? []) each.value = scene.mine[each.key] ?? each.value;
    if (!mine && !run(selected).on) selected = scene.runs.find((each) => each.on).name;
    shown = scene.steps;
    buildKnobs();
    changed();
  }

  // ---- begin ----

  if (model.static && location.hash.startsWith("#play=") && !document.querySelector(".ms-play")) scene = fromLink(decodeURIComponent(location.hash));
  if (!model.static) announce(model.get("uid"));
  el.append(root);
  buildKnobs();
  changed();
  if (model.get("recorded")) setTrail(model.get("recorded"));
  model.on("change:link", loadLink);
  dead.push(() => model.off?.("change:link", loadLink));
  dead.push(followTheme(root, () => ((dark = root.classList.contains("dark")), soon())));
  const size = new ResizeObserver(() => {
    stage.classList.toggle("wide", root.clientWidth >= 680);
    soon();
  });
  size.observe(root);
  dead.push(() => size.disconnect(), () => kernel?.stop(), () => play(false), soon.stop, describe.stop, save.stop, judgeSoon.stop, drawMap.stop);
  return () => dead.forEach((undo) => undo());
}
