/** The head of the panel: how much is selected, of which clusters, and the way out. */

import { button, count, counted, h, swatch } from "./dom";
import { clusterName } from "./protocol";
import type { Cluster, Selection, SelectionMode } from "./protocol";
import { focusedNear } from "./shadow";

/** Clusters named at once: about two lines of them, in a panel at least this wide and in a narrower one. */
const CHIPS_SHOWN = 5;
const CHIPS_SHOWN_NARROW = 3;
const NARROW = 340;

/** What the buttons that are no clusters are called among those that come and go. */
const CLEAR = "clear";
const MORE = "more";

export interface HeaderListeners {
  readonly onClear: () => void;
  readonly onCluster: (label: number, mode: SelectionMode) => void;
  readonly onPointCluster: (label: number | null) => void;
  /** The button that had the keyboard has gone. */
  readonly onLoseFocus: () => void;
}

export interface HeaderContent {
  readonly title: string;
  readonly nRows: number;
  readonly clusters: readonly Cluster[];
  readonly selection: Selection;
}

export class Header {
  readonly element: HTMLElement;
  private readonly listeners: HeaderListeners;
  private readonly title = h("div", { class: "ce-title", dir: "auto" });
  private readonly summary = h("h2", { class: "ce-summary" });
  private readonly clearButton: HTMLButtonElement;
  private readonly chips = h("div", { class: "ce-chips", role: "group", "aria-label": "Clusters of the selection" });
  private isExpanded = false;
  private revision = -1;

  constructor(listeners: HeaderListeners, actions: HTMLElement) {
    this.listeners = listeners;
    this.clearButton = button("ce-button ce-clear", "Clear", "Clear the selection", listeners.onClear);
    const line = h("div", { class: "ce-headline" }, this.summary, this.clearButton);
    const top = h("div", { class: "ce-header-top" }, this.title, actions);
    this.element = h("div", { class: "ce-header" }, top, line, this.chips);
  }

  update(content: HeaderContent): void {
    const focused = this.focused;
    if (content.selection.revision !== this.revision) this.isExpanded = false;
    this.revision = content.selection.revision;
    const isSelected = content.selection.kind !== "none";
    this.title.textContent = content.title;
    this.summary.textContent = summarize(content);
    this.clearButton.hidden = !isSelected;
    this.chips.hidden = !isSelected || content.selection.clusters.length === 0;
    this.showChips(content);
    if (focused !== null) this.focusAgain(focused);
  }

  /** Which of the buttons that come and go has the keyboard. */
  private get focused(): string | null {
    const focused = focusedNear(this.element);
    if (focused === this.clearButton) return CLEAR;
    return focused instanceof HTMLElement && this.chips.contains(focused) ? (focused.dataset.chip ?? null) : null;
  }

  private focusAgain(which: string): void {
    const button = which === CLEAR ? this.clearButton : this.chips.querySelector<HTMLElement>(`[data-chip="${which}"]`);
    if (button?.closest("[hidden]") === null) button.focus({ preventScroll: true });
    else this.listeners.onLoseFocus();
  }

  private showChips(content: HeaderContent): void {
    const byLabel = new Map(content.clusters.map((cluster) => [cluster.label, cluster]));
    const all = content.selection.clusters;
    const { clientWidth } = this.element;
    const most = clientWidth > 0 && clientWidth < NARROW ? CHIPS_SHOWN_NARROW : CHIPS_SHOWN;
    const shown = this.isExpanded ? all : all.slice(0, most);
    const hidden = all.length - shown.length;
    const chips = shown.map((part) => this.chip(byLabel.get(part.label), part.label, part.count));
    const more = hidden > 0 ? `+${count(hidden)} more` : this.isExpanded ? "fewer" : null;
    if (more !== null) {
      const toggle = button("ce-chip ce-more", more, null, () => {
        this.isExpanded = !this.isExpanded;
        this.showChips(content);
        this.chips.querySelector<HTMLElement>(".ce-more")?.focus();
      });
      toggle.dataset.chip = MORE;
      toggle.setAttribute("aria-expanded", String(this.isExpanded));
      chips.push(toggle);
    }
    this.chips.replaceChildren(...chips);
  }

  private chip(cluster: Cluster | undefined, label: number, size: number): HTMLButtonElement {
    const name = clusterName(cluster, label);
    const chip = button("ce-chip", "", null, (event) => {
      this.listeners.onPointCluster(null);
      this.listeners.onCluster(label, modeOf(event));
    });
    chip.dataset.chip = String(label);
    chip.title = `Select the cluster “${name}”`;
    chip.append(
      swatch(cluster?.color ?? ""),
      h("span", { class: "ce-chip-name", dir: "auto" }, name),
      h("span", { class: "ce-number" }, count(size)),
    );
    chip.addEventListener("pointerenter", () => {
      this.listeners.onPointCluster(label);
    });
    chip.addEventListener("pointerleave", () => {
      this.listeners.onPointCluster(null);
    });
    return chip;
  }
}

/** Shift adds to the selection, Alt takes away from it: on clusters as with the lasso. */
export function modeOf(event: MouseEvent | KeyboardEvent): SelectionMode {
  if (event.altKey) return "subtract";
  return event.shiftKey ? "add" : "replace";
}

/** "1,200 texts in 41 clusters", or "212 texts selected". */
export function summarize({ nRows, clusters, selection }: HeaderContent): string {
  if (selection.kind !== "none") return `${counted(selection.count, "text")} selected`;
  const found = clusters.filter((cluster) => cluster.label >= 0).length;
  return found > 0 ? `${counted(nRows, "text")} in ${counted(found, "cluster")}` : counted(nRows, "text");
}
