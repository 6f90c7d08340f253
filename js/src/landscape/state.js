// What a playground is about: the scene, the paths in it, and what of them is looked at.
import { lineStyle } from "../draw/colours.js";
import { landscape } from "../engine/landscapes.js";
import { fromLink, toLink } from "../engine/link.js";
import { leaves, replay, walk } from "../engine/walk.js";
import { HYPER, LANDSCAPES, OPTIMIZERS } from "../facts.js";

/** @typedef {import("../types.js").Model} Model @typedef {import("../types.js").Mine} Mine @typedef {import("../types.js").Goal} Goal */
/** @typedef {import("../types.js").Path} Path @typedef {import("../types.js").Trail} Trail @typedef {import("../types.js").Run} Run */
/** @typedef {import("../types.js").HyperName} HyperName @typedef {import("../types.js").Line} Line @typedef {import("../types.js").Inks} Inks */
/**
 * What has changed: `question`: what the kernel should answer, told before the page works it out; `scene`: numbers
 * and paths; `controls`: which sliders there are; `trail`: your class's path; `silent`: whether the kernel answers;
 * `look`: the step, what is under the pointer.
 * @typedef {"question" | "scene" | "controls" | "trail" | "silent" | "look"} News
 */

const BETA = HYPER.beta.slider;
const LR = HYPER.lr.slider;

export class State {
  /** @param {Model} model */
  constructor(model) {
    this.model = model;
    this.scene = fromLink(model.get("link"));
    this.mine = /** @type {Mine | null} */ (model.get("mine"));
    this.goal = /** @type {Goal | null} */ (model.get("goal"));
    this.predict = /** @type {[string, string[]] | null} */ (model.get("predict"));
    this.guess = /** @type {string | null} */ (model.get("prediction") ?? null);
    this.selected = this.mine ? "mine" : this.firstOn();
    /** lr and β move for all at once */
    this.same = new Set(this.scene.runs.filter((run) => run.on).map((run) => run.lr)).size < 2;
    this.land = landscape(this.scene.land);
    /** @type {Map<string, Path>} */
    this.paths = new Map();
    /** @type {Path | null} */
    this.trail = null;
    this.stale = false; // the trail answers an older question
    this.silent = false; // the kernel does not answer
    this.shown = this.scene.steps; // up to this step the paths are drawn
    this.steps = this.scene.steps; // as many as the paths have that are drawn
    this.playing = false;
    /** @type {{ step: number, name?: string } | null} */
    this.hover = null;
    this.dark = false;
    /** @type {Map<string, number>} */
    this.slots = new Map();
    /** @type {Map<News, (() => void)[]>} */
    this.calls = new Map();
  }

  /** @param {News[]} news @param {() => void} work */
  on(news, work) {
    for (const each of news) this.calls.set(each, [...(this.calls.get(each) ?? []), work]);
  }

  /** @param {News} news */
  tell(news) {
    for (const work of this.calls.get(news) ?? []) work();
  }

  // ---- what there is ----

  firstOn() {
    return (this.scene.runs.find((run) => run.on) ?? this.scene.runs[0]).name;
  }

  /** @param {string} name @returns {Run} */
  run(name) {
    return /** @type {Run} */ (this.scene.runs.find((each) => each.name === name));
  }

  /** The slider of your class for one of the textbook's hyper-parameters, or by its own name. @param {string} key */
  slider(key) {
    return this.mine?.sliders.find((each) => each.key === key || each.to === key);
  }

  /** The textbook's optimizer that is looked at, if any: for your class its twin. */
  textbook() {
    return this.selected === "mine" ? (this.mine?.against ?? null) : this.selected;
  }

  /** Does the selected optimizer have it? @param {HyperName} key */
  uses(key) {
    return this.selected === "mine" ? Boolean(this.slider(key)) : OPTIMIZERS[this.selected].uses.includes(key);
  }

  /** Its value. @param {HyperName} key */
  value(key) {
    const book = this.textbook();
    const own = this.selected === "mine" ? this.slider(key)?.value : undefined;
    return own ?? (book ? this.run(book)[key] : HYPER[key].value);
  }

  /** Paths are hidden until a prediction has been made. */
  get hidden() {
    return Boolean(this.predict && this.guess === null);
  }

  /** A colour stays with its optimizer while it is on. @param {string} name */
  slot(name) {
    for (const key of [...this.slots.keys()]) if (!this.run(key).on) this.slots.delete(key);
    let slot = this.slots.get(name);
    if (slot === undefined) {
      slot = 0;
      while ([...this.slots.values()].includes(slot)) slot++;
      this.slots.set(name, slot);
    }
    return slot;
  }

  /** Your class's path, but not an old one while the kernel is silent. */
  get current() {
    return this.stale && this.silent ? null : this.trail;
  }

  /** What is drawn, your class's path as a band under the others. @param {Inks} ink @returns {Line[]} */
  lines(ink) {
    if (this.hidden) return [];
    /** @type {Line[]} */
    const all = [];
    const { mine, current } = this;
    if (mine && current) all.push({ name: "mine", path: current, color: ink.band, dash: [], label: mine.label, width: 7 });
    for (const [name, path] of this.paths) {
      all.push({ name, path, ...lineStyle(this.slot(name)), label: OPTIMIZERS[name].label, width: 2 });
    }
    return all;
  }

