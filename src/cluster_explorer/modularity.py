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

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.clustering import cluster
from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.values import Clustering, CondensedHierarchy

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._modular_cut import Shares
    from cluster_explorer.values import FloatArray, KnnGraph, ProgressCallback, SpanningTree

#: Steps along the graph by which rows above the finest groups join one of them; more changed no score by 0.001.
_STEPS = 10
#: Of 1, 1.5, 2, 3, 4, 6 and 8 the one at which clusterings from different seeds agreed best on most corpora; 2 to 4 are
#: nearly as good (benchmarks/quality_notes.md).
RESOLUTION = 3.0


@dataclass(frozen=True, eq=False)
class ModularHierarchy:
    """A hierarchy of groups, with the affinity within and between them, ready to be cut at any resolution.

    Attributes
    ----------
    hierarchy : CondensedHierarchy
        The groups, from the root down to the finest.
    shares : Shares
        What each group holds of all affinity.
    """

    hierarchy: CondensedHierarchy = field(repr=False)
    shares: Shares = field(repr=False)

    def cut(self, resolution: float = RESOLUTION) -> Clustering:
        """Select the groups that together have the greatest modularity; quick enough for a slider.

        Parameters
        ----------
        resolution : float
            More gives more and smaller clusters; 1 is Newman's modularity.

        Returns
        -------
        Clustering
            Rows that left the hierarchy above the selected groups are noise. Largest cluster first.

        Raises
        ------
        InvalidParameterError
            If `resolution` is not a number above 0.
        """
        from cluster_explorer._modular_cut import select_most_modular

        gamma = _positive("resolution", resolution)
        return _labelled(self.hierarchy, select_most_modular(self.hierarchy, self.shares, gamma))


def modular_hierarchy(
    graph: KnnGraph, tree: SpanningTree, min_cluster_size: int = 5, *, on_progress: ProgressCallback | None = None
) -> ModularHierarchy:
    """Measure the affinity within and between the groups of a tree's hierarchy.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances of the rows, from which affinities are made.
    tree : SpanningTree
        The hierarchy, in whatever space; `spanning_tree` makes one.
    min_cluster_size : int
        Smallest group that the hierarchy tells apart.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    ModularHierarchy
        Its method `cut` gives the clusters.

    Raises
    ------
    InvalidParameterError
        If `min_cluster_size` is less than 2.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer import knn_graph, spanning_tree
    >>> points = np.random.default_rng(0).normal(size=(100, 8))
    >>> points[60:] += 9
    >>> graph = knn_graph(points, metric="euclidean")
    >>> modular_hierarchy(graph, spanning_tree(graph)).cut(resolution=1.0).n_clusters
    2
    """
    from cluster_explorer._by_id import rows_by_id
    from cluster_explorer._modular_cut import shares_of_clusters
    from cluster_explorer._spread import local_affinities, spread

    hierarchy = hierarchy_of(tree, min_cluster_size)
    rows = rows_by_id(graph)
    affinities = local_affinities(rows.indices, rows.distances)
    is_finest = np.ones(len(hierarchy.parent), dtype=np.bool_)
    is_finest[hierarchy.parent[1:]] = False
    finest = np.where(is_finest[hierarchy.row_cluster], hierarchy.row_cluster, np.int32(-1))
    # rows above the finest groups belong to one of them as well, and carry affinity
    nearest, _ = spread(affinities, finest[rows.order], _STEPS, on_progress=on_progress)
    return ModularHierarchy(hierarchy, shares_of_clusters(hierarchy, nearest, affinities))


def hierarchy_of(tree: SpanningTree, min_cluster_size: int) -> CondensedHierarchy:
    """Return the condensed tree of a spanning tree."""
    hierarchy = cluster(tree, min_cluster_size, "leaf").hierarchy
    if hierarchy is None:  # pragma: no cover - clusters of a tree have a hierarchy
        raise DataError("The clustering has no hierarchy. Make it with cluster(tree).")
    return hierarchy


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


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise InvalidParameterError(f"{name}={value!r} must be a number above 0; 1 is Newman's modularity.")
    return float(value)
