// Many controls, one tab stop: inside the group, arrow keys go from one to the next.

/**
 * @param {HTMLElement} group @param {{ back: string[], on: string[] }} keys
 * @returns {() => void} to be called when the controls have changed
 */
export function roving(group, { back, on }) {
  const all = () =>
    /** @type {HTMLElement[]} */ ([...group.querySelectorAll("input, button, select")]).filter(
      (each) => !each.matches(":disabled, [hidden]"),
    );
  const stopAt = (/** @type {Element | undefined} */ current) => {
    for (const each of all()) each.tabIndex = each === current ? 0 : -1;
  };
  const settle = () => {
    const controls = all();
    const held = controls.filter((each) => each.getAttribute("tabindex") === "0");
    stopAt(controls.find((each) => each === document.activeElement) ?? held[0] ?? controls[0]);
  };
  group.addEventListener("focusin", (event) => stopAt(/** @type {Element} */ (event.target)));
  group.addEventListener("keydown", (event) => {
    const by = on.includes(event.key) ? 1 : back.includes(event.key) ? -1 : 0;
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    const controls = all();
    const next = controls[controls.indexOf(/** @type {HTMLElement} */ (event.target)) + by];
    event.preventDefault();
    event.stopPropagation();
    next?.focus();
  });
  settle();
  return settle;
}

export const ACROSS = { back: ["ArrowLeft", "ArrowUp"], on: ["ArrowRight", "ArrowDown"] };
export const DOWN = { back: ["ArrowUp"], on: ["ArrowDown"] };
