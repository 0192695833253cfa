/** The curves of the parameter landscape, which count leaf clusters: parsed, and placed in a plot with a logarithmic axis of sizes. */

export interface Curves {
  /** Ascending; what is said of one size holds from the one before it up to it. */
  readonly sizes: readonly number[];
  readonly nClusters: readonly number[];
  readonly noise: readonly number[];
  readonly persistence: readonly number[];
  readonly peaks: readonly number[];
}

export interface Box {
  readonly width: number;
  readonly height: number;
}

function numbers(value: unknown): number[] {
  return Array.isArray(value) ? value.map((item) => (typeof item === "number" ? item : NaN)) : [];
}

/** Parse what Python sent; null where there is nothing to draw. */
export function parseCurves(value: unknown): Curves | null {
  const fields = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  const curves = {
    sizes: numbers(fields.sizes),
    nClusters: numbers(fields.n_clusters),
    noise: numbers(fields.noise),
    persistence: numbers(fields.persistence),
    peaks: numbers(fields.peaks),
  };
  const { length } = curves.sizes;
  const fits = [curves.nClusters, curves.noise, curves.persistence].every((values) => values.length === length);
  const isFinite = Object.values(curves).every((values) => values.every(Number.isFinite));
  return length > 1 && fits && isFinite && curves.sizes.every((size) => size > 0) ? curves : null;
}

/** Pixels from the left for a size, and back. */
export class SizeAxis {
  private readonly low: number;
  private readonly span: number;
  private readonly width: number;

  constructor(curves: Curves, width: number) {
    this.low = Math.log(curves.sizes[0] ?? 1);
    this.span = Math.max(Math.log(curves.sizes.at(-1) ?? 2) - this.low, 1e-9);
    this.width = width;
  }

  toPixel(size: number): number {
    return (this.width * (Math.log(size) - this.low)) / this.span;
  }

  toSize(pixel: number): number {
    return Math.exp(this.low + (this.span * Math.min(Math.max(pixel, 0), this.width)) / this.width);
  }
}

/** The place in the curves that says what a size gives; the last one beyond their end. */
export function placeOf(curves: Curves, size: number): number {
  const place = curves.sizes.findIndex((held) => held >= size - 1e-6);
  return place < 0 ? curves.sizes.length - 1 : place;
}

/** An SVG path of steps through values as high as the box at `most`. */
export function stepPath(
  curves: Curves,
  values: readonly number[],
  most: number,
  axis: SizeAxis,
  { height }: Box,
): string {
  const top = most > 0 ? most : 1;
  const points = curves.sizes.map((size, place) => {
    const x = axis.toPixel(size).toFixed(1);
    const y = (height * (1 - (values[place] ?? 0) / top)).toFixed(1);
    return place === 0 ? `M${x},${y}` : `V${y}H${x}`;
  });
  return points.join("");
}

/** "size 24: 41 leaf clusters, 12% noise" */
export function describePlace(curves: Curves, place: number, size: number): string {
  const n = curves.nClusters[place] ?? 0;
  const noise = Math.round(100 * (curves.noise[place] ?? 0));
  return `size ${Math.round(size)}: ${n} leaf ${n === 1 ? "cluster" : "clusters"}, ${noise}% noise`;
}
