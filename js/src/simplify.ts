/** Fewer vertices for a drawn outline, by Douglas and Peucker's method (1973). */

import { segmentDistance } from "./geometry";
import type { Pixel } from "./geometry";

/**
 * Simplify a closed outline to at most `limit` vertices, the telling ones.
 *
 * Points farther than `tolerance` pixels from the line stay on their side of it, unless there were more than `limit` telling vertices.
 */
export function simplifyOutline(points: readonly Pixel[], limit = 500, tolerance = 0.4): Pixel[] {
  if (points.length <= 4) return [...points];
  const weights = significances(points);
  const telling = weights.filter((weight) => weight > tolerance).sort((a, b) => b - a);
  const threshold = telling[limit] ?? tolerance;
  return points.filter((_, index) => (weights[index] ?? 0) > threshold);
}

/** For each vertex, the largest tolerance (exclusive) at which the method still keeps it. */
function significances(points: readonly Pixel[]): Float64Array {
  const opposite = farthestFromFirst(points);
  const ring = [...points, ...points.slice(0, 1)];
  const weights = new Float64Array(points.length);
  // A closed outline has no ends to start from: it is cut at its first vertex and the one farthest from it.
  weights[0] = Infinity;
  weights[opposite] = Infinity;
  const open = [
    { start: 0, stop: opposite, most: Infinity },
    { start: opposite, stop: points.length, most: Infinity },
  ];
  for (let part = open.pop(); part; part = open.pop()) {
    const { start, stop, most } = part;
    const { index, distance } = farthestFromChord(ring, start, stop);
    if (index < 0) continue;
    // A vertex is reached only by way of those before it, so it cannot be kept longer than they are.
    const weight = Math.min(most, distance);
    weights[index] = weight;
    open.push({ start, stop: index, most: weight }, { start: index, stop, most: weight });
  }
  return weights;
}

function farthestFromFirst(points: readonly Pixel[]): number {
  const [first] = points;
  let farthest = 0;
  let reach = -1;
  points.forEach((point, index) => {
    const distance = first ? Math.hypot(point.x - first.x, point.y - first.y) : 0;
    if (distance <= reach) return;
    reach = distance;
    farthest = index;
  });
  return farthest;
}

function farthestFromChord(ring: readonly Pixel[], start: number, stop: number): { index: number; distance: number } {
  const a = ring[start];
  const b = ring[stop];
  let farthest = -1;
  let reach = -1;
  for (let index = start + 1; a && b && index < stop; index++) {
    const point = ring[index];
    const distance = point ? segmentDistance(point, a, b) : -1;
    if (distance <= reach) continue;
    reach = distance;
    farthest = index;
  }
  return { index: farthest, distance: reach };
}
