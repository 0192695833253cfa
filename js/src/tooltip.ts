/** The small card beside the pointer that says what a point is. */

import { h, swatch } from "./dom";
import type { Snippet } from "./protocol";
import { shorten } from "./text";

const OFFSET = 14;
const MARGIN = 8;
const LONGEST = 140;

export class Tooltip {
  private readonly element = h("div", { class: "ce-tooltip", role: "tooltip", hidden: true });

  constructor(host: HTMLElement, signal: AbortSignal) {
    // The browser's top layer is above every cell and outside every clipped or transformed ancestor.
    if (typeof this.element.showPopover === "function") this.element.popover = "manual";
    host.append(this.element);
    signal.addEventListener("abort", () => {
      this.element.remove();
    });
  }

  /** Show a point's cluster and the start of its text beside a place in the window. */
  show(snippet: Snippet, cluster: string, x: number, y: number): void {
    const text = shorten(snippet.text, LONGEST);
    this.element.replaceChildren(
      h("div", { class: "ce-tooltip-cluster" }, swatch(snippet.color), h("span", { dir: "auto" }, cluster)),
      h("div", { class: "ce-tooltip-text", dir: "auto" }, text || "empty text"),
    );
    this.element.hidden = false;
    if (this.element.popover && !this.element.matches(":popover-open")) this.element.showPopover();
    this.place(x, y);
  }

  hide(): void {
    if (this.element.hidden) return;
    if (this.element.popover && this.element.matches(":popover-open")) this.element.hidePopover();
    this.element.hidden = true;
    this.element.replaceChildren();
  }

  private place(x: number, y: number): void {
    const { style } = this.element;
    style.left = "0px";
    style.top = "0px";
    const box = this.element.getBoundingClientRect();
    const { clientWidth, clientHeight } = document.documentElement;
    const right = x + OFFSET;
    const below = y + OFFSET;
    const left = right + box.width + MARGIN > clientWidth ? x - OFFSET - box.width : right;
    const top = below + box.height + MARGIN > clientHeight ? y - OFFSET - box.height : below;
    // Without a top layer, a transformed ancestor moves the origin: box.left and box.top say where it is.
    style.left = `${fit(left, box.width, clientWidth) - box.left}px`;
    style.top = `${fit(top, box.height, clientHeight) - box.top}px`;
  }
}

function fit(start: number, size: number, room: number): number {
  return Math.max(MARGIN, Math.min(start, room - size - MARGIN));
}
