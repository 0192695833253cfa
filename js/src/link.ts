/** The widget model as the panel uses it: traits read with known types, intents sent, messages parsed. */

import type { AnyModel } from "@anywidget/types";

import { parseClusters, parseMessage, parseSelection } from "./protocol";
import type { Cluster, Intent, Message, Selection } from "./protocol";

export type TraitName =
  | "n_components"
  | "title"
  | "n_rows"
  | "text_field"
  | "clusters"
  | "selection"
  | "inspected"
  | "notice"
  | "colors_revision";

export class Link {
  private readonly model: AnyModel;
  private readonly signal: AbortSignal;
  // Several front ends may show one widget, and each answer reaches all of them: a random start keeps their requests apart.
  private nextRequest = Math.floor(Math.random() * 2 ** 31) * 2 ** 20;

  constructor(model: AnyModel, signal: AbortSignal) {
    this.model = model;
    this.signal = signal;
  }

  get nComponents(): 2 | 3 {
    return this.model.get("n_components") === 3 ? 3 : 2;
  }

  get title(): string {
    return this.text("title");
  }

  get nRows(): number {
    return this.integer("n_rows", 0);
  }

  get clusters(): Cluster[] {
    return parseClusters(this.model.get("clusters"));
  }

  get selection(): Selection {
    return parseSelection(this.model.get("selection"));
  }

  get inspected(): number {
    return this.integer("inspected", -1);
  }

  get notice(): string {
    return this.text("notice");
  }

  /** Call `react` when one of the traits changes. */
  onChange(names: readonly TraitName[], react: () => void): void {
    for (const name of names) {
      this.model.on(`change:${name}`, react);
      this.signal.addEventListener("abort", () => {
        this.model.off(`change:${name}`, react);
      });
    }
  }

  onMessage(react: (message: Message) => void): void {
    const receive = (content: unknown): void => {
      const message = parseMessage(content);
      if (message) react(message);
    };
    this.model.on("msg:custom", receive);
    this.signal.addEventListener("abort", () => {
      this.model.off("msg:custom", receive);
    });
  }

  send(intent: Intent): void {
    this.model.send(intent);
  }

  newRequest(): number {
    return this.nextRequest++;
  }

  private text(name: TraitName): string {
    const value: unknown = this.model.get(name);
    return typeof value === "string" ? value : "";
  }

  private integer(name: TraitName, otherwise: number): number {
    const value: unknown = this.model.get(name);
    return Number.isSafeInteger(value) ? (value as number) : otherwise;
  }
}
