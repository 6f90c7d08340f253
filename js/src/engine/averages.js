// Three averages of noisy values, and the weights behind each.

/** @typedef {import("../types.js").AverageName} AverageName */

/** Mean of the last k values, or of all while there are fewer. @param {number[]} x @param {number} k */
export function sma(x, k) {
  return x.map((_, t) => {
    const seen = x.slice(Math.max(0, t + 1 - k), t + 1);
    return seen.reduce((a, b) => a + b) / seen.length;
  });
}

/** a ← β a + (1 − β) x, from 0. @param {number[]} x @param {number} beta */
export function ewma(x, beta) {
  let a = 0;
  return x.map((g) => {
    a = beta * a + (1 - beta) * g;
    return a;
  });
}

/** The EWMA, kept raw, divided by 1 − βᵗ where it is used. @param {number[]} x @param {number} beta */
export const debiased = (x, beta) => ewma(x, beta).map((a, i) => a / (1 - beta ** (i + 1)));

/**
 * The weight of each of the first t values in the average after t.
 * @param {number} t @param {number} beta @param {number} k @returns {Record<AverageName, number[]>}
 */
export function weights(t, beta, k) {
  const ages = Array.from({ length: t }, (_, i) => t - 1 - i);
  const raw = ages.map((age) => (1 - beta) * beta ** age);
  return {
    sma: ages.map((age) => (age < k ? 1 / Math.min(t, k) : 0)),
    ewma: raw,
    debiased: raw.map((w) => w / (1 - beta ** t)),
  };
}
