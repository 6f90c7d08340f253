// A scene as a short string, letter by letter what utils/playground/scene.py writes:
// land=quadratic&start=1.25,1.25&steps=60&sgd=0.1&momentum=0.1,0.9
import { HYPER_MAX, LANDSCAPES, OPTIMIZERS, SETTINGS } from "../facts.js";
import { hyper } from "./optimizers.js";

/** @typedef {import("../types.js").Scene} Scene @typedef {import("../types.js").Run} Run @typedef {import("../types.js").LandShape} LandShape */
/** @typedef {import("../types.js").HyperName} HyperName */

/** @param {Scene} scene */
export function toLink(scene) {
  const shape = Object.entries(LANDSCAPES[scene.land.name].shape)
    .filter(([key, { value }]) => (scene.land[key] ?? value) !== value)
    .map(([key]) => `${key}=${scene.land[key]}`);
  const runs = scene.runs.filter((run) => run.on).map(runToText);
  const mine = Object.entries(scene.mine).map(([key, x]) => `${key}:${x}`);
  const chance = scene.noise || scene.land.name === "noisy" ? [`noise=${scene.noise}`, `seed=${scene.seed}`] : [];
  return [
    `land=${scene.land.name}`,
    ...shape,
    `start=${scene.start.join(",")}`,
    `steps=${scene.steps}`,
    ...chance,
    ...runs,
    ...(mine.length ? [`mine=${mine.join(",")}`] : []),
  ].join("&");
}

/** lr, then β where there is one, then by name what is not as usual. @param {Run} run */
function runToText(run) {
  const usual = hyper(run.name);
  const { uses } = OPTIMIZERS[run.name];
  const rest = uses.filter((key) => key !== "lr" && key !== "beta" && run[key] !== usual[key]);
  const beta = uses.includes("beta") ? [run.beta] : [];
  return `${run.name}=${[run.lr, ...beta, ...rest.map((key) => `${key}:${run[key]}`)].join(",")}`;
}

/**
 * A number in its range, else the usual one.
 * @param {string | undefined} text @param {number} usual
 */
function number(text, usual, low = -Infinity, high = Infinity) {
  const value = text === undefined || text === "" ? Number.NaN : Number(text);
  return value >= low && value <= high ? value : usual;
}

/** The way back; what is missing or wrong keeps its usual value. @param {string} link @returns {Scene} */
export function fromLink(link) {
  const given = new Map(
    link
      .replace(/^.*#/, "")
      .replace(/^play=/, "")
      .split("&")
      .map((part) => {
        const at = part.indexOf("=");
        return [part.slice(0, at), part.slice(at + 1)];
      }),
  );
  const name = given.get("land") ?? "";
  const land = /** @type {LandShape} */ ({ name: Object.hasOwn(LANDSCAPES, name) ? name : "quadratic" });
  const about = LANDSCAPES[land.name];
  for (const [key, { value, min, max }] of Object.entries(about.shape)) land[key] = number(given.get(key), value, min, max);
  const [x, y] = (given.get("start") ?? "").split(",");
  const { start, steps, noise, seed } = SETTINGS;
  /** @type {Scene} */
  const scene = {
    land,
    start: [number(x, about.start[0], start.min, start.max), number(y, about.start[1], start.min, start.max)],
    steps: Math.round(number(given.get("steps"), steps.value, steps.min, steps.max)),
    noise: number(given.get("noise"), noise.value, noise.min, noise.max),
    seed: Math.round(number(given.get("seed"), seed.value, seed.min, seed.max)),
    runs: Object.keys(OPTIMIZERS).map((key) => textToRun(key, given.get(key), about.lr)),
    mine: {},
  };
  for (const item of (given.get("mine") ?? "").split(",")) {
    const [key, value] = item.split(":");
    if (Number.isFinite(number(value, Number.NaN))) scene.mine[key] = Number(value);
  }
  if (!scene.runs.some((run) => run.on)) scene.runs[1].on = true;
  return scene;
}

/** @param {string} name @param {string | undefined} text @param {number} lr @returns {Run} */
function textToRun(name, text, lr) {
  const run = { name, on: text !== undefined, ...hyper(name, { lr }) };
  const [first, ...more] = (text ?? "").split(",");
  run.lr = number(first, lr, 0, HYPER_MAX);
  for (const item of more) {
    const [key, value] = item.includes(":") ? item.split(":") : ["beta", item];
    const own = /** @type {HyperName} */ (key);
    if (own in hyper(name)) run[own] = number(value, run[own], 0, HYPER_MAX);
  }
  return run;
}
