/** Short texts for the tooltip of the map, a few hundred of them remembered. */

import type { Snippet } from "./protocol";

const MOST_HELD = 500;
/** An answer that has not come by now is not coming; the row may be asked for again. */
const LOST_AFTER = 5_000;

export class SnippetCache {
  private readonly ask: (row: number) => void;
  private readonly now: () => number;
  private readonly held = new Map<number, Snippet>();
  private readonly asked = new Map<number, number>();

  constructor(ask: (row: number) => void, now: () => number = () => performance.now()) {
    this.ask = ask;
    this.now = now;
  }

  get(row: number): Snippet | undefined {
    const snippet = this.held.get(row);
    if (snippet) {
      this.held.delete(row);
      this.held.set(row, snippet);
    }
    return snippet;
  }

  /** Ask for a row's snippet unless an answer is on its way. */
  request(row: number): void {
    const now = this.now();
    if (now - (this.asked.get(row) ?? -Infinity) < LOST_AFTER) return;
    this.asked.set(row, now);
    this.ask(row);
  }

  receive(snippet: Snippet): void {
    this.asked.delete(snippet.row);
    this.held.set(snippet.row, snippet);
    const oldest = this.held.keys().next();
    if (this.held.size > MOST_HELD && !oldest.done) this.held.delete(oldest.value);
  }

  /** Labels or colours changed. */
  clear(): void {
    this.held.clear();
    this.asked.clear();
  }
}
