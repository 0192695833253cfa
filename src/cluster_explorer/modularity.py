"""Cut a hierarchy into the clusters that together have the greatest modularity on the graph.

HDBSCAN*'s excess of mass compares densities, and the density of a group in an embedding says little: the embedding
draws every group together. What is left to decide is which groups of the hierarchy are parts of one and which stand
alone, and the graph knows: the clusters chosen are those with the most affinity inside, compared with what chance
would put there [1]_. Modularity is a sum over clusters, so the best choice in a tree is found by one walk from its
leaves to its root.

.. [1] Reichardt, Bornholdt: Statistical mechanics of community detection. Physical Review E 74, 2006 (resolution);
   Newman, Girvan: Finding and evaluating community structure in networks. Physical Review E 69, 2004.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.clustering import cluster
from cluster_explorer.values import Clustering, CondensedHierarchy

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, KnnGraph, SpanningTree

#: Steps along the graph by which rows above the finest groups join one of them.
_STEPS = 50


def select_by_modularity(graph: KnnGraph, tree: SpanningTree, min_cluster_size: int, resolution: float) -> Clustering:
    """Cut a spanning tree into the clusters of its hierarchy that have the greatest modularity on a graph.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances of the rows, from which affinities are made.
    tree : SpanningTree
        The hierarchy, in whatever space; `spanning_tree` makes one.
    min_cluster_size : int
        Smallest group that the hierarchy tells apart.
    resolution : float
        More gives more and smaller clusters; 1 is Newman's modularity.

    Returns
    -------
    Clustering
        Rows that left the hierarchy above the selected clusters are noise.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer import knn_graph, spanning_tree
    >>> points = np.random.default_rng(0).normal(size=(100, 8))
    >>> points[60:] += 9
    >>> graph = knn_graph(points, metric="euclidean")
    >>> select_by_modularity(graph, spanning_tree(graph), 5, 1.0).n_clusters
    2
    """
    from cluster_explorer._by_id import rows_by_id
    from cluster_explorer._modular_cut import select_most_modular, shares_of_clusters
    from cluster_explorer._spread import local_affinities, spread

    finest = cluster(tree, min_cluster_size, "leaf")
    hierarchy = finest.hierarchy
    if hierarchy is None or finest.n_clusters == 0:
        return finest
    rows = rows_by_id(graph)
    affinities = local_affinities(rows.indices, rows.distances)
    is_leaf = np.ones(len(hierarchy.parent), dtype=np.bool_)
    is_leaf[hierarchy.parent[1:]] = False
    leaf = np.where(is_leaf[hierarchy.row_cluster], hierarchy.row_cluster, np.int32(-1))
    nearest, _ = spread(affinities, leaf[rows.order], _STEPS)
    shares = shares_of_clusters(hierarchy, nearest, affinities)
    return _labelled(hierarchy, select_most_modular(hierarchy, shares, resolution))


def _labelled(hierarchy: CondensedHierarchy, selected: npt.NDArray[np.bool_]) -> Clustering:
    """Label the rows of the selected clusters, largest cluster first."""
    home = np.where(selected, np.arange(len(selected)), -1)
    for below in np.flatnonzero(~selected)[1:]:
        home[below] = home[hierarchy.parent[below]]
    home_of_row = home[hierarchy.row_cluster]
    inside = home_of_row >= 0
    members = np.bincount(home_of_row[inside], minlength=len(selected))
    n_clusters = int((members > 0).sum())
    label = np.full(len(selected), -1, dtype=np.int32)
    label[np.argsort(-members, kind="stable")[:n_clusters]] = np.arange(n_clusters)
    labels = np.where(inside, label[home_of_row], np.int32(-1))
    return Clustering(labels, _strengths(hierarchy, home_of_row, inside), n_clusters, replace(hierarchy, label=label))


def _strengths(
    hierarchy: CondensedHierarchy, home_of_row: npt.NDArray[np.int64], inside: npt.NDArray[np.bool_]
) -> FloatArray:
    """Strength as in hdbscan: the density at which a row leaves its cluster, by the greatest one there."""
    greatest = hierarchy.death[home_of_row]
    with np.errstate(invalid="ignore", divide="ignore"):
        strength = np.minimum(hierarchy.row_density, greatest) / greatest
    strength = np.where(np.isinf(hierarchy.row_density), 1.0, strength)
    return np.where(inside, strength, 0.0).astype(np.float32)
