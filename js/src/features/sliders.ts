/** The controls' sliders, which ipywidgets draws: their arrow keys, and names for those who hear the page. */

import type { Context } from "../context";
import { closestAcross } from "../shadow";

const CHANGES = { childList: true, subtree: true };

/** Complete the handles of all sliders as they appear beside the panel. */
export function addSliders(context: Context): void {
  const { root, signal } = context;
  const watch = (): void => {
    const explorer = closestAcross(root, ".ce-root");
    if (!explorer || signal.aborted) return;
    let watched = explorer;
    const changes = new MutationObserver(() => {
      complete();
    });
    const complete = (): void => {
      const controls = explorer.querySelector(".ce-controls");
      if (controls && controls !== watched) {
        // nothing else of the explorer concerns the sliders
        changes.disconnect();
        watched = controls;
        changes.observe(watched, CHANGES);
      }
      for (const handle of controls?.querySelectorAll("[role=slider]:not([aria-label])") ?? []) completeHandle(handle);
    };
    changes.observe(watched, CHANGES);
    signal.addEventListener("abort", () => {
      changes.disconnect();
    });
    complete();
  };
  // the panel is in the page a moment after it was made
  requestAnimationFrame(watch);
}

function completeHandle(handle: Element): void {
  const name = handle.closest(".widget-slider")?.querySelector(".widget-label")?.textContent.trim() ?? "";
  // The label of a slider is drawn before its handle, and names nothing by itself.
  if (name !== "") handle.setAttribute("aria-label", name);
  // In command mode, JupyterLab's and Notebook 7's shortcuts for the arrow keys would take those that move a slider. All
  // other controls leave the notebook its shortcuts.
  handle.setAttribute("data-lm-suppress-shortcuts", "true");
}
