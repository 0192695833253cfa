"""Which clusters of the condensed tree make the flat clustering, and which rows belong to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled
from cluster_explorer._kernels.common.records import LabelledRows
from cluster_explorer.values import Clustering, CondensedHierarchy

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.common.records import Clusters, Places
    from cluster_explorer._kernels.hierarchy.condensing import Condensed
    from cluster_explorer.values import IntArray

    Float64Array = npt.NDArray[np.float64]
    BoolArray = npt.NDArray[np.bool_]


def select_excess_of_mass(clusters: Clusters, max_cluster_size: int, *, allow_single_cluster: bool) -> BoolArray:
    """Select every cluster that is at least as stable as the best choice inside it."""
    selected = np.zeros(len(clusters.parent), dtype=np.bool_)
    first = 0 if allow_single_cluster else 1
    excess_of_mass(clusters, max_cluster_size, first, np.zeros(len(selected)), selected)
    return selected


def select_leaves(clusters: Clusters) -> BoolArray:
    """Select the clusters that split no further; none where the root does not split."""
    selected = np.ones(len(clusters.parent), dtype=np.bool_)
    selected[clusters.parent[1:]] = False
    selected[0] = False
    return selected


def merge_below(clusters: Clusters, selected: BoolArray, epsilon: float, *, allow_single_cluster: bool) -> BoolArray:
    """Replace each selected cluster that appears below the distance `epsilon` by its first ancestor that does not [1]_.

    Below the root the search ends with the root itself, if it may be a cluster, and with its child otherwise.

    .. [1] Malzer, Baum: A Hybrid Approach to Hierarchical Density-based Cluster Selection. MFI 2020.
    """
    ancestor = np.zeros(len(selected), dtype=np.int32)
    climb(clusters, epsilon, allow_single_cluster, ancestor)
    # the root appears at no finite distance
    low = selected & (clusters.birth * epsilon > 1.0)
    kept = selected & ~low
    kept[ancestor[low]] = True
    return kept


def label_rows(condensed: Condensed, selected: BoolArray, lowest_root_density: float) -> Clustering:
    """Give every row the number of the topmost selected cluster it lies in, the largest cluster first.

    Parameters
    ----------
    condensed : Condensed
        The condensed tree.
    selected : ndarray of shape (c,), bool
        The selected clusters; those inside another do not count.
    lowest_root_density : float
        Rows of a selected root are members from this density on, as in hdbscan.
    """
    clusters, places, density = condensed.clusters, condensed.places, condensed.density
    n, n_condensed = len(condensed.order), len(clusters.parent)
    home, members = np.empty(n_condensed, dtype=np.int32), np.zeros(n_condensed, dtype=np.int64)
    find_homes(clusters.parent, selected, home)
    count_members(places, density, home, lowest_root_density, members)
    # of equal sizes, what the data say decides before the order of rows does
    by_size = np.lexsort((clusters.birth, -clusters.stability, -members))
    n_clusters = int(np.count_nonzero(members))
    label = np.full(n_condensed, -1, dtype=np.int32)
    label[by_size[:n_clusters]] = np.arange(n_clusters, dtype=np.int32)

    rows = LabelledRows(np.empty(n, np.int32), np.empty(n, np.float32), np.empty(n, np.int32), np.empty(n))
    # a label for each cluster's rows, and the density at which their strength is 1
    given = np.where(home >= 0, label[home], -1).astype(np.int32)
    full = np.where(home >= 0, clusters.death[home], np.inf)
    write_rows(condensed.order, places, density, given, full, lowest_root_density if home[0] == 0 else 0.0, rows)
    hierarchy = CondensedHierarchy(
        clusters.parent,
        clusters.birth,
        clusters.death,
        clusters.size,
        clusters.stability,
        label,
        rows.cluster,
        rows.density,
    )
    return Clustering(rows.label, rows.probability, n_clusters, hierarchy)


@compiled
def excess_of_mass(
    clusters: Clusters, max_cluster_size: int, first: int, below: Float64Array, selected: BoolArray
) -> None:
    """Select from the leaves up, clusters from `first` on; `below` starts as zeros."""
    for cluster in range(clusters.parent.shape[0] - 1, first - 1, -1):
        stability = clusters.stability[cluster]
        selected[cluster] = below[cluster] <= stability and clusters.size[cluster] <= max_cluster_size
        if cluster > 0:
            below[clusters.parent[cluster]] += stability if selected[cluster] else below[cluster]


@compiled
def climb(
    clusters: Clusters,
    epsilon: float,
    allow_single_cluster: bool,  # noqa: FBT001 - numba functions take no keyword-only arguments
    ancestor: IntArray,
) -> None:
    """Write the first ancestor of each cluster that appears at a distance greater than `epsilon`."""
    for cluster in range(1, clusters.parent.shape[0]):
        up = clusters.parent[cluster]
        if up == 0:
            ancestor[cluster] = 0 if allow_single_cluster else cluster
        else:
            ancestor[cluster] = up if clusters.birth[up] * epsilon < 1.0 else ancestor[up]


@compiled
def find_homes(parent: IntArray, selected: BoolArray, home: IntArray) -> None:
    """Write the topmost selected cluster that each cluster lies in; -1 for none."""
    for cluster in range(parent.shape[0]):
        above = home[parent[cluster]] if cluster > 0 else -1
        home[cluster] = cluster if above < 0 and selected[cluster] else above


@compiled
def count_members(
    places: Places, density: Float64Array, home: IntArray, lowest_root_density: float, members: npt.NDArray[np.int64]
) -> None:
    """Count the rows of every selected cluster."""
    for place in range(places.cluster.shape[0]):
        cluster = home[places.cluster[place]]
        if cluster > 0 or (cluster == 0 and density[places.edge[place]] >= lowest_root_density):
            members[cluster] += 1


@compiled
def write_rows(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    order: IntArray,
    places: Places,
    density: Float64Array,
    given: IntArray,
    full: Float64Array,
    lowest: float,
    rows: LabelledRows,
) -> None:
    """Write what is known of every row; those below the density `lowest` are noise."""
    for place in range(order.shape[0]):
        row, cluster = order[place], places.cluster[place]
        reached = density[places.edge[place]]
        rows.cluster[row], rows.density[row] = cluster, reached
        rows.label[row], rows.probability[row] = -1, 0.0
        if given[cluster] >= 0 and reached >= lowest:
            rows.label[row] = given[cluster]
            rows.probability[row] = 1.0 if reached == np.inf else min(reached, full[cluster]) / full[cluster]
