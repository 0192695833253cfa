import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";

import type { PlotElement } from "../src/plotly";
import { ViewportReporter, viewportOf } from "../src/viewport";
import type { Viewport } from "../src/viewport";

function plotOf(x: [number, number], customdata?: number[]): PlotElement {
  const axis = { _offset: 0, _length: 400 };
  return Object.assign(document.createElement("div"), {
    _fullLayout: { width: 400, height: 400, xaxis: { ...axis, range: x }, yaxis: { ...axis, range: [0, 1] } },
    _fullData: [{ x: [0], y: [0], customdata }],
  }) as unknown as PlotElement;
}

function move(plot: PlotElement, x: [number, number]): void {
  Object.assign(plot._fullLayout?.xaxis ?? {}, { range: x });
}

describe("what a map that draws a sample tells of its view", () => {
  let told: Viewport[];
  const stop = new AbortController();
  const report = (plot: PlotElement): ViewportReporter =>
    new ViewportReporter(plot, (viewport) => told.push(viewport), stop.signal);

  beforeEach(() => {
    told = [];
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it("is its ranges and its size, once it stands still", () => {
    const plot = plotOf([2, 6], [17]);
    const reporter = report(plot);
    reporter.changed();
    expect(told).toEqual([]);
    vi.runAllTimers();
    expect(told).toEqual([{ x: [2, 6], y: [0, 1], width: 400, height: 400 }]);
  });

  it("is nothing while a drag or the wheel goes on, and the last view when it ends", () => {
    const plot = plotOf([0, 1], [17]);
    const reporter = report(plot);
    reporter.changed();
    reporter.moving();
    move(plot, [3, 4]);
    reporter.changed();
    vi.runAllTimers();
    expect(told).toEqual([]);
    reporter.settled();
    vi.runAllTimers();
    expect(told.map(({ x }) => x)).toEqual([[3, 4]]);
  });

  it("is told once, and again when Python has forgotten it", () => {
    const reporter = report(plotOf([0, 1], [17]));
    for (let turn = 0; turn < 3; turn++) {
      reporter.changed();
      vi.runAllTimers();
    }
    expect(told).toHaveLength(1);
    reporter.forget();
    vi.runAllTimers();
    expect(told).toHaveLength(2);
  });

  it("is nothing for a map that draws all its rows", () => {
    report(plotOf([0, 1])).changed();
    vi.runAllTimers();
    expect(told).toEqual([]);
  });
});

describe("a view", () => {
  it("is none without a map, in space, or while the map has no size", () => {
    const flat = { toPixel: () => null, fromPixel: () => ({ x: 0, y: 0 }) };
    const area = { left: 0, top: 0, width: 10, height: 10 };
    expect(viewportOf(null)).toBeNull();
    expect(viewportOf({ ...flat, area, matrix: [1] })).toBeNull();
    expect(viewportOf({ ...flat, area: { ...area, width: 0 }, matrix: null })).toBeNull();
  });
});
