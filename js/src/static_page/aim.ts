/** Where the map of a page without a kernel is told to look: as Python's `aim.py` does. */

import type { Rows } from "./rows";

type Range = readonly [number, number];

export interface Aim {
  readonly x: Range;
  readonly y: Range;
}

/** Share of members on each side that may lie outside: stray ones would zoom out again. */
const STRAY = 0.02;
/** Free space around, as a share of the extent. */
const MARGIN = 0.15;
const LEAST_MARGIN = 1e-3;

/** Aim at a cluster, stray members left out; null where it has no members. */
export function aimAt(label: number, rows: Rows): Aim | null {
  const members = [...rows.labels.keys()].filter((row) => rows.labels[row] === label);
  if (members.length === 0) return null;
  return { x: around(members.map((row) => rows.x(row))), y: around(members.map((row) => rows.y(row))) };
}

function around(values: readonly number[]): Range {
  const ascending = Float64Array.from(values).sort();
  const [low, high] = [quantile(ascending, STRAY), quantile(ascending, 1 - STRAY)];
  const margin = Math.max((high - low) * MARGIN, LEAST_MARGIN);
  return [low - margin, high + margin];
}

function quantile(ascending: Float64Array, share: number): number {
  const place = share * (ascending.length - 1);
  const below = ascending[Math.floor(place)] ?? NaN;
  const above = ascending[Math.ceil(place)] ?? NaN;
  return below + (above - below) * (place - Math.floor(place));
}
