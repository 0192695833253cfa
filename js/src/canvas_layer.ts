/** A transparent canvas over the plot, sharp on any screen, that never takes the pointer. */

import type { PlotElement } from "./plotly";

export class CanvasLayer {
  private readonly canvas: HTMLCanvasElement;
  private readonly plot: PlotElement;

  constructor(plot: PlotElement, signal: AbortSignal) {
    this.plot = plot;
    this.canvas = document.createElement("canvas");
    this.canvas.className = "ce-overlay";
    this.canvas.setAttribute("aria-hidden", "true");
    plot.append(this.canvas);
    signal.addEventListener("abort", () => {
      this.canvas.remove();
    });
  }

  /** Show nothing. Chromium may go on showing what was on a canvas that has only been cleared, so it is taken away. */
  clear(): void {
    this.canvas.hidden = true;
  }

  /** Clear the canvas, fitted to the plot's size, and draw in CSS pixels. */
  draw(paint: (context: CanvasRenderingContext2D) => void): void {
    const context = this.canvas.getContext("2d");
    if (!context) return;
    this.canvas.hidden = false;
    const ratio = window.devicePixelRatio || 1;
    const { clientWidth, clientHeight } = this.plot;
    const width = Math.round(clientWidth * ratio);
    const height = Math.round(clientHeight * ratio);
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
      this.canvas.style.width = `${clientWidth}px`;
      this.canvas.style.height = `${clientHeight}px`;
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, width, height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.save();
    paint(context);
    context.restore();
  }
}
