// The engine by itself. That it is torch's twin is proven by tests/utils/playground/test_playground_engine.py.
import assert from "node:assert/strict";
import { test } from "node:test";
import { debiased, ewma, sma, weights } from "../src/engine/averages.js";
import { landscape, sharpness } from "../src/engine/landscapes.js";
import { fromLink, toLink } from "../src/engine/link.js";
import { normals } from "../src/engine/normals.js";
import { EDGES, STEPS } from "../src/engine/optimizers.js";
import { verdict } from "../src/engine/verdict.js";
import { leaves, replay, walk } from "../src/engine/walk.js";
import { fill, LANDSCAPES, OPTIMIZERS, VERDICTS } from "../src/facts.js";

const near = (a, b, rel = 1e-6) => assert.ok(Math.abs(a - b) <= rel * Math.max(1, Math.abs(b)), `${a} is not ${b}`);

test("every optimizer and landscape of playground.json has its formula, and no other has", () => {
  assert.deepEqual(Object.keys(STEPS).sort(), Object.keys(OPTIMIZERS).sort());
  for (const name of Object.keys(EDGES)) assert.ok(OPTIMIZERS[name]);
  for (const name of Object.keys(LANDSCAPES)) assert.ok(Number.isFinite(landscape({ name }).f(0.1, 0.2)), name);
});

test("gradients are the slopes of the loss, and minima are lower than what is around them", () => {
  for (const name of Object.keys(LANDSCAPES)) {
    const land = landscape({ name });
    const h = 1e-6;
    for (const [x, y] of [land.minima[0], [0.3, 0.7], [-0.4, 1.1], [1.3, -0.2]]) {
      const [gx, gy] = land.grad(x, y);
      near(gx, (land.f(x + h, y) - land.f(x - h, y)) / (2 * h), 1e-4);
      near(gy, (land.f(x, y + h) - land.f(x, y - h)) / (2 * h), 1e-4);
    }
    for (const [x, y] of land.minima)
      for (const [dx, dy] of [
        [0.05, 0],
        [-0.05, 0],
        [0, 0.05],
        [0, -0.05],
      ])
        assert.ok(land.f(x, y) < land.f(x + dx, y + dy), name);
  }
});

test("a step of SGD with a learning rate at the edge neither falls nor grows", () => {
  const land = landscape({ name: "quadratic", condition: 1, curvature: 4 });
  near(sharpness(land), 4);
  const { loss } = walk("sgd", { lr: EDGES.sgd(0, 4) }, land, { start: [1, 1], steps: 50 });
  near(loss[50], loss[0], 1e-9);
});

test("a walk that overflows says at which step, and where it left the picture", () => {
  const land = landscape({ name: "rosenbrock" });
  const path = walk("sgd", { lr: 500 }, land, { start: [-1, 1.5], steps: 60 });
  assert.ok(path.broke > 0);
  assert.equal(path.x.length, path.broke);
  assert.ok(path.x.every(Number.isFinite));
  assert.equal(leaves(path, land), 1);
});

test("the same noise for the same seed, another for another", () => {
  assert.deepEqual(normals(5, 1), normals(5, 1));
  assert.notDeepEqual(normals(5, 1), normals(5, 2));
});

test("a path replayed by its own optimizer does not differ; by another it does", () => {
  const land = landscape({ name: "quadratic" });
  const path = walk("momentum", { lr: 0.1, beta: 0.9 }, land, { start: [1, 1], steps: 20 });
  assert.equal(replay("momentum", { lr: 0.1, beta: 0.9 }, path).differs, 0);
  assert.equal(replay("nesterov", { lr: 0.1, beta: 0.9 }, path).differs, 1);
  assert.equal(replay("sgd", { lr: 0.1 }, path).differs, 2);
});

