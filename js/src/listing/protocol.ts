/** How the list is arranged, as it travels between Python and the panel. */

import { fields, int, list, str } from "../parse";

export interface Arrangement {
  readonly sort: string;
  readonly descending: boolean;
  readonly grouped: boolean;
  readonly query: string;
  readonly starred_only: boolean;
}

export interface Group {
  readonly label: number;
  /** Place of its first row in the list. */
  readonly start: number;
}

export interface Listing extends Arrangement {
  /** A new one means other rows, or the same in another order. */
  readonly revision: number;
  readonly count: number;
  /** What it is narrowed to. */
  readonly terms: readonly string[];
  /** What is marked in the texts: the terms, and the words that the texts were found by. */
  readonly marks: readonly string[];
  readonly groups: readonly Group[];
  /** All fields; those that have no order are among the impossible once that is known. */
  readonly fields: readonly string[];
  /** What cannot be sorted by here. */
  readonly impossible: readonly string[];
  /** Whether the field to sort by is being read. */
  readonly isAwaited: boolean;
  readonly problem: string;
}

export interface Copied {
  readonly request: number;
  readonly text: string;
  readonly nCopied: number;
  readonly nListed: number;
}

export type ListingIntent =
  | ({ type: "arrange" } & Arrangement)
  | { type: "select_listed" }
  | { type: "copy"; request: number; format: "texts" | "table"; row?: number };

export function parseListing(value: unknown): Listing {
  const listing = fields(value);
  return {
    revision: int(listing.revision, 0),
    count: Math.max(0, int(listing.count, 0)),
    sort: str(listing.sort) || "auto",
    descending: listing.descending === true,
    grouped: listing.grouped === true,
    query: str(listing.query),
    starred_only: listing.starred_only === true,
    terms: list(listing.terms).map(str),
    marks: list(listing.marks).map(str),
    groups: list(listing.groups).map((item) => ({
      label: int(fields(item).label, -1),
      start: int(fields(item).start, 0),
    })),
    fields: list(listing.fields).map(str),
    impossible: list(listing.impossible).map(str),
    isAwaited: listing.awaited === true,
    problem: str(listing.problem),
  };
}

export function parseCopied(message: Readonly<Record<string, unknown>>): Copied {
  return {
    request: int(message.request, -1),
    text: str(message.text),
    nCopied: int(message.n_copied, 0),
    nListed: int(message.n_listed, 0),
  };
}

/** The group that a place of the list is in; null in a list without groups. */
export function groupAt(groups: readonly Group[], place: number): { index: number; group: Group } | null {
  let index = -1;
  let low = 0;
  let high = groups.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if ((groups[middle]?.start ?? Infinity) <= place) {
      index = middle;
      low = middle + 1;
    } else {
      high = middle - 1;
    }
  }
  const group = groups[index];
  return group ? { index, group } : null;
}
