// Hands: points in a picture that the mouse, a finger or arrow keys move.
import { h } from "../dom.js";
import { clamp } from "../draw/marks.js";

/** @typedef {import("../draw/plate.js").Plate} Plate @typedef {Record<string, [number, number]>} Arrows */

/** @type {Arrows} */
const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

/** @param {Plate} plate it lies on @param {string} name */
export function hand(plate, name) {
  const element = h("div", {
    class: "hand",
    role: "slider",
    tabindex: 0,
    "aria-label": name,
    "data-lm-suppress-shortcuts": "true",
  });
  plate.box.append(element);
  return element;
}

/** Put it at a place, inside the picture. @param {HTMLElement} element @param {Plate} plate @param {number} x @param {number} y */
export function place(element, { width, height }, x, y) {
  element.style.left = `${clamp(x, 0, width)}px`;
  element.style.top = `${clamp(y, 0, height)}px`;
}

/** Call `move` with the place in pixels: a drag, a click or a tap. @param {HTMLElement} element @param {Plate} plate @param {(x: number, y: number) => void} move */
export function drag(element, plate, move) {
  const to = (/** @type {MouseEvent} */ event) => move(...plate.at(event));
  const begin = (/** @type {PointerEvent} */ event) => {
    if (event.button) return;
    event.preventDefault();
    element.focus({ preventScroll: true });
    element.setPointerCapture(event.pointerId);
    if (event.currentTarget !== element) to(event);
  };
  element.addEventListener("pointerdown", begin);
  element.addEventListener("pointermove", (event) => element.hasPointerCapture(event.pointerId) && to(event));
  plate.canvas.addEventListener("pointerdown", (event) => event.pointerType === "mouse" && begin(event));
  plate.canvas.addEventListener("click", (event) => {
    if (/** @type {PointerEvent} */ (event).pointerType !== "mouse") to(event); // a tap
  });
}

/** Call `move` with steps to the right and up; with Shift ten at once. @param {HTMLElement} element @param {(dx: number, dy: number) => void} move */
export function arrows(element, move) {
  element.addEventListener("keydown", (event) => {
    const by = ARROWS[event.key];
    if (!by || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    const far = event.shiftKey ? 10 : 1;
    move(far * by[0], far * by[1]);
  });
}
