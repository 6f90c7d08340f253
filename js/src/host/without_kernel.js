// A page without a kernel: the live picture takes the place of the still one.

/** @typedef {import("../types.js").Model} Model @typedef {import("../types.js").Host} Host */
/** @typedef {{ msPlay?: Set<string>, google?: { colab?: unknown }, acquireVsCodeApi?: unknown }} Page */

const WAIT = 2000; // ms for the widget itself to show up, where it can
const page = /** @type {Page} */ (globalThis);

/** The widgets that are there by themselves. */
const alive = () => {
  page.msPlay ??= new Set();
  return page.msPlay;
};

/**
 * In a notebook that is being run the widget itself shows up a moment later; then this one keeps out of sight.
 * @param {string} id of the still picture's place
 * @param {Record<string, unknown>} state of the widget @param {string} css
 * @param {(host: Host) => void} render
 */
export function showStatic(id, state, css, render) {
  const place = document.getElementById(id);
  if (!place) return;
  /** @type {HTMLElement[]} */
  const views = [
    ...document.querySelectorAll(/** @type {"script"} */ ('script[type="application/vnd.jupyter.widget-view+json"]')),
  ];
  const uid = String(state.uid);
  const show = () => {
    if (alive().has(uid) || place.dataset.live) return;
    place.dataset.live = "yes";
    place.style.display = "";
    const el = document.createElement("div");
    const style = document.createElement("style");
    style.textContent = css;
    place.replaceChildren(style, el);
    render({ model: frozen(state), el });
  };
  if (views.length || !inNotebook()) {
    const near = views.filter((view) => view.compareDocumentPosition(place) & Node.DOCUMENT_POSITION_FOLLOWING).pop();
    if (near?.closest(".jp-OutputArea, .output, .cell_output")?.contains(place)) near.remove(); // no second one from elsewhere
    show();
  } else {
    place.style.display = "none";
    addEventListener("ms-play", () => {
      if (alive().has(uid)) place.style.display = "none";
    });
    setTimeout(show, WAIT);
  }
}

/** A model that nobody else sees. @param {Record<string, unknown>} state @returns {Model} */
const frozen = (state) => ({
  static: true,
  get: (key) => state[key],
  set: (key, value) => {
    state[key] = value;
  },
  save_changes() {},
  on() {},
});

/** Is this a notebook application, where the widget can come? */
const inNotebook = () =>
  Boolean(
    document.querySelector("#jp-main-content-panel, .jp-LabShell, [data-jp-app-name], #jupyter-config-data, [class*=vscode]") ||
      page.google?.colab ||
      page.acquireVsCodeApi,
  );

/** Tell `showStatic` that the widget is there. @param {Model} model */
export function announce(model) {
  if (model.static) return;
  alive().add(model.get("uid"));
  dispatchEvent(new Event("ms-play"));
}
