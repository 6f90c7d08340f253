// Elements, and names for them that no other playground on the page has.

/**
 * An element: `h("button", { type: "button", onclick }, "Play")`. An attribute that is undefined or false is left out.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, any>} attributes @param {(Node | string)[]} children
 * @returns {HTMLElementTagNameMap[T]}
 */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children);
  return element;
}

let count = 0;

/** An id for an element. */
export const newId = () => `ms-${count++}-${Math.random().toString(36).slice(2, 7)}`;
