// The scene as a text to copy or to replace.
import { h } from "../dom.js";
import { toLink } from "../engine/link.js";

/** @typedef {import("./state.js").State} State */

const PREFIX = "#play=";

/** @param {State} state @param {(text: string) => void} say */
export function linkBox(state, say) {
  const text = h("input", {
    class: "link",
    type: "text",
    "aria-label": "This scene as a text to copy or replace",
    spellcheck: "false",
  });
  text.addEventListener("change", () => {
    state.model.set("link", text.value.trim());
    state.load();
  });
  const copy = h("button", { type: "button" }, "Copy link");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(text.value);
      say("Copied.");
    } catch {
      text.select();
      say("Press Ctrl+C to copy.");
    }
  });
  const onSite = state.model.static && /^https?:/.test(location.protocol);
  state.on(["scene"], () => {
    if (document.activeElement === text) return;
    text.value = (onSite ? location.href.split("#")[0] + PREFIX : "") + toLink(state.scene);
  });
  return h("details", {}, h("summary", {}, "Link to this scene"), h("div", { class: "bar" }, text, copy));
}

/** The scene in the address of a page without a kernel; only the first playground takes it. @param {boolean | undefined} isStatic */
export function fromAddress(isStatic) {
  const there = isStatic && location.hash.startsWith(PREFIX) && !document.querySelector(".ms-play");
  return there ? decodeURIComponent(location.hash) : null;
}
