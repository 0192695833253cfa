/** What is drawn over the map: names, the selection's outline, lit points, and the lasso under the pointer. */

import { CanvasLayer } from "./canvas_layer";
import { FrameTask } from "./dom";
import { LabelLayer, obstaclesOn } from "./label_layer";
import type { Drawing } from "./lasso";
import { clipTo, paintDrawing, paintLabels, paintLitPoints, paintOutline } from "./paint";
import type { LitPoint } from "./paint";
import type { PlotElement } from "./plotly";
import { projectionOf } from "./projection";
import type { Projection } from "./projection";
import type { Cluster, DataPoint, Outline } from "./protocol";
import { themeOf } from "./theme";
import type { Theme } from "./theme";

/** A point to light up on the map. */
export interface Highlight extends Omit<LitPoint, "at"> {
  readonly at: DataPoint;
}

interface Layers {
  readonly plot: PlotElement;
  /** Names and the selection's outline, drawn when the view changes. */
  readonly base: CanvasLayer;
  /** Lit points and the lasso under the pointer, drawn often. */
  readonly live: CanvasLayer;
}

// The camera of a 3-D plot glides on after events stop; it is followed until it has stood still for this many frames.
const STILL_FRAMES = 12;

export class Overlay {
  private readonly attached: readonly HTMLElement[];
  private readonly onPaint: (projection: Projection) => void;
  private readonly baseTask: FrameTask;
  private readonly liveTask: FrameTask;
  private readonly followTask: FrameTask;
  private readonly labels = new LabelLayer();
  private layers: Layers | null = null;
  private outline: Outline | null = null;
  private highlights: readonly Highlight[] = [];
  private emphasized: number | null = null;
  private drawing: Drawing | null = null;
  private stillFrames = 0;
  private lastMatrix = "";

  /** `attached` is what lies over the map, where no name may stand; `onPaint` is told as what it is drawn. */
  constructor(attached: readonly HTMLElement[], onPaint: (projection: Projection) => void, signal: AbortSignal) {
    this.attached = attached;
    this.onPaint = onPaint;
    this.baseTask = new FrameTask(() => {
      this.paintBase();
    }, signal);
    this.liveTask = new FrameTask(() => {
      this.paintLive();
    }, signal);
    this.followTask = new FrameTask(() => {
      this.followCamera();
    }, signal);
    // JupyterLab says on the body which theme is on; the names on the map have to stay legible.
    const theme = new MutationObserver(() => {
      this.redraw();
    });
    theme.observe(document.body, { attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
    signal.addEventListener("abort", () => {
      theme.disconnect();
    });
  }

  /** Draw over a plot until `signal` aborts. */
  bind(plot: PlotElement, signal: AbortSignal): void {
    this.layers = { plot, base: new CanvasLayer(plot, signal), live: new CanvasLayer(plot, signal) };
    signal.addEventListener("abort", () => {
      this.layers = null;
      this.drawing = null;
    });
  }

  setClusters(clusters: readonly Cluster[]): void {
    this.labels.setClusters(clusters);
    this.baseTask.request();
  }

  /** Outline of the selection in data coordinates, or null. */
  setOutline(outline: Outline | null): void {
    this.outline = outline;
    this.baseTask.request();
  }

  /** Make one cluster's name stand out, or none. */
  setEmphasis(label: number | null): void {
    if (label === this.emphasized) return;
    this.emphasized = label;
    this.baseTask.request();
  }

  setHighlights(highlights: readonly Highlight[]): void {
    this.highlights = highlights;
    this.liveTask.request();
  }

  setDrawing(drawing: Drawing | null): void {
    this.drawing = drawing;
    this.liveTask.request();
  }

  /** The map may be seen otherwise than before. */
  redraw(): void {
    this.baseTask.request();
    this.liveTask.request();
    this.stillFrames = 0;
    if (this.projection()?.matrix) this.followTask.request();
  }

  private projection(): Projection | null {
    return this.layers && projectionOf(this.layers.plot);
  }

  private followCamera(): void {
    const matrix = this.projection()?.matrix?.join() ?? "";
    if (matrix === this.lastMatrix) {
      this.stillFrames += 1;
    } else {
      this.lastMatrix = matrix;
      this.stillFrames = 0;
      this.baseTask.request();
      this.liveTask.request();
    }
    if (matrix !== "" && this.stillFrames < STILL_FRAMES) this.followTask.request();
  }

  private paintBase(): void {
    const projection = this.projection();
    if (!this.layers || !projection) return;
    const { plot, base } = this.layers;
    const theme = themeOf(plot);
    this.onPaint(projection);
    base.draw((context) => {
      clipTo(context, projection.area);
      if (this.outline && projection.matrix === null) {
        const { x, y } = this.outline;
        const pixels = x.map((value, index) => projection.toPixel({ x: value, y: y[index] ?? NaN, z: 0 }));
        paintOutline(
          context,
          pixels.filter((pixel) => pixel !== null),
          theme,
        );
      }
      const labels = this.labels.place(context, projection, obstaclesOn(plot, this.attached), theme, this.emphasized);
      paintLabels(context, labels, theme, this.emphasized);
    });
  }

  private paintLive(): void {
    const projection = this.projection();
    if (!this.layers || !projection) return;
    const { plot, live } = this.layers;
    if (this.highlights.length === 0 && !this.drawing) live.clear();
    else
      live.draw((context) => {
        this.paintLit(context, projection, themeOf(plot));
      });
  }

  private paintLit(context: CanvasRenderingContext2D, projection: Projection, theme: Theme): void {
    clipTo(context, projection.area);
    const points = this.highlights.flatMap(({ at, ...look }) => {
      const pixel = projection.toPixel(at);
      return pixel ? [{ at: pixel, ...look }] : [];
    });
    paintLitPoints(context, points, theme);
    if (this.drawing) paintDrawing(context, this.drawing, theme);
  }
}
