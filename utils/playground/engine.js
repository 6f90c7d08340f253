// The textbook, in the page: landscapes, optimizers, and a walk of one on the other.
// tests/utils/playground proves it equal to torch. No state, no drawing.
import SLICE from "./mnist.json" with { type: "json" };

// ---- chance: the same numbers as utils.landscape.normals ----

/** `count` standard normal numbers for each of two weights: mulberry32 and Box–Muller. */
export function normals(count, seed) {
  let a = seed >>> 0;
  const uniform = () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = Math.imul(a ^ (a >>> 15), a | 1);
    t = ((t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t) >>> 0;
    return (((t ^ (t >>> 14)) >>> 0) + 0.5) / 4294967296;
  };
  const out = new Float64Array(2 * count);
  for (let i = 0; i < out.length; i += 2) {
    const r = Math.sqrt(-2 * Math.log(uniform()));
    const angle = 2 * Math.PI * uniform();
    out[i] = r * Math.cos(angle);
    out[i + 1] = r * Math.sin(angle);
  }
  return out;
}

// ---- landscapes: the same as in utils/landscape.py ----

// f is the loss, grad its gradient [∂f/∂x, ∂f/∂y]. window: what is shown, [x0, x1, y0, y1].
// root: contours are evenly spaced in loss^(1/root). lr and start: where a first look is worth it.

const bowl = {
  condition: { value: 10, min: 1, max: 1000, log: true, label: "condition" },
  rotation: { value: 20, min: -90, max: 90, step: 1, label: "rotation", unit: "°" },
  curvature: { value: 5, min: 0.5, max: 50, log: true, label: "curvature λ₁" },
};

function quadratic({ condition, rotation, curvature }) {
  const angle = (rotation * Math.PI) / 180;
  const [c, s, flat] = [Math.cos(angle), Math.sin(angle), curvature / condition];
  const xx = curvature * s * s + flat * c * c;
  const xy = (flat - curvature) * s * c;
  const yy = curvature * c * c + flat * s * s;
  return {
    f: (x, y) => 0.5 * (xx * x * x + 2 * xy * x * y + yy * y * y),
    grad: (x, y) => [xx * x + xy * y, xy * x + yy * y],
    minima: [[0, 0]], window: [-2, 2, -2, 2], root: 2,
  };
}

export const LANDSCAPES = {
  quadratic: { label: "Quadratic", params: bowl, make: quadratic, lr: 0.1, start: [1.25, 1.25] },

  noisy: {
    label: "Noisy quadratic", lr: 0.05, start: [1.25, 1.25],
    params: { ...bowl, spread: { value: 0.5, min: 0, max: 2, step: 0.05, label: "spread" } },
    make(p) {  // each mini-batch sees the bowl moved to a place of its own
      const land = quadratic(p);
      land.batch = (x, y, [cx, cy]) => land.grad(x - p.spread * cx, y - p.spread * cy);
      return land;
    },
  },

  ravine: {
    label: "Winding ravine", lr: 0.05, start: [-1.6, 0.9],
    params: {
      steep: { value: 20, min: 1, max: 200, log: true, label: "wall slope" },
      flat: { value: 0.5, min: 0.05, max: 5, log: true, label: "floor slope" },
    },
    make: ({ steep, flat }) => ({
      f: (x, y) => 0.5 * steep * (y - 0.5 * Math.sin(2 * x)) ** 2 + 0.5 * flat * x * x,
      grad(x, y) {
        const wall = steep * (y - 0.5 * Math.sin(2 * x));
        return [flat * x - wall * Math.cos(2 * x), wall];
      },
      minima: [[0, 0]], window: [-2, 2, -1.6, 1.6], root: 2,
    }),
  },

  saddle: {
    label: "Saddle", params: {}, lr: 0.1, start: [-1.5, 0.01],
    make: () => ({
      f: (x, y) => 0.5 * x * x - 0.5 * y * y + 0.25 * y ** 4 + 0.25,
      grad: (x, y) => [x, y * y * y - y],
      minima: [[0, 1], [0, -1]], window: [-2, 2, -1.6, 1.6], root: 2,
    }),
  },

  rosenbrock: {
    label: "Rosenbrock", lr: 0.001, start: [-1, 1.5],
    params: { b: { value: 100, min: 1, max: 100, log: true, label: "steepness" } },
    make: ({ b }) => ({
      f: (x, y) => (1 - x) ** 2 + b * (y - x * x) ** 2,
      grad(x, y) {
        const wall = 2 * b * (y - x * x);
        return [-2 * (1 - x) - 2 * wall * x, wall];
      },
      minima: [[1, 1]], window: [-2, 2, -1, 3], root: 4,
    }),
  },

  beale: {
    label: "Beale", params: {}, lr: 0.01, start: [1, 1.5],
    make: () => ({
      f: (x, y) =>
        (1.5 - x + x * y) ** 2 + (2.25 - x + x * y * y) ** 2 + (2.625 - x + x * y ** 3) ** 2,
      grad(x, y) {
        const [a, b, c] = [1.5 - x + x * y, 2.25 - x + x * y * y, 2.625 - x + x * y ** 3];
        return [
          2 * a * (y - 1) + 2 * b * (y * y - 1) + 2 * c * (y ** 3 - 1),
          2 * a * x + 4 * b * x * y + 6 * c * x * y * y,
        ];
      },
      minima: [[3, 0.5]], window: [-0.5, 4, -1.2, 2], root: 5,
    }),
  },

  wells: {
    label: "Several minima", params: {}, lr: 0.1, start: [0.4, 3.6],
    make: () => ({
      f: (x, y) => well(x) + well(y),
      grad: (x, y) => [slope(x), slope(y)],
      minima: [[-2.903534027771177, -2.903534027771177]], window: [-4.2, 4.2, -4.2, 4.2], root: 1.5,
    }),
  },

  mnist: { label: "MNIST, a slice", params: {}, lr: 0.05, start: [0, 0], make: mnist },
};

