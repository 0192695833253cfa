/** Keys pressed in the explorer are its own: no cell may be deleted by typing "dd" in the list. */

import { isPlain } from "./dom";

const SUPPRESSED = "data-lm-suppress-shortcuts";

/** Keep the keys that are pressed in an element from the notebook around it; Ctrl+S and the like still reach it. */
export function keepKeys(element: HTMLElement, signal: AbortSignal): void {
  let marked: Element | null = null;
  // Notebook 7 looks for shortcuts before the element hears of a key, and both it and JupyterLab match them to the very
  // element that has the keyboard first: what keeps them off has to be on that one, and only for the keys that are kept.
  window.addEventListener(
    "keydown",
    (event) => {
      marked?.removeAttribute(SUPPRESSED);
      const [target] = event.composedPath();
      marked = target instanceof Element && element.contains(target) && isKept(event) ? target : null;
      marked?.setAttribute(SUPPRESSED, "true");
    },
    { signal, capture: true },
  );
  // VS Code and marimo, who know no such attribute, listen behind the element.
  element.addEventListener(
    "keydown",
    (event) => {
      if (isKept(event)) event.stopPropagation();
    },
    { signal },
  );
}

/** Letters with Ctrl, Alt or Meta are the notebook's; named keys act on its cells with these as well (Ctrl+Enter runs one). */
function isKept(event: KeyboardEvent): boolean {
  const isForAll = event.key === "Escape" || /^F\d+$/u.test(event.key);
  return !isForAll && (isPlain(event) || event.key.length > 1);
}
