// All that utils/playground shows. esbuild makes one file of it, which puts its functions into a variable `playground`.
import { renderDashboard } from "./dashboard.js";
import { showStatic } from "./host/without_kernel.js";
import { renderLandscape } from "./landscape/index.js";
import { renderSmoothing } from "./smoothing.js";

Object.assign(playground, { renderDashboard, renderLandscape, renderSmoothing, showStatic });
