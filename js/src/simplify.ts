/** Fewer vertices for a drawn outline, by Douglas and Peucker's method (1973). */

import { segmentDistance } from "./geometry";
import type { Pixel } from "./geometry";

/**
 * Simplify a closed outline to at most `limit` vertices.
 *
 * Nothing farther than the tolerance from the outline changes sides. The tolerance starts at a fraction of a pixel, which
 * no eye can see, and grows only when there are too many vertices still.
 */
export function simplifyOutline(points: readonly Pixel[], limit = 500, tolerance = 0.4): Pixel[] {
  let simplified = reduce(points, tolerance);
  for (let t = tolerance * 1.5; simplified.length > limit; t *= 1.5) simplified = reduce(points, t);
  return simplified;
}

function reduce(points: readonly Pixel[], tolerance: number): Pixel[] {
  const first = points[0];
  if (!first || points.length <= 4) return [...points];
  // A closed outline has no ends to start from: cut it at its first point and the one farthest from it.
  let opposite = 0;
  let reach = -1;
  points.forEach((point, index) => {
    const distance = Math.hypot(point.x - first.x, point.y - first.y);
    if (distance > reach) {
      reach = distance;
      opposite = index;
    }
  });
  const ring = [...points, first];
  const keep = new Uint8Array(ring.length);
  keep[0] = 1;
  keep[opposite] = 1;
  markKept(ring, 0, opposite, tolerance, keep);
  markKept(ring, opposite, points.length, tolerance, keep);
  return points.filter((_, index) => keep[index] === 1);
}

function markKept(ring: readonly Pixel[], from: number, to: number, tolerance: number, keep: Uint8Array): void {
  const open: [number, number][] = [[from, to]];
  for (let range = open.pop(); range; range = open.pop()) {
    const [start, stop] = range;
    const a = ring[start];
    const b = ring[stop];
    if (!a || !b) continue;
    let farthest = -1;
    let worst = tolerance;
    for (let index = start + 1; index < stop; index++) {
      const point = ring[index];
      if (!point) continue;
      const distance = segmentDistance(point, a, b);
      if (distance > worst) {
        worst = distance;
        farthest = index;
      }
    }
    if (farthest < 0) continue;
    keep[farthest] = 1;
    open.push([start, farthest], [farthest, stop]);
  }
}
