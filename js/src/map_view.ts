/** The map as the panel knows it: lights points, shows names and outlines, and tells what the pointer does. */

import { CanvasLayer } from "./canvas_layer";
import { FrameTask, h } from "./dom";
import type { Pixel, Rect } from "./geometry";
import { Gestures, pixelIn } from "./gestures";
import { placeLabels } from "./labels";
import type { PlacedLabel } from "./labels";
import type { Drawing, Release, Tool } from "./lasso";
import { clipTo, labelFont, paintDrawing, paintLabels, paintLitPoints, paintOutline } from "./paint";
import type { LitPoint } from "./paint";
import { nearestRow } from "./pick";
import { PlotBinding } from "./plot_binding";
import { rowOf } from "./plotly";
import type { PlotElement, PlotEvent } from "./plotly";
import { projectionOf } from "./projection";
import type { Projection } from "./projection";
import { clusterName } from "./protocol";
import type { Cluster, DataPoint, Outline, SelectionMode } from "./protocol";
import { simplifyOutline } from "./simplify";
import { themeOf } from "./theme";

/** A point to light up on the map. */
export interface Highlight {
  readonly at: DataPoint;
  readonly color: string;
  readonly role: LitPoint["role"];
}

export interface DrawnPolygon {
  readonly x: number[];
  readonly y: number[];
  readonly mode: SelectionMode;
  readonly matrix?: number[];
}

export interface MapListeners {
  readonly onPolygon: (polygon: DrawnPolygon) => void;
  readonly onPickRow: (row: number) => void;
  readonly onPickNothing: () => void;
  /** The row under the pointer, where the pointer is in the window; null when it left. */
  readonly onHover: (hover: { row: number; x: number; y: number } | null) => void;
}

interface Bound {
  readonly plot: PlotElement;
  readonly base: CanvasLayer;
  readonly live: CanvasLayer;
  readonly gestures: Gestures;
  readonly lassoButton: HTMLButtonElement;
}

// The camera of a 3-D plot glides on after events stop; it is followed until it has stood still for this many frames.
const STILL_FRAMES = 12;
const TOUCH_RADIUS = 14;

export class MapView {
  private readonly listeners: MapListeners;
  private readonly baseTask: FrameTask;
  private readonly liveTask: FrameTask;
  private readonly followTask: FrameTask;
  private bound: Bound | null = null;
  private clusters: readonly Cluster[] = [];
  private outline: Outline | null = null;
  private highlights: readonly Highlight[] = [];
  private emphasized: number | null = null;
  private drawing: Drawing | null = null;
  private hovered: number | null = null;
  private lassoIn3d = false;
  private stillFrames = 0;
  private lastMatrix = "";
  private pointerIsInside = false;
  private readonly widths = new Map<string, number>();

  constructor(panel: HTMLElement, listeners: MapListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.baseTask = new FrameTask(() => {
      this.paintBase();
    }, signal);
    this.liveTask = new FrameTask(() => {
      this.paintLive();
    }, signal);
    this.followTask = new FrameTask(() => {
      this.follow();
    }, signal);
    const redraw = (): void => {
      this.redraw();
    };
    new PlotBinding(
      panel,
      {
        onBind: (plot, plotSignal) => {
          this.bind(plot, plotSignal);
        },
        on: {
          plotly_afterplot: redraw,
          plotly_relayout: redraw,
          plotly_relayouting: redraw,
          plotly_hover: (event) => {
            this.hover(event);
          },
          plotly_unhover: () => {
            this.setHovered(null);
          },
          plotly_click: (event) => {
            this.click(event);
          },
        },
      },
      signal,
    );
  }

  /** Whether the pointer is over the map, so that keys may be meant for it. */
  get isUnderPointer(): boolean {
    return this.pointerIsInside;
  }

