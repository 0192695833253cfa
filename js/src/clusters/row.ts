/** One cluster in the table: colour, name, keywords, size, mean probability. */

import { button, count, h, swatch } from "../dom";
import { clusterName } from "../protocol";
import type { Cluster } from "../protocol";

/** Keywords that an unnamed cluster has in its name already. */
const IN_NAME = 3;

export function clusterRow(cluster: Cluster, largest: number): HTMLElement {
  const { label } = cluster;
  const name = clusterName(cluster, label);
  const inName = cluster.name === cluster.keywords.slice(0, IN_NAME).join(", ");
  const keywords = cluster.keywords.slice(inName ? IN_NAME : 0).join(", ");
  const rename = button("ce-rename", "✎", `Rename ${name}`, () => undefined);
  rename.tabIndex = -1;
  rename.title = "Rename (F2)";
  const words = h(
    "span",
    { class: "ce-cluster-words" },
    h("span", { class: "ce-cluster-name", dir: "auto" }, name),
    keywords === "" ? null : h("span", { class: "ce-cluster-keywords", dir: "auto" }, keywords),
  );
  words.title = keywords === "" ? name : `${name}\n${keywords}`;
  const bar = h("span", { class: "ce-size-bar", "aria-hidden": "true" }, h("span", {}));
  const fill = bar.firstElementChild as HTMLElement;
  fill.style.width = `${Math.min(100, (100 * cluster.size) / largest)}%`;
  fill.style.backgroundColor = cluster.color;
  const isKnown = label >= 0 && !Number.isNaN(cluster.probability);
  return h(
    "div",
    { class: "ce-cluster", role: "row", tabindex: -1, "data-label": String(label) },
    h("span", { role: "gridcell", class: "ce-cell-color" }, swatch(cluster.color)),
    h("span", { role: "gridcell", class: "ce-cell-name" }, words, label < 0 ? null : rename),
    h("span", { role: "gridcell", class: "ce-cell-size" }, bar, h("span", { class: "ce-number" }, count(cluster.size))),
    h(
      "span",
      { role: "gridcell", class: "ce-cell-probability ce-number" },
      isKnown ? cluster.probability.toFixed(2) : "–",
    ),
  );
}
