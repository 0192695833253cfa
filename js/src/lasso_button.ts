/** The switch that lends the drags of a three-dimensional map, which turn it, to the lasso. */

import { h } from "./dom";

export class LassoButton {
  readonly element: HTMLButtonElement;
  isOn: boolean;

  constructor(isOn: boolean, onToggle: (isOn: boolean) => void) {
    this.isOn = isOn;
    this.element = h("button", { type: "button", class: "ce-map-button", hidden: true }, "Lasso");
    this.element.title = "Draw a lasso instead of turning the map";
    this.element.setAttribute("aria-pressed", String(isOn));
    this.element.addEventListener("click", () => {
      this.isOn = !this.isOn;
      this.element.setAttribute("aria-pressed", String(this.isOn));
      onToggle(this.isOn);
    });
  }
}
