// Light or dark: what counts is the colour behind the playground.

/** Keep the class `dark` of `root` right, and call `changed` when it changes. @param {HTMLElement} root @param {() => void} changed */
export function followTheme(root, changed) {
  const media = matchMedia("(prefers-color-scheme: dark)");
  const look = () => {
    let dark = media.matches;
    let seen = false;
    /** @type {Element | null} */
    let at = root;
    while (at && !seen) {
      const [r, g, b, a = 1] = (getComputedStyle(at).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
      if (a > 0.5) [dark, seen] = [0.299 * r + 0.587 * g + 0.114 * b < 128, true];
      const above = at.getRootNode();
      at = at.parentElement ?? (above instanceof ShadowRoot ? above.host : null);
    }
    if (!seen && !getComputedStyle(document.documentElement).colorScheme.includes("dark")) dark = false; // a bare page is white
    if (dark !== root.classList.contains("dark")) {
      root.classList.toggle("dark", dark);
      changed();
    }
  };
  const soon = () => {
    look();
    setTimeout(look, 350); // some hosts load their new colours a moment later
  };
  const watch = new MutationObserver(soon);
  for (const at of [document.documentElement, document.body]) watch.observe(at, { attributes: true });
  media.addEventListener("change", soon);
  soon();
  return () => {
    watch.disconnect();
    media.removeEventListener("change", soon);
  };
}
