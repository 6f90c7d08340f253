// What Python and the page both know, from utils/playground/playground.json.
import shared from "../../utils/playground/playground.json" with { type: "json" };

/** @typedef {import("./types.js").Facts} Facts */

const facts = /** @type {Facts} */ (/** @type {unknown} */ (shared));

export const { settings: SETTINGS, hyper: HYPER, optimizers: OPTIMIZERS, verdicts: VERDICTS, averages: AVERAGES } = facts;
export const { batch_seed: BATCH_SEED, stable_steps: STABLE_STEPS, hyper_max: HYPER_MAX } = facts;
export const { palette: PALETTE, hill: HILL } = facts.colours;

const WIDTH = 2; // of a line, in pixels; dashes are told in widths
export const DASHES = facts.colours.dashes.map((dash) => dash.map((part) => WIDTH * part));

/** A landscape that is `like` another has all that the other has, and what it says itself. */
export const LANDSCAPES = Object.fromEntries(
  Object.entries(facts.landscapes).map(([name, own]) => {
    const base = own.like ? facts.landscapes[own.like] : own;
    return [name, { ...base, ...own, shape: { ...base.shape, ...own.shape } }];
  }),
);

/**
 * Fill the places of a sentence: `fill("{a} of {b}", { a: 1, b: 2 })` → "1 of 2".
 * @param {string} sentence @param {Record<string, string | number>} values
 */
export const fill = (sentence, values) => sentence.replace(/\{(\w+)\}/g, (_, key) => String(values[key]));
