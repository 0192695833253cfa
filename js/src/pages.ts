/** The rows of the selection that are held here, and the requests for those that are not. */

import type { PageMessage, Row } from "./protocol";

export const PAGE_SIZE = 50;

/** Pages asked for at the same time; more would queue up behind a fast scroll that has long moved on. */
const MOST_IN_FLIGHT = 4;
const MOST_PAGES = 300;
/** An answer that has not come by now is not coming (the kernel restarted, say); the page may be asked for again. */
const LOST_AFTER = 10_000;

export interface PageRequest {
  readonly request: number;
  readonly revision: number;
  readonly start: number;
  readonly stop: number;
}

export interface PageCacheOptions {
  readonly newRequest: () => number;
  readonly send: (request: PageRequest) => void;
  /** Rows start..stop-1 arrived. */
  readonly onRows: (start: number, stop: number) => void;
  readonly now?: () => number;
}

interface Page {
  rows: readonly Row[];
  stale: boolean;
}

export class PageCache {
  private readonly options: PageCacheOptions;
  private readonly now: () => number;
  private revision = 0;
  private count = 0;
  /** By page number, least recently needed first. */
  private readonly pages = new Map<number, Page>();
  private readonly inFlight = new Map<number, { page: number; since: number }>();
  private readonly indexOfRow = new Map<number, number>();
  private wanted: readonly number[] = [];
  private early: PageMessage[] = [];

  constructor(options: PageCacheOptions) {
    this.options = options;
    this.now = options.now ?? (() => performance.now());
  }

  /** Start anew with another selection. */
  reset(revision: number, count: number): void {
    this.revision = revision;
    this.count = count;
    this.pages.clear();
    this.inFlight.clear();
    this.indexOfRow.clear();
    this.wanted = [];
    const early = this.early.filter((message) => message.revision === revision);
    this.early = [];
    for (const message of early) this.receive(message);
  }

  /** Labels or colours changed: what is held may still be shown, but has to be fetched again. */
  markStale(): void {
    for (const page of this.pages.values()) page.stale = true;
    this.inFlight.clear();
  }

  /** The row at a place in the selection, where it is held. */
  at(index: number): Row | undefined {
    const page = this.pages.get(Math.floor(index / PAGE_SIZE));
    return page?.rows[index % PAGE_SIZE];
  }

  /** Show a row otherwise until it is fetched again. */
  change(row: Row): void {
    const index = this.indexOfRow.get(row.row);
    const page = index === undefined ? undefined : this.pages.get(Math.floor(index / PAGE_SIZE));
    if (index === undefined || !page) return;
    page.rows = page.rows.map((other) => (other.row === row.row ? row : other));
    this.options.onRows(index, index + 1);
  }

  /** Place in the selection of a row, where it is held. */
  find(row: number): number | undefined {
    return this.indexOfRow.get(row);
  }

  /** Ask for what is missing of rows start..stop-1, then for the page that scrolling on would show next. */
  need(start: number, stop: number, direction: 1 | -1 = 1): void {
    const last = Math.ceil(this.count / PAGE_SIZE) - 1;
    const from = Math.max(0, Math.floor(start / PAGE_SIZE));
    const to = Math.min(last, Math.floor(Math.max(start, stop - 1) / PAGE_SIZE));
    const wanted: number[] = [];
    for (let page = from; page <= to; page++) wanted.push(page);
    const next = direction > 0 ? to + 1 : from - 1;
    if (next >= 0 && next <= last) wanted.push(next);
    this.wanted = wanted;
    this.request();
  }

  receive(message: PageMessage): void {
    if (message.revision > this.revision) {
      // Python may send the first page along with the selection, and the page may arrive first.
      this.early = [...this.early.slice(-3), message];
      return;
    }
    if (message.revision !== this.revision || message.start % PAGE_SIZE !== 0) return;
    const number = message.start / PAGE_SIZE;
    // Whoever asked for it: another view of the widget, or nobody.
    for (const [request, { page }] of this.inFlight) if (page === number) this.inFlight.delete(request);
    this.store(number, message.rows);
    this.options.onRows(message.start, message.start + message.rows.length);
    this.request();
  }

  /** A request failed; its page may be asked for again at the next need. Whether it was one of these. */
  fail(request: number): boolean {
    return this.inFlight.delete(request);
  }

  private store(number: number, rows: readonly Row[]): void {
    this.forget(number);
    this.pages.set(number, { rows, stale: false });
    rows.forEach((row, offset) => this.indexOfRow.set(row.row, number * PAGE_SIZE + offset));
    const oldest = this.pages.keys().next();
    if (this.pages.size > MOST_PAGES && !oldest.done) this.forget(oldest.value);
  }

  private forget(number: number): void {
    for (const row of this.pages.get(number)?.rows ?? []) {
      // In a new order the row may meanwhile have been seen in another page.
      const index = this.indexOfRow.get(row.row);
      if (index !== undefined && Math.floor(index / PAGE_SIZE) === number) this.indexOfRow.delete(row.row);
    }
    this.pages.delete(number);
  }

  private request(): void {
    const now = this.now();
    for (const [request, { since }] of this.inFlight) if (now - since > LOST_AFTER) this.inFlight.delete(request);
    const asked = new Set([...this.inFlight.values()].map(({ page }) => page));
    for (const page of this.wanted) {
      const held = this.pages.get(page);
      if (held) {
        this.pages.delete(page);
        this.pages.set(page, held);
        if (!held.stale) continue;
      }
      if (asked.has(page)) continue;
      if (this.inFlight.size >= MOST_IN_FLIGHT) return;
      const request = this.options.newRequest();
      this.inFlight.set(request, { page, since: now });
      const start = page * PAGE_SIZE;
      const stop = Math.min(this.count, start + PAGE_SIZE);
      this.options.send({ request, revision: this.revision, start, stop });
    }
  }
}
