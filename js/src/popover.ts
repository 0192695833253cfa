/** A small window that hangs from a button of the panel: opened by it, closed by it, by Escape, or by a click elsewhere. */

import type { Context } from "./context";
import { button, h } from "./dom";
import { holdsFocus } from "./shadow";

export class Popover {
  readonly button: HTMLButtonElement;
  readonly body = h("div", { class: "ce-popover-body" });
  private readonly context: Context;
  private readonly element: HTMLElement;

  constructor(context: Context, text: string, name: string, onOpen: () => void) {
    this.context = context;
    this.button = button("ce-button ce-quiet-button", text, name, () => {
      if (this.isOpen) {
        this.close();
        return;
      }
      onOpen();
      this.open();
    });
    this.button.setAttribute("aria-haspopup", "dialog");
    this.button.setAttribute("aria-expanded", "false");
    this.element = h(
      "div",
      { class: "ce-popover", role: "dialog", "aria-label": name, tabindex: -1, hidden: true },
      this.body,
    );
    context.root.append(this.element);
    context.onDismiss(() => {
      if (!this.isOpen) return false;
      this.close();
      return true;
    });
    document.addEventListener(
      "pointerdown",
      (event) => {
        // seen from the document, what is pressed in a shadow root is its host; the path goes into it
        const path = event.composedPath();
        if (this.isOpen && !path.includes(this.element) && !path.includes(this.button)) this.close();
      },
      { signal: context.signal, capture: true },
    );
  }

  get isOpen(): boolean {
    return !this.element.hidden;
  }

  open(): void {
    const from = this.button.getBoundingClientRect();
    const root = this.context.root.getBoundingClientRect();
    const top = from.bottom - root.top + 4;
    this.element.style.top = `${top}px`;
    this.element.style.maxHeight = `calc(100% - ${top + 8}px)`;
    this.element.hidden = false;
    this.button.setAttribute("aria-expanded", "true");
    (this.element.querySelector<HTMLElement>("input, button") ?? this.element).focus({ preventScroll: true });
  }

  close(): void {
    const hadFocus = holdsFocus(this.element);
    this.element.hidden = true;
    this.button.setAttribute("aria-expanded", "false");
    if (hadFocus) this.button.focus({ preventScroll: true });
  }
}
