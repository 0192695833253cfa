/** The map as the panel knows it: lights points, shows names and outlines, and tells what the pointer does. */

import { DOUBLE_CLICK, Timer } from "./dom";
import { keepFitted } from "./fit";
import { Gestures } from "./gestures";
import type { Hover } from "./hover_card";
import type { Drawing, Release, Tool } from "./lasso";
import { LassoButton } from "./lasso_button";
import { Overlay } from "./overlay";
import type { Highlight } from "./overlay";
import { nearestRow } from "./pick";
import { PlotBinding } from "./plot_binding";
import { rowOf } from "./plotly";
import type { PlotElement, PlotEvent } from "./plotly";
import { projectionOf } from "./projection";
import type { Projection } from "./projection";
import type { Cluster, DataPoint, Outline, SelectionMode } from "./protocol";
import { keepKeys } from "./shortcuts";
import { simplifyOutline } from "./simplify";
import { ViewportReporter } from "./viewport";
import type { Viewport } from "./viewport";

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
  /** Another part of the map should be looked at: ranges of its axes. */
  readonly onLook: (x: [number, number], y: [number, number]) => void;
  /** A map that draws a sample shows another part, and stands still. */
  readonly onViewport: (viewport: Viewport) => void;
}

interface Bound {
  readonly plot: PlotElement;
  readonly gestures: Gestures;
  readonly viewport: ViewportReporter;
}

const TOUCH_RADIUS = 14;

export class MapView {
  private readonly listeners: MapListeners;
  private readonly signal: AbortSignal;
  private readonly overlay: Overlay;
  /** Runs from a click upon nothing until no second one makes a double click of it. */
  private readonly clicked: Timer;
  /** One for all plots: the next one is drawn upon as the last one was. */
  private readonly lassoButton = new LassoButton((isOn) => {
    this.bound?.plot.classList.toggle("ce-lasso-3d", isOn);
  });
  private readonly attached: HTMLElement[] = [this.lassoButton.element];
  private bound: Bound | null = null;
  private hover: Hover | null = null;
  /** Row that was hovered when the press began: capturing the pointer ends the hover. */
  private pressedRow: number | null = null;
  private pointerIsInside = false;

  constructor(panel: HTMLElement, listeners: MapListeners, signal: AbortSignal) {
    this.listeners = listeners;
    this.signal = signal;
    keepKeys(this.lassoButton.element, signal);
    this.overlay = new Overlay(
      this.attached,
      ({ matrix }) => {
        this.lassoButton.element.hidden = matrix === null;
      },
      signal,
    );
    this.clicked = new Timer(signal);
    new PlotBinding(
      panel,
      {
        onBind: (plot, plotSignal) => {
          this.bind(plot, plotSignal);
        },
        on: {
          plotly_afterplot: () => {
            this.overlay.redraw();
            this.bound?.viewport.changed();
          },
          plotly_relayout: () => {
            this.overlay.redraw();
            this.bound?.viewport.settled();
          },
          plotly_relayouting: () => {
            this.overlay.redraw();
            this.bound?.viewport.moving();
          },
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
  }

  /** Whether the pointer is over the map, so that keys may be meant for it. */
  get isUnderPointer(): boolean {
    return this.pointerIsInside;
  }

  setClusters(clusters: readonly Cluster[]): void {
    this.overlay.setClusters(clusters);
  }

  /** Tell again what part of the map is seen, as soon as it has been drawn. */
  forgetViewport(): void {
    this.bound?.viewport.forget();
  }

  /** Outline of the selection in data coordinates, or null. */
  setOutline(outline: Outline | null): void {
    this.overlay.setOutline(outline);
  }

  /** Make one cluster's name stand out, or none. */
  setEmphasis(label: number | null): void {
    this.overlay.setEmphasis(label);
  }

  /** Put something over the map that stays there, whatever is drawn. */
  attach(element: HTMLElement): void {
    this.attached.push(element);
    keepKeys(element, this.signal);
    this.bound?.plot.append(element);
  }

  setHighlights(highlights: readonly Highlight[]): void {
    this.overlay.setHighlights(highlights);
  }

  /** Move a flat map so that a place is in view, if it is not; the zoom stays. */
  locate(at: DataPoint): void {
    const projection = this.projection();
    const layout = this.bound?.plot._fullLayout;
    if (!projection || projection.matrix || !layout?.xaxis || !layout.yaxis) return;
    const pixel = projection.toPixel(at);
    const { left, top, width, height } = projection.area;
    const isSeen = pixel && pixel.x >= left && pixel.x <= left + width && pixel.y >= top && pixel.y <= top + height;
    if (isSeen || Number.isNaN(at.x)) return;
    const around = ([from, to]: readonly [number, number], middle: number): [number, number] => [
      middle - (to - from) / 2,
      middle + (to - from) / 2,
    ];
    this.listeners.onLook(around(layout.xaxis.range, at.x), around(layout.yaxis.range, at.y));
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
    this.overlay.bind(plot, signal);
    plot.classList.add("ce-plot");
    plot.classList.toggle("ce-lasso-3d", this.lassoButton.isOn);
    plot.append(...this.attached);
    const viewport = new ViewportReporter(plot, this.listeners.onViewport, signal);
    this.bound = { plot, gestures, viewport };
    keepFitted(plot, signal);
    const resized = new ResizeObserver(() => {
      this.overlay.redraw();
    });
    // names stand beside what lies over the map, which grows and shrinks
    for (const element of [plot, ...this.attached]) resized.observe(element);
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
        this.overlay.redraw();
      },
      { signal, passive: true },
    );
    signal.addEventListener("abort", () => {
      resized.disconnect();
      plot.classList.remove("ce-plot", "ce-lasso-3d");
      for (const element of this.attached) element.remove();
      this.bound = null;
      this.pointerIsInside = false;
      this.setHover(null);
    });
    this.overlay.redraw();
    viewport.changed();
  }

  private projection(): Projection | null {
    return this.bound ? projectionOf(this.bound.plot) : null;
  }

  private tool(): Tool | null {
    if (this.projection()?.matrix) return this.lassoButton.isOn ? "lasso" : null;
    const mode = this.bound?.plot._fullLayout?.dragmode;
    if (mode === "lasso") return "lasso";
    return mode === "select" ? "box" : null;
  }

  // What the pointer does

  private setDrawing(drawing: Drawing | null): void {
    if (drawing) this.setHover(null);
    this.overlay.setDrawing(drawing);
  }

  private release(release: Release, touch: boolean): void {
    const projection = this.projection();
    if (!projection || !this.bound) return;
    const isSecond = this.clicked.isPending;
    this.clicked.cancel();
    if (release.kind === "click") {
      const touched = touch ? nearestRow(this.bound.plot, projection, release.at, TOUCH_RADIUS) : null;
      const row = this.pressedRow ?? touched;
      if (row !== null) this.listeners.onPickRow(row);
      else if (isSecond) this.showAll();
      else this.clicked.start(DOUBLE_CLICK, this.listeners.onPickNothing);
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

  /** What plotly does on a double click of its own: in lasso and box mode it hears of none. */
  private showAll(): void {
    this.bound?.plot.querySelector<HTMLElement>('.modebar-btn[data-attr="zoom"][data-val="reset"]')?.click();
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
}
