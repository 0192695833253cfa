/** A widget model without a kernel: keeps traits, records what is sent, and delivers what a test says. */

import type { AnyModel } from "@anywidget/types";

type Handler = (...values: unknown[]) => void;

export class FakeModel {
  readonly sent: Record<string, unknown>[] = [];
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly traits: Record<string, unknown> = {
    n_components: 2,
    title: "headlines",
    n_rows: 1200,
    text_field: "text",
    clusters: [],
    selection: { revision: 0, kind: "none", count: 0, clusters: [], outline: null },
    listing: arranged({ revision: 0, count: 0 }),
    annotations: { stars_revision: 0, n_starred: 0, selections: [] },
    inspected: -1,
    notice: "",
    colors_revision: 0,
  };

  get(name: string): unknown {
    return this.traits[name];
  }

  /** Set traits as Python does: all of them first, then their events. */
  update(traits: Record<string, unknown>): void {
    Object.assign(this.traits, traits);
    for (const name of Object.keys(traits)) this.emit(`change:${name}`);
  }

  reply(message: unknown): void {
    this.emit("msg:custom", message, []);
  }

  send(message: Record<string, unknown>): void {
    this.sent.push(message);
  }

  on(event: string, handler: Handler): void {
    const handlers = this.handlers.get(event) ?? new Set();
    this.handlers.set(event, handlers.add(handler));
  }

  off(event: string, handler: Handler): void {
    this.handlers.get(event)?.delete(handler);
  }

  get listenerCount(): number {
    return [...this.handlers.values()].reduce((sum, handlers) => sum + handlers.size, 0);
  }

  lastSent(type: string): Record<string, unknown> {
    const message = this.sent.filter((each) => each.type === type).at(-1);
    if (!message) throw new Error(`No ${type} was sent`);
    return message;
  }

  get asModel(): AnyModel {
    return this as unknown as AnyModel;
  }

  private emit(event: string, ...values: unknown[]): void {
    for (const handler of [...(this.handlers.get(event) ?? [])]) handler(...values);
  }
}

/** The trait `listing`: as it is at first, but for what a test says. */
export function arranged(changes: Record<string, unknown>): Record<string, unknown> {
  const arrangement = { sort: "auto", descending: false, grouped: true, query: "", starred_only: false };
  return { ...arrangement, terms: [], groups: [], fields: [], problem: "", ...changes };
}

/** A row as Python sends it. */
export function rowMessage(row: number, text: string): Record<string, unknown> {
  return { row, id: String(row), text, label: 0, color: "red", probability: 0.9, x: row, y: row };
}
