/** From data coordinates to pixels of the plot's element, and back to what a selection is made of. */

import type { Pixel, Rect } from "./geometry";
import type { Matrix4, PlotAxis, PlotElement, PlotScene } from "./plotly";
import type { DataPoint } from "./protocol";

export interface Projection {
  /** Where the points are drawn. */
  readonly area: Rect;
  /** Row-major matrix from data to clip coordinates, for a map in three dimensions; null in two. */
  readonly matrix: readonly number[] | null;
  /** Null when the point cannot be seen from here (behind the camera) or has no position. */
  toPixel(point: DataPoint): Pixel | null;
  /** Data coordinates in two dimensions, normalised device coordinates (-1 to 1, y up) in three. */
  fromPixel(pixel: Pixel): { readonly x: number; readonly y: number };
}

/** The projection that the plot shows at this moment, or null while it has none. */
export function projectionOf(plot: PlotElement): Projection | null {
  const layout = plot._fullLayout;
  if (!layout) return null;
  if (layout.scene?._scene?.glplot) return perspective(layout.scene, layout._size);
  return layout.xaxis && layout.yaxis ? planar(layout.xaxis, layout.yaxis) : null;
}

export function planar(xaxis: PlotAxis, yaxis: PlotAxis): Projection {
  // Ranges are read, not plotly's own converters, because while a drag or the wheel moves the map only the ranges follow.
  const area = { left: xaxis._offset, top: yaxis._offset, width: xaxis._length, height: yaxis._length };
  const [x0, x1] = xaxis.range;
  const [y0, y1] = yaxis.range;
  const xScale = area.width / (x1 - x0);
  const yScale = area.height / (y1 - y0);
  return {
    area,
    matrix: null,
    toPixel: ({ x, y }) => {
      const pixel = { x: area.left + (x - x0) * xScale, y: area.top + (y1 - y) * yScale };
      return Number.isFinite(pixel.x) && Number.isFinite(pixel.y) ? pixel : null;
    },
    fromPixel: ({ x, y }) => ({ x: x0 + (x - area.left) / xScale, y: y1 - (y - area.top) / yScale }),
  };
}

export function perspective(scene: PlotScene, size: { l: number; t: number; w: number; h: number }): Projection | null {
  const camera = scene._scene?.glplot?.cameraParams;
  if (!camera) return null;
  const [x0, x1] = scene.domain.x;
  const [y0, y1] = scene.domain.y;
  const area = {
    left: size.l + x0 * size.w,
    top: size.t + (1 - y1) * size.h,
    width: (x1 - x0) * size.w,
    height: (y1 - y0) * size.h,
  };
  const seen = multiply(camera.projection, multiply(camera.view, camera.model));
  const matrix = fromData(seen, scene._scene.dataScale);
  const at = (row: number, point: DataPoint): number =>
    entry(matrix, row * 4) * point.x +
    entry(matrix, row * 4 + 1) * point.y +
    entry(matrix, row * 4 + 2) * point.z +
    entry(matrix, row * 4 + 3);
  return {
    area,
    matrix,
    toPixel: (point) => {
      const w = at(3, point);
      if (!(w > 0)) return null;
      return {
        x: area.left + ((1 + at(0, point) / w) / 2) * area.width,
        y: area.top + ((1 - at(1, point) / w) / 2) * area.height,
      };
    },
    fromPixel: ({ x, y }) => ({
      x: (2 * (x - area.left)) / area.width - 1,
      y: 1 - (2 * (y - area.top)) / area.height,
    }),
  };
}

function entry(matrix: ArrayLike<number>, index: number): number {
  return matrix[index] ?? NaN;
}

/** Product of two column-major matrices. */
function multiply(a: Matrix4, b: Matrix4): number[] {
  return Array.from({ length: 16 }, (_, index) => {
    const row = index % 4;
    const column = index - row;
    let sum = 0;
    for (let k = 0; k < 4; k++) sum += entry(a, k * 4 + row) * entry(b, column + k);
    return sum;
  });
}

/** Row-major matrix that takes data coordinates, which plotly scales per axis before its camera sees them. */
function fromData(camera: Matrix4, dataScale: readonly [number, number, number]): number[] {
  const scale = [...dataScale, 1];
  return Array.from({ length: 16 }, (_, index) => {
    const column = index % 4;
    const row = (index - column) / 4;
    return entry(camera, column * 4 + row) * entry(scale, column);
  });
}
