"""The condensed tree and its flat clustering, by one walk down the dendrogram.

The definitions are hdbscan's [1]_: a split is real when both sides hold `min_cluster_size` rows, otherwise the smaller side
falls out; a cluster's stability is the excess of mass of its rows. One thing differs: rows at distance 0 of each other are
never split, so that no density is compared with another infinite one.

.. [1] Campello, Moulavi, Zimek, Sander: Hierarchical Density Estimates for Data Clustering, Visualization, and Outlier
   Detection. ACM TKDD 2015.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray

    Float64Array = npt.NDArray[np.float64]
    BoolArray = npt.NDArray[np.bool_]


@compiled
def _fall_out(place_cluster: IntArray, place_edge: IntArray, start: int, stop: int, cluster: int, edge: int) -> None:
    for place in range(start, stop):
        place_cluster[place] = cluster
        place_edge[place] = edge


@compiled
def condense(
    left: IntArray,
    right: IntArray,
    size: IntArray,
    start: IntArray,
    density: Float64Array,
    min_cluster_size: int,
    place_cluster: IntArray,
    place_edge: IntArray,
    parent: IntArray,
    birth: Float64Array,
    death: Float64Array,
    cluster_size: IntArray,
    stability: Float64Array,
) -> int:
    """Walk the dendrogram from its root; return the number of clusters of the condensed tree, root included.

    For every place in the order of leaves, writes the cluster its row falls out of and the edge at which it does; for every
    cluster its parent (-1 for the root), the densities at which it appears and ends, its size and its stability.
    """
    n = size.shape[0] + 1
    node_cluster = np.full(n - 1, -1, dtype=np.int32)
    node_cluster[n - 2] = 0
    parent[0], birth[0], death[0], cluster_size[0], stability[0] = -1, 0.0, 0.0, n, 0.0
    n_clusters = 1
    for edge in range(n - 2, -1, -1):
        cluster = node_cluster[edge]
        if cluster < 0:
            continue
        death[cluster] = density[edge]
        if np.isinf(density[edge]):
            stability[cluster] = np.inf
            _fall_out(place_cluster, place_edge, start[edge], start[edge] + size[edge], cluster, edge)
            continue
        left_size = size[left[edge] - n] if left[edge] >= n else 1
        left_stays = left_size >= min_cluster_size
        right_stays = size[edge] - left_size >= min_cluster_size
        middle = start[edge] + left_size
        excess = density[edge] - birth[cluster]
        if left_stays and right_stays:
            stability[cluster] += excess * size[edge]
            for child in (left[edge], right[edge]):
                node_cluster[child - n] = n_clusters
                parent[n_clusters] = cluster
                birth[n_clusters] = density[edge]
                death[n_clusters] = density[edge]
                cluster_size[n_clusters] = size[child - n]
                stability[n_clusters] = 0.0
                n_clusters += 1
            continue
        if left_stays:
            node_cluster[left[edge] - n] = cluster
        else:
            stability[cluster] += excess * left_size
            _fall_out(place_cluster, place_edge, start[edge], middle, cluster, edge)
        if right_stays:
            node_cluster[right[edge] - n] = cluster
        else:
            stability[cluster] += excess * (size[edge] - left_size)
            _fall_out(place_cluster, place_edge, middle, start[edge] + size[edge], cluster, edge)
    return n_clusters


@compiled
def select_excess_of_mass(
    parent: IntArray,
    cluster_size: IntArray,
    stability: Float64Array,
    max_cluster_size: int,
    allow_single_cluster: bool,  # noqa: FBT001 - numba functions take no keyword-only arguments
    selected: BoolArray,
) -> None:
    """Select the clusters that together have the greatest stability, no one inside another."""
    below = np.zeros(parent.shape[0])
    first = 0 if allow_single_cluster else 1
    for cluster in range(parent.shape[0] - 1, first - 1, -1):
        selected[cluster] = below[cluster] <= stability[cluster] and cluster_size[cluster] <= max_cluster_size
        if cluster > 0:
            below[parent[cluster]] += stability[cluster] if selected[cluster] else below[cluster]
    _keep_topmost(parent, selected)


@compiled
def select_leaves(parent: IntArray, selected: BoolArray) -> None:
    """Select the clusters that split no further; none where the root does not split."""
    selected[:] = True
    selected[0] = False
    for cluster in range(1, parent.shape[0]):
        selected[parent[cluster]] = False


@compiled
def merge_below(
    parent: IntArray,
    birth: Float64Array,
    epsilon: float,
    allow_single_cluster: bool,  # noqa: FBT001 - numba functions take no keyword-only arguments
    selected: BoolArray,
) -> None:
    """Replace each selected cluster that appeared below the distance `epsilon` by its first ancestor that did not [1]_.

    .. [1] Malzer, Baum: A Hybrid Approach to Hierarchical Density-based Cluster Selection. MFI 2020.
    """
    n_clusters = parent.shape[0]
    ancestor = np.zeros(n_clusters, dtype=np.int32)
    for cluster in range(1, n_clusters):
        up = parent[cluster]
        if up == 0:
            ancestor[cluster] = 0 if allow_single_cluster else cluster
        else:
            ancestor[cluster] = up if 1.0 / birth[up] > epsilon else ancestor[up]
    for cluster in range(n_clusters - 1, 0, -1):
        if selected[cluster] and 1.0 / birth[cluster] < epsilon:
            selected[cluster] = False
            selected[ancestor[cluster]] = True
    _keep_topmost(parent, selected)


@compiled
def _keep_topmost(parent: IntArray, selected: BoolArray) -> None:
    covered = selected.copy()
    for cluster in range(1, parent.shape[0]):
        if covered[parent[cluster]]:
            covered[cluster] = True
            selected[cluster] = False


@compiled
def label_rows(
    order: IntArray,
    place_cluster: IntArray,
    place_edge: IntArray,
    density: Float64Array,
    parent: IntArray,
    death: Float64Array,
    selected: BoolArray,
    lowest_root_density: float,
    labels: IntArray,
    probabilities: FloatArray,
    row_cluster: IntArray,
    row_density: Float64Array,
) -> int:
    """Label every row with the selected cluster it lies in, largest cluster first; return the number of clusters.

    Rows of a selected root are members only from `lowest_root_density` on, as in hdbscan.
    """
    n_condensed = parent.shape[0]
    home = np.full(n_condensed, -1, dtype=np.int32)
    for cluster in range(n_condensed):
        if selected[cluster]:
            home[cluster] = cluster
        elif cluster > 0:
            home[cluster] = home[parent[cluster]]

    members = np.zeros(n_condensed, dtype=np.int64)
    for place in range(order.shape[0]):
        cluster = home[place_cluster[place]]
        if cluster > 0 or (cluster == 0 and density[place_edge[place]] >= lowest_root_density):
            members[cluster] += 1
    by_size = np.argsort(-members, kind="mergesort")
    number = np.full(n_condensed, -1, dtype=np.int32)
    n_clusters = 0
    for cluster in by_size:
        if members[cluster] > 0:
            number[cluster] = n_clusters
            n_clusters += 1

    for place in range(order.shape[0]):
        row = order[place]
        cluster = home[place_cluster[place]]
        reached = density[place_edge[place]]
        row_cluster[row] = place_cluster[place]
        row_density[row] = reached
        labels[row] = -1
        probabilities[row] = 0.0
        if cluster > 0 or (cluster == 0 and reached >= lowest_root_density):
            labels[row] = number[cluster]
            probabilities[row] = 1.0 if np.isinf(reached) else min(reached, death[cluster]) / death[cluster]
    return n_clusters
