// Make utils/playground/playground.min.js: `node build.js`, or `node build.js FILE` to write elsewhere.
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** JSON without what it says about itself. */
const withoutAbout = {
  name: "without-about",
  setup(made) {
    made.onLoad({ filter: /\.json$/ }, async ({ path }) => {
      const { about, ...rest } = JSON.parse(await readFile(path, "utf8"));
      return { contents: JSON.stringify(rest), loader: "json" };
    });
  },
};

await build({
  entryPoints: [here("src/main.js")],
  outfile: process.argv[2] ?? here("../utils/playground/playground.min.js"),
  bundle: true,
  minify: true,
  charset: "utf8",
  format: "iife",
  target: "es2022",
  plugins: [withoutAbout],
  // utils/playground/assets.py calls playground.renderLandscape and so on
  banner: { js: "// Made by esbuild from js/src: change that, then `make js`.\nconst playground = {};" },
  logLevel: "warning",
});
