/** The rows of a page without a kernel: columns that were embedded in it. */

import { firstFound } from "../highlight";
import type { Find } from "../highlight";
import type { Fields } from "../parse";
import { fields, int, list, num, str } from "../parse";
import { shortlyBefore } from "../text";

/** Characters of a text that come before what was found in it, where its beginning is cut off. */
const BEFORE_HIT = 60;

export class Rows {
  readonly n: number;
  readonly dims: 2 | 3;
  readonly ids: readonly string[];
  readonly texts: readonly string[];
  readonly labels: Int32Array;
  readonly probabilities: Float32Array;
  readonly confidence: Float32Array;
  readonly positions: Float32Array;
  readonly metric: string;
  private readonly codes: Int32Array;
  private readonly colors: readonly string[];
  private readonly columns: readonly { name: string; values: readonly string[] }[];
  private readonly nNeighbors: number;
  private readonly neighborRows: Int32Array;
  private readonly neighborDistances: Float32Array;

  constructor(embedded: Fields) {
    this.ids = list(embedded.ids).map(str);
    this.texts = list(embedded.texts).map(str);
    this.n = this.texts.length;
    this.dims = embedded.dims === 3 ? 3 : 2;
    this.labels = new Int32Array(bytes(embedded.labels));
    this.probabilities = new Float32Array(bytes(embedded.probabilities));
    this.confidence = new Float32Array(bytes(embedded.confidence));
    this.positions = new Float32Array(bytes(embedded.positions));
    this.codes = new Int32Array(bytes(embedded.codes));
    this.colors = list(embedded.colors).map(str);
    this.columns = list(embedded.columns).map((item) => {
      const column = fields(item);
      return { name: str(column.name), values: list(column.values).map(str) };
    });
    const neighbors = fields(embedded.neighbors);
    this.metric = str(neighbors.metric);
    this.nNeighbors = int(neighbors.count, 0);
    this.neighborRows = new Int32Array(bytes(neighbors.rows));
    this.neighborDistances = new Float32Array(bytes(neighbors.distances));
  }

  x(row: number): number {
    return this.positions[row * this.dims] ?? NaN;
  }

  y(row: number): number {
    return this.positions[row * this.dims + 1] ?? NaN;
  }

  z(row: number): number {
    return this.dims === 3 ? (this.positions[row * 3 + 2] ?? NaN) : 0;
  }

  /** Everything that the panel shows of a row in a list; its text from before what is found in it. */
  shown(row: number, length: number, find: Find | null = null): Record<string, unknown> {
    return {
      row,
      id: this.ids[row] ?? "",
      text: excerpt(this.texts[row] ?? "", length, find),
      label: this.labels[row] ?? -1,
      color: this.colors[this.codes[row] ?? 0] ?? "",
      probability: this.probabilities[row] ?? 0,
      confidence: this.confidence[row] ?? 0,
      x: this.x(row),
      y: this.y(row),
      ...(this.dims === 3 && { z: this.z(row) }),
    };
  }

  /** The rows that are drawn in a colour. */
  ofColor(code: number): number[] {
    return [...this.codes.keys()].filter((row) => this.codes[row] === code);
  }

  /** What is known of a row beside its text. */
  fields(row: number): { name: string; value: string }[] {
    const all = this.columns.map(({ name, values }) => ({ name, value: values[row] ?? "" }));
    return all.filter(({ value }) => value !== "");
  }

  neighbors(row: number): { row: number; distance: number }[] {
    const from = row * this.nNeighbors;
    const found = Array.from({ length: this.nNeighbors }, (_, place) => ({
      row: this.neighborRows[from + place] ?? -1,
      distance: num(this.neighborDistances[from + place], NaN),
    }));
    return found.filter((neighbor) => neighbor.row >= 0);
  }
}

/** Cluster by cluster, the largest share first and noise last, the surest members first: as Python orders them. */
export function readingOrder(selected: readonly number[], rows: Rows): number[] {
  const label = (row: number): number => rows.labels[row] ?? -1;
  const counts = countByLabel(selected, rows);
  const share = (row: number): number => (label(row) < 0 ? -1 : (counts.get(label(row)) ?? 0));
  // the members of a cluster have confidence 1, attached noise has probability 0; in single precision, as in Python
  const sure = (row: number): number => Math.fround((rows.probabilities[row] ?? 0) + (rows.confidence[row] ?? 0));
  const doubt = (row: number): number => Math.max(0, Math.fround(2 - sure(row)));
  return [...selected].sort((a, b) => share(b) - share(a) || label(a) - label(b) || doubt(a) - doubt(b) || a - b);
}

export function countByLabel(selected: readonly number[], rows: Rows): Map<number, number> {
  const counts = new Map<number, number>();
  for (const row of selected) {
    const label = rows.labels[row] ?? -1;
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return counts;
}

/** As much of a text as is asked for, around what is found first: as Python cuts it. */
export function excerpt(text: string, length: number, find: Find | null): string {
  const found = text.length > length ? firstFound(text, find) : -1;
  if (found < length - BEFORE_HIT) return shortened(text, length);
  return `…${shortened(text.slice(shortlyBefore(text, found, BEFORE_HIT)).trimStart(), length - 1)}`;
}

export function shortened(text: string, length: number): string {
  const characters = text.length <= length ? null : Array.from(text);
  if (characters === null || characters.length <= length) return text;
  return `${characters
    .slice(0, length - 1)
    .join("")
    .trimEnd()}…`;
}

/** The bytes of an array that was embedded as base64; none for anything else. */
function bytes(value: unknown): ArrayBuffer {
  const binary = typeof value === "string" ? atob(value) : "";
  const decoded = new Uint8Array(binary.length);
  for (let place = 0; place < binary.length; place++) decoded[place] = binary.charCodeAt(place);
  return decoded.buffer;
}
