/** What travels between Python and the panel (PROTOCOL.md), and its parsing: nothing that arrives is trusted to have the right shape. */

import type { FindingIntent } from "./finding/protocol";
import { fields, int, list, num, str } from "./parse";
import type { AnnotatingIntent } from "./annotations";
import type { ListingIntent } from "./listing/protocol";
import type { Fields } from "./parse";
import type { Viewport } from "./viewport";

export type SelectionMode = "replace" | "add" | "subtract" | "intersect";

/** A place in data coordinates; z is 0 on a two-dimensional map. */
export interface DataPoint {
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

export interface Cluster {
  readonly label: number;
  readonly name: string;
  readonly color: string;
  readonly size: number;
  readonly keywords: readonly string[];
  /** Mean probability of its members; NaN where it is not known. */
  readonly probability: number;
  /** Where the map label goes; null for noise. */
  readonly at: DataPoint | null;
}

export interface Outline {
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface Selection {
  readonly revision: number;
  readonly kind: string;
  readonly count: number;
  readonly clusters: readonly { readonly label: number; readonly count: number }[];
  readonly outline: Outline | null;
}

export interface Row {
  readonly row: number;
  readonly id: string;
  readonly text: string;
  readonly label: number;
  readonly color: string;
  readonly probability: number;
  readonly starred: boolean;
  /** How well it answers what was asked; NaN for rows that answer nothing. */
  readonly score: number;
  readonly at: DataPoint;
}

export interface Neighbor extends Row {
  readonly distance: number;
}

export interface Detail extends Row {
  readonly fields: readonly { readonly name: string; readonly value: string }[];
  readonly neighbors: readonly Neighbor[];
  readonly metric: string;
}

export interface Snippet {
  readonly row: number;
  readonly text: string;
  readonly label: number;
  readonly color: string;
}

export interface PageMessage {
  readonly type: "page";
  readonly request: number;
  readonly revision: number;
  readonly start: number;
  readonly rows: readonly Row[];
}

export type Message =
  | PageMessage
  | { readonly type: "detail"; readonly detail: Detail }
  | { readonly type: "snippet"; readonly request: number; readonly snippet: Snippet }
  | { readonly type: "inspected"; readonly request: number }
  | {
      readonly type: "error";
      readonly request: number | null;
      /** The type of what could not be answered; "" where nothing was asked. */
      readonly of: string;
      readonly message: string;
    };

export type Intent =
  | FindingIntent
  | { type: "select_polygon"; x: number[]; y: number[]; mode: SelectionMode; matrix?: number[] }
  | { type: "select_cluster"; label: number; mode: SelectionMode }
  | { type: "clear" }
  | { type: "zoom_cluster"; label: number }
  | { type: "zoom"; x: [number, number]; y: [number, number] }
  | AnnotatingIntent
  | ListingIntent
  | { type: "inspect"; request?: number; row: number }
  | { type: "detail"; row: number }
  | { type: "page"; request: number; revision: number; start: number; stop: number }
  | { type: "snippet"; request: number; row: number }
  | ({ type: "viewport" } & Viewport);

const NOISE_COLOR = "#9aa0a6";
const UNREADABLE = "A page of texts could not be read.";

function point(value: Fields): DataPoint | null {
  const x = num(value.x, NaN);
  const y = num(value.y, NaN);
  return Number.isNaN(x) || Number.isNaN(y) ? null : { x, y, z: num(value.z, 0) };
}

export function parseClusters(value: unknown): Cluster[] {
  return list(value).map((item) => {
    const cluster = fields(item);
    return {
      label: int(cluster.label, -1),
      name: str(cluster.name),
      color: str(cluster.color) || NOISE_COLOR,
      size: int(cluster.size, 0),
      keywords: list(cluster.keywords).map(str),
      probability: num(cluster.probability, NaN),
      at: point(cluster),
    };
  });
}

function parseOutline(value: unknown): Outline | null {
  const outline = fields(value);
  const x = list(outline.x).map((item) => num(item, NaN));
  const y = list(outline.y).map((item) => num(item, NaN));
  const usable = x.length >= 3 && x.length === y.length && ![...x, ...y].some(Number.isNaN);
  return usable ? { x, y } : null;
}

export function parseSelection(value: unknown): Selection {
  const selection = fields(value);
  return {
    revision: int(selection.revision, 0),
    kind: str(selection.kind) || "none",
    count: Math.max(0, int(selection.count, 0)),
    clusters: list(selection.clusters).map((item) => ({
      label: int(fields(item).label, -1),
      count: int(fields(item).count, 0),
    })),
    outline: parseOutline(selection.outline),
  };
}

/** The name to show for a cluster. */
export function clusterName(cluster: Cluster | undefined, label: number): string {
  if (cluster?.name) return cluster.name;
  return label < 0 ? "noise" : `Cluster ${label}`;
}

export function parseRow(value: unknown): Row | null {
  const row = fields(value);
  const number = int(row.row, -1);
  if (number < 0) return null;
  return {
    row: number,
    id: str(row.id),
    text: str(row.text),
    label: int(row.label, -1),
    color: str(row.color) || NOISE_COLOR,
    probability: num(row.probability, NaN),
    starred: row.starred === true,
    score: num(row.score, NaN),
    at: point(row) ?? { x: NaN, y: NaN, z: NaN },
  };
}

function parseDetail(value: Fields): Detail | null {
  const row = parseRow(value);
  if (!row) return null;
  return {
    ...row,
    fields: list(value.fields).map((item) => ({
      name: str(fields(item).name),
      value: str(fields(item).value),
    })),
    neighbors: list(value.neighbors).flatMap((item) => {
      const neighbor = parseRow(item);
      return neighbor ? [{ ...neighbor, distance: num(fields(item).distance, NaN) }] : [];
    }),
    metric: str(value.metric),
  };
}

/** Parse a custom message from Python; null for one that this version does not know. */
export function parseMessage(value: unknown): Message | null {
  const message = fields(value);
  const request = int(message.request, -1);
  switch (message.type) {
    case "page": {
      // A row that cannot be read would shift all rows after it: such a page is refused as a whole.
      const rows = list(message.rows).map(parseRow);
      if (rows.includes(null)) return { type: "error", request, of: "page", message: UNREADABLE };
      const revision = int(message.revision, -1);
      return { type: "page", request, revision, start: int(message.start, 0), rows: rows as Row[] };
    }
    case "detail": {
      const detail = parseDetail(message);
      return detail ? { type: "detail", detail } : null;
    }
    case "snippet": {
      const row = parseRow(message);
      return row ? { type: "snippet", request, snippet: row } : null;
    }
    case "inspected":
      return { type: "inspected", request };
    case "error":
      return {
        type: "error",
        request: request < 0 ? null : request,
        of: str(message.of),
        message: str(message.message) || "Something failed.",
      };
    default:
      return null;
  }
}
