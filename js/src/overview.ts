/** What the panel shows while nothing is selected: all clusters, big and small, to read about or to choose from. */

import { button, count, h, swatch } from "./dom";
import { modeOf } from "./header";
import { clusterName } from "./protocol";
import type { Cluster, SelectionMode } from "./protocol";

export interface OverviewListeners {
  readonly onCluster: (label: number, mode: SelectionMode) => void;
  readonly onPointCluster: (label: number | null) => void;
}

export class Overview {
  readonly element: HTMLElement;
  private readonly listeners: OverviewListeners;
  private readonly hint = h("p", { class: "ce-hint" });
  private readonly list = h("ul", { class: "ce-overview-list", "aria-label": "Clusters" });

  constructor(listeners: OverviewListeners) {
    this.listeners = listeners;
    this.element = h("div", { class: "ce-overview" }, this.hint, this.list);
    this.list.addEventListener("keydown", (event) => {
      this.key(event);
    });
  }

  update(clusters: readonly Cluster[], nRows: number, nComponents: 2 | 3): void {
    const lasso = nComponents === 3 ? "Press Lasso on the map and draw around points" : "Draw a lasso on the map";
    this.hint.textContent = nRows > 0 ? `${lasso} to read the texts inside.` : "Nothing to show yet.";
    const largest = Math.max(1, ...clusters.map((cluster) => (cluster.label < 0 ? 0 : cluster.size)));
    this.list.replaceChildren(...clusters.map((cluster) => h("li", {}, this.item(cluster, largest))));
    this.makeReachable(this.items()[0]);
  }

  focus(): void {
    this.items()
      .find((item) => item.tabIndex === 0)
      ?.focus();
  }

  private item(cluster: Cluster, largest: number): HTMLButtonElement {
    const { label } = cluster;
    const name = clusterName(cluster, label);
    const item = button("ce-cluster", "", null, (event) => {
      this.listeners.onPointCluster(null);
      this.listeners.onCluster(label, modeOf(event));
    });
    item.title = name;
    const bar = h("span", { class: "ce-size-bar", "aria-hidden": "true" });
    const fill = h("span", {});
    fill.style.width = `${Math.min(100, (100 * cluster.size) / largest)}%`;
    fill.style.backgroundColor = cluster.color;
    bar.append(fill);
    item.append(
      swatch(cluster.color),
      h("span", { class: "ce-cluster-name", dir: "auto" }, name),
      bar,
      h("span", { class: "ce-number" }, count(cluster.size)),
    );
    item.addEventListener("pointerenter", () => {
      this.listeners.onPointCluster(label);
    });
    item.addEventListener("pointerleave", () => {
      this.listeners.onPointCluster(null);
    });
    item.addEventListener("focus", () => {
      this.makeReachable(item);
      this.listeners.onPointCluster(label);
    });
    item.addEventListener("blur", () => {
      this.listeners.onPointCluster(null);
    });
    return item;
  }

  private items(): HTMLButtonElement[] {
    return [...this.list.querySelectorAll("button")];
  }

  /** One stop for the Tab key in the whole list; the arrows do the rest. */
  private makeReachable(item: HTMLButtonElement | undefined): void {
    for (const other of this.items()) other.tabIndex = other === item ? 0 : -1;
  }

  private key(event: KeyboardEvent): void {
    const items = this.items();
    const current = items.findIndex((item) => item === event.target);
    const targets: Record<string, number> = {
      ArrowDown: current + 1,
      ArrowUp: current - 1,
      Home: 0,
      End: items.length - 1,
    };
    const target = items[targets[event.key] ?? -1];
    if (!target) return;
    target.focus();
    event.preventDefault();
  }
}