/** The spline of slice.py: the loss of a network on MNIST over a plane in its weights. */
function mnist() {
  const { n, unit, levels, grid, minimum, window } = SLICE;
  const raw = atob(levels);
  const c = Float64Array.from({ length: (n + 2) ** 2 }, (_, k) => unit * (raw.charCodeAt(2 * k) + 256 * raw.charCodeAt(2 * k + 1)));
  const cell = (x, a, b) => { // its number, four weights, their slopes, and how far x lies outside
    const near = Math.min(Math.max(x, a), b);
    const u = ((near - a) / (b - a)) * (n - 1);
    const i = Math.min(Math.floor(u), n - 2);
    const [t, s, k] = [u - i, 1 - u + i, near === x ? (n - 1) / (b - a) / 6 : 0];
    return [
      i, [s ** 3 / 6, (3 * t ** 3 - 6 * t ** 2 + 4) / 6, (3 * s ** 3 - 6 * s ** 2 + 4) / 6, t ** 3 / 6],
      [-3 * k * s * s, k * (9 * t * t - 12 * t), -k * (9 * s * s - 12 * s), 3 * k * t * t], x - near,
    ];
  };
  const sum = (i, v, j, w) => {
    let total = 0;
    for (let q = 0; q < 4; q++) for (let p = 0; p < 4; p++) total += c[(j + q) * (n + 2) + i + p] * w[q] * v[p];
    return total;
  };
  return {
    f(x, y) {
      const [[i, v, , dx], [j, w, , dy]] = [cell(x, grid[0], grid[1]), cell(y, grid[2], grid[3])];
      return sum(i, v, j, w) + 2 * (dx * dx + dy * dy);
    },
    grad(x, y) {
      const [[i, v, dv, dx], [j, w, dw, dy]] = [cell(x, grid[0], grid[1]), cell(y, grid[2], grid[3])];
      return [sum(i, dv, j, w) + 4 * dx, sum(i, v, j, dw) + 4 * dy];
    },
    minima: [minimum], window, root: 2,
  };
}

const well = (x) => (x ** 4 - 16 * x * x + 5 * x) / 40 + 1.9583082851885707;
const slope = (x) => (4 * x ** 3 - 32 * x + 5) / 40;

/** The landscape of a scene: `{name, condition: 10, …}` → its functions. */
export function landscape({ name, ...given }) {
  const { params, make } = LANDSCAPES[name];
  const values = Object.fromEntries(Object.entries(params).map(([k, p]) => [k, given[k] ?? p.value]));
  return make(values);
}

/** Largest curvature at the (first) minimum: the λ of the edge of stability. */
export function sharpness(land) {
  const [x, y] = land.minima[0];
  const h = 1e-4;
  const [right, left, up, down] = [
    land.grad(x + h, y), land.grad(x - h, y), land.grad(x, y + h), land.grad(x, y - h),
  ];
  const xx = (right[0] - left[0]) / (2 * h);
  const yy = (up[1] - down[1]) / (2 * h);
  const xy = (up[0] - down[0]) / (2 * h);
  return (xx + yy) / 2 + Math.hypot((xx - yy) / 2, xy);
}

