/** Finds the plot beside the panel, listens to it, and notices when it is drawn anew or replaced. */

import { whenAttached } from "./attached";
import type { PlotElement, PlotEvent } from "./plotly";
import { isReady } from "./plotly";
import { closestAcross, queryAcross, shadowRootsIn, shareStyles } from "./shadow";

export type PlotEventName =
  "plotly_afterplot" | "plotly_click" | "plotly_hover" | "plotly_relayout" | "plotly_relayouting" | "plotly_unhover";

export interface PlotListeners {
  /** A plot was found; `signal` aborts when it goes away. */
  readonly onBind: (plot: PlotElement, signal: AbortSignal) => void;
  readonly on: Readonly<Partial<Record<PlotEventName, (event: PlotEvent) => void>>>;
}

export class PlotBinding {
  private readonly panel: HTMLElement;
  private readonly listeners: PlotListeners;
  private bound: { plot: PlotElement; release: AbortController } | null = null;
  private root: Element | null = null;

  constructor(panel: HTMLElement, listeners: PlotListeners, signal: AbortSignal) {
    this.panel = panel;
    this.listeners = listeners;
    whenAttached(panel, signal, () => {
      this.watchRoot(changes);
      this.update();
    });
    const changes = new MutationObserver(() => {
      this.update();
    });
    // A FigureWidget that draws into the same element again has dropped all listeners, ours too.
    const redrawn = (event: Event): void => {
      const detail: unknown = (event as CustomEvent<unknown>).detail;
      const element = (detail as { element?: unknown } | null)?.element;
      if (element === this.bound?.plot) this.unbind();
      this.update();
    };
    document.addEventListener("plotlywidget-after-render", redrawn, { signal });
    signal.addEventListener("abort", () => {
      changes.disconnect();
      this.unbind();
    });
  }

  private watchRoot(changes: MutationObserver): void {
    const root = closestAcross(this.panel, ".ce-root");
    if (root === this.root) return;
    changes.disconnect();
    this.root = root;
    if (!root) return;
    for (const part of [root, ...shadowRootsIn(root)]) changes.observe(part, { childList: true, subtree: true });
  }

  private update(): void {
    if (this.bound?.plot.isConnected) return;
    this.unbind();
    const plot = this.root && (queryAcross(this.root, ".js-plotly-plot") as PlotElement | null);
    if (plot && isReady(plot)) this.bind(plot);
  }

  private bind(plot: PlotElement): void {
    const release = new AbortController();
    for (const [name, react] of Object.entries(this.listeners.on)) {
      plot.on?.(name, react);
      release.signal.addEventListener("abort", () => {
        plot.removeListener?.(name, react);
      });
    }
    shareStyles(this.panel, plot, ".ce-plot");
    this.bound = { plot, release };
    this.listeners.onBind(plot, release.signal);
  }

  private unbind(): void {
    this.bound?.release.abort();
    this.bound = null;
  }
}
