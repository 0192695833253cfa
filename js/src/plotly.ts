/** The parts of plotly.js's graph element that we rely on (seen in plotly.js 3 and 4). */

export interface PlotAxis {
  readonly range: readonly [number, number];
  /** Pixels from the plot's edge to the start of the axis. */
  readonly _offset: number;
  readonly _length: number;
}

/** 4 x 4, column after column. */
export type Matrix4 = ArrayLike<number>;

export interface PlotScene {
  readonly domain: { readonly x: readonly [number, number]; readonly y: readonly [number, number] };
  readonly _scene?: {
    readonly dataScale: readonly [number, number, number];
    readonly glplot?: { readonly cameraParams: { projection: Matrix4; view: Matrix4; model: Matrix4 } };
  };
}

export interface PlotLayout {
  readonly width: number;
  readonly height: number;
  readonly dragmode?: string | false;
  readonly paper_bgcolor?: string;
  readonly plot_bgcolor?: string;
  readonly xaxis?: PlotAxis;
  readonly yaxis?: PlotAxis;
  readonly scene?: PlotScene;
  readonly _size: { readonly l: number; readonly t: number; readonly w: number; readonly h: number };
}

export interface PlotTrace {
  readonly type?: string;
  readonly visible?: boolean | string;
  readonly x?: ArrayLike<number>;
  readonly y?: ArrayLike<number>;
  readonly customdata?: ArrayLike<unknown>;
}

export interface PlotPoint {
  readonly pointNumber?: number;
  readonly x?: number;
  readonly y?: number;
  readonly z?: number;
  readonly customdata?: unknown;
}

export interface PlotEvent {
  readonly points?: readonly PlotPoint[];
  readonly event?: MouseEvent;
}

export interface PlotElement extends HTMLElement {
  readonly _fullLayout?: PlotLayout;
  readonly _fullData?: readonly PlotTrace[];
  /** What plotly calls when the window changes its size; there when the plot is responsive. */
  _responsiveChartHandler?(): void;
  on?(event: string, react: (event: PlotEvent) => void): void;
  removeListener?(event: string, react: (event: PlotEvent) => void): void;
}

/** Whether plotly.js has drawn into the element, so that it takes listeners and has axes. */
export function isReady(plot: PlotElement): boolean {
  return plot._fullLayout !== undefined && typeof plot.on === "function";
}

/**
 * Row number behind a point.
 *
 * It is the point's place in the trace, unless only some rows are drawn; then `customdata` holds the row numbers.
 */
export function rowOf(point: { pointNumber?: number; customdata?: unknown }): number | null {
  const custom: unknown = Array.isArray(point.customdata) ? point.customdata[0] : point.customdata;
  if (Number.isSafeInteger(custom)) return custom as number;
  return point.pointNumber ?? null;
}
