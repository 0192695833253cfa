/** One text in full: its cluster, its fields, and the texts nearest to it. */

import { button, h, swatch } from "./dom";
import type { Detail, Neighbor, Row } from "./protocol";
import { headlineOf } from "./text";

export interface DetailListeners {
  readonly onBack: () => void;
  readonly onOpen: (row: number) => void;
  readonly onPointNeighbor: (neighbor: Neighbor | null) => void;
  readonly clusterName: (label: number) => string;
}

/** Characters from which a text may be taller than its part of the panel. */
const LONG = 400;

export class DetailView {
  readonly element: HTMLElement;
  private readonly listeners: DetailListeners;
  private readonly body = h("div", { class: "ce-detail-body" });

  constructor(listeners: DetailListeners) {
    this.listeners = listeners;
    const back = button("ce-button", "‹ Back", "Back to the list", listeners.onBack);
    const head = h("div", { class: "ce-detail-head" }, back);
    this.element = h("section", { class: "ce-detail", "aria-label": "Text", tabindex: -1 }, head, this.body);
  }

  /** What is known of a row before its detail has come. */
  showLoading(row: Row | undefined): void {
    const text = row ? [this.facts(row), this.text(row.text)] : [];
    this.body.scrollTop = 0;
    this.fill(...text, h("p", { class: "ce-muted ce-loading" }, row ? "Loading the rest …" : "Loading …"));
  }

  showFailure(message: string): void {
    this.body.querySelector(".ce-loading")?.replaceChildren(message);
  }

  show(detail: Detail): void {
    this.fill(this.facts(detail), this.text(detail.text), this.fields(detail), this.neighbors(detail));
  }

  /** Take the keyboard without drawing the eye: Tab goes on to the buttons, Escape goes back. */
  focusQuietly(): void {
    this.element.focus({ preventScroll: true });
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
    const parts = headline === "" ? [text] : [h("strong", {}, headline), text.slice(headline.length)];
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
    const point = (on: boolean) => (): void => {
      this.listeners.onPointNeighbor(on ? neighbor : null);
    };
    item.addEventListener("pointerenter", point(true));
    item.addEventListener("pointerleave", point(false));
    item.addEventListener("focus", point(true));
    item.addEventListener("blur", point(false));
    return item;
  }
}
