// The arithmetic behind the pictures: numbers, ticks, contours, sliders.
import assert from "node:assert/strict";
import { test } from "node:test";
import { scale } from "../src/controls/inputs.js";
import { ticks } from "../src/draw/axes.js";
import { fit, HILL_RGB, levels, shade } from "../src/draw/contour.js";
import { landscape } from "../src/engine/landscapes.js";
import { HYPER } from "../src/facts.js";
import { exact, power, short } from "../src/format.js";
import { differ } from "../src/landscape/debugger.js";
import { ink } from "../src/landscape/end_map.js";

test("numbers as people read them", () => {
  const cases = [
    [0, "0"],
    [1234.6, "1230"],
    [0.1 + 0.2, "0.3"],
    [-0.5, "−0.5"],
    [1e-8, "1e−8"],
    [1.25e-4, "1.3e−4"],
    [2e6, "2e6"],
    [99999, "100000"],
    [Infinity, "∞"],
    [-Infinity, "−∞"],
    [Number.NaN, "NaN"],
  ];
  for (const [x, text] of cases) assert.equal(short(x), text);
  assert.equal(exact(-1 / 3), "−0.3333333");
  assert.equal(power(1e-4), "1e−4");
});

test("ticks are round, in order, inside, and about as many as wanted", () => {
  for (const [low, high, wanted] of [
    [0, 60, 5],
    [-7.3, 2.1, 4],
    [1e-9, 3e-9, 6],
    [0, 1, 8],
    [-14, 3, 3],
  ]) {
    const found = ticks(low, high, wanted);
    assert.ok(found.length >= 2 && found.length <= 2 * wanted + 1, String(found));
    const step = found[1] - found[0];
    assert.ok(
      [1, 2, 5, 10].some((k) => Math.abs(step / (k * 10 ** Math.floor(Math.log10(step * 1.000001))) - 1) < 1e-4),
      String(step),
    );
    for (const x of found) assert.ok(x >= low - 1e-9 * step && x <= high + 1e-6 * step);
  }
});

test("a frame holds its window, with equal scales", () => {
  for (const [width, height] of [
    [300, 300],
    [600, 200],
    [200, 600],
  ]) {
    const [x0, x1, y0, y1] = fit([-2, 2, -1, 3], width, height);
    assert.ok(x0 <= -2 && x1 >= 2 && y0 <= -1 && y1 >= 3);
    assert.ok(Math.abs((x1 - x0) / width - (y1 - y0) / height) < 1e-12);
  }
});

test("contours: no ink at the minimum, most where the loss is largest, rings where a level begins", () => {
  const land = landscape({ name: "quadratic", condition: 1, rotation: 0 });
  const [w, t] = [80, 80];
  const heights = levels(land, [-2, 2, -2, 2], w, t);
  assert.equal(heights.length, (w + 1) * (t + 1));
  assert.equal(heights[(t / 2) * (w + 1) + w / 2], 0);
  assert.equal(Math.max(...heights), 14);
  const pixels = shade(heights, w, t);
  const alpha = (i, j) => pixels[4 * (j * w + i) + 3];
  assert.deepEqual([...pixels.slice(0, 3)], HILL_RGB);
  assert.ok(alpha(w / 2, t / 2) < 10 && alpha(0, 0) > 100);
  const row = Array.from({ length: w / 2 }, (_, i) => alpha(w / 2 + i, t / 2));
  assert.ok(
    row.some((a, i) => i && a < row[i - 1]),
    "rings stand out from the ink on both sides",
  );
});

test("a slider stands where its value is, for every kind of slider", () => {
  for (const { slider } of Object.values(HYPER)) {
    const { to, from } = scale(slider);
    for (let part = 0; part <= 1; part += 0.01) {
      const u = to(slider.min) + part * (to(slider.max) - to(slider.min));
      const x = from(u);
      assert.ok(Math.abs(to(x) - u) < 0.01, `${x} at ${u}`);
    }
  }
  const { to, from } = scale(HYPER.beta2.slider);
  const steps = new Set(Array.from({ length: 100 }, (_, i) => from(to(0.999) - 0.01 * i)));
  assert.equal(steps.size, 100); // each press of an arrow is another number
});

test("ink at the end grows with the loss and stays between none and all", () => {
  const shades = [0, 1e-6, 1e-3, 1, 10, 1e9, Infinity].map(ink);
  assert.deepEqual(
    shades,
    [...shades].sort((a, b) => a - b),
  );
  assert.equal(shades[0], 0);
  assert.equal(shades[6], 1);
});

test("rounding is no difference in the step debugger, a wrong number is", () => {
  assert.equal(differ([1, 2], [1 + 1e-9, 2]), false);
  assert.equal(differ([1, 2], [1.001, 2]), true);
  assert.equal(differ([Number.NaN], [1]), true);
  assert.equal(differ("text", [1]), false);
  assert.equal(differ(null, [1]), false);
});
