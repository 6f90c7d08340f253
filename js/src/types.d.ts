/** What the modules hand to each other. */

declare global {
  /** What the bundle gives to utils/playground/assets.py; build.js makes it. */
  const playground: Record<string, unknown>;
}

export type Pair = [number, number];
/** What is shown of a plane: [x0, x1, y0, y1]. */
export type Frame = [number, number, number, number];

/** How a slider moves: evenly, by its exponent (`log`), or by log(1 − value) (`decay`). */
export interface Range {
  min: number;
  max: number;
  step?: number;
  log?: boolean;
  decay?: boolean;
  unit?: string;
}
export interface Shape extends Range {
  label: string;
  value: number;
}
export interface LandscapeFacts {
  label: string;
  like?: string;
  lr: number;
  start: Pair;
  minima: Pair[];
  window: Frame;
  root: number;
  shape: Record<string, Shape>;
}
export interface OptimizerFacts {
  label: string;
  uses: HyperName[];
  usual?: Partial<Hyper>;
  decoupled?: boolean;
}
export type HyperName = "lr" | "beta" | "beta2" | "eps" | "wd";
export interface Hyper {
  lr: number;
  beta: number;
  beta2: number;
  eps: number;
  wd: number;
  dampening?: number;
}
export interface Setting {
  label: string;
  value: number;
  min: number;
  max: number;
  slider: Range;
}
/** playground.json */
export interface Facts {
  settings: { start: { min: number; max: number }; steps: Setting; noise: Setting; seed: Setting };
  batch_seed: number;
  stable_steps: number;
  hyper_max: number;
  hyper: Record<HyperName, { label: string; value: number; slider: Range }>;
  optimizers: Record<string, OptimizerFacts>;
  landscapes: Record<string, LandscapeFacts>;
  verdicts: Record<string, string>;
  averages: Record<AverageName, string>;
  colours: { palette: string[]; dashes: number[][]; hill: string };
}
/** mnist.json */
export interface Slice {
  n: number;
  wall: number;
  unit: number;
  levels: string;
  grid: Frame;
  window: Frame;
  minimum: Pair;
}

/** f is the loss, grad its gradient; batch, where there is one, that of a mini-batch centred at c. */
export interface Land {
  f(x: number, y: number): number;
  grad(x: number, y: number): Pair;
  batch?(x: number, y: number, c: Pair): Pair;
  minima: Pair[];
  window: Frame;
  /** Contours are evenly spaced in loss^(1/root). */
  root: number;
}
export interface LandShape {
  name: string;
  [key: string]: number | string;
}
export type Kept = Record<string, number>;
/** One weight p with gradient g at step t = 1, 2, …; s is what the optimizer keeps for it. */
export type Step = (p: number, g: number, s: Kept, h: Hyper, t: number) => number;

export interface Run extends Hyper {
  name: string;
  on: boolean;
}
export interface Ground {
  start: Pair;
  steps: number;
  noise?: number;
  seed?: number;
}
export interface Scene extends Ground {
  land: LandShape;
  noise: number;
  seed: number;
  runs: Run[];
  mine: Record<string, number>;
}
export type State = Record<string, Array<number | string> | string>;
/** Weights and loss before the first step and after each one; the gradient that each step met. */
export interface Path {
  x: number[];
  y: number[];
  loss: number[];
  gx: number[];
  gy: number[];
  states: State[];
  /** The step that left something infinite or NaN, else 0. */
  broke: number;
  /** The step at which it has left the picture for good, or broke; else 0. */
  left?: number;
  trouble?: string;
  raised?: boolean;
}
export interface Replay {
  x: number[];
  y: number[];
  states: State[];
  /** The first step at which the other one went elsewhere, else 0. */
  differs: number;
}
export interface Goal {
  kind: "below" | "edge" | "beat";
  link: string;
  text: string;
  loss: number;
  steps: number;
  optimizer: string;
  within: number;
}
export interface Verdict {
  passed: boolean;
  score: number;
  text: string;
}
export type AverageName = "sma" | "ewma" | "debiased";

/** The student's class, as the kernel describes it. */
export interface Mine {
  label: string;
  against: string | null;
  sliders: MineSlider[];
}
export interface MineSlider extends Shape {
  key: string;
  to: HyperName | "dampening" | null;
}
/** A walk of the student's class, as the kernel sends it. */
export interface Trail {
  points: Pair[];
  losses: number[];
  grads: Pair[];
  states: State[];
  broke: number;
  trouble: string;
  raised: boolean;
}

/** anywidget's model, or what stands in for it on a page without a kernel (`static`). */
export interface Model {
  get(key: string): any;
  set(key: string, value: unknown): void;
  save_changes(): void;
  on(event: string, work: (...given: any[]) => void): void;
  off?(event: string, work: (...given: any[]) => void): void;
  send?(message: unknown): void;
  static?: boolean;
  widget_manager?: { kernel?: { interrupt?(): void } };
}
export interface Host {
  model: Model;
  el: HTMLElement;
}
export interface Question {
  kind: string;
  [key: string]: unknown;
}
export interface Reply {
  kind: string;
  me?: string;
  id?: number;
  [key: string]: any;
}

export interface Inks {
  text: string;
  soft: string;
  band: string;
  line: string;
  hot: string;
  plate: string;
}
/** One line of a picture. */
export interface Line<P = Path> {
  name: string;
  path: P;
  color: string;
  dash: number[];
  label: string;
  width: number;
}
export interface Control {
  element: HTMLElement;
  set(value: any): void;
}
export interface Knob extends Control {
  range: HTMLInputElement;
}
