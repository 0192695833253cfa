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

from dataclasses import dataclass, field
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.params import Params

if TYPE_CHECKING:
    from cluster_explorer._kernels.hierarchy.condensing import Condensed
    from cluster_explorer._kernels.hierarchy.modular_cut import Parts, Shares
    from cluster_explorer.stages.affinities import Affinities
    from cluster_explorer.values import Clustering, IntArray, ProgressCallback, SpanningTree

#: Steps along the graph by which rows above the finest groups join one of them; more changed no score by 0.001.
_STEPS = 10
#: The median over five corpora of the resolution at which clusterings from different seeds agree best; from 2 to 4 the
#: clusters are about as good (benchmarks/quality_notes.md).
RESOLUTION = Params.resolution
#: Smallest group that the hierarchy tells apart where modularity decides which groups are clusters.
FINEST = 5


@dataclass(frozen=True, eq=False)
class ModularHierarchy:
    """A hierarchy of groups, with the affinity within and between them, ready to be cut at any resolution.

    Attributes
    ----------
    condensed : Condensed
        The groups, from the root down to the finest.
    shares : Shares
        What each group holds of all affinity.
    min_cluster_size : int
        Rows of the smallest group.
    """

    condensed: Condensed = field(repr=False)
    shares: Shares = field(repr=False)
    min_cluster_size: int

    def cut(self, resolution: float = RESOLUTION) -> Clustering:
        """Select the groups that together have the greatest modularity; quick enough for a slider.

        Parameters
        ----------
        resolution : float
            More gives more and smaller clusters; 1 is Newman's modularity.

        Returns
        -------
        Clustering
            Rows that left the hierarchy above the selected groups are noise. Largest cluster first. Where no split
            is worth making, all rows are one cluster; where they are fewer than its smallest size, all are noise.

        Raises
        ------
        InvalidParameterError
            If `resolution` is not a number above 0.
        """
        from cluster_explorer._kernels.hierarchy.modular_cut import select_most_modular
        from cluster_explorer._kernels.hierarchy.selecting import label_rows

        gamma = _positive("resolution", resolution)
        clusters = self.condensed.clusters
        selected = select_most_modular(clusters.parent, self.shares, gamma)
        if len(self.condensed.order) < self.min_cluster_size:
            selected[0] = False
        # a group has all of its rows, and so has the root, where it is the only group
        return label_rows(self.condensed, selected, lowest_root_density=0.0)


@dataclass(frozen=True, eq=False)
class FinestGroups:
    """The finest groups of a tree's hierarchy and the affinity between them: all that any coarser hierarchy asks for.

    Attributes
    ----------
    tree : SpanningTree
        The hierarchy.
    affinities : Affinities
        Of the rows that it spans.
    smallest : int
        Rows of the smallest group.
    example : ndarray of shape (g,), int32
        A row of each group.
    groups : Parts
        The groups, together with the rows above them that are nearest to each, and the affinity between them.
    total : float
        All affinity of the graph.
    """

    tree: SpanningTree = field(repr=False)
    affinities: Affinities = field(repr=False)
    smallest: int
    example: IntArray = field(repr=False)
    groups: Parts = field(repr=False)
    total: float

    def hierarchy(self, min_cluster_size: int, *, on_progress: ProgressCallback | None = None) -> ModularHierarchy:
        """Measure the hierarchy of clusters of a smallest size; quick enough for a slider, from the finest size on.

        A larger size takes the groups as they are, and those that are too small for it join one that is not. For a
        smaller size, groups are looked for anew.

        Parameters
        ----------
        min_cluster_size : int
            Rows of the smallest cluster, at least 2.
        on_progress : callable, optional
            Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

        Raises
        ------
        InvalidParameterError
            If `min_cluster_size` is less than 2.
        """
        from cluster_explorer._kernels.embedding.spread import spread
        from cluster_explorer._kernels.hierarchy.condensing import condense
        from cluster_explorer._kernels.hierarchy.modular_cut import shares_of_clusters

        size = _size(min_cluster_size)
        if size < self.smallest:
            finer = finest_groups(self.affinities, self.tree, size, on_progress=on_progress)
            return finer.hierarchy(size)
        condensed = condense(self.tree, size)
        leaf = _leaf_of_rows(condensed)[self.example]
        cluster, _ = spread(self.groups.between, leaf, _STEPS, on_progress=on_progress)
        shares = shares_of_clusters(condensed.clusters.parent, cluster, self.groups, self.total)
        return ModularHierarchy(condensed, shares, size)


def finest_groups(
    affinities: Affinities,
    tree: SpanningTree,
    min_cluster_size: int = FINEST,
    *,
    on_progress: ProgressCallback | None = None,
) -> FinestGroups:
    """Find the finest groups of a tree's hierarchy, and measure the affinity between them.

    Parameters
    ----------
    affinities : Affinities
        Of the rows that the tree spans.
    tree : SpanningTree
        The hierarchy, in whatever space; `spanning_tree` makes one.
    min_cluster_size : int
        Smallest group that the hierarchy tells apart.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    FinestGroups
        Its method `hierarchy` answers for every size.

    Raises
    ------
    InvalidParameterError
        If `min_cluster_size` is less than 2.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer import knn_graph, spanning_tree
    >>> from cluster_explorer.stages.affinities import graph_affinities
    >>> from cluster_explorer.stages.copies import distinct_rows
    >>> points = np.random.default_rng(0).normal(size=(100, 8))
    >>> points[60:] += 9
    >>> graph = knn_graph(points, metric="euclidean")
    >>> groups = finest_groups(graph_affinities(distinct_rows(graph)), spanning_tree(graph))
    >>> groups.hierarchy(5).cut(resolution=1.0).n_clusters, groups.hierarchy(50).cut().n_clusters
    (2, 1)
    """
    from cluster_explorer._kernels.embedding.spread import spread
    from cluster_explorer._kernels.hierarchy.condensing import condense
    from cluster_explorer._kernels.hierarchy.modular_cut import Parts, merge_parts

    size = _size(min_cluster_size)
    leaf = _leaf_of_rows(condense(tree, size))
    leaves, example = np.unique(leaf, return_index=True)
    of_row = np.searchsorted(leaves[leaves >= 0], leaf).astype(np.int32)
    of_row[leaf < 0] = -1
    # rows above the finest groups belong to one of them as well, and carry affinity
    nearest, _ = spread(affinities.between, affinities.labels_of_distinct(of_row), _STEPS, on_progress=on_progress)
    rows = Parts(affinities.between, affinities.own, affinities.degree)
    groups = merge_parts(rows, nearest, int((leaves >= 0).sum()))
    examples: IntArray = example[leaves >= 0].astype(np.int32)
    return FinestGroups(tree, affinities, size, examples, groups, float(rows.degree.sum()))


def _leaf_of_rows(condensed: Condensed) -> IntArray:
    """Return the cluster of each row that lies in one that splits no further, -1 for the others."""
    from cluster_explorer._kernels.hierarchy.selecting import select_leaves

    lowest = np.empty(len(condensed.order), dtype=np.int32)
    lowest[condensed.order] = condensed.places.cluster
    return np.where(select_leaves(condensed.clusters)[lowest], lowest, np.int32(-1))


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 2:
        raise InvalidParameterError(f"min_cluster_size={value!r} must be a whole number of at least 2.")
    return int(value)


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise InvalidParameterError(f"{name}={value!r} must be a number above 0; 1 is Newman's modularity.")
    return float(value)
