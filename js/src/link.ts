/** The widget model as the panel uses it: traits read with known types, intents sent, messages parsed. */

import type { AnyModel } from "@anywidget/types";

import { fields } from "./parse";
import type { Fields } from "./parse";
import { parseClusters, parseMessage, parseSelection } from "./protocol";
import type { Cluster, Message, Selection } from "./protocol";

export class Link {
  private readonly model: AnyModel;
  private readonly undo: (() => void)[] = [];
  // Several front ends may show one widget, and each answer reaches all of them: a random start keeps their requests apart.
  private nextRequest = Math.floor(Math.random() * 2 ** 31) * 2 ** 20;

  constructor(model: AnyModel, signal: AbortSignal) {
    this.model = model;
    signal.addEventListener("abort", () => {
      for (const each of this.undo.splice(0)) each();
    });
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

  /** The value of any trait, for features that have traits of their own; they check its shape. */
  read(name: string): unknown {
    return this.model.get(name);
  }

  /** Call `react` when one of the traits changes. */
  onChange(names: readonly string[], react: () => void): void {
    for (const name of names) {
      this.model.on(`change:${name}`, react);
      this.undo.push(() => {
        this.model.off(`change:${name}`, react);
      });
    }
  }

  /** Call `react` with the messages that all features know. */
  onMessage(react: (message: Message) => void): void {
    this.onCustom((content) => {
      const message = parseMessage(content);
      if (message) react(message);
    });
  }

  /** Call `react` with the messages of one type, for features that have messages of their own; `null` is not delivered. */
  on<T>(type: string, parse: (message: Fields) => T | null, react: (message: T) => void): void {
    this.onCustom((content) => {
      const message = fields(content);
      const parsed = message.type === type ? parse(message) : null;
      if (parsed !== null) react(parsed);
    });
  }

  private onCustom(receive: (content: unknown) => void): void {
    this.model.on("msg:custom", receive);
    this.undo.push(() => {
      this.model.off("msg:custom", receive);
    });
  }

  /** Send an intent; features have types of their own. */
  send(intent: { readonly type: string; readonly [field: string]: unknown }): void {
    this.model.send(intent);
  }

  newRequest(): number {
    return this.nextRequest++;
  }

  private text(name: string): string {
    const value: unknown = this.model.get(name);
    return typeof value === "string" ? value : "";
  }

  private integer(name: string, otherwise: number): number {
    const value: unknown = this.model.get(name);
    return Number.isSafeInteger(value) ? (value as number) : otherwise;
  }
}
