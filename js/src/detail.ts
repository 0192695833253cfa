/** One text in full: its cluster, its fields, and the texts nearest to it. */

import { button, h, isPlain, swatch } from "./dom";
import { MOST_MARKS, marked } from "./highlight";
import type { Find } from "./highlight";
import { pointing } from "./pointing";
import type { Detail, Neighbor, Row } from "./protocol";
import { focusedNear } from "./shadow";
import { headlineOf, partsOf } from "./text";

export interface DetailListeners {
  readonly onBack: () => void;
  readonly onOpen: (row: number) => void;
  readonly onPointNeighbor: (neighbor: Neighbor | null) => void;
  readonly onStar: (row: Row, on: boolean) => void;
  readonly onCopy: (text: string) => void;
  readonly onLocate: (row: Row) => void;
  readonly clusterName: (label: number) => string;
}

/** Characters from which a text may be taller than its part of the panel. */
const LONG = 400;

export class DetailView {
  readonly element: HTMLElement;
  private readonly listeners: DetailListeners;
  private readonly body = h("div", { class: "ce-detail-body" });
  private readonly star: HTMLButtonElement;
  private shown: Detail | null = null;
  private find: Find | null = null;

  constructor(listeners: DetailListeners) {
    this.listeners = listeners;
    const back = button("ce-button", "‹ Back", "Back to the list", listeners.onBack);
    this.star = button("ce-button ce-icon ce-star-button", "☆", "Star this text", () => {
      if (this.shown) this.listeners.onStar(this.shown, !this.shown.starred);
    });
    const locate = button("ce-button", "Locate", "Locate it on the map", () => {
      if (this.shown) this.listeners.onLocate(this.shown);
    });
    const copy = button("ce-button", "Copy", "Copy the text", () => {
      if (this.shown) this.listeners.onCopy(this.shown.text);
    });
    const actions = h("span", { class: "ce-detail-actions" }, locate, copy, this.star);
    const head = h("div", { class: "ce-detail-head" }, back, actions);
    this.element = h("section", { class: "ce-detail", "aria-label": "Text", tabindex: -1 }, head, this.body);
    this.element.addEventListener("keydown", (event) => {
      if (event.key === "s" && isPlain(event)) this.star.click();
    });
  }

  /** What is known of a row before its detail has come. */
  showLoading(row: Row | undefined): void {
    const text = row ? [this.facts(row), this.text(row.text)] : [];
    this.body.scrollTop = 0;
    this.shown = null;
    this.showStar(row?.starred ?? false);
    this.fill(...text, h("p", { class: "ce-muted ce-loading" }, row ? "Loading the rest …" : "Loading …"));
  }

  showFailure(message: string): void {
    this.body.querySelector(".ce-loading")?.replaceChildren(message);
  }

  showStar(isOn: boolean): void {
    if (this.shown) this.shown = { ...this.shown, starred: isOn };
    this.star.textContent = isOn ? "★" : "☆";
    this.star.setAttribute("aria-pressed", String(isOn));
  }

  /** Show a text with all that is known of it; one that is being read stays where it was scrolled to. */
  show(detail: Detail): void {
    const isSame = this.shown?.row === detail.row && this.shown.text === detail.text;
    this.shown = detail;
    this.showStar(detail.starred);
    if (isSame) this.showAround(detail);
    else this.showAnew(detail);
  }

  /** Mark what was looked for in the text from now on. */
  mark(find: Find | null): void {
    this.find = find;
    if (this.shown) this.showAnew(this.shown);
  }

  /** Take the keyboard without drawing the eye: Tab goes on to the buttons, Escape goes back. */
  focusQuietly(): void {
    this.element.focus({ preventScroll: true });
  }

  private showAnew(detail: Detail): void {
    const text = this.text(detail.text);
    this.fill(this.facts(detail), text, this.fields(detail), this.neighbors(detail));
    scrollToMark(text);
  }

  /** Show what stands around the text once more: clusters and neighbours may be others by now. */
  private showAround(detail: Detail): void {
    const text = this.body.querySelector(".ce-text");
    if (!text) return;
    const focused = focusedNear(this.body);
    const isInside = focused !== null && this.body.contains(focused) && !text.contains(focused);
    for (const each of [...this.body.children]) if (each !== text) each.remove();
    text.before(this.facts(detail));
    text.after(...[this.fields(detail), this.neighbors(detail)].filter((part) => part !== null));
    if (!isInside || !(focused instanceof HTMLElement)) return;
    const again = this.body.querySelector<HTMLElement>(`.ce-neighbor[data-row="${focused.dataset.row ?? ""}"]`);
    (again ?? this.element).focus({ preventScroll: true });
  }

