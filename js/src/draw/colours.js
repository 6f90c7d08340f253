// Colours: of the lines, and the inks of the page around them.
import { DASHES, PALETTE } from "../facts.js";

/** @typedef {import("../types.js").Inks} Inks */

/** The colours that playground.css gives. @param {HTMLElement} root @returns {Inks} */
export function inks(root) {
  const style = getComputedStyle(root);
  const of = (/** @type {string} */ name) => style.getPropertyValue(`--${name}`);
  return { text: of("text"), soft: of("soft"), band: of("band"), line: of("line"), hot: of("hot"), plate: of("plate") };
}

/** Colour and dashes of line number i. @param {number} i */
export const lineStyle = (i) => ({ color: PALETTE[i % PALETTE.length], dash: DASHES[i % DASHES.length] });