test("links: what is written is read again, for any scene", () => {
  // a generator of scenes, the same at every run
  const chance = normals(20000, 3);
  let at = 0;
  const next = () => Math.abs(chance[at++ % chance.length]) % 1;
  for (let i = 0; i < 300; i++) {
    const scene = fromLink("");
    const names = Object.keys(LANDSCAPES);
    const { shape } = LANDSCAPES[names[i % names.length]];
    scene.land = { name: names[i % names.length] };
    for (const [key, { min, max }] of Object.entries(shape))
      scene.land[key] = Number((min + next() * (max - min)).toPrecision(3));
    scene.start = [Number((200 * next() - 100).toFixed(3)), Number((2 * next() - 1).toFixed(3))];
    scene.steps = 1 + Math.floor(999 * next());
    scene.noise = next() < 0.5 ? 0 : Number((3 * next()).toFixed(2));
    scene.seed = scene.noise || scene.land.name === "noisy" ? Math.floor(4294967295 * next()) : 0;
    for (const run of scene.runs) {
      run.on = next() < 0.3;
      if (!run.on) {
        run.lr = LANDSCAPES[scene.land.name].lr;
        continue;
      }
      for (const key of OPTIMIZERS[run.name].uses) run[key] = Number((10 ** (-8 * next())).toPrecision(3));
    }
    scene.runs[0].on = true;
    if (next() < 0.5) scene.mine = { lr: next(), "betas[0]": 1e-8 * next() };
    assert.deepEqual(fromLink(toLink(scene)), scene);
  }
});

test("links: whatever is typed gives a scene that can be walked", () => {
  const pieces = [
    "land=",
    "land=beale",
    "land=constructor",
    "start=1",
    "start=NaN,1e999",
    "steps=0",
    "steps=2.6",
    "noise=-1",
    "seed=1e12",
    "sgd=,,,:",
    "adam=x:y,beta2:2e9",
    "mine=:",
    "&&",
    "=",
    "%",
    "momentum=0.1,name:3,on:1",
  ];
  for (let i = 0; i < 2 ** 10; i++) {
    const link = pieces.filter((_, k) => (i * 40503) & (1 << k)).join("&");
    const scene = fromLink(link);
    assert.ok(scene.steps >= 1 && scene.steps <= 1000 && Number.isInteger(scene.steps), link);
    assert.ok(
      scene.runs.some((run) => run.on),
      link,
    );
    assert.ok(scene.start.every(Number.isFinite), link);
    for (const run of scene.runs) assert.ok(run.name in OPTIMIZERS && typeof run.on === "boolean", link);
    landscape(scene.land).f(...scene.start);
  }
});

test("verdicts fill every place of their sentence", () => {
  const scene = fromLink("land=quadratic&sgd=0.1&momentum=0.1,0.9");
  const goal = { link: "land=quadratic&momentum=0.1,0.9", text: "", loss: 1e-6, steps: 100, optimizer: "sgd", within: 0.02 };
  for (const kind of ["below", "edge", "beat"]) {
    const { text } = verdict({ ...goal, kind, optimizer: kind === "beat" ? "momentum" : "sgd" }, scene);
    assert.doesNotMatch(text, /[{}]|undefined|NaN|null/);
  }
  assert.equal(fill(VERDICTS.off, { optimizer: "SGD" }), "SGD is not switched on.");
});

test("averages: the weights give them, and sum to one where nothing is missing", () => {
  const x = [3, 1, 4, 1, 5, 9, 2, 6];
  const all = weights(8, 0.7, 3);
  const dot = (w) => w.reduce((sum, v, i) => sum + v * x[i], 0);
  near(dot(all.sma), sma(x, 3)[7], 1e-12);
  near(dot(all.ewma), ewma(x, 0.7)[7], 1e-12);
  near(dot(all.debiased), debiased(x, 0.7)[7], 1e-12);
  for (const key of ["sma", "debiased"])
    near(
      all[key].reduce((a, b) => a + b),
      1,
      1e-12,
    );
});