// ---- optimizers: each is what happens to one weight p with gradient g at step t = 1, 2, … ----

// s: its state, empty at first. h: lr, beta (momentum, β₁), beta2 (RMSprop's α, β₂), eps, wd.
// edge: the largest stable lr on a bowl of curvature λ.

const heavyBall = ({ beta }, curvature) => (2 * (1 + beta)) / curvature;

export const OPTIMIZERS = {
  sgd: {
    label: "SGD", uses: ["lr"], edge: (h, curvature) => 2 / curvature,
    step: (p, g, s, { lr }) => p - lr * g,
  },
  momentum: {
    label: "Momentum", uses: ["lr", "beta"], edge: heavyBall,
    step(p, g, s, { lr, beta, dampening = 0 }, t) {
      s.v = t === 1 ? g : beta * s.v + (1 - dampening) * g;
      return p - lr * s.v;
    },
  },
  momentum_lr: {
    label: "Momentum, lr inside", uses: ["lr", "beta"], edge: heavyBall,
    step(p, g, s, { lr, beta }) {
      s.v = beta * (s.v ?? 0) - lr * g;
      return p + s.v;
    },
  },
  momentum_ewma: {
    label: "Momentum, EWMA", uses: ["lr", "beta"],
    edge: (h, curvature) => heavyBall(h, curvature) / (1 - h.beta),
    step(p, g, s, { lr, beta }) {
      s.avg = beta * (s.avg ?? 0) + (1 - beta) * g;
      return p - lr * s.avg;
    },
  },
  nesterov: {
    label: "Nesterov", uses: ["lr", "beta"],
    edge: (h, curvature) => heavyBall(h, curvature) / (1 + 2 * h.beta),
    step(p, g, s, { lr, beta }) {
      s.v = beta * (s.v ?? 0) + g;
      return p - lr * (g + beta * s.v);
    },
  },
  rmsprop: {
    label: "RMSprop", uses: ["lr", "beta2", "eps"], beta2: 0.99,
    step(p, g, s, { lr, beta2, eps }) {
      s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
      return p - (lr * g) / (Math.sqrt(s.sqr) + eps);
    },
  },
  rmsprop_inside: {
    label: "RMSprop, ε inside", uses: ["lr", "beta2", "eps"], beta2: 0.99,
    step(p, g, s, { lr, beta2, eps }) {
      s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
      return p - (lr * g) / Math.sqrt(s.sqr + eps);
    },
  },
  adam: {
    label: "Adam", uses: ["lr", "beta", "beta2", "eps", "wd"], beta2: 0.999,
    step(p, g, s, { lr, beta, beta2, eps }, t) {
      s.avg = beta * (s.avg ?? 0) + (1 - beta) * g;
      s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
      const avg = s.avg / (1 - beta ** t);
      const sqr = s.sqr / (1 - beta2 ** t);
      return p - (lr * avg) / (Math.sqrt(sqr) + eps);
    },
  },
  adam_raw: {
    label: "Adam, no correction", uses: ["lr", "beta", "beta2", "eps"], beta2: 0.999,
    step(p, g, s, { lr, beta, beta2, eps }) {
      s.avg = beta * (s.avg ?? 0) + (1 - beta) * g;
      s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
      return p - (lr * s.avg) / (Math.sqrt(s.sqr) + eps);
    },
  },
  adamw: {
    label: "AdamW", uses: ["lr", "beta", "beta2", "eps", "wd"], beta2: 0.999, wd: 0.01,
    step: (p, g, s, h, t) => OPTIMIZERS.adam.step(p * (1 - h.lr * h.wd), g, s, h, t),
  },
  lion: {
    label: "Lion", uses: ["lr", "beta", "beta2", "wd"], beta2: 0.99, wd: 0,
    step(p, g, s, { lr, beta, beta2, wd }) {
      const u = Math.sign(beta * (s.avg ?? 0) + (1 - beta) * g);
      s.avg = beta2 * (s.avg ?? 0) + (1 - beta2) * g;
      return p * (1 - lr * wd) - lr * u;
    },
  },
};

const DECOUPLED = new Set(["adamw", "lion"]); // elsewhere weight decay is added to the gradient

