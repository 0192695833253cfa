/** The order of the cluster list. Pure. */

import { clusterName } from "../protocol";
import type { Cluster } from "../protocol";

export type SortKey = "name" | "size" | "probability";

export interface Sort {
  readonly key: SortKey;
  readonly descending: boolean;
}

const NAMES = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

/** The clusters in order; noise is last whichever way they run, and ties are broken by the cluster's number. */
export function sorted(clusters: readonly Cluster[], { key, descending }: Sort): Cluster[] {
  const sign = descending ? -1 : 1;
  return [...clusters].sort((a, b) => {
    if (a.label < 0 || b.label < 0) return b.label < 0 ? (a.label < 0 ? 0 : -1) : 1;
    return sign * compare(a, b, key) || a.label - b.label;
  });
}

function compare(a: Cluster, b: Cluster, key: SortKey): number {
  if (key === "name") return NAMES.compare(clusterName(a, a.label), clusterName(b, b.label));
  return (a[key] || 0) - (b[key] || 0);
}

/** What a click on a column's head asks for: the other way round, or that column, numbers from the largest. */
export function nextSort(now: Sort, key: SortKey): Sort {
  return key === now.key ? { key, descending: !now.descending } : { key, descending: key !== "name" };
}
