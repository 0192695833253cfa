/** The drawn point under a finger: a tap brings no hover event before it that would name the point. */

import type { Pixel } from "./geometry";
import { rowOf } from "./plotly";
import type { PlotElement } from "./plotly";
import type { Projection } from "./projection";

/** Row of the drawn point nearest to a pixel, at most `radius` pixels away; null in three dimensions or on empty ground. */
export function nearestRow(plot: PlotElement, projection: Projection, pixel: Pixel, radius: number): number | null {
  if (projection.matrix) return null;
  const center = projection.fromPixel(pixel);
  const corner = projection.fromPixel({ x: pixel.x + radius, y: pixel.y + radius });
  const rx = Math.abs(corner.x - center.x);
  const ry = Math.abs(corner.y - center.y);
  let nearest: number | null = null;
  let best = 1;
  for (const trace of plot._fullData ?? []) {
    const { x, y, customdata } = trace;
    if (!x || !y || trace.visible !== true) continue;
    for (let index = 0; index < x.length; index++) {
      const dx = ((x[index] ?? NaN) - center.x) / rx;
      const dy = ((y[index] ?? NaN) - center.y) / ry;
      const distance = dx * dx + dy * dy;
      if (!(distance <= best)) continue;
      best = distance;
      nearest = rowOf({ pointNumber: index, customdata: customdata?.[index] });
    }
  }
  return nearest;
}
