/** A widget model without a kernel: it answers the panel from the rows that were embedded in the page (PROTOCOL.md). */

import { looseFinder } from "../highlight";
import type { Fields } from "../parse";
import { fields, int, list, num, str } from "../parse";
import type { SelectionMode } from "../protocol";
import { aimAt } from "./aim";
import type { Aim } from "./aim";
import { rowsInside } from "./inside";
import { countByLabel, readingOrder } from "./rows";
import type { Rows } from "./rows";
import type { Found } from "./word_search";

type Handler = (...values: unknown[]) => void;
type Kind = "none" | "polygon" | "cluster" | "ids";

const ROW_LENGTH = 500;
const NEIGHBOR_LENGTH = 200;
const SNIPPET_LENGTH = 140;

export interface StaticListeners {
  /** These rows stand out on the map now. */
  readonly onSelected: (rows: readonly number[]) => void;
  /** Another part of a flat map should be looked at. */
  readonly onLook: (aim: Aim) => void;
}

export class StaticModel {
  private readonly rows: Rows;
  private readonly traits: Map<string, unknown>;
  private readonly handlers = new Map<string, Set<Handler>>();
  private readonly listeners: StaticListeners;
  private selected: readonly number[] = [];
  /** The selected rows as they are read. */
  private order: readonly number[] = [];

  /** `traits` as the kernel had them when the page was saved. */
  constructor(rows: Rows, traits: Fields, listeners: StaticListeners) {
    this.rows = rows;
    this.traits = new Map(Object.entries(traits));
    this.listeners = listeners;
    this.traits.set("selection", { revision: 0, kind: "none", count: 0, clusters: [], outline: null });
    this.traits.set("inspected", -1);
    this.traits.set("notice", "");
  }

  get(name: string): unknown {
    return this.traits.get(name);
  }

  set(name: string, value: unknown): void {
    this.traits.set(name, value);
    this.emit(`change:${name}`);
  }

  save_changes(): void {
    // nobody to save them to
  }

  on(event: string, handler: Handler): void {
    this.handlers.set(event, (this.handlers.get(event) ?? new Set<Handler>()).add(handler));
  }

  off(event: string, handler: Handler): void {
    this.handlers.get(event)?.delete(handler);
  }

  /** Take an intent of the panel; the answer comes when the panel has done what it was doing, as a kernel's would. */
  send(message: unknown): void {
    queueMicrotask(() => {
      this.answer(fields(message));
    });
  }

  /** Select rows that were found by words, which are marked in their texts while they are selected. */
  selectFound({ rows, words }: Found): void {
    this.select("ids", rows, "replace", null, words);
  }

  private answer(message: Fields): void {
    const mode = modeOf(message.mode);
    switch (message.type) {
      case "select_polygon": {
        const x = list(message.x).map((value) => num(value, NaN));
        const y = list(message.y).map((value) => num(value, NaN));
        const matrix = Array.isArray(message.matrix) ? list(message.matrix).map((value) => num(value, 0)) : undefined;
        const isOutline = !matrix && mode === "replace";
        this.select("polygon", rowsInside(this.rows, { x, y, matrix }), mode, isOutline ? { x, y } : null);
        break;
      }
      case "select_cluster": {
        const label = int(message.label, -1);
        const members = [...this.rows.labels.keys()].filter((row) => this.rows.labels[row] === label);
        this.select("cluster", members, mode, null);
        break;
      }
      case "select_color":
        this.select("ids", this.rows.ofColor(int(message.code, -1)), mode, null);
        break;
      case "clear":
        this.select("none", [], "replace", null);
        break;
      case "inspect":
        this.inspect(int(message.row, -1));
        this.reply({ type: "inspected", request: message.request });
        break;
      case "page":
        this.sendPage(message);
        break;
      case "snippet": {
        const row = int(message.row, 0);
        this.reply({ type: "snippet", request: message.request, ...this.rows.shown(row, SNIPPET_LENGTH) });
        break;
      }
      case "copy":
        this.copy(message);
        break;
      case "zoom":
        this.look({ x: rangeOf(message.x), y: rangeOf(message.y) });
        break;
      case "zoom_cluster":
        this.look(aimAt(int(message.label, -1), this.rows));
        break;
      case "viewport":
        // there is no other sample to draw for the part that is seen
        break;
      default: {
        const what = str(message.type).replaceAll("_", " ");
        const said = `This page has no kernel, so that “${what}” is not at hand. Open the notebook for it.`;
        this.reply({ type: "error", request: message.request, of: message.type, message: said });
      }
    }
  }

  private select(
    kind: Kind,
    found: readonly number[],
    mode: SelectionMode,
    outline: object | null,
    words: readonly string[] = [],
  ): void {
    this.set("marks", words);
    this.selected = combined(this.selected, found, mode);
    this.order = readingOrder(this.selected, this.rows);
    const counts = [...countByLabel(this.selected, this.rows)].map(([label, count]) => ({ label, count }));
    counts.sort((a, b) => Number(a.label < 0) - Number(b.label < 0) || b.count - a.count || a.label - b.label);
    const revision = int(fields(this.get("selection")).revision, 0) + 1;
    const isNone = this.selected.length === 0 && (kind === "none" || mode !== "replace");
    this.set("selection", {
      revision,
      kind: isNone ? "none" : kind,
      count: this.selected.length,
      clusters: counts,
      outline,
    });
    this.listeners.onSelected(this.selected);
  }

  private look(aim: Aim | null): void {
    // a map in space is turned by hand alone
    if (aim && this.rows.dims === 2) this.listeners.onLook(aim);
  }

  private inspect(row: number): void {
    this.set("inspected", row);
    if (row < 0 || row >= this.rows.n) return;
    this.reply({
      type: "detail",
      ...this.rows.shown(row, Infinity),
      fields: this.rows.fields(row),
      neighbors: this.rows.neighbors(row).map((neighbor) => ({
        ...this.rows.shown(neighbor.row, NEIGHBOR_LENGTH),
        distance: neighbor.distance,
      })),
      metric: this.rows.metric,
    });
  }

  private sendPage(message: Fields): void {
    const start = int(message.start, 0);
    const find = looseFinder(list(this.get("marks")).map(str));
    const rows = this.order.slice(start, int(message.stop, 0)).map((row) => this.rows.shown(row, ROW_LENGTH, find));
    this.reply({ type: "page", request: message.request, revision: message.revision, start, rows });
  }

  /** Send the whole text of a row; the list of a page is not offered to be copied. */
  private copy({ request, row }: Fields): void {
    const text = this.rows.texts[int(row, -1)] ?? "";
    this.reply({ type: "copied", request, text, n_copied: 1, n_listed: 1 });
  }

  private reply(message: Fields): void {
    this.emit("msg:custom", message, []);
  }

  private emit(event: string, ...values: unknown[]): void {
    for (const handler of [...(this.handlers.get(event) ?? [])]) handler(...values);
  }
}

function rangeOf(value: unknown): readonly [number, number] {
  const [from, to] = list(value);
  return [num(from, NaN), num(to, NaN)];
}

function modeOf(value: unknown): SelectionMode {
  return value === "add" || value === "subtract" ? value : "replace";
}

function combined(before: readonly number[], found: readonly number[], mode: SelectionMode): readonly number[] {
  if (mode === "replace") return found;
  const set = new Set(mode === "add" ? [...before, ...found] : before);
  if (mode === "subtract") for (const row of found) set.delete(row);
  return [...set].sort((a, b) => a - b);
}