  setClusters(clusters: readonly Cluster[]): void {
    this.clusters = clusters;
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

  /** Stop a drag under way; whether there was one. */
  abortDrag(): boolean {
    return this.bound?.gestures.abort() ?? false;
  }

  private bind(plot: PlotElement, signal: AbortSignal): void {
    plot.classList.add("ce-map");
    const gestures = new Gestures(
      plot,
      {
        tool: () => this.tool(),
        projection: () => this.projection(),
        onDrawing: (drawing) => {
          this.setDrawing(drawing);
        },
        onRelease: (release, touch) => {
          this.release(release, touch);
        },
      },
      signal,
    );
    const base = new CanvasLayer(plot, signal);
    const live = new CanvasLayer(plot, signal);
    const lassoButton = this.makeLassoButton(signal);
    plot.append(lassoButton);
    this.bound = { plot, base, live, gestures, lassoButton };
    const resized = new ResizeObserver(() => {
      this.redraw();
    });
    resized.observe(plot);
    plot.addEventListener(
      "pointerenter",
      () => {
        this.pointerIsInside = true;
      },
      { signal },
    );
    plot.addEventListener(
      "pointerleave",
      () => {
        this.pointerIsInside = false;
        this.setHovered(null);
      },
      { signal },
    );
    plot.addEventListener(
      "wheel",
      () => {
        this.redraw();
      },
      { signal, passive: true },
    );
    signal.addEventListener("abort", () => {
      resized.disconnect();
      plot.classList.remove("ce-map");
      lassoButton.remove();
      this.bound = null;
      this.drawing = null;
      this.pointerIsInside = false;
      this.setHovered(null);
    });
    this.redraw();
  }

  private makeLassoButton(signal: AbortSignal): HTMLButtonElement {
    const toggle = h(
      "button",
      { type: "button", class: "ce-map-button", "aria-pressed": "false", hidden: true },
      "Lasso",
    );
    toggle.title = "Draw a lasso instead of turning the map";
    toggle.addEventListener(
      "click",
      () => {
        this.lassoIn3d = !this.lassoIn3d;
        toggle.setAttribute("aria-pressed", String(this.lassoIn3d));
        this.bound?.plot.classList.toggle("ce-lasso-3d", this.lassoIn3d);
      },
      { signal },
    );
    return toggle;
  }

  private projection(): Projection | null {
    return this.bound ? projectionOf(this.bound.plot) : null;
  }

  private tool(): Tool | null {
    if (this.projection()?.matrix) return this.lassoIn3d ? "lasso" : null;
    const mode = this.bound?.plot._fullLayout?.dragmode;
    if (mode === "lasso") return "lasso";
    return mode === "select" ? "box" : null;
  }

  private setDrawing(drawing: Drawing | null): void {
    this.drawing = drawing;
    if (drawing) this.setHovered(null);
    this.liveTask.request();
  }

  private release(release: Release, touch: boolean): void {
    const projection = this.projection();
    if (!projection || !this.bound) return;
    if (release.kind === "click") {
      const row = this.hovered ?? (touch ? nearestRow(this.bound.plot, projection, release.at, TOUCH_RADIUS) : null);
      if (row === null) this.listeners.onPickNothing();
      else this.listeners.onPickRow(row);
    } else if (release.kind === "outline") {
      const vertices = simplifyOutline(release.outline).map((pixel) => projection.fromPixel(pixel));
      this.listeners.onPolygon({
        x: vertices.map((vertex) => vertex.x),
        y: vertices.map((vertex) => vertex.y),
        mode: release.mode,
        ...(projection.matrix && { matrix: [...projection.matrix] }),
      });
    }
  }

  private click(event: PlotEvent): void {
    // Plotly reports clicks only while the drags are its own: in lasso and box mode they never reach it.
    const point = event.points?.[0];
    const row = point ? rowOf(point) : null;
    if (row !== null && this.tool() === null) this.listeners.onPickRow(row);
  }

  private hover(event: PlotEvent): void {
    const point = event.points?.[0];
    const row = point ? rowOf(point) : null;
    if (row === null || !event.event || !this.bound) {
      this.setHovered(null);
      return;
    }
    this.hovered = row;
    this.listeners.onHover({ row, x: event.event.clientX, y: event.event.clientY });
  }

  private setHovered(row: null): void {
    if (this.hovered === row) return;
    this.hovered = row;
    this.listeners.onHover(null);
  }

  private redraw(): void {
    this.baseTask.request();
    this.liveTask.request();
    this.stillFrames = 0;
    if (this.projection()?.matrix) this.followTask.request();
  }

  private follow(): void {
    const matrix = this.projection()?.matrix?.join() ?? "";
    this.stillFrames = matrix === this.lastMatrix ? this.stillFrames + 1 : 0;
    if (matrix !== this.lastMatrix) {
      this.lastMatrix = matrix;
      this.baseTask.request();
      this.liveTask.request();
    }
    if (matrix !== "" && this.stillFrames < STILL_FRAMES) this.followTask.request();
  }

  private paintBase(): void {
    const projection = this.projection();
    if (!this.bound || !projection) return;
    const { plot, base, lassoButton } = this.bound;
    const theme = themeOf(plot);
    lassoButton.hidden = projection.matrix === null;
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
      const measure = (text: string, fontSize: number): number => {
        const key = `${fontSize} ${text}`;
        let width = this.widths.get(key);
        if (width === undefined) {
          context.font = labelFont(fontSize, theme);
          width = context.measureText(text).width;
          this.widths.set(key, width);
        }
        return width;
      };
      paintLabels(context, this.labels(projection, measure), theme, this.emphasized);
    });
  }

  private labels(projection: Projection, measure: (text: string, fontSize: number) => number): PlacedLabel[] {
    const requests = this.clusters.flatMap((cluster) => {
      const at = cluster.at && projection.toPixel(cluster.at);
      return at ? [{ label: cluster.label, text: clusterName(cluster, cluster.label), size: cluster.size, at }] : [];
    });
    return placeLabels(requests, { area: projection.area, obstacles: this.obstacles(), measure });
  }

  private obstacles(): Rect[] {
    if (!this.bound) return [];
    const { plot, lassoButton } = this.bound;
    const controls = [...plot.querySelectorAll<HTMLElement>(".modebar-group"), lassoButton];
    return controls.flatMap((control) => {
      const box = control.getBoundingClientRect();
      if (box.width === 0) return [];
      const corner = pixelIn(plot, { clientX: box.left, clientY: box.top });
      return [{ left: corner.x, top: corner.y, width: box.width, height: box.height }];
    });
  }

  private paintLive(): void {
    const projection = this.projection();
    if (!this.bound || !projection) return;
    const { plot, live } = this.bound;
    const theme = themeOf(plot);
    live.draw((context) => {
      clipTo(context, projection.area);
      const points = this.highlights.flatMap(({ at, color, role }) => {
        const pixel: Pixel | null = projection.toPixel(at);
        return pixel ? [{ at: pixel, color, role }] : [];
      });
      paintLitPoints(context, points, theme);
      if (this.drawing) paintDrawing(context, this.drawing, theme);
    });
  }
}
