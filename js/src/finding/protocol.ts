/** What travels between Python and the panel about finding: traits read with known shapes, and intents. */

import { fields, int, list, num, str } from "../parse";
import type { Fields } from "../parse";
import type { DataPoint, SelectionMode } from "../protocol";

export type Ways = "meaning" | "words";

export interface Hit {
  readonly row: number;
  readonly at: DataPoint;
  readonly score: number;
  readonly color: string;
}

export interface Hits {
  readonly kind: string;
  readonly question: string;
  readonly scoreName: string;
  /** How many are selected and listed; and how many there are in all. */
  readonly count: number;
  readonly found: number;
  /** The best of them, to light up. */
  readonly best: readonly Hit[];
}

export interface FindingTrait {
  readonly canEmbed: boolean;
  readonly doing: string;
  /** Share done, 0 to 1; 0 while it is not known. */
  readonly fraction: number;
  readonly problem: string;
  readonly hits: Hits | null;
}

/** The place of the rows without a value. */
export const MISSING = -1;

export interface Category {
  /** `MISSING` stands for the rows without a value. */
  readonly place: number;
  readonly name: string;
  readonly count: number;
  /** Whether its rows are left. */
  readonly isOn: boolean;
}

/** The categories that hold some letters, of a field with too many to list. */
export interface FoundValues {
  readonly field: string;
  readonly text: string;
  readonly categories: readonly Category[];
  /** How many more there are. */
  readonly others: number;
}

export interface Field {
  readonly name: string;
  /** "categories", "numbers", "dates", "other" (not to be chosen from), or "unread". */
  readonly kind: string;
  readonly categories: readonly Category[];
  /** Categories that are too many to list. */
  readonly others: number;
  readonly low: number;
  readonly high: number;
  /** How many categories are left; null for all. */
  readonly chosen: number | null;
  readonly from: number;
  readonly to: number;
}

export interface FilterTrait {
  readonly expression: string;
  readonly outside: "grey" | "anew";
  readonly rows: number;
  /** Rows that are left; null for all. */
  readonly kept: number | null;
  readonly fields: readonly Field[];
  /** Fields that are being read. */
  readonly reading: readonly string[];
  readonly problem: string;
}

export interface LegendEntry {
  readonly code: number;
  readonly name: string;
  readonly color: string;
  readonly count: number;
}

export interface ColoringTrait {
  /** What is wished for, and what is shown: what has to be computed or read first comes later. */
  readonly wanted: string;
  readonly by: string;
  readonly kind: string;
  readonly choices: readonly { readonly value: string; readonly label: string; readonly usable: boolean }[];
  readonly legend: readonly LegendEntry[];
  readonly low: number;
  readonly high: number;
  readonly colors: readonly string[];
}

export type FindingIntent =
  | { type: "ask"; question: string; by: Ways }
  | { type: "more_like" }
  | { type: "stop_asking" }
  | { type: "want_field"; field: string }
  | { type: "cancel_metadata" }
  | { type: "filter_expression"; expression: string }
  | { type: "filter_places"; field: string; places: number[] | null }
  | { type: "filter_tick"; field: string; place: number; on: boolean }
  | { type: "find_values"; field: string; text: string }
  | { type: "filter_range"; field: string; low: number; high: number }
  | { type: "filter_outside"; outside: "grey" | "anew" }
  | { type: "clear_filter" }
  | { type: "color_by"; by: string }
  | { type: "select_color"; code: number; mode: SelectionMode }
  | { type: "isolate_color"; code: number };

export function parseFinding(value: unknown): FindingTrait {
  const trait = fields(value);
  return {
    canEmbed: trait.can_embed === true,
    doing: str(trait.doing),
    fraction: num(trait.fraction, 0),
    problem: str(trait.problem),
    hits: trait.hits === null || trait.hits === undefined ? null : parseHits(trait.hits),
  };
}

function parseHits(value: unknown): Hits {
  const hits = fields(value);
  return {
    kind: str(hits.kind),
    question: str(hits.question),
    scoreName: str(hits.score_name),
    count: int(hits.count, 0),
    found: int(hits.found, 0),
    best: list(hits.best).map((item) => {
      const hit = fields(item);
      const at = { x: num(hit.x, NaN), y: num(hit.y, NaN), z: num(hit.z, 0) };
      return { row: int(hit.row, -1), at, score: num(hit.score, NaN), color: str(hit.color) };
    }),
  };
}

export function parseFilter(value: unknown): FilterTrait {
  const trait = fields(value);
  return {
    expression: str(trait.expression),
    outside: trait.outside === "anew" ? "anew" : "grey",
    rows: int(trait.rows, 0),
    kept: Number.isSafeInteger(trait.kept) ? (trait.kept as number) : null,
    fields: list(trait.fields).map(parseField),
    reading: list(trait.reading).map(str),
    problem: str(trait.problem),
  };
}

function parseField(value: unknown): Field {
  const field = fields(value);
  const low = num(field.low, 0);
  const high = num(field.high, 0);
  return {
    name: str(field.name),
    kind: str(field.kind),
    categories: list(field.categories).map(parseCategory),
    others: int(field.others, 0),
    low,
    high,
    chosen: Number.isSafeInteger(field.chosen) ? (field.chosen as number) : null,
    from: num(field.from, low),
    to: num(field.to, high),
  };
}

function parseCategory(value: unknown): Category {
  const category = fields(value);
  return {
    place: int(category.place, MISSING),
    name: str(category.name),
    count: int(category.count, 0),
    isOn: category.on !== false,
  };
}

export function parseValues(message: Fields): FoundValues {
  return {
    field: str(message.field),
    text: str(message.text),
    categories: list(message.categories).map(parseCategory),
    others: int(message.others, 0),
  };
}

export function parseColoring(value: unknown): ColoringTrait {
  const trait = fields(value);
  return {
    wanted: str(trait.wanted) || "cluster",
    by: str(trait.by) || "cluster",
    kind: str(trait.kind) || "clusters",
    choices: list(trait.choices).map((item) => {
      const choice = fields(item);
      return { value: str(choice.value), label: str(choice.label), usable: choice.usable !== false };
    }),
    legend: list(trait.legend).map((item) => {
      const entry = fields(item);
      return {
        code: int(entry.code, 0),
        name: str(entry.name),
        color: str(entry.color),
        count: int(entry.count, 0),
      };
    }),
    low: num(trait.low, NaN),
    high: num(trait.high, NaN),
    colors: list(trait.colors).map(str),
  };
}
