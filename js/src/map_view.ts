/** The map as the panel knows it: lights points, shows names and outlines, and tells what the pointer does. */

import { CanvasLayer } from "./canvas_layer";
import { FrameTask } from "./dom";
import type { Rect } from "./geometry";
import { keepFitted } from "./fit";
import { Gestures, pixelIn } from "./gestures";
import type { Hover } from "./hover_card";
import { LabelLayer } from "./label_layer";
import type { Drawing, Release, Tool } from "./lasso";
import { LassoButton } from "./lasso_button";
import { clipTo, paintDrawing, paintLabels, paintLitPoints, paintOutline } from "./paint";
import type { LitPoint } from "./paint";
import { nearestRow } from "./pick";
import { PlotBinding } from "./plot_binding";
import { rowOf } from "./plotly";
import type { PlotElement, PlotEvent } from "./plotly";
import { projectionOf } from "./projection";
import type { Projection } from "./projection";
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
  /** The point under the pointer; null when it left. */
  readonly onHover: (hover: Hover | null) => void;
}

interface Bound {
  readonly plot: PlotElement;
  /** Names and the selection's outline, drawn when the view changes. */
  readonly base: CanvasLayer;
  /** Lit points and the lasso under the pointer, drawn often. */
  readonly live: CanvasLayer;
  readonly gestures: Gestures;
  readonly lassoButton: LassoButton;
}

// The camera of a 3-D plot glides on after events stop; it is followed until it has stood still for this many frames.
const STILL_FRAMES = 12;
const TOUCH_RADIUS = 14;

export class MapView {
  private readonly listeners: MapListeners;
  private readonly baseTask: FrameTask;
  private readonly liveTask: FrameTask;
  private readonly followTask: FrameTask;
  private readonly labels = new LabelLayer();
  private bound: Bound | null = null;
  private outline: Outline | null = null;
  private highlights: readonly Highlight[] = [];
  private emphasized: number | null = null;
  private drawing: Drawing | null = null;
  private hover: Hover | null = null;
  /** Row that was hovered when the press began: capturing the pointer ends the hover. */
  private pressedRow: number | null = null;
  private lassoIn3d = false;
  private stillFrames = 0;
  private lastMatrix = "";
  private pointerIsInside = false;

  constructor(panel: HTMLElement, listeners: MapListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.baseTask = new FrameTask(() => {
      this.paintBase();
    }, signal);
    this.liveTask = new FrameTask(() => {
      this.paintLive();
    }, signal);
    this.followTask = new FrameTask(() => {
      this.followCamera();
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
            this.setHover(this.hoverOf(event));
          },
          plotly_unhover: () => {
            this.setHover(null);
          },
          plotly_click: (event) => {
            this.click(event);
          },
        },
      },
      signal,
    );
    // JupyterLab says on the body which theme is on; the names on the map have to stay legible.
    const theme = new MutationObserver(redraw);
    theme.observe(document.body, { attributeFilter: ["data-jp-theme-name", "data-jp-theme-light", "class"] });
    signal.addEventListener("abort", () => {
      theme.disconnect();
    });
  }

  /** Whether the pointer is over the map, so that keys may be meant for it. */
  get isUnderPointer(): boolean {
    return this.pointerIsInside;
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

  /** Stop a drag under way; whether there was one. */
  abortDrag(): boolean {
    return this.bound?.gestures.abort() ?? false;
  }

  private bind(plot: PlotElement, signal: AbortSignal): void {
    const gestures = new Gestures(
      plot,
      {
        tool: () => this.tool(),
        projection: () => this.projection(),
        onPress: () => {
          this.pressedRow = this.hover?.row ?? null;
        },
        onDrawing: (drawing) => {
          this.setDrawing(drawing);
        },
        onRelease: (release, touch) => {
          this.release(release, touch);
        },
      },
      signal,
    );
    const lassoButton = new LassoButton(this.lassoIn3d, (isOn) => {
      this.lassoIn3d = isOn;
      plot.classList.toggle("ce-lasso-3d", isOn);
    });
    const base = new CanvasLayer(plot, signal);
    const live = new CanvasLayer(plot, signal);
    plot.classList.add("ce-plot");
    plot.classList.toggle("ce-lasso-3d", this.lassoIn3d);
    plot.append(lassoButton.element);
    this.bound = { plot, base, live, gestures, lassoButton };
    keepFitted(plot, signal);
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
        this.setHover(null);
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
      plot.classList.remove("ce-plot", "ce-lasso-3d");
      lassoButton.element.remove();
      this.bound = null;
      this.drawing = null;
      this.pointerIsInside = false;
      this.setHover(null);
    });
    this.redraw();
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

  // What the pointer does

  private setDrawing(drawing: Drawing | null): void {
    this.drawing = drawing;
    if (drawing) this.setHover(null);
    this.liveTask.request();
  }

  private release(release: Release, touch: boolean): void {
    const projection = this.projection();
    if (!projection || !this.bound) return;
    if (release.kind === "click") {
      const touched = touch ? nearestRow(this.bound.plot, projection, release.at, TOUCH_RADIUS) : null;
      const row = this.pressedRow ?? touched;
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

  private hoverOf({ points, event }: PlotEvent): Hover | null {
    const point = points?.[0];
    const row = point ? rowOf(point) : null;
    if (!point || row === null || !event) return null;
    const at = { x: point.x ?? NaN, y: point.y ?? NaN, z: point.z ?? 0 };
    return { row, at, clientX: event.clientX, clientY: event.clientY };
  }

  private setHover(hover: Hover | null): void {
    if (hover === null && this.hover === null) return;
    this.hover = hover;
    this.listeners.onHover(hover);
  }

  // What is drawn

  private redraw(): void {
    this.baseTask.request();
    this.liveTask.request();
    this.stillFrames = 0;
    if (this.projection()?.matrix) this.followTask.request();
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
    if (!this.bound || !projection) return;
    const { plot, base, lassoButton } = this.bound;
    const theme = themeOf(plot);
    lassoButton.element.hidden = projection.matrix === null;
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
      const labels = this.labels.place(context, projection, this.obstacles(), theme, this.emphasized);
      paintLabels(context, labels, theme, this.emphasized);
    });
  }

  private obstacles(): Rect[] {
    if (!this.bound) return [];
    const { plot, lassoButton } = this.bound;
    const controls = [...plot.querySelectorAll<HTMLElement>(".modebar-group"), lassoButton.element];
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
        const pixel = projection.toPixel(at);
        return pixel ? [{ at: pixel, color, role }] : [];
      });
      paintLitPoints(context, points, theme);
      if (this.drawing) paintDrawing(context, this.drawing, theme);
    });
  }
}
