/** What the panel shows while nothing is selected: all clusters, to read about or to choose from. */

import { ClusterTable } from "./clusters/table";
import type { TableListeners } from "./clusters/table";
import { h } from "./dom";
import type { Cluster } from "./protocol";

export class Overview {
  readonly element: HTMLElement;
  private readonly hint = h("p", { class: "ce-hint" });
  private readonly table: ClusterTable;

  constructor(listeners: TableListeners) {
    this.table = new ClusterTable(listeners);
    this.element = h("div", { class: "ce-overview" }, this.hint, this.table.element);
  }

  update(clusters: readonly Cluster[], nRows: number, nComponents: 2 | 3): void {
    const lasso = nComponents === 3 ? "Press Lasso on the map and draw around points" : "Draw a lasso on the map";
    this.hint.textContent = nRows > 0 ? `${lasso} to read the texts inside.` : "Nothing to show yet.";
    this.table.element.hidden = clusters.length === 0;
    this.table.update(clusters);
  }

  focus(): void {
    this.table.focus();
  }
}
