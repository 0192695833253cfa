import { button, h } from "./dom";

/** A line with a bar for work that takes a while, and a way to stop it. */
export class Progress {
  readonly element: HTMLElement;
  private readonly bar = h("progress", { class: "ce-progress" });
  private readonly label: HTMLElement;
  private readonly cancel: HTMLButtonElement;

  constructor(text: string, onCancel: () => void) {
    this.label = h("span", {}, text);
    this.bar.max = 1;
    this.bar.setAttribute("aria-label", text);
    this.cancel = button("ce-button", "Cancel", null, onCancel);
    this.element = h("div", { class: "ce-progress-line" }, this.label, this.bar, this.cancel);
  }

  show(fraction: number): void {
    this.bar.value = fraction;
  }

  focus(): void {
    this.cancel.focus({ preventScroll: true });
  }
}