/** Hyper-parameters as an optimizer wants them: what is given, else its own. */
export function hyper(name, given = {}) {
  const own = OPTIMIZERS[name];
  return { lr: 0.1, beta: 0.9, beta2: own.beta2 ?? 0.999, eps: 1e-8, wd: own.wd ?? 0, ...given };
}

/**
 * Walk, and write down x, y and loss before the first step and after each one, and the gradients
 * gx, gy of each step. Ends before a step that leaves something infinite or NaN: `broke` is that
 * step's number, else 0. With `states`, also what the optimizer keeps after each step.
 */
export function walk(name, given, land, { start, steps, noise = 0, seed = 0 }, states = false) {
  const h = hyper(name, given);
  const { step } = OPTIMIZERS[name];
  const l2 = h.wd && !DECOUPLED.has(name) ? h.wd : 0;
  const jitter = noise ? normals(steps, seed) : null;
  const batches = land.batch ? normals(steps, seed + 1000003) : null;
  const path = { x: [start[0]], y: [start[1]], loss: [land.f(...start)], gx: [], gy: [], states: [], broke: 0 };
  const [sx, sy] = [{}, {}];
  let [x, y] = start;
  for (let t = 1; t <= steps; t++) {
    const i = 2 * (t - 1);
    let [gx, gy] = batches ? land.batch(x, y, [batches[i], batches[i + 1]]) : land.grad(x, y);
    if (jitter) [gx, gy] = [gx + noise * jitter[i], gy + noise * jitter[i + 1]];
    path.gx.push(gx), path.gy.push(gy);
    if (l2) [gx, gy] = [gx + l2 * x, gy + l2 * y];
    [x, y] = [step(x, gx, sx, h, t), step(y, gy, sy, h, t)];
    if (states) path.states.push(Object.fromEntries(Object.keys(sx).map((k) => [k, [sx[k], sy[k]]])));
    const loss = land.f(x, y);
    if (!Number.isFinite(loss)) {
      path.broke = t;
      break;
    }
    path.x.push(x), path.y.push(y), path.loss.push(loss);
  }
  return path;
}

/**
 * The textbook's optimizer, given the weights and gradients that another one met: where it would
 * have gone at each step, and what it would keep. So a rounding error does not grow from step to
 * step. `differs` is the first step at which the other one went elsewhere, else 0.
 */
export function replay(name, given, path) {
  const h = hyper(name, given);
  const l2 = h.wd && !DECOUPLED.has(name) ? h.wd : 0;
  const out = { x: [path.x[0]], y: [path.y[0]], states: [], differs: 0 };
  const [sx, sy] = [{}, {}];
  let [reach, stride] = [Math.max(Math.abs(path.x[0]), Math.abs(path.y[0])), 0];
  for (let t = 1; t <= path.gx.length; t++) {
    const [x, y] = [path.x[t - 1], path.y[t - 1]];
    const [nx, ny] = [
      OPTIMIZERS[name].step(x, path.gx[t - 1] + l2 * x, sx, h, t),
      OPTIMIZERS[name].step(y, path.gy[t - 1] + l2 * y, sy, h, t),
    ];
    out.x.push(nx), out.y.push(ny);
    out.states.push(Object.fromEntries(Object.keys(sx).map((k) => [k, [sx[k], sy[k]]])));
    reach = Math.max(reach, Math.abs(nx), Math.abs(ny));
    stride = Math.max(stride, Math.hypot(nx - x, ny - y));
    const allowed = 2e-7 * stride + 1e-13 * reach; // state in float32 is no mistake
    if (!out.differs && !(Math.hypot(path.x[t] - nx, path.y[t] - ny) <= allowed)) {
      if (path.x.length > t || Number.isFinite(nx + ny)) out.differs = t;
    }
  }
  return out;
}

// ---- a scene as a short string, the same as utils/playground/scene.py ----

/** `{land: {name: "quadratic"}, …}` → `land=quadratic&start=1.25,1.25&…&momentum=0.1,0.9`. */
export function toLink(scene) {
  const { params } = LANDSCAPES[scene.land.name];
  const shape = Object.entries(params)
    .filter(([k, p]) => (scene.land[k] ?? p.value) !== p.value)
    .map(([k]) => `${k}=${scene.land[k]}`);
  const runs = scene.runs.filter((run) => run.on).map((run) => {
    const usual = hyper(run.name);
    const rest = ["beta2", "eps", "wd"].filter((k) => OPTIMIZERS[run.name].uses.includes(k) && run[k] !== usual[k]);
    const beta = OPTIMIZERS[run.name].uses.includes("beta") ? [run.beta] : [];
    return `${run.name}=${[run.lr, ...beta, ...rest.map((k) => `${k}:${run[k]}`)].join(",")}`;
  });
  const mine = Object.entries(scene.mine ?? {}).map(([k, x]) => `${k}:${x}`);
  const chance = scene.noise || scene.land.name === "noisy" ? [`noise=${scene.noise}`, `seed=${scene.seed}`] : [];
  return [
    `land=${scene.land.name}`, ...shape, `start=${scene.start.join(",")}`, `steps=${scene.steps}`, ...chance, ...runs,
    ...(mine.length ? [`mine=${mine.join(",")}`] : []),
  ].join("&");
}

