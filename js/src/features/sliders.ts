/** The controls' sliders, which ipywidgets draws: their arrow keys, and names for those who hear the page. */

import { whenAttached } from "../attached";
import type { Context } from "../context";
import { closestAcross } from "../shadow";

const CHANGES = { childList: true, subtree: true };

/** Complete the handles of all sliders as they appear beside the panel. */
export function addSliders({ root, signal }: Context): void {
  let explorer: Element | null = null;
  let watched: Element | null = null;
  const changes = new MutationObserver(() => {
    complete();
  });
  const watch = (element: Element): void => {
    if (element === watched) return;
    changes.disconnect();
    watched = element;
    changes.observe(element, CHANGES);
  };
  const complete = (): void => {
    const controls = explorer?.querySelector(".ce-controls");
    // once they are there, nothing else of the explorer concerns the sliders
    if (controls) watch(controls);
    for (const handle of controls?.querySelectorAll("[role=slider]:not([aria-label])") ?? []) completeHandle(handle);
  };
  whenAttached(root, signal, () => {
    const found = closestAcross(root, ".ce-root");
    if (!found || found === explorer) return;
    explorer = found;
    watch(explorer);
    complete();
  });
  signal.addEventListener("abort", () => {
    changes.disconnect();
  });
}

function completeHandle(handle: Element): void {
  const name = handle.closest(".widget-slider")?.querySelector(".widget-label")?.textContent.trim() ?? "";
  // The label of a slider is drawn before its handle, and names nothing by itself.
  if (name !== "") handle.setAttribute("aria-label", name);
  // In command mode, JupyterLab's and Notebook 7's shortcuts for the arrow keys would take those that move a slider. All
  // other controls leave the notebook its shortcuts.
  handle.setAttribute("data-lm-suppress-shortcuts", "true");
}