  private fill(...children: (Node | null)[]): void {
    this.body.replaceChildren(...children.filter((child) => child !== null));
  }

  private facts(row: Row): HTMLElement {
    const strength =
      Number.isNaN(row.probability) || row.label < 0 ? null : `probability ${row.probability.toFixed(2)}`;
    return h(
      "div",
      { class: "ce-facts" },
      swatch(row.color),
      h("span", { class: "ce-facts-cluster", dir: "auto" }, this.listeners.clusterName(row.label)),
      strength === null ? null : h("span", { class: "ce-muted" }, strength),
      h("span", { class: "ce-muted ce-id", title: row.id, dir: "auto" }, `id ${row.id}`),
    );
  }

  private text(text: string): HTMLElement {
    const isEmpty = text.trim() === "";
    const headline = headlineOf(text);
    const [first = "", ...later] = partsOf(text.slice(headline.length));
    let left = MOST_MARKS;
    const withMarks = (part: string): (Node | string)[] => {
      const nodes = marked(part, this.find, left);
      left -= (nodes.length - 1) / 2;
      return nodes;
    };
    const parts = [
      ...(headline === "" ? [] : [h("strong", {}, ...withMarks(headline))]),
      ...withMarks(first),
      ...later.map((part) => h("div", { class: "ce-text-part" }, ...withMarks(part))),
    ];
    const whole = h("div", { class: "ce-text", dir: "auto" }, ...(isEmpty ? ["empty text"] : parts));
    whole.classList.toggle("ce-muted", isEmpty);
    if (text.length > LONG) {
      // It may have a scroll bar of its own, which the keyboard has to reach.
      whole.tabIndex = 0;
      whole.setAttribute("role", "group");
      whole.setAttribute("aria-label", "Whole text");
    }
    return whole;
  }

  private fields(detail: Detail): HTMLElement | null {
    if (detail.fields.length === 0) return null;
    const entries = detail.fields.flatMap(({ name, value }) => [
      h("dt", { dir: "auto" }, name),
      h("dd", { dir: "auto" }, value === "" ? "–" : value),
    ]);
    return h("dl", { class: "ce-fields" }, ...entries);
  }

  private neighbors(detail: Detail): HTMLElement | null {
    if (detail.neighbors.length === 0) return null;
    const farthest = Math.max(...detail.neighbors.map(({ distance }) => (Number.isNaN(distance) ? 0 : distance))) || 1;
    const items = detail.neighbors.map((neighbor) => h("li", {}, this.neighbor(neighbor, farthest)));
    const metric = detail.metric === "" ? null : h("span", { class: "ce-muted" }, `distance: ${detail.metric}`);
    return h(
      "div",
      { class: "ce-neighbors" },
      h("h3", {}, "Nearest texts", metric),
      h("ol", { "aria-label": "Nearest texts" }, ...items),
    );
  }

  private neighbor(neighbor: Neighbor, farthest: number): HTMLButtonElement {
    const item = button("ce-neighbor", "", null, () => {
      this.listeners.onOpen(neighbor.row);
    });
    item.dataset.row = String(neighbor.row);
    const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    bar.style.backgroundColor = neighbor.color;
    const length = h("span", { class: "ce-distance-bar", "aria-hidden": "true" }, h("span", {}));
    const fill = length.firstElementChild as HTMLElement;
    fill.style.width = `${Math.min(100, (100 * neighbor.distance) / farthest || 0)}%`;
    const distance = Number.isNaN(neighbor.distance) ? "–" : neighbor.distance.toFixed(3);
    item.append(
      bar,
      h("span", { class: "ce-neighbor-text", dir: "auto" }, neighbor.text || "empty text"),
      h("span", { class: "ce-distance" }, length, h("span", { class: "ce-number" }, distance)),
    );
    pointing(item, neighbor, this.listeners.onPointNeighbor);
    return item;
  }
}

/** Bring the first mark of a text that has a scroll bar of its own into view. */
function scrollToMark(text: HTMLElement): void {
  const mark = text.querySelector(".ce-mark")?.getBoundingClientRect();
  const seen = text.getBoundingClientRect();
  if (mark && mark.bottom > seen.bottom) text.scrollTop += mark.top - seen.top - seen.height / 3;
}
