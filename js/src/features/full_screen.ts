/** The explorer on the whole screen: by the browser's own means, or over the page where these are not allowed. */

import type { Context } from "../context";
import { isEditable } from "../context";
import { button, isPlain } from "../dom";
import { closestAcross } from "../shadow";

const CLASS = "ce-full-screen";

export function addFullScreen(context: Context): void {
  const { root, signal } = context;
  const explorer = (): HTMLElement => (closestAcross(root, ".ce-root") as HTMLElement | null) ?? root;
  const isFull = (): boolean => explorer().classList.contains(CLASS);
  const toggle = button("ce-button ce-quiet-button ce-icon ce-full-button", "⛶", "Full screen", () => {
    set(!isFull());
  });
  toggle.setAttribute("aria-pressed", "false");
  const show = (isOn: boolean): void => {
    explorer().classList.toggle(CLASS, isOn);
    toggle.setAttribute("aria-pressed", String(isOn));
    // the map fits itself to its box when the window's size changes, which it does not for the fallback
    window.dispatchEvent(new Event("resize"));
  };
  const set = (isOn: boolean): void => {
    show(isOn);
    if (isOn) goFull(explorer());
    else if (document.fullscreenElement) document.exitFullscreen().catch(() => undefined);
  };
  document.addEventListener(
    "fullscreenchange",
    () => {
      if (!document.fullscreenElement && isFull()) show(false);
    },
    { signal },
  );
  // The browser gives its own screen back on Escape; what lies over the page has to do so itself.
  const leave = (): boolean => {
    if (!isFull() || document.fullscreenElement) return false;
    set(false);
    return true;
  };
  context.onDismiss(leave);
  document.addEventListener(
    "keydown",
    (event) => {
      // Nothing else of the page is to be seen: the key is meant, wherever the keyboard and the pointer are.
      if (event.key !== "Escape" || event.isComposing || event.defaultPrevented || isEditable(event.target)) return;
      if (leave()) event.preventDefault();
    },
    { signal },
  );
  root.addEventListener("keydown", (event) => {
    if (event.key !== "f" || !isPlain(event) || isEditable(event.target)) return;
    set(!isFull());
    event.preventDefault();
  });
  signal.addEventListener("abort", () => {
    if (closestAcross(root, ".ce-root")) explorer().classList.remove(CLASS);
  });
  context.slots.actions.append(toggle);
}

/** Asked for where there is such a thing; some notebooks show their output in frames that may not. */
function goFull(element: Partial<Pick<HTMLElement, "requestFullscreen">>): void {
  element.requestFullscreen?.().catch(() => undefined);
}
