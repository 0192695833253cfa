/** Tells which part of a map is looked at, so that a map that draws a sample can draw another one for it. */

import { Timer } from "./dom";
import type { PlotElement } from "./plotly";
import { projectionOf } from "./projection";
import type { Projection } from "./projection";

/** The part of the map that is seen, in data coordinates, and its size in CSS pixels. */
export interface Viewport {
  readonly x: readonly [number, number];
  readonly y: readonly [number, number];
  readonly width: number;
  readonly height: number;
}

/** How long the map has to stand still before its view is told. */
const REST = 150;

export class ViewportReporter {
  private readonly plot: PlotElement;
  private readonly onViewport: (viewport: Viewport) => void;
  private readonly rest: Timer;
  private isMoving = false;
  private told = "";

  constructor(plot: PlotElement, onViewport: (viewport: Viewport) => void, signal: AbortSignal) {
    this.plot = plot;
    this.onViewport = onViewport;
    this.rest = new Timer(signal);
  }

  /** A drag or the wheel moves the map: what is seen now is not yet meant. */
  moving(): void {
    this.isMoving = true;
    this.rest.cancel();
  }

  /** The map stands, for all that is known. */
  settled(): void {
    this.isMoving = false;
    this.changed();
  }

  /** The map may show another part, or is shown in another size. */
  changed(): void {
    if (this.isMoving) return;
    this.rest.start(REST, () => {
      this.tell();
    });
  }

  /** Python knows the view no longer. */
  forget(): void {
    this.told = "";
    this.changed();
  }

  private tell(): void {
    const viewport = isSample(this.plot) ? viewportOf(projectionOf(this.plot)) : null;
    const told = JSON.stringify(viewport);
    if (viewport === null || told === this.told) return;
    this.told = told;
    this.onViewport(viewport);
  }
}

/** Whether the map draws some of its rows only. */
function isSample(plot: PlotElement): boolean {
  return plot._fullData?.some((trace) => trace.customdata !== undefined && trace.customdata.length > 0) ?? false;
}

/** What a map in two dimensions shows; null in three, and while nothing is seen of it. */
export function viewportOf(projection: Projection | null): Viewport | null {
  if (projection?.matrix !== null) return null;
  const { left, top, width, height } = projection.area;
  if (!(width >= 1 && height >= 1)) return null;
  const from = projection.fromPixel({ x: left, y: top + height });
  const to = projection.fromPixel({ x: left + width, y: top });
  const edges = [from.x, to.x, from.y, to.y];
  if (!edges.every(Number.isFinite)) return null;
  return { x: [from.x, to.x], y: [from.y, to.y], width: Math.round(width), height: Math.round(height) };
}
