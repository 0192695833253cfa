/** The selected texts: a list of which only what is in view is in the page, and only what was in view is held. */

import { Timer, button, h, isPlain } from "./dom";
import type { Find } from "./highlight";
import { GroupBar } from "./listing/group_bar";
import type { Listing } from "./listing/protocol";
import { PageCache } from "./pages";
import type { PageRequest } from "./pages";
import type { PageMessage, Row } from "./protocol";
import { showRow } from "./row_view";
import { focusedNear, holdsFocus, marksText } from "./shadow";
import { VirtualList } from "./virtual_list";

export interface TextsOptions {
  readonly newRequest: () => number;
  readonly send: (request: PageRequest) => void;
  readonly onOpen: (row: Row) => void;
  /** Open it, and show where it is on the map. */
  readonly onLocate: (row: Row) => void;
  readonly onPoint: (row: Row | null) => void;
  readonly onStar: (row: Row, on: boolean) => void;
  readonly onCopy: (row: Row) => void;
  readonly onFind: () => void;
  readonly clusterName: (label: number) => string;
  readonly clusterColor: (label: number) => string;
}

/** Milliseconds after which texts that could not be read are asked for once more. */
const PATIENCE = 2_000;

export class Texts {
  readonly element: HTMLElement;
  private readonly options: TextsOptions;
  private readonly list: VirtualList;
  private readonly pages: PageCache;
  private readonly empty = h("p", { class: "ce-hint" });
  private readonly groups: GroupBar;
  private readonly failure: HTMLElement;
  private readonly patience: Timer;
  private hasFailed = false;
  private find: Find | null = null;
  private revision = -1;
  /** Of which selection the list is, and how it is arranged. */
  private kind = "";
  private wasStarredOnly = false;
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
          this.groups.scrolled(this.list.visible.start);
        },
        onOpen: (index, byKey) => {
          this.open(index, byKey);
        },
        onPress: (index) => {
          this.toggleStar(index);
        },
        onKey: (event, index) => this.key(event, index),
        onPoint: (index) => {
          options.onPoint(index === null ? null : (this.pages.at(index) ?? null));
        },
      },
      signal,
    );
    this.groups = new GroupBar({
      onGo: (place) => {
        this.list.moveToTop(place);
        this.list.focusQuietly();
      },
      clusterName: options.clusterName,
      clusterColor: options.clusterColor,
    });
    this.patience = new Timer(signal);
    const again = button("ce-button", "Try again", null, () => {
      this.list.focusQuietly();
      this.askAgain();
    });
    this.failure = h("div", { class: "ce-failure", role: "status", hidden: true }, "Texts could not be read.", again);
    const { element } = this.groups;
    this.element = h("div", { class: "ce-texts", tabindex: -1 }, element, this.empty, this.failure, this.list.element);
  }

  /**
   * Show another list from its first text, with what was looked for marked; the same one stays where it was scrolled to,
   * and so does one of which a star has been taken away. `selected` is the revision of the selection.
   */
  show(listing: Listing, find: Find | null, selected: number): void {
    this.find = find;
    this.groups.update(listing.groups, listing.count);
    if (listing.revision === this.revision) return;
    this.revision = listing.revision;
    const before = this.kind;
    this.kind = JSON.stringify([selected, listing.query, listing.sort, listing.descending, listing.grouped]);
    const isSameLess = listing.starred_only && this.wasStarredOnly && this.kind === before;
    this.wasStarredOnly = listing.starred_only;
    const isEmpty = listing.count === 0;
    const isNarrowed = listing.terms.length > 0 || listing.starred_only;
    this.empty.textContent = isNarrowed ? "None of the selected texts is like that." : "There are no texts inside.";
    this.empty.hidden = !isEmpty;
    const hadFocus = focusedNear(this.element) === this.element || holdsFocus(this.list.element);
    this.list.element.hidden = isEmpty;
    if (hadFocus) this.focusQuietly();
    this.forgetFailure();
    this.pages.reset(listing.revision, listing.count);
    this.list.reset(listing.count, isSameLess);
    this.groups.scrolled(this.list.visible.start);
  }

  /** Labels, colours or the order changed: fetch again what is in view. */
  refetch(): void {
    this.pages.markStale();
    this.needVisible();
  }

  receive(message: PageMessage): void {
    this.forgetFailure();
    this.pages.receive(message);
  }

  /** A request failed: if texts were asked for, they are once more, and after that when somebody says so. */
  fail(request: number): void {
    if (!this.pages.fail(request) || this.patience.isPending) return;
    if (this.hasFailed) {
      this.failure.hidden = false;
      return;
    }
    this.hasFailed = true;
    this.patience.start(PATIENCE, () => {
      this.needVisible();
    });
  }

  private needVisible(): void {
    const { start, stop } = this.list.visible;
    this.pages.need(start, stop);
  }

  private askAgain(): void {
    this.failure.hidden = true;
    this.needVisible();
  }

  private forgetFailure(): void {
    this.hasFailed = false;
    this.failure.hidden = true;
    this.patience.cancel();
  }

  /** A row that is held here. */
  held(row: number): Row | undefined {
    const index = this.pages.find(row);
    return index === undefined ? undefined : this.pages.at(index);
  }

  /** Show a row otherwise until it is fetched again. */
  change(row: Row): void {
    this.pages.change(row);
  }

  /** Show which text is open in the detail view (-1: none). */
  setOpen(row: number): void {
    this.openRow = row;
    this.list.refresh(0, Infinity);
  }

  /** Clusters have other names. */
  rename(): void {
    this.groups.show();
    this.list.refresh(0, Infinity);
  }

  /** Show which text is pointed at on the map, where it is in view. */
  mark(row: number | null): void {
    this.list.mark(row === null ? null : (this.pages.find(row) ?? null));
  }

  /** Take the keyboard without drawing the eye; a list that is still to come gets it then. */
  focusQuietly(): void {
    if (this.list.element.hidden) this.element.focus({ preventScroll: true });
    else this.list.focusQuietly();
  }

  private open(index: number, byKey: boolean): void {
    const row = this.pages.at(index);
    if (!row) return;
    if (byKey) this.options.onLocate(row);
    else this.options.onOpen(row);
  }

  private toggleStar(index: number): void {
    const row = this.pages.at(index);
    if (row) this.options.onStar(row, !row.starred);
  }

  private key(event: KeyboardEvent, index: number | null): boolean {
    const row = index === null ? undefined : this.pages.at(index);
    const isCopy = (event.ctrlKey || event.metaKey) && event.key === "c";
    if (isCopy && row && !marksText(this.element)) this.options.onCopy(row);
    else if (!isPlain(event)) return false;
    else if (event.key === "s" && row) this.options.onStar(row, !row.starred);
    else if (event.key === "/") this.options.onFind();
    else if (event.key === "[") this.groups.go(-1);
    else if (event.key === "]") this.groups.go(1);
    else return false;
    return true;
  }

  private render(element: HTMLElement, index: number): void {
    const row = this.pages.at(index);
    showRow(element, row, {
      cluster: row ? this.options.clusterName(row.label) : "",
      isOpen: row?.row === this.openRow,
      isFirst: this.groups.startsAt(index),
      find: this.find,
    });
  }
}
