/** Keeps the plot as large as its box. */

import type { PlotElement } from "./plotly";

/**
 * Let a responsive plot follow its box.
 *
 * A FigureWidget of plotly 6 and 7 draws itself before it is put into the page, at a default width, and hears of no change of
 * size but the window's. Plotly's own handler for that one does the work.
 */
export function keepFitted(plot: PlotElement, signal: AbortSignal): void {
  const resized = new ResizeObserver(() => {
    const { clientWidth, clientHeight, _fullLayout: drawn } = plot;
    if (!drawn || clientWidth === 0 || clientHeight === 0) return;
    const isOff = Math.abs(drawn.width - clientWidth) > 1 || Math.abs(drawn.height - clientHeight) > 1;
    if (isOff) plot._responsiveChartHandler?.();
  });
  resized.observe(plot);
  signal.addEventListener("abort", () => {
    resized.disconnect();
  });
}
