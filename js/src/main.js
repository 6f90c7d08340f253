// All that utils/playground shows: esbuild makes one file of it, utils/playground/playground.min.js.
export { renderDashboard } from "./dashboard.js";
export { showStatic } from "./host/without_kernel.js";
export { renderLandscape } from "./landscape/index.js";
export { renderSmoothing } from "./smoothing.js";
