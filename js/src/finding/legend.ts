/** On the map: what the colours show, to choose; and what each stands for, to click. */

import { button, count, h, swatch } from "../dom";
import { modeOf } from "../header";
import type { SelectionMode } from "../protocol";
import { fillSelect } from "./form";
import { Progress } from "../progress";
import { shown } from "./format";
import type { ColoringTrait, Field } from "./protocol";
import { RangeSlider } from "./range_slider";

export interface LegendListeners {
  readonly onColorBy: (by: string) => void;
  readonly onStopReading: () => void;
  readonly onSelect: (code: number, mode: SelectionMode) => void;
  readonly onIsolate: (code: number) => void;
  readonly onRange: (field: string, low: number, high: number) => void;
}

export class Legend {
  readonly element: HTMLElement;
  private readonly listeners: LegendListeners;
  private readonly select = h("select", { "aria-label": "Colour by" });
  private readonly fold: HTMLButtonElement;
  private readonly by = h("label", { class: "ce-legend-by" }, h("span", {}, "Colour by"), this.select);
  private readonly body = h("div", {});
  private readonly list = h("ul", { class: "ce-legend-list", "aria-label": "Colours" });
  private readonly bar = h("div", { class: "ce-legend-bar", role: "img" });
  private readonly slider: RangeSlider;
  private readonly progress: Progress;
  private listed = "";

  constructor(listeners: LegendListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.slider = new RangeSlider((low, high) => {
      if (this.field !== "") listeners.onRange(this.field, low, high);
    }, signal);
    this.select.addEventListener("change", () => {
      listeners.onColorBy(this.select.value);
    });
    this.progress = new Progress("Reading …", listeners.onStopReading);
    this.body.append(this.progress.element, this.bar, this.slider.element, this.list);
    this.fold = button("ce-legend-fold", "", null, () => {
      this.setFolded(!this.by.hidden);
    });
    this.element = h(
      "div",
      { class: "ce-legend", role: "group", "aria-label": "Legend" },
      h("div", { class: "ce-legend-head" }, this.by, this.fold),
      this.body,
    );
    this.setFolded(false);
  }

  /** Leave the points beneath to be seen, with nothing over them but the way back. */
  private setFolded(isFolded: boolean): void {
    this.by.hidden = this.body.hidden = isFolded;
    this.element.classList.toggle("ce-folded", isFolded);
    this.fold.textContent = isFolded ? "Legend ▸" : "▾";
    this.fold.setAttribute("aria-expanded", String(!isFolded));
    this.fold.setAttribute("aria-label", "Legend");
    this.fold.title = isFolded ? "Show the legend" : "Fold the legend away";
  }

  private field = "";

  /** Show what the colours are; `fraction` says how far the reading of fields is. */
  show(coloring: ColoringTrait, fields: readonly Field[], fraction: number): void {
    // without a kernel there is no other choice, and no legend of colours that the list of clusters explains
    this.element.hidden = coloring.choices.length === 0;
    this.select.disabled = coloring.choices.length < 2;
    fillSelect(this.select, coloring.choices, coloring.wanted);
    const isLate = coloring.by !== coloring.wanted && `field:${coloring.by}` !== coloring.wanted;
    this.element.setAttribute("aria-busy", String(isLate));
    this.progress.element.hidden = !isLate || !coloring.wanted.startsWith("field:");
    this.progress.show(fraction);
    const isScale = coloring.kind === "numbers" || coloring.kind === "dates";
    this.bar.hidden = !isScale;
    this.list.hidden = coloring.legend.length === 0;
    this.showList(coloring);
    const field = fields.find(({ name }) => `field:${name}` === coloring.wanted && name === coloring.by);
    this.field = isScale && field ? field.name : "";
    this.slider.element.hidden = this.field === "";
    if (field && this.field !== "") this.slider.show(field);
    if (isScale) this.showBar(coloring);
  }

  private showBar(coloring: ColoringTrait): void {
    const ends = [coloring.low, coloring.high].map((end) => shown(end, coloring.kind, coloring.high - coloring.low));
    const gradient = h("span", { class: "ce-legend-gradient", "aria-hidden": "true" });
    gradient.style.background = `linear-gradient(to right, ${coloring.colors.join(", ")})`;
    this.bar.setAttribute("aria-label", `From ${ends.join(" to ")}`);
    this.bar.replaceChildren(
      gradient,
      h("span", { class: "ce-legend-ends" }, ...ends.map((end) => h("span", {}, end))),
    );
  }

  private showList(coloring: ColoringTrait): void {
    const key = JSON.stringify(coloring.legend);
    if (key === this.listed) return;
    this.listed = key;
    const items = coloring.legend.map(({ code, name, color, count: size }) => {
      const entry = button("ce-legend-entry", "", null, (event) => {
        this.listeners.onSelect(code, modeOf(event));
      });
      entry.title = `Select “${name}”; Shift adds, Alt takes away`;
      entry.append(
        swatch(color),
        h("span", { class: "ce-legend-name", dir: "auto" }, name),
        h("span", { class: "ce-number" }, count(size)),
      );
      const only = button("ce-only", "only", `Only ${name}`, () => {
        this.listeners.onIsolate(code);
      });
      return h("li", {}, entry, only);
    });
    this.list.replaceChildren(...items);
  }
}
