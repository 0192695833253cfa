/** Which rows are inside an outline that was drawn on the map, by the even-odd rule, as Python finds them. */

import type { Rows } from "./rows";

export interface DrawnOutline {
  readonly x: readonly number[];
  readonly y: readonly number[];
  /** Of a map in space: row after row, from data to normalised device coordinates. */
  readonly matrix?: readonly number[] | undefined;
}

export function rowsInside(rows: Rows, outline: DrawnOutline): number[] {
  const { x, y, matrix } = outline;
  const box = { left: Math.min(...x), right: Math.max(...x), low: Math.min(...y), high: Math.max(...y) };
  const found: number[] = [];
  for (let row = 0; row < rows.n; row++) {
    const seen = matrix ? seenFrom(matrix, rows.x(row), rows.y(row), rows.z(row)) : { x: rows.x(row), y: rows.y(row) };
    if (!seen || seen.x < box.left || seen.x > box.right || seen.y < box.low || seen.y > box.high) continue;
    if (isInside(seen.x, seen.y, x, y)) found.push(row);
  }
  return found;
}

function seenFrom(m: readonly number[], x: number, y: number, z: number): { x: number; y: number } | null {
  const along = (row: number): number =>
    (m[row] ?? 0) * x + (m[row + 1] ?? 0) * y + (m[row + 2] ?? 0) * z + (m[row + 3] ?? 0);
  const w = along(12);
  return w > 0 ? { x: along(0) / w, y: along(4) / w } : null;
}

function isInside(px: number, py: number, x: readonly number[], y: readonly number[]): boolean {
  let inside = false;
  for (let i = 0, j = x.length - 1; i < x.length; j = i++) {
    const [xi, yi, xj, yj] = [x[i] ?? NaN, y[i] ?? NaN, x[j] ?? NaN, y[j] ?? NaN];
    if (yi > py !== yj > py && px < ((xj - xi) * (py - yi)) / (yj - yi) + xi) inside = !inside;
  }
  return inside;
}
