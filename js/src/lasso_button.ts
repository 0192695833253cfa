/** The switch that lends the drags of a three-dimensional map, which turn it, to the lasso. */

import { h } from "./dom";

export class LassoButton {
  readonly element: HTMLButtonElement;
  private pressed = false;

  constructor(onToggle: (isOn: boolean) => void) {
    this.element = h("button", { type: "button", class: "ce-map-button", hidden: true }, "Lasso");
    this.element.title = "Draw a lasso instead of turning the map";
    this.element.setAttribute("aria-pressed", "false");
    this.element.addEventListener("click", () => {
      this.pressed = !this.pressed;
      this.element.setAttribute("aria-pressed", String(this.pressed));
      onToggle(this.pressed);
    });
  }

  get isOn(): boolean {
    return this.pressed;
  }
}
