/** The clusters as a table: sorted by any column, walked through with the arrow keys, renamed in place. */

import { h, isPlain } from "../dom";
import type { Cluster, SelectionMode } from "../protocol";
import { modeOf } from "../header";
import { holdsFocus } from "../shadow";
import { clusterRow } from "./row";
import { nextSort, sorted } from "./order";
import type { Sort, SortKey } from "./order";
import { editName } from "./rename";

export interface TableListeners {
  readonly onCluster: (label: number, mode: SelectionMode, isClick: boolean) => void;
  readonly onZoom: (label: number) => void;
  readonly onRename: (label: number, name: string) => void;
  readonly onPointCluster: (label: number | null) => void;
}

const COLUMNS: readonly { readonly key: SortKey; readonly text: string; readonly hint: string }[] = [
  { key: "name", text: "Cluster", hint: "Sort by name" },
  { key: "size", text: "Texts", hint: "Sort by number of texts" },
  { key: "probability", text: "Prob.", hint: "Sort by mean probability" },
];

export class ClusterTable {
  readonly element: HTMLElement;
  private readonly listeners: TableListeners;
  private readonly head = h("div", { class: "ce-table-head", role: "row" });
  private readonly body = h("div", { class: "ce-table-body", role: "rowgroup" });
  private readonly headers = new Map<SortKey, HTMLElement>();
  private clusters: readonly Cluster[] = [];
  private sort: Sort = { key: "size", descending: true };
  private reachable = 0;
  private isEditing = false;

  constructor(listeners: TableListeners) {
    this.listeners = listeners;
    this.head.append(
      h("span", { role: "columnheader" }, h("span", { class: "ce-visually-hidden" }, "Colour")),
      ...COLUMNS.map((each) => this.column(each)),
    );
    const top = h("div", { role: "rowgroup", class: "ce-table-top" }, this.head);
    this.element = h("div", { class: "ce-table", role: "grid", "aria-label": "Clusters" }, top, this.body);
    this.listen();
    this.showSort();
  }

  update(clusters: readonly Cluster[]): void {
    this.clusters = clusters;
    // A name that is being typed is not swept away by a clustering that comes in meanwhile.
    if (!this.isEditing) this.render();
  }

  focus(): void {
    this.rowAt(this.reachable)?.focus();
  }

  private column({ key, text, hint }: (typeof COLUMNS)[number]): HTMLElement {
    const sorter = h("button", { type: "button", class: "ce-sorter", title: hint }, text);
    sorter.addEventListener("click", () => {
      this.sort = nextSort(this.sort, key);
      this.reachable = 0;
      this.showSort();
      this.render();
    });
    const header = h("span", { role: "columnheader", class: `ce-column-${key}` }, sorter);
    this.headers.set(key, header);
    return header;
  }

  private showSort(): void {
    for (const [key, header] of this.headers) {
      const way = this.sort.descending ? "descending" : "ascending";
      header.setAttribute("aria-sort", key === this.sort.key ? way : "none");
    }
  }

  private render(): void {
    const hadFocus = holdsFocus(this.body);
    const found = this.clusters.filter((cluster) => cluster.label >= 0);
    const largest = Math.max(1, ...found.map((cluster) => cluster.size));
    this.body.replaceChildren(...sorted(this.clusters, this.sort).map((cluster) => clusterRow(cluster, largest)));
    this.element.setAttribute("aria-rowcount", String(this.clusters.length + 1));
    this.reach(Math.min(this.reachable, this.clusters.length - 1));
    if (hadFocus) this.focus();
  }

  private rowAt(place: number): HTMLElement | undefined {
    return this.body.children[place] as HTMLElement | undefined;
  }

  private placeOf(target: EventTarget | null): number {
    const row = target instanceof Element ? target.closest(".ce-cluster") : null;
    return row ? [...this.body.children].indexOf(row) : -1;
  }

  private labelOf(target: EventTarget | null): number | null {
    const row = target instanceof Element ? target.closest<HTMLElement>(".ce-cluster") : null;
    return row?.dataset.label === undefined ? null : Number(row.dataset.label);
  }

  /** One stop for the Tab key in the whole table; the arrows do the rest. */
  private reach(place: number): void {
    const before = this.rowAt(this.reachable);
    if (before) before.tabIndex = -1;
    this.reachable = Math.max(0, place);
    const row = this.rowAt(this.reachable);
    if (row) row.tabIndex = 0;
  }

  private listen(): void {
    this.body.addEventListener("click", (event) => {
      const label = this.labelOf(event.target);
      if (label === null || this.isEditing) return;
      if (event.target instanceof Element && event.target.closest(".ce-rename")) {
        this.rename(label);
      } else if (event.detail < 2) {
        this.listeners.onCluster(label, modeOf(event), true);
      }
    });
    this.body.addEventListener("dblclick", (event) => {
      const label = this.labelOf(event.target);
      if (label !== null && !this.isEditing) this.listeners.onZoom(label);
    });
    this.body.addEventListener("pointerover", (event) => {
      this.listeners.onPointCluster(this.labelOf(event.target));
    });
    this.body.addEventListener("pointerleave", () => {
      this.listeners.onPointCluster(null);
    });
    this.body.addEventListener("focusin", (event) => {
      const place = this.placeOf(event.target);
      if (place >= 0) this.reach(place);
      this.listeners.onPointCluster(this.labelOf(event.target));
    });
    this.body.addEventListener("focusout", () => {
      this.listeners.onPointCluster(null);
    });
    this.body.addEventListener("keydown", (event) => {
      this.key(event);
    });
  }

  private key(event: KeyboardEvent): void {
    const place = this.placeOf(event.target);
    const label = this.labelOf(event.target);
    if (this.isEditing || label === null) return;
    const page = Math.max(1, Math.floor(this.element.clientHeight / (this.rowAt(place)?.offsetHeight ?? 40)) - 1);
    const last = this.clusters.length - 1;
    const places: Record<string, number> = {
      ArrowDown: place + 1,
      ArrowUp: place - 1,
      PageDown: Math.min(last, place + page),
      PageUp: Math.max(0, place - page),
      Home: 0,
      End: last,
    };
    const target = places[event.key];
    const isChoice = event.key === "Enter" || event.key === " ";
    if (isChoice && !event.ctrlKey && !event.metaKey) this.listeners.onCluster(label, modeOf(event), false);
    else if (!isPlain(event)) return;
    else if (target !== undefined) this.rowAt(target)?.focus();
    else if (event.key === "F2") this.rename(label);
    else if (event.key === "z") this.listeners.onZoom(label);
    else return;
    event.preventDefault();
    event.stopPropagation();
  }

  private rename(label: number): void {
    const cluster = this.clusters.find((each) => each.label === label);
    const cell = this.body.querySelector<HTMLElement>(`.ce-cluster[data-label="${label}"] .ce-cluster-words`);
    if (!cluster || !cell || label < 0) return;
    this.isEditing = true;
    editName(cell, cluster, (name) => {
      this.isEditing = false;
      this.render();
      [...this.body.children].forEach((row, place) => {
        if (row instanceof HTMLElement && row.dataset.label === String(label)) this.reach(place);
      });
      this.focus();
      if (name !== null) this.listeners.onRename(label, name);
    });
  }
}
