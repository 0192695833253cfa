/** The points on the map of what is read: the open text with its neighbours, and what is pointed at, there or in the panel. */

import type { Context } from "./context";
import { HoverCard } from "./hover_card";
import type { Hover } from "./hover_card";
import type { Highlight } from "./overlay";
import type { Detail, Row, Snippet } from "./protocol";

export class Lights {
  private readonly context: Context;
  private readonly card: HoverCard;
  private open: Detail | null = null;
  /** Pointed at in the panel: a text of the list or a neighbour. */
  private pointed: Row | null = null;
  private hover: Hover | null = null;

  /** `known` says what is at hand of a row without asking Python. */
  constructor(context: Context, known: (row: number) => Row | undefined) {
    this.context = context;
    this.card = new HoverCard(
      {
        host: context.root,
        ask: (row) => {
          context.send({ type: "snippet", request: context.link.newRequest(), row });
        },
        known,
        clusterName: (label) => context.nameOf(label),
      },
      context.signal,
    );
  }

  /** Light up the text that is open, with those nearest to it; or none. */
  showOpen(detail: Detail | null): void {
    this.open = detail;
    this.show();
  }

  /** Light up what is pointed at in the panel. */
  pointAt(row: Row | null): void {
    this.pointed = row;
    this.show();
  }

  /** Say what is pointed at on the map. */
  hoverAt(hover: Hover | null): void {
    this.hover = hover;
    this.card.point(hover);
    this.show();
  }

  receive(snippet: Snippet): void {
    this.card.receive(snippet);
  }

  /** Labels or colours changed. */
  forget(): void {
    this.card.forget();
  }

  private show(): void {
    const lit: Highlight[] = [];
    if (this.open) {
      for (const { at, color } of this.open.neighbors) lit.push({ at, color, role: "neighbor" });
      lit.push({ at: this.open.at, color: this.open.color, role: "open" });
    }
    if (this.hover) lit.push({ at: this.hover.at, color: "transparent", role: "hovered" });
    if (this.pointed) lit.push({ at: this.pointed.at, color: this.pointed.color, role: "pointed" });
    this.context.light("reading", lit);
  }
}
