/** One field of the filter: its categories to be ticked, or its range; read when it is unfolded. */

import { Timer, button, count, h } from "../dom";
import { Progress } from "../progress";
import { holdsFocus } from "../shadow";
import { checkBox, textInput } from "./form";
import { MISSING } from "./protocol";
import type { Category, Field, FoundValues } from "./protocol";
import { RangeSlider } from "./range_slider";

export interface FieldListeners {
  /** The field is to be read. */
  readonly onWant: (field: string) => void;
  readonly onStopReading: () => void;
  readonly onTick: (field: string, place: number, on: boolean) => void;
  readonly onPlaces: (field: string, places: number[] | null) => void;
  /** Values that hold a text are looked for. */
  readonly onFind: (field: string, text: string) => void;
  readonly onRange: (field: string, low: number, high: number) => void;
}

/** How far the reading of fields is. */
export interface Reading {
  readonly fields: readonly string[];
  readonly fraction: number;
  readonly problem: string;
}

/** Milliseconds after the last key before values are looked for. */
const PAUSE = 180;

export class FilterField {
  readonly element: HTMLDetailsElement;
  private readonly name: string;
  private readonly listeners: FieldListeners;
  private readonly signal: AbortSignal;
  private readonly state = h("span", { class: "ce-number" });
  private readonly title: HTMLElement;
  private readonly body = h("div", { class: "ce-filter-field-body" });
  private kind = "";
  private update: (field: Field, reading: Reading) => void = () => undefined;
  private found: (values: FoundValues) => void = () => undefined;

  constructor(name: string, listeners: FieldListeners, signal: AbortSignal) {
    this.name = name;
    this.listeners = listeners;
    this.signal = signal;
    this.title = h("summary", {}, h("span", { class: "ce-filter-name", dir: "auto" }, name), this.state);
    this.element = h("details", { class: "ce-filter-field" }, this.title, this.body);
    this.element.addEventListener("toggle", () => {
      this.wantIfNeeded();
      this.bringIntoSight();
    });
  }

  show(field: Field, reading: Reading): void {
    const isOther = field.kind !== this.kind;
    if (isOther) this.make(field.kind);
    this.update(field, reading);
    // Its values have gone, as after a refresh: who looks at them wants them back.
    if (isOther) this.wantIfNeeded();
    // It has been read for whoever unfolded it, and is taller now.
    if (isOther && holdsFocus(this.element)) this.bringIntoSight();
  }

  /** Python has found the values that hold what was typed. */
  receive(values: FoundValues): void {
    this.found(values);
  }

  private bringIntoSight(): void {
    if (this.element.open) this.body.scrollIntoView({ block: "nearest" });
  }

  private wantIfNeeded(): void {
    if (this.element.open && this.kind === "unread") this.listeners.onWant(this.name);
  }

  private make(kind: string): void {
    this.kind = kind;
    if (holdsFocus(this.body)) this.title.focus({ preventScroll: true });
    this.body.replaceChildren();
    this.state.textContent = "";
    this.found = () => undefined;
    if (kind === "categories") this.makeCategories();
    else if (kind === "unread") this.makeUnread();
    else if (kind === "other") this.makeOther();
    else this.makeRange();
  }

  private makeUnread(): void {
    const progress = new Progress("Reading …", this.listeners.onStopReading);
    const read = button("ce-button ce-small", "Read", `Read ${this.name}`, () => {
      this.listeners.onWant(this.name);
    });
    const problem = h("span", { class: "ce-muted", dir: "auto" });
    const unread = h("div", { class: "ce-filter-line" }, problem, read);
    this.body.append(progress.element, unread);
    this.update = (_field, reading) => {
      const isReading = reading.fields.includes(this.name);
      const hadFocus = holdsFocus(this.body);
      progress.element.hidden = !isReading;
      unread.hidden = isReading;
      if (hadFocus) (isReading ? progress : read).focus();
      progress.show(reading.fraction);
      problem.textContent = reading.problem || "Not read.";
    };
  }

