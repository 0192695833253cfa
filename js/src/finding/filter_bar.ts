/** The filter: an expression, check boxes and ranges of fields, how many texts are left, and what becomes of the others. */

import { button, count, counted, h } from "../dom";
import { FilterField } from "./filter_field";
import type { FieldListeners } from "./filter_field";
import { asking, fillSelect, textInput } from "./form";
import type { FilterTrait, FoundValues } from "./protocol";
import { holdsFocus } from "../shadow";

export interface FilterListeners extends FieldListeners {
  readonly onExpression: (expression: string) => void;
  readonly onOutside: (outside: "grey" | "anew") => void;
  readonly onClear: () => void;
  /** The filter has closed while it had the keyboard. */
  readonly onLoseFocus: () => void;
}

/** What becomes of the texts that a filter leaves out. */
const OUTSIDE = [
  { value: "grey", label: "others grey" },
  { value: "anew", label: "cluster anew" },
];

export class FilterBar {
  readonly element: HTMLElement;
  private readonly listeners: FilterListeners;
  private readonly signal: AbortSignal;
  private readonly expression = textInput("ce-filter-expression", "Filter expression");
  private readonly left = h("span", { class: "ce-filter-left", role: "status" });
  private readonly clear: HTMLButtonElement;
  private readonly choice = h("select", { class: "ce-filter-outside", "aria-label": "The other texts" });
  private readonly form: HTMLElement;
  private readonly fields = h("div", { class: "ce-filter-fields" });
  private readonly parts = new Map<string, FilterField>();
  private isOpen = false;
  private shownExpression = "";

  constructor(listeners: FilterListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.signal = signal;
    this.expression.placeholder = 'section == "sport"';
    const apply = button("ce-button", "Apply", null, () => undefined);
    asking(this.expression, apply, () => {
      listeners.onExpression(this.expression.value);
    });
    this.form = h("div", { class: "ce-filter-form" }, this.expression, apply);
    this.choice.addEventListener("change", () => {
      listeners.onOutside(this.choice.value === "anew" ? "anew" : "grey");
    });
    this.clear = button("ce-button ce-small", "Clear", "Clear the filter", listeners.onClear);
    const line = h("div", { class: "ce-filter-line" }, this.left, this.choice, this.clear);
    this.element = h(
      "div",
      { class: "ce-filter", role: "group", "aria-label": "Filter" },
      line,
      this.form,
      this.fields,
    );
  }

  setOpen(isOpen: boolean): void {
    this.isOpen = isOpen;
    this.form.hidden = this.fields.hidden = !isOpen;
  }

  focus(): void {
    this.expression.focus({ preventScroll: true });
  }

  /** Show the filter; `fraction` says how far the reading of fields is. */
  show(filter: FilterTrait, fraction: number): void {
    const isActive = filter.kept !== null;
    const hadFocus = holdsFocus(this.element);
    const wasClearing = holdsFocus(this.clear);
    this.element.hidden = !isActive && !this.isOpen;
    this.left.textContent = isActive
      ? `${count(filter.kept)} of ${counted(filter.rows, "text")} left`
      : `All ${counted(filter.rows, "text")}`;
    this.clear.hidden = !isActive;
    fillSelect(this.choice, OUTSIDE, filter.outside);
    if (filter.expression !== this.shownExpression) this.expression.value = filter.expression;
    this.shownExpression = filter.expression;
    this.showFields(filter, fraction);
    if (hadFocus && this.element.hidden) this.listeners.onLoseFocus();
    else if (wasClearing && this.clear.hidden) this.focus();
  }

  /** Python has found values that hold what was typed. */
  receive(values: FoundValues): void {
    this.parts.get(values.field)?.receive(values);
  }

  private showFields(filter: FilterTrait, fraction: number): void {
    const reading = { fields: filter.reading, fraction, problem: filter.problem };
    for (const field of filter.fields) this.partOf(field.name).show(field, reading);
  }

  private partOf(name: string): FilterField {
    const known = this.parts.get(name);
    if (known) return known;
    const part = new FilterField(name, this.listeners, this.signal);
    this.parts.set(name, part);
    this.fields.append(part.element);
    return part;
  }
}
