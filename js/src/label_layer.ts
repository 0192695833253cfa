/** Names for the clusters in view, kept ready for drawing while the map moves. */

import type { Pixel, Rect } from "./geometry";
import { pixelIn } from "./gestures";
import { placeLabel, placeLabels, wrap } from "./labels";
import type { LabelRequest, PlacedLabel } from "./labels";
import { labelFont } from "./paint";
import type { PlotElement } from "./plotly";
import type { Projection } from "./projection";
import { clusterName } from "./protocol";
import type { Cluster, DataPoint } from "./protocol";
import type { Theme } from "./theme";

export class LabelLayer {
  private named: readonly { readonly cluster: Cluster; readonly at: DataPoint; readonly lines: readonly string[] }[] =
    [];
  /** Widths of texts, by font and text. Names change rarely, so what is expensive is done once: breaking and measuring them. */
  private readonly widths = new Map<string, number>();

  setClusters(clusters: readonly Cluster[]): void {
    this.named = clusters.flatMap((cluster) => {
      const { at, label } = cluster;
      return at ? [{ cluster, at, lines: wrap(clusterName(cluster, label)) }] : [];
    });
    this.widths.clear();
  }

  /** Names and their places; the emphasized one is always among them. */
  place(
    context: CanvasRenderingContext2D,
    projection: Projection,
    obstacles: readonly Rect[],
    theme: Theme,
    emphasized: number | null,
  ): PlacedLabel[] {
    const space = {
      area: projection.area,
      obstacles,
      measure: (text: string, fontSize: number) => this.width(context, text, fontSize, theme),
    };
    const requests = this.requests(projection);
    const placed = placeLabels(requests, space);
    const wanted = requests.find((request) => request.label === emphasized);
    if (wanted && !placed.some((label) => label.label === emphasized)) placed.push(placeLabel(wanted, space));
    return placed;
  }

  private requests(projection: Projection): LabelRequest[] {
    const { left, top, width, height } = projection.area;
    const isInView = ({ x, y }: Pixel): boolean => x >= left && x <= left + width && y >= top && y <= top + height;
    return this.named.flatMap(({ cluster, at, lines }) => {
      const pixel = projection.toPixel(at);
      return pixel && isInView(pixel) ? [{ label: cluster.label, lines, size: cluster.size, at: pixel }] : [];
    });
  }

  private width(context: CanvasRenderingContext2D, text: string, fontSize: number, theme: Theme): number {
    const key = `${fontSize} ${text}`;
    const known = this.widths.get(key);
    if (known !== undefined) return known;
    context.font = labelFont(fontSize, theme);
    const { width } = context.measureText(text);
    this.widths.set(key, width);
    return width;
  }
}

/** Where on a plot names may not stand: its own controls and notes, and what is put over it. */
export function obstaclesOn(plot: PlotElement, attached: readonly HTMLElement[]): Rect[] {
  const written = plot.querySelectorAll<HTMLElement>(".modebar-group, .annotation");
  return [...written, ...attached].flatMap((control) => {
    const box = control.getBoundingClientRect();
    if (box.width === 0) return [];
    const corner = pixelIn(plot, { clientX: box.left, clientY: box.top });
    return [{ left: corner.x, top: corner.y, width: box.width, height: box.height }];
  });
}