  private makeOther(): void {
    const note = "Lists, values of several kinds or nothing at all: an expression can choose from them.";
    this.body.append(h("p", { class: "ce-muted ce-filter-note" }, note));
    this.update = () => undefined;
  }

  private makeRange(): void {
    const slider = new RangeSlider((low, high) => {
      this.listeners.onRange(this.name, low, high);
    }, this.signal);
    this.body.append(slider.element);
    this.update = (field) => {
      slider.show(field);
      this.state.textContent = field.from > field.low || field.to < field.high ? "narrowed" : "";
    };
  }

  private makeCategories(): void {
    const { name } = this;
    const list = h("div", {});
    const typing = new Timer(this.signal);
    const finder = textInput("ce-filter-find", `Find a value of ${name}`);
    finder.placeholder = "Find a value …";
    const wanted = (): string => finder.value.trim();
    const boxes = new Boxes(list, {
      onTick: (place, on) => {
        this.listeners.onTick(name, place, on);
      },
      onOnly: (place) => {
        this.listeners.onPlaces(name, [place]);
      },
    });
    let present: Field | null = null;
    const show = (): void => {
      if (wanted() !== "") this.listeners.onFind(name, wanted());
      else if (present) boxes.show(present.categories, present.others);
    };
    finder.addEventListener("input", () => {
      typing.start(PAUSE, show);
    });
    this.body.append(finder, list);
    this.found = (values) => {
      if (values.text === wanted()) boxes.show(values.categories, values.others);
    };
    this.update = (field) => {
      // Told of how far a reading is, ten times a second: that changes nothing here, and finding is a question to Python.
      if (field === present) return;
      present = field;
      finder.hidden = field.others === 0;
      this.state.textContent = field.chosen === null ? "" : `${count(field.chosen)} chosen`;
      show();
    };
  }
}

interface BoxListeners {
  readonly onTick: (place: number, on: boolean) => void;
  readonly onOnly: (place: number) => void;
}

/** A list of check boxes; it is made anew only when it lists something else, so that the keyboard stays where it is. */
class Boxes {
  private readonly element: HTMLElement;
  private readonly listeners: BoxListeners;
  private readonly boxes = new Map<number, HTMLInputElement>();
  private listed = "";

  constructor(element: HTMLElement, listeners: BoxListeners) {
    this.element = element;
    this.listeners = listeners;
  }

  show(categories: readonly Category[], others: number): void {
    const key = JSON.stringify([others, ...categories.map(({ place, name, count: size }) => [place, name, size])]);
    if (key !== this.listed) {
      this.listed = key;
      this.boxes.clear();
      const more = others > 0 ? [h("p", { class: "ce-muted" }, `and ${count(others)} others`)] : [];
      const none = categories.length === 0 ? [h("p", { class: "ce-muted" }, "No value holds this.")] : [];
      this.element.replaceChildren(...categories.map((category) => this.row(category)), ...more, ...none);
    }
    for (const { place, isOn } of categories) {
      const box = this.boxes.get(place);
      if (box) box.checked = isOn;
    }
  }

  private row({ place, name, count: size }: Category): HTMLElement {
    const isMissing = place === MISSING;
    const shown = isMissing ? "no value" : name;
    const box = checkBox(shown, false, (isOn) => {
      this.listeners.onTick(place, isOn);
    });
    this.boxes.set(place, box);
    const only = button("ce-only", "only", `Only ${shown}`, () => {
      this.listeners.onOnly(place);
    });
    const className = `ce-filter-value${isMissing ? " ce-muted" : ""}`;
    const label = h("label", {}, box, h("span", { class: className, dir: "auto" }, shown));
    return h("div", { class: "ce-filter-row" }, label, only, h("span", { class: "ce-number" }, count(size)));
  }
}
