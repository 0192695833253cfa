/** Which text is open: what the person wished for, what Python says, and the answers that come in between. */

import type { Link } from "./link";
import type { Detail, Message, Row } from "./protocol";

export interface OpeningListeners {
  /** Another text is open now, or (-1) none; what is `known` of it was near the one before. */
  readonly onOpened: (row: number, known: Row | undefined, isWish: boolean) => void;
  /** All of the text that is open is here, or here again. */
  readonly onDetail: (detail: Detail) => void;
}

export class Opening {
  private readonly link: Link;
  private readonly listeners: OpeningListeners;
  private opened = -1;
  private openedDetail: Detail | null = null;
  /** The detail that came last; with several views of one widget it may come before this view is told to open it. */
  private lastDetail: Detail | null = null;
  /** Request of the text that was last opened or closed here, until Python has heard of it; or -1. */
  private wished = -1;

  constructor(link: Link, listeners: OpeningListeners) {
    this.link = link;
    this.listeners = listeners;
    link.onChange(["inspected"], () => {
      this.follow();
    });
  }

  get isOpen(): boolean {
    return this.opened >= 0;
  }

  /** All of the text that is open, once it is here. */
  get detail(): Detail | null {
    return this.openedDetail;
  }

  /** What is known of a row that is near the text that is open. */
  near(row: number): Row | undefined {
    return this.openedDetail?.neighbors.find((neighbor) => neighbor.row === row);
  }

  open(row: number): void {
    if (row === this.opened) return;
    this.show(row, true);
    this.wish(row);
  }

  close(): void {
    this.show(-1, false);
    this.wish(-1);
  }

  /** Do as Python says. */
  follow(): void {
    const row = this.link.inspected;
    // Between a wish and its answer, Python may still say what it was told before; to follow that would undo the wish.
    if (row === this.opened || this.wished >= 0) return;
    this.show(row, false);
    if (row >= 0 && this.lastDetail?.row === row) {
      this.showDetail(this.lastDetail);
      return;
    }
    // The detail was sent before this view was there, or is still on its way; asking again does no harm.
    this.refetch();
  }

  /** What is shown of the text that is open is stale. */
  refetch(): void {
    if (this.isOpen) this.link.send({ type: "detail", row: this.opened });
  }

  /** Show the text that is open with a star, or without one. */
  star(row: Row, on: boolean): void {
    if (this.openedDetail?.row === row.row) this.openedDetail = { ...this.openedDetail, starred: on };
  }

  receive(message: Message): void {
    if (message.type === "detail") {
      this.lastDetail = message.detail;
      if (message.detail.row === this.opened) this.showDetail(message.detail);
    } else if (message.type === "inspected" || message.type === "error") {
      this.hear(message.request);
    }
  }

  /** Python has heard a wish: if it was the newest one, what Python says holds again. */
  private hear(request: number | null): void {
    if (request === null || request !== this.wished) return;
    this.wished = -1;
    this.follow();
  }

  private wish(row: number): void {
    this.wished = this.link.newRequest();
    this.link.send({ type: "inspect", request: this.wished, row });
  }

  private show(row: number, isWish: boolean): void {
    const known = row >= 0 ? this.near(row) : undefined;
    this.opened = row;
    this.openedDetail = null;
    this.listeners.onOpened(row, known, isWish);
  }

  private showDetail(detail: Detail): void {
    this.openedDetail = detail;
    this.listeners.onDetail(detail);
  }
}
