// The textbook's optimizers: what happens to one weight p with gradient g at step t = 1, 2, …
// s is what the optimizer keeps, empty at first. h: lr, beta (momentum, β₁), beta2 (RMSprop's α, β₂), eps, wd.
import { HYPER, OPTIMIZERS } from "../facts.js";

/** @typedef {import("../types.js").Hyper} Hyper @typedef {import("../types.js").Step} Step */

/** @type {Step} */
function adam(p, g, s, { lr, beta, beta2, eps }, t) {
  s.avg = beta * (s.avg ?? 0) + (1 - beta) * g;
  s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
  const avg = s.avg / (1 - beta ** t);
  const sqr = s.sqr / (1 - beta2 ** t);
  return p - (lr * avg) / (Math.sqrt(sqr) + eps);
}

/** @type {Record<string, Step>} */
export const STEPS = {
  sgd: (p, g, _s, { lr }) => p - lr * g,

  momentum(p, g, s, { lr, beta, dampening = 0 }, t) {
    s.v = t === 1 ? g : beta * s.v + (1 - dampening) * g;
    return p - lr * s.v;
  },

  momentum_lr(p, g, s, { lr, beta }) {
    s.v = beta * (s.v ?? 0) - lr * g;
    return p + s.v;
  },

  momentum_ewma(p, g, s, { lr, beta }) {
    s.avg = beta * (s.avg ?? 0) + (1 - beta) * g;
    return p - lr * s.avg;
  },

  nesterov(p, g, s, { lr, beta }) {
    s.v = beta * (s.v ?? 0) + g;
    return p - lr * (g + beta * s.v);
  },

  rmsprop(p, g, s, { lr, beta2, eps }) {
    s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
    return p - (lr * g) / (Math.sqrt(s.sqr) + eps);
  },

  rmsprop_inside(p, g, s, { lr, beta2, eps }) {
    s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
    return p - (lr * g) / Math.sqrt(s.sqr + eps);
  },

  adam,

  adam_raw(p, g, s, { lr, beta, beta2, eps }) {
    s.avg = beta * (s.avg ?? 0) + (1 - beta) * g;
    s.sqr = beta2 * (s.sqr ?? 0) + (1 - beta2) * g * g;
    return p - (lr * s.avg) / (Math.sqrt(s.sqr) + eps);
  },

  adamw: (p, g, s, h, t) => adam(p * (1 - h.lr * h.wd), g, s, h, t),

  lion(p, g, s, { lr, beta, beta2, wd }) {
    const u = Math.sign(beta * (s.avg ?? 0) + (1 - beta) * g);
    s.avg = beta2 * (s.avg ?? 0) + (1 - beta2) * g;
    return p * (1 - lr * wd) - lr * u;
  },
};

/** The largest stable lr on a bowl of curvature λ, where it is known. @type {Record<string, (beta: number, curvature: number) => number>} */
export const EDGES = {
  sgd: (_beta, curvature) => 2 / curvature,
  momentum: (beta, curvature) => (2 * (1 + beta)) / curvature,
  momentum_lr: (beta, curvature) => (2 * (1 + beta)) / curvature,
  momentum_ewma: (beta, curvature) => (2 * (1 + beta)) / curvature / (1 - beta),
  nesterov: (beta, curvature) => (2 * (1 + beta)) / curvature / (1 + 2 * beta),
};

const USUAL = Object.fromEntries(Object.entries(HYPER).map(([key, { value }]) => [key, value]));

/** Hyper-parameters as an optimizer wants them: what is given, else its own. @param {string} name @param {Partial<Hyper>} given @returns {Hyper} */
export const hyper = (name, given = {}) => /** @type {Hyper} */ ({ ...USUAL, ...OPTIMIZERS[name].usual, ...given });

/** The part of weight decay that is added to the gradient: none where it is decoupled. @param {string} name @param {Hyper} h */
export const l2 = (name, { wd }) => (OPTIMIZERS[name].decoupled ? 0 : wd);
