// The way out with the keyboard: Escape goes back to the notebook's cell.

/** Where the focus belongs outside of the playground: the cell, or whatever holds it. @param {HTMLElement} root @returns {HTMLElement | null} */
const outside = (root) => root.closest(".jp-Cell, .cell") ?? root.parentElement?.closest("[tabindex]") ?? null;

/** Escape leaves; so does Shift+Enter or Ctrl+Enter, which the cell then hears. @param {HTMLElement} root */
export function letOut(root) {
  root.addEventListener("keydown", (event) => {
    const runs = event.key === "Enter" && (event.shiftKey || event.ctrlKey || event.metaKey);
    if (event.key !== "Escape" && !runs) return;
    const cell = outside(root);
    if (!cell) return document.activeElement instanceof HTMLElement && document.activeElement.blur();
    event.preventDefault();
    event.stopPropagation();
    if (cell.tabIndex < 0) cell.tabIndex = -1; // only what has a tabindex takes the focus
    cell.focus({ preventScroll: true });
    if (runs) cell.dispatchEvent(new KeyboardEvent("keydown", event));
  });
}