/** The way back; what is missing or wrong keeps its usual value. */
export function fromLink(link) {
  const given = new Map(link.replace(/^.*#/, "").replace(/^play=/, "").split("&").map((part) => {
    const at = part.indexOf("=");
    return [part.slice(0, at), part.slice(at + 1)];
  }));
  const number = (text, usual, low = -Infinity, high = Infinity) => {
    const value = text === undefined || text === "" ? NaN : Number(text);
    return value >= low && value <= high ? value : usual;
  };
  const name = LANDSCAPES[given.get("land")] ? given.get("land") : "quadratic";
  const about = LANDSCAPES[name];
  const land = { name };
  for (const [k, p] of Object.entries(about.params)) land[k] = number(given.get(k), p.value, p.min, p.max);
  const [x, y] = (given.get("start") ?? "").split(",");
  const scene = {
    land,
    start: [number(x, about.start[0], -100, 100), number(y, about.start[1], -100, 100)],
    steps: Math.round(number(given.get("steps"), 60, 1, 1000)),
    noise: number(given.get("noise"), 0, 0, 100),
    seed: Math.round(number(given.get("seed"), 0, 0, 4294967295)),
    runs: [],
    mine: {},
  };
  for (const item of (given.get("mine") ?? "").split(",")) {
    const [k, x] = item.split(":");
    if (Number.isFinite(number(x, NaN))) scene.mine[k] = Number(x);
  }
  for (const key of Object.keys(OPTIMIZERS)) {
    const run = { name: key, on: given.has(key), ...hyper(key, { lr: about.lr }) };
    const [lr, ...more] = (given.get(key) ?? "").split(",");
    run.lr = number(lr, run.lr, 0, 1e6);
    for (const item of more) {
      const [k, value] = item.includes(":") ? item.split(":") : ["beta", item];
      if (k in run && k !== "name" && k !== "on") run[k] = number(value, run[k], 0, 1e6);
    }
    scene.runs.push(run);
  }
  if (!scene.runs.some((run) => run.on)) scene.runs[1].on = true;
  return scene;
}

/** What utils/playground/goals.py says of a scene: is the goal reached, with which score? */
export function verdict(goal, scene) {
  const ground = fromLink(goal.link);
  const land = landscape(ground.land);
  const go = (run, steps) => walk(run.name, run, land, { ...ground, steps });
  const on = scene.runs.filter((run) => run.on);
  if (goal.kind === "edge") {
    const run = on.find(({ name }) => name === goal.optimizer);
    if (!run) return { passed: false, score: 0, text: `${OPTIMIZERS[goal.optimizer].label} is not switched on.` };
    const stable = (lr) => {
      const { loss, broke } = go({ ...run, lr }, 1000);
      return !broke && loss.at(-1) <= loss[0];
    };
    const [inside, outside] = [stable(run.lr), stable(run.lr * (1 + goal.within))];
    const text = !inside ? "diverges" : outside ? "is stable, but a larger one is too" : "is stable, and a larger one is not";
    return { passed: inside && !outside, score: run.lr, text: `lr = ${run.lr} ${text}.` };
  }
  const took = (run) => {
    const i = go(run, goal.steps).loss.findIndex((loss) => loss < goal.loss);
    return i < 0 ? Infinity : i;
  };
  const scores = on.map((run) => [took(run), run.name]);
  const [score, name] = scores.reduce((a, b) => (b[0] < a[0] ? b : a));
  const rival = goal.kind === "beat" ? took(ground.runs.find((run) => run.name === goal.optimizer)) : goal.steps + 1;
  const best = score === Infinity ? "None gets there" : `${OPTIMIZERS[name].label} gets there in ${score} steps`;
  return { passed: score < rival, score, text: goal.kind === "beat" ? `${best}; to beat: ${rival}.` : `${best}.` };
}
