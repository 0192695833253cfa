/** A slider with two thumbs: a range of numbers or dates. */

import { Timer, h } from "../dom";
import { holdsFocus } from "../shadow";
import { shown } from "./format";

export interface Range {
  readonly name: string;
  readonly kind: string;
  readonly low: number;
  readonly high: number;
  readonly from: number;
  readonly to: number;
}

const STEPS = 400;
/** Milliseconds that a thumb may rest before the range is told. */
const PATIENCE = 120;

export class RangeSlider {
  readonly element: HTMLElement;
  private readonly first = thumb("least");
  private readonly last = thumb("greatest");
  private readonly between = h("span", { class: "ce-range-between", "aria-hidden": "true" });
  private readonly text = h("output", { class: "ce-range-text" });
  private readonly timer: Timer;
  private readonly onRange: (low: number, high: number) => void;
  private range: Range | null = null;

  constructor(onRange: (low: number, high: number) => void, signal: AbortSignal) {
    this.onRange = onRange;
    this.timer = new Timer(signal);
    const track = h("div", { class: "ce-range-track" }, this.between, this.first, this.last);
    this.element = h("div", { class: "ce-range" }, track, this.text);
    for (const input of [this.first, this.last]) {
      input.addEventListener("input", () => {
        this.moved(input);
      });
    }
  }

  /** Show a range, unless a thumb is held, or moved just now: what Python says then is of before. */
  show(range: Range): void {
    const isSame = this.range?.name === range.name;
    this.range = range;
    const isHeld = holdsFocus(this.element) && this.element.matches(":active");
    if (isSame && (isHeld || this.timer.isPending)) return;
    this.timer.cancel();
    const place = (value: number): string => {
      const share = range.high > range.low ? (value - range.low) / (range.high - range.low) : 0;
      return String(Math.round(share * STEPS));
    };
    this.first.value = place(range.from);
    this.last.value = range.high > range.low ? place(range.to) : String(STEPS);
    this.first.setAttribute("aria-label", `${range.name}, from`);
    this.last.setAttribute("aria-label", `${range.name}, to`);
    this.describe(range.from, range.to);
  }

  private moved(input: HTMLInputElement): void {
    if (!this.range) return;
    // The thumbs do not pass each other.
    if (Number(this.first.value) > Number(this.last.value)) {
      if (input === this.first) this.first.value = this.last.value;
      else this.last.value = this.first.value;
    }
    const low = this.value(this.first);
    const high = this.value(this.last);
    this.describe(low, high);
    this.timer.start(PATIENCE, () => {
      this.onRange(low, high);
    });
  }

  /** The ends are exact: nothing may be lost to rounding there. */
  private value(input: HTMLInputElement): number {
    const { low, high } = this.range ?? { low: 0, high: 0 };
    const step = Number(input.value);
    if (step === 0) return low;
    return step === STEPS ? high : low + ((high - low) * step) / STEPS;
  }

  private describe(low: number, high: number): void {
    if (!this.range) return;
    const { kind } = this.range;
    const span = this.range.high - this.range.low;
    const [from, to] = [shown(low, kind, span), shown(high, kind, span)];
    this.text.textContent = `${from} – ${to}`;
    this.first.setAttribute("aria-valuetext", from);
    this.last.setAttribute("aria-valuetext", to);
    // Where both thumbs lie upon each other, the one that can still be moved is on top.
    this.first.style.zIndex = Number(this.first.value) > STEPS / 2 ? "1" : "";
    this.between.style.left = `${(100 * Number(this.first.value)) / STEPS}%`;
    this.between.style.right = `${100 - (100 * Number(this.last.value)) / STEPS}%`;
  }
}

function thumb(end: string): HTMLInputElement {
  const input = document.createElement("input");
  input.type = "range";
  input.min = "0";
  input.max = String(STEPS);
  input.className = `ce-range-thumb ce-range-${end}`;
  return input;
}
