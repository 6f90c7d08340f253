// When things are done: at the next picture, or when there is quiet.

/**
 * Call `work` at the next picture, once, however often it is asked for. `now()` does not wait for
 * that: what is drawn before a picture is in it. The second time for the same picture it waits.
 * @param {() => void} work
 */
export function coalesce(work) {
  let asked = 0;
  let due = false;
  const soon = () => {
    due = true;
    asked ||= requestAnimationFrame(() => {
      asked = 0;
      if (due) work();
    });
  };
  soon.now = () => {
    if (asked) return soon();
    soon();
    due = false;
    work();
  };
  soon.stop = () => cancelAnimationFrame(asked);
  return soon;
}

/** Call `work` when there was quiet for `wait` ms. @param {() => void} work @param {number} wait */
export function later(work, wait) {
  let timer = 0;
  const soon = () => {
    clearTimeout(timer);
    timer = window.setTimeout(work, wait);
  };
  soon.stop = () => clearTimeout(timer);
  return soon;
}
