/** Near-duplicates: groups of nearly identical texts, and a slider for how near. */

import { Timer, button, count, counted, h } from "../dom";
import { pointing } from "../pointing";
import type { Row } from "../protocol";
import { hint, viewHead } from "./parts";
import type { DuplicateGroup, Duplicates } from "./protocol";

export interface DuplicatesListeners {
  readonly onBack: () => void;
  /** Ask for the groups at a threshold. */
  readonly onThreshold: (threshold: number) => void;
  /** Select one group, or all of them. */
  readonly onSelect: (revision: number, group: number | null) => void;
  readonly onPoint: (row: Row | null) => void;
}

const STEPS = 200;
/** Milliseconds that the slider rests before groups are asked for. */
const REST = 120;

export class DuplicatesView {
  readonly element: HTMLElement;
  private readonly listeners: DuplicatesListeners;
  private readonly slider = h("input", { class: "ce-slider", id: `ce-near-${uniqueNumber()}` });
  private readonly reading = h("output", { class: "ce-muted" });
  private readonly summary = h("p", { class: "ce-view-summary", role: "status" });
  private readonly selectAll: HTMLButtonElement;
  private readonly list = h("ol", { class: "ce-passages", "aria-label": "Groups of near-duplicates" });
  private readonly rest: Timer;
  private duplicates: Duplicates | null = null;
  /** Whether groups were asked for here, and have not come. */
  private isWaiting = false;

  constructor(listeners: DuplicatesListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.rest = new Timer(signal);
    this.slider.type = "range";
    this.slider.min = "0";
    this.slider.max = String(STEPS);
    this.slider.disabled = true;
    this.selectAll = button("ce-button", "Select all", "Select all near-duplicates", () => {
      if (this.duplicates) listeners.onSelect(this.duplicates.revision, null);
    });
    const label = h("label", {}, "How near");
    label.htmlFor = this.slider.id;
    this.reading.htmlFor.add(this.slider.id);
    const control = h("div", { class: "ce-slider-line" }, label, this.slider, this.reading);
    const line = h("div", { class: "ce-summary-line" }, this.summary, this.selectAll);
    const body = h("div", { class: "ce-view-body" }, this.list);
    const head = viewHead("Near-duplicates", listeners.onBack);
    this.element = h(
      "section",
      { class: "ce-view", "aria-label": "Near-duplicates", tabindex: -1 },
      head,
      control,
      line,
      body,
    );
    this.slider.addEventListener("input", () => {
      this.readThreshold();
      this.rest.start(REST, () => {
        this.askAgain();
      });
    });
    this.showLoading();
  }

  /** The threshold that is chosen; null before there is one to choose from. */
  get wanted(): number | null {
    return this.duplicates ? this.threshold : null;
  }

  focus(): void {
    (this.slider.disabled ? this.element : this.slider).focus({ preventScroll: true });
  }

  showLoading(): void {
    this.summary.textContent = "Looking …";
    this.selectAll.hidden = true;
  }

  /** Groups were asked for. */
  showAsked(): void {
    this.isWaiting = true;
  }

  showFailure(message: string): void {
    this.isWaiting = false;
    if (!this.duplicates) this.summary.textContent = message;
  }

  show(duplicates: Duplicates): void {
    const before = this.duplicates;
    if (before && !isNear(duplicates.threshold, this.threshold)) {
      // What another view of the panel asked for is not shown beside the slider of this one; and what was asked here may
      // have been dropped for it.
      if (this.isWaiting && !this.rest.isPending) this.askAgain();
      return;
    }
    this.isWaiting = false;
    this.duplicates = duplicates;
    this.slider.disabled = false;
    // Whoever drags the slider is ahead of the answers.
    if (before?.largest !== duplicates.largest)
      this.slider.value = String(Math.round((STEPS * duplicates.threshold) / (duplicates.largest || 1)));
    this.readThreshold();
    this.summary.textContent = summarize(duplicates);
    this.selectAll.hidden = duplicates.groupCount === 0;
    const items = duplicates.groups.map((group) => h("li", {}, this.group(group)));
    const left = duplicates.groupCount - duplicates.groups.length;
    if (left > 0) items.push(h("li", {}, hint(`${counted(left, "smaller group")} not listed`)));
    // What is pointed at goes without being left by the pointer.
    this.listeners.onPoint(null);
    this.list.replaceChildren(...items);
  }

  private askAgain(): void {
    this.isWaiting = true;
    this.listeners.onThreshold(this.threshold);
  }

  private get threshold(): number {
    return ((this.duplicates?.largest ?? 0) * Number(this.slider.value)) / STEPS;
  }

  private readThreshold(): void {
    const text = describeThreshold(this.threshold, this.duplicates?.metric ?? "");
    this.reading.textContent = text;
    this.slider.setAttribute("aria-valuetext", text);
  }

  private group(group: DuplicateGroup): HTMLButtonElement {
    const bar = h("span", { class: "ce-bar", "aria-hidden": "true" });
    bar.style.backgroundColor = group.color;
    const item = button("ce-passage", "", null, () => {
      if (this.duplicates) this.listeners.onSelect(this.duplicates.revision, group.group);
    });
    item.append(
      bar,
      h("span", { class: "ce-passage-text", dir: "auto" }, group.text.trim() === "" ? "empty text" : group.text),
      h("span", { class: "ce-passage-note" }, counted(group.size, "text")),
    );
    pointing(item, group, this.listeners.onPoint);
    return item;
  }
}

/** Cosine similarity where directions are compared, since people know it; the distance itself elsewhere. */
export function describeThreshold(threshold: number, metric: string): string {
  if (metric === "euclidean") return `distance ≤ ${threshold.toPrecision(3)}`;
  return `cosine similarity ≥ ${(1 - (threshold * threshold) / 2).toFixed(3)}`;
}

export function summarize({ rows, groupCount, surplus }: Duplicates): string {
  if (groupCount === 0) return "No texts are that near to each other.";
  return `${counted(rows, "text")} in ${counted(groupCount, "group")}, ${count(surplus)} beyond the first of each.`;
}

/** Whether two thresholds are the same, but for what is lost on the way. */
function isNear(one: number, other: number): boolean {
  return Math.abs(one - other) <= 1e-6 * Math.max(one, other);
}

let numbers = 0;

function uniqueNumber(): number {
  return ++numbers;
}
