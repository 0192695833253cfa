/** The selected texts: a list of which only what is in view is in the page, and only what was in view is held. */

import { h } from "./dom";
import { PageCache } from "./pages";
import type { PageRequest } from "./pages";
import type { PageMessage, Row, Selection } from "./protocol";
import { showRow } from "./row_view";
import { VirtualList } from "./virtual_list";

export interface TextsOptions {
  readonly newRequest: () => number;
  readonly send: (request: PageRequest) => void;
  readonly onOpen: (row: Row) => void;
  readonly onPoint: (row: Row | null) => void;
  readonly clusterName: (label: number) => string;
}

export class Texts {
  readonly element: HTMLElement;
  private readonly options: TextsOptions;
  private readonly list: VirtualList;
  private readonly pages: PageCache;
  private readonly empty = h("p", { class: "ce-hint" }, "There are no texts inside.");
  private revision = -1;
  private openRow = -1;

  constructor(options: TextsOptions, signal: AbortSignal) {
    this.options = options;
    this.pages = new PageCache({
      newRequest: options.newRequest,
      send: options.send,
      onRows: (start, stop) => {
        this.list.refresh(start, stop);
      },
    });
    this.list = new VirtualList(
      {
        label: "Selected texts",
        renderRow: (element, index) => {
          this.render(element, index);
        },
        onRange: (start, stop, direction) => {
          this.pages.need(start, stop, direction);
        },
        onOpen: (index) => {
          this.open(index);
        },
        onPoint: (index) => {
          options.onPoint(index === null ? null : (this.pages.at(index) ?? null));
        },
      },
      signal,
    );
    this.element = h("div", { class: "ce-texts" }, this.empty, this.list.element);
  }

  /** Show another selection from its first text; the same one stays where it was scrolled to. */
  show(selection: Selection): void {
    if (selection.revision === this.revision) return;
    this.revision = selection.revision;
    const isEmpty = selection.count === 0;
    this.empty.hidden = !isEmpty;
    this.list.element.hidden = isEmpty;
    this.pages.reset(selection.revision, selection.count);
    this.list.reset(selection.count);
  }

  /** Labels, colours or the order changed: fetch again what is in view. */
  refetch(): void {
    this.pages.markStale();
    const { start, stop } = this.list.visible;
    this.pages.need(start, stop);
  }

  receive(message: PageMessage): void {
    this.pages.receive(message);
  }

  fail(request: number): void {
    this.pages.fail(request);
  }

  /** A row that is held here. */
  held(row: number): Row | undefined {
    const index = this.pages.find(row);
    return index === undefined ? undefined : this.pages.at(index);
  }

  /** Show which text is open in the detail view (-1: none). */
  setOpen(row: number): void {
    this.openRow = row;
    this.list.refresh(0, Infinity);
  }

  /** Clusters have other names. */
  rename(): void {
    this.list.refresh(0, Infinity);
  }

  /** Show which text is pointed at on the map, where it is in view. */
  mark(row: number | null): void {
    this.list.mark(row === null ? null : (this.pages.find(row) ?? null));
  }

  /** Take the keyboard without drawing the eye. */
  focusQuietly(): void {
    this.list.focusQuietly();
  }

  private open(index: number): void {
    const row = this.pages.at(index);
    if (row) this.options.onOpen(row);
  }

  private render(element: HTMLElement, index: number): void {
    const row = this.pages.at(index);
    showRow(element, row, row ? this.options.clusterName(row.label) : "", row?.row === this.openRow);
  }
}
