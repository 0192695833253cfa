/** Takes drags on the plot for the lasso and the box, before plotly.js sees them, and leaves it everything else. */

import { contains } from "./geometry";
import type { Pixel } from "./geometry";
import { LassoMachine } from "./lasso";
import type { Drawing, Modifiers, Release, Tool } from "./lasso";
import type { PlotElement } from "./plotly";
import type { Projection } from "./projection";

export interface GestureListeners {
  /** Tool that a drag starting now should use; null leaves the drag to plotly. */
  readonly tool: () => Tool | null;
  readonly projection: () => Projection | null;
  /** A press began; what is hovered now is what a click means. */
  readonly onPress: () => void;
  readonly onDrawing: (drawing: Drawing | null) => void;
  readonly onRelease: (release: Release, touch: boolean) => void;
}

// A mouse is still while it clicks; a finger is not.
const MOUSE_SLOP = 3;
const TOUCH_SLOP = 9;

/** Mouse and touch events that plotly listens to; they follow the pointer events and are kept from it during our drags. */
const SHADOWED = ["mousedown", "mousemove", "mouseup", "click", "touchstart", "touchmove", "touchend"] as const;

export class Gestures {
  private readonly machine = new LassoMachine();
  private readonly plot: PlotElement;
  private readonly listeners: GestureListeners;
  private pointer: number | null = null;

  constructor(plot: PlotElement, listeners: GestureListeners, signal: AbortSignal) {
    this.plot = plot;
    this.listeners = listeners;
    const capture = { signal, capture: true };
    plot.addEventListener(
      "pointerdown",
      (event) => {
        this.press(event);
      },
      capture,
    );
    plot.addEventListener(
      "pointermove",
      (event) => {
        this.move(event);
      },
      capture,
    );
    plot.addEventListener(
      "pointerup",
      (event) => {
        this.release(event);
      },
      capture,
    );
    plot.addEventListener(
      "pointercancel",
      () => {
        this.abort();
      },
      capture,
    );
    plot.addEventListener(
      "lostpointercapture",
      () => {
        this.abort();
      },
      capture,
    );
    for (const type of SHADOWED)
      plot.addEventListener(
        type,
        (event) => {
          this.shadow(event);
        },
        { ...capture, passive: false },
      );
    signal.addEventListener("abort", () => {
      this.abort();
    });
  }

  /** Stop the drag under way; whether there was one. */
  abort(): boolean {
    const wasActive = this.machine.active;
    if (this.pointer !== null && this.plot.hasPointerCapture(this.pointer))
      this.plot.releasePointerCapture(this.pointer);
    this.pointer = null;
    this.machine.abort();
    if (wasActive) this.listeners.onDrawing(null);
    return wasActive;
  }

  private press(event: PointerEvent): void {
    if (this.machine.active) {
      // A second finger means a pinch or a mistake, not a lasso.
      this.abort();
      return;
    }
    const tool = this.listeners.tool();
    if (tool === null || event.button !== 0 || !event.isPrimary || !this.startsOnPoints(event)) return;
    event.stopPropagation();
    this.pointer = event.pointerId;
    this.listeners.onPress();
    this.plot.setPointerCapture(event.pointerId);
    const slop = event.pointerType === "mouse" ? MOUSE_SLOP : TOUCH_SLOP;
    this.machine.press(tool, this.pixel(event), modifiers(event), slop);
  }

  private move(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    event.stopPropagation();
    // A fast hand makes several moves a frame; the outline follows all of them, in browsers that tell.
    const moves = "getCoalescedEvents" in event ? event.getCoalescedEvents() : [];
    for (const move of moves.length > 0 ? moves : [event]) this.machine.move(this.pixel(move), modifiers(event));
    this.listeners.onDrawing(this.machine.drawing);
  }

  private release(event: PointerEvent): void {
    if (event.pointerId !== this.pointer) return;
    event.stopPropagation();
    const release = this.machine.release(this.pixel(event), modifiers(event));
    this.abort();
    this.listeners.onDrawing(null);
    this.listeners.onRelease(release, event.pointerType !== "mouse");
  }

  private shadow(event: Event): void {
    const isPress = event.type === "mousedown" || event.type === "touchstart";
    const ours = this.machine.active || (isPress && this.wouldBeOurs(event));
    if (!ours) return;
    event.stopPropagation();
    // Keeps the browser from selecting text and from scrolling under a finger.
    if (event.cancelable) event.preventDefault();
  }

  /** Old browsers send the mouse event alone first; the press is ours all the same. */
  private wouldBeOurs(event: Event): boolean {
    const isMain = !(event instanceof MouseEvent) || event.button === 0;
    return isMain && this.listeners.tool() !== null && this.startsOnPoints(event);
  }

  private startsOnPoints(event: Event): boolean {
    const { target } = event;
    if (!(target instanceof Element)) return false;
    const projection = this.listeners.projection();
    if (!projection) return false;
    if (projection.matrix === null) return target.closest(".nsewdrag") !== null;
    const pointer = event instanceof MouseEvent ? event : ((event as TouchEvent).touches[0] ?? null);
    const onControl = target.closest(".modebar, .ce-map-button, .ce-legend") !== null;
    return !onControl && pointer !== null && contains(projection.area, this.pixel(pointer));
  }

  private pixel(event: { clientX: number; clientY: number }): Pixel {
    return pixelIn(this.plot, event);
  }
}

/** Where a pointer is, in the element's own pixels even when the page scales it. */
export function pixelIn(plot: PlotElement, event: { clientX: number; clientY: number }): Pixel {
  const box = plot.getBoundingClientRect();
  const scale = box.width > 0 && plot.offsetWidth > 0 ? box.width / plot.offsetWidth : 1;
  return { x: (event.clientX - box.left) / scale, y: (event.clientY - box.top) / scale };
}

function modifiers(event: PointerEvent): Modifiers {
  return { shift: event.shiftKey, alt: event.altKey };
}
