"""The condensed tree, by one walk down the dendrogram.

The definitions are hdbscan's [1]_: a split is real when both sides hold `min_cluster_size` rows, otherwise the
smaller side falls out; a cluster's stability is the excess of mass of its rows. One thing differs: rows at distance 0
of each other are never split, so that no infinite density is compared with another.

.. [1] Campello, Moulavi, Zimek, Sander: Hierarchical Density Estimates for Data Clustering, Visualization, and Outlier
   Detection. ACM TKDD 2015.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import Float, Int, compiled
from cluster_explorer._kernels.common.records import Clusters, Hierarchy, Places

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import IntArray, SpanningTree

    Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Condensed:
    """A condensed tree.

    Attributes
    ----------
    clusters : Clusters
        Its clusters.
    places : Places
        Where rows fall out.
    order : ndarray of shape (n,), int32
        The row at each place.
    density : ndarray of shape (n - 1,), float64
        Density of every merge.
    """

    clusters: Clusters = field(repr=False)
    places: Places = field(repr=False)
    order: IntArray = field(repr=False)
    density: Float64Array = field(repr=False)


def condense(tree: SpanningTree, min_cluster_size: int) -> Condensed:
    """Drop from the hierarchy every split that is not real."""
    n, merges = tree.n_rows, tree.dendrogram
    with np.errstate(divide="ignore"):
        density = 1.0 / tree.weight
    hierarchy = Hierarchy(merges.left, merges.right, merges.size, merges.start, density)
    most = 2 * (n // min_cluster_size) + 1
    parent, size = np.empty(most, dtype=np.int32), np.empty(most, dtype=np.int32)
    clusters = Clusters(parent, size, np.empty(most), np.empty(most), np.empty(most))
    places = Places(np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32))
    count = walk_down(hierarchy, min_cluster_size, np.full(n - 1, -1, dtype=np.int32), clusters, places)
    clusters = Clusters(
        parent[:count],
        size[:count],
        clusters.birth[:count],
        clusters.death[:count],
        clusters.stability[:count],
    )
    return Condensed(clusters, places, merges.order, density)


@compiled
def walk_down(
    hierarchy: Hierarchy, min_cluster_size: int, node_cluster: IntArray, clusters: Clusters, places: Places
) -> int:
    """Fill the clusters and places; return the number of clusters. `node_cluster` starts as -1 for every merge."""
    left, right, node_size, density = hierarchy.left, hierarchy.right, hierarchy.size, hierarchy.density
    n = node_size.shape[0] + 1
    node_cluster[n - 2] = 0
    clusters.parent[0], clusters.size[0], clusters.birth[0], clusters.stability[0] = -1, n, 0.0, 0.0
    n_clusters = 1
    for edge in range(n - 2, -1, -1):
        cluster = node_cluster[edge]
        if cluster < 0:
            continue
        clusters.death[cluster] = density[edge]
        first, stop = hierarchy.start[edge], hierarchy.start[edge] + node_size[edge]
        if density[edge] == np.inf:
            _fall_out(clusters, places, first, stop, cluster, edge, np.inf)
            continue
        middle = first + (node_size[left[edge] - n] if left[edge] >= n else 1)
        excess = density[edge] - clusters.birth[cluster]
        left_stays, right_stays = middle - first >= min_cluster_size, stop - middle >= min_cluster_size
        if left_stays and right_stays:
            clusters.stability[cluster] += excess * node_size[edge]
            for child in (left[edge] - n, right[edge] - n):
                node_cluster[child] = n_clusters
                clusters.parent[n_clusters], clusters.size[n_clusters] = cluster, node_size[child]
                clusters.birth[n_clusters], clusters.stability[n_clusters] = density[edge], 0.0
                n_clusters += 1
            continue
        if left_stays:
            node_cluster[left[edge] - n] = cluster
        else:
            _fall_out(clusters, places, first, middle, cluster, edge, excess)
        if right_stays:
            node_cluster[right[edge] - n] = cluster
        else:
            _fall_out(clusters, places, middle, stop, cluster, edge, excess)
    return n_clusters


@compiled
def _fall_out(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    clusters: Clusters, places: Places, first: Int, stop: Int, cluster: Int, edge: int, excess: Float
) -> None:
    clusters.stability[cluster] += excess * (stop - first)
    for place in range(first, stop):
        places.cluster[place] = cluster
        places.edge[place] = edge
