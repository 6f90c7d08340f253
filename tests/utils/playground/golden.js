// Reads cases (JSON) from stdin, walks each with the page's engine, writes the paths to stdout.
import { readFileSync } from "node:fs";
import { debiased, ewma, sma, weights } from "../../../js/src/engine/averages.js";
import { landscape, sharpness } from "../../../js/src/engine/landscapes.js";
import { fromLink, toLink } from "../../../js/src/engine/link.js";
import { normals } from "../../../js/src/engine/normals.js";
import { verdict } from "../../../js/src/engine/verdict.js";
import { replay, walk } from "../../../js/src/engine/walk.js";

const ask = JSON.parse(readFileSync(0, "utf8"));
const answers = {
  walk: ({ name, hyper, land, scene }) => walk(name, hyper, landscape(land), scene),
  normals: ({ count, seed }) => Array.from(normals(count, seed)),
  sharpness: ({ land }) => sharpness(landscape(land)),
  verdict: ({ goal, link }) => verdict(goal, fromLink(link)),
  averages: ({ x, beta, k, t = 1 }) => ({
    ewma: ewma(x, beta), debiased: debiased(x, beta), sma: sma(x, k), weights: weights(t, beta, k),
  }),
  replay: ({ name, hyper, path }) => replay(name, hyper, path),
  link: ({ link }) => ({ scene: fromLink(link), link: toLink(fromLink(link)) }),
};
process.stdout.write(JSON.stringify(ask.map(({ what, ...rest }) => answers[what](rest))));
