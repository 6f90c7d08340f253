// Chance: the same numbers as utils.landscape.normals.

/**
 * `count` standard normal numbers for each of two weights: mulberry32 and Box–Muller.
 * @param {number} count @param {number} seed @returns {Float64Array} of length 2 · count
 */
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
