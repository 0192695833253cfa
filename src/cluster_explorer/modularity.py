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

if TYPE_CHECKING:
    from cluster_explorer._condensing import Condensed
    from cluster_explorer._modular_cut import Shares
    from cluster_explorer.values import Clustering, KnnGraph, ProgressCallback, SpanningTree

#: Steps along the graph by which rows above the finest groups join one of them; more changed no score by 0.001.
_STEPS = 10
#: The median over five corpora of the resolution at which clusterings from different seeds agree best; from 2 to 4 the
#: clusters are about as good (benchmarks/quality_notes.md).
RESOLUTION = 3.0


@dataclass(frozen=True, eq=False)
class ModularHierarchy:
    """A hierarchy of groups, with the affinity within and between them, ready to be cut at any resolution.

    Attributes
    ----------
    condensed : Condensed
        The groups, from the root down to the finest.
    shares : Shares
        What each group holds of all affinity.
    """

    condensed: Condensed = field(repr=False)
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
        from cluster_explorer._selecting import label_rows

        gamma = _positive("resolution", resolution)
        clusters = self.condensed.clusters
        selected = select_most_modular(clusters.parent, self.shares, gamma)
        return label_rows(self.condensed, selected, float(clusters.death[0]))


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
    from cluster_explorer._condensing import condense
    from cluster_explorer._modular_cut import shares_of_clusters
    from cluster_explorer._selecting import select_leaves
    from cluster_explorer._spread import local_affinities, spread

    condensed = condense(tree, _size(min_cluster_size))
    lowest_cluster = np.empty(tree.n_rows, dtype=np.int32)
    lowest_cluster[condensed.order] = condensed.places.cluster
    finest = np.where(select_leaves(condensed.clusters)[lowest_cluster], lowest_cluster, np.int32(-1))
    rows = rows_by_id(graph)
    affinities = local_affinities(rows.indices, rows.distances)
    # rows above the finest groups belong to one of them as well, and carry affinity
    nearest, _ = spread(affinities, finest[rows.order], _STEPS, on_progress=on_progress)
    return ModularHierarchy(condensed, shares_of_clusters(condensed.clusters.parent, nearest, affinities))


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 2:
        raise InvalidParameterError(f"min_cluster_size={value!r} must be a whole number of at least 2.")
    return int(value)


def _positive(name: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 < float(value) < np.inf:
        raise InvalidParameterError(f"{name}={value!r} must be a number above 0; 1 is Newman's modularity.")
    return float(value)