  /** The textbook's twin, given the gradients that your class met. */
  twin() {
    const { mine, trail } = this;
    return mine?.against && trail?.x.length ? replay(mine.against, this.run(mine.against), trail) : null;
  }

  // ---- what can be done ----

  /** @param {string} key @param {number} x */
  setHyper(key, x) {
    const name = /** @type {HyperName} */ (key);
    const all = this.same && (key === "lr" || key === "beta");
    if (all) for (const each of this.scene.runs) each[name] = x;
    else if (this.selected !== "mine") this.run(this.selected)[name] = x;
    const own = this.slider(key);
    if (own && (all || this.selected === "mine")) own.value = x;
    this.changed();
  }

  /** lr and β at once, as parts of their ranges: 0 … 1. @param {number} u @param {number} v */
  setPair(u, v) {
    const part = (/** @type {number} */ x) => Math.max(0, Math.min(1, x));
    const both = this.same || this.uses("beta");
    const beta = Number((1 - 10 ** (-2 * part(v))).toPrecision(3));
    this.setHyper("lr", Number((LR.min * (LR.max / LR.min) ** part(u)).toPrecision(3)));
    if (both) this.setHyper("beta", Math.min(BETA.max, beta));
  }

  /** @param {"steps" | "noise" | "seed"} key @param {number} x */
  setSetting(key, x) {
    this.scene[key] = x;
    this.changed();
  }

  /** @param {string} key @param {number} x */
  setShape(key, x) {
    this.scene.land[key] = x;
    this.changed();
  }

  /** @param {number} x @param {number} y */
  setStart(x, y) {
    this.scene.start = [Number(x.toFixed(3)), Number(y.toFixed(3))];
    this.changed();
  }

  /** Another landscape, with the start and the learning rate that suit it. @param {string} name */
  setLandscape(name) {
    const { shape, start, lr } = LANDSCAPES[name];
    this.scene.land = { name, ...Object.fromEntries(Object.entries(shape).map(([key, { value }]) => [key, value])) };
    this.scene.start = [...start];
    for (const each of this.scene.runs) each.lr = lr;
    const own = this.slider("lr");
    if (own) own.value = lr;
    this.changed(true);
  }

  /** @param {string} name */
  select(name) {
    this.selected = name;
    if (name !== "mine") this.run(name).on = true;
    this.changed(true);
  }

  /** @param {string} name @param {boolean} on */
  setOn(name, on) {
    this.run(name).on = on;
    if (on) this.selected = name;
    else if (this.selected === name) this.selected = this.mine ? "mine" : this.firstOn();
    this.changed(true);
  }

  /** @param {string} guess */
  reveal(guess) {
    this.guess = guess;
    this.model.set("prediction", guess);
    this.model.save_changes();
    this.shown = 0;
    this.changed();
  }

  /** @param {typeof this.hover} next */
  setHover(next) {
    if (next?.step === this.hover?.step && next?.name === this.hover?.name) return;
    this.hover = next;
    this.tell("look");
  }

  /** @param {number} step */
  setShown(step) {
    this.shown = Math.max(0, Math.min(this.scene.steps, step));
    this.tell("look");
  }

  /** Read the model's link again, if it is not the one that is shown. */
  load() {
    const link = this.model.get("link");
    if (link === toLink(this.scene)) return;
    this.scene = fromLink(link);
    for (const each of this.mine?.sliders ?? []) each.value = this.scene.mine[each.key] ?? each.value;
    if (!this.mine && !this.run(this.selected).on) this.selected = this.firstOn();
    this.shown = this.steps;
    this.changed(true);
  }

  /** The scene has changed: walk again, and say so. */
  changed(controls = false) {
    const { scene, mine } = this;
    if (mine) {
      this.pair(mine);
      scene.mine = Object.fromEntries(mine.sliders.map((each) => [each.key, each.value]));
    }
    this.tell("question"); // the kernel works while the page does
    this.compute();
    if (controls) this.tell("controls");
    this.tell("scene");
  }

  /** The textbook's twin of your class gets the same numbers. @param {Mine} mine */
  pair({ against, sliders }) {
    if (!against) return;
    const twin = this.run(against);
    twin.on = true;
    for (const { to, value } of sliders) if (to) twin[to] = value;
  }

  compute() {
    const { scene } = this;
    const all = this.shown >= this.steps;
    this.land = landscape(scene.land);
    this.paths = new Map(scene.runs.filter((run) => run.on).map((run) => [run.name, walk(run.name, run, this.land, scene)]));
    for (const path of this.paths.values()) path.left = leaves(path, this.land);
    this.steps = scene.steps;
    this.shown = all && !this.playing ? scene.steps : Math.min(this.shown, scene.steps);
  }

  /** @param {Trail | null} next */
  setTrail(next) {
    const column = (/** @type {[number, number][]} */ pairs, /** @type {number} */ i) => pairs.map((pair) => pair[i]);
    this.trail = next && {
      ...{ x: column(next.points, 0), y: column(next.points, 1), gx: column(next.grads, 0), gy: column(next.grads, 1) },
      ...{ loss: next.losses, states: next.states, broke: next.broke, trouble: next.trouble, raised: next.raised },
    };
    if (this.trail) this.trail.left = leaves(this.trail, this.land);
    this.tell("trail");
  }

  /** @param {boolean} silent */
  setSilent(silent) {
    this.silent = silent;
    this.tell("silent");
  }
}
