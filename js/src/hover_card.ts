/** What happens while the pointer is over a point of the map: its snippet is looked up and shown beside the pointer. */

import { Timer } from "./dom";
import type { DataPoint, Snippet } from "./protocol";
import { SnippetCache } from "./snippets";
import { Tooltip } from "./tooltip";

/** A point under the pointer, and where the pointer is in the window. */
export interface Hover {
  readonly row: number;
  readonly at: DataPoint;
  readonly clientX: number;
  readonly clientY: number;
}

export interface HoverCardOptions {
  readonly host: HTMLElement;
  readonly ask: (row: number) => void;
  /** A snippet that is at hand without asking. */
  readonly known: (row: number) => Snippet | undefined;
  readonly clusterName: (label: number) => string;
}

/** How long the pointer has to rest before Python is asked; a sweep across the map asks for nothing. */
const REST = 40;

export class HoverCard {
  private readonly options: HoverCardOptions;
  private readonly tooltip: Tooltip;
  private readonly snippets: SnippetCache;
  private readonly rest: Timer;
  private hover: Hover | null = null;

  constructor(options: HoverCardOptions, signal: AbortSignal) {
    this.options = options;
    this.tooltip = new Tooltip(options.host, signal);
    this.snippets = new SnippetCache(options.ask);
    this.rest = new Timer(signal);
  }

  /** The pointer is over another point, or (null) over none. */
  point(hover: Hover | null): void {
    this.hover = hover;
    this.rest.cancel();
    const snippet = hover && (this.snippets.get(hover.row) ?? this.options.known(hover.row));
    if (snippet) this.show(snippet);
    else this.tooltip.hide();
    if (!hover || snippet) return;
    this.rest.start(REST, () => {
      this.snippets.request(hover.row);
    });
  }

  receive(snippet: Snippet): void {
    this.snippets.receive(snippet);
    if (snippet.row === this.hover?.row) this.show(snippet);
  }

  /** Labels or colours changed. */
  forget(): void {
    this.snippets.clear();
  }

  private show(snippet: Snippet): void {
    if (!this.hover) return;
    this.tooltip.show(snippet, this.options.clusterName(snippet.label), this.hover.clientX, this.hover.clientY);
  }
}
