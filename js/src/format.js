// Numbers as people read them.

/** With the sign for minus. @param {string} text */
const minus = (text) => text.replaceAll("-", "−");

/** Three significant digits. @param {number} x */
export function short(x) {
  if (!Number.isFinite(x)) return Number.isNaN(x) ? "NaN" : x > 0 ? "∞" : "−∞";
  const size = Math.abs(x);
  const tiny = size !== 0 && (size < 1e-3 || size >= 1e5);
  return minus(tiny ? x.toExponential(1).replace(/\.0e/, "e").replace("e+", "e") : String(Number(x.toPrecision(3))));
}

/** Seven significant digits. @param {number} x */
export const exact = (x) => minus(String(Number(x.toPrecision(7))));

/** A power of ten. @param {number} x */
export const power = (x) => minus(`1e${Math.round(Math.log10(x))}`);
