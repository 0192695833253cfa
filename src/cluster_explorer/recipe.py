"""The default clustering in one call: from a neighbour graph to labels, with noise and with the noise attached."""

from __future__ import annotations

from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Literal, get_args

from cluster_explorer.attach import attach_noise
from cluster_explorer.clustering import cluster, spanning_tree
from cluster_explorer.errors import InvalidParameterError, available
from cluster_explorer.graph_embedding import embed_graph, measure_in_embedding
from cluster_explorer.landscape import landscape
from cluster_explorer.modularity import RESOLUTION, modular_hierarchy

if TYPE_CHECKING:
    from cluster_explorer.values import Clustering, KnnGraph, ProgressCallback

Space = Literal["graph", "distance"]

#: Smallest group that the hierarchy in the graph's space tells apart; which of them are one cluster is decided by
#: modularity.
_FINEST = 5
#: Shares of the time that have passed after each step.
_EMBEDDED, _TREE_DONE, _CLUSTERED = 0.8, 0.85, 0.95


def cluster_graph(
    graph: KnnGraph,
    *,
    space: Space = "graph",
    min_cluster_size: int | Literal["auto"] = "auto",
    min_samples: int = 5,
    resolution: float = RESOLUTION,
    random_state: int = 42,
    on_progress: ProgressCallback | None = None,
) -> Clustering:
    """Cluster the rows of a neighbour graph as the explorer does by default.

    In the space of the graph: the graph is embedded (`embed_graph`), HDBSCAN* finds the hierarchy of dense groups
    there, and the groups of it that together have the greatest modularity on the graph are the clusters. In the space
    of the distances: HDBSCAN* on the distances as they are, as in the tutorial. Noise is then attached along the
    graph (`attach_noise`).

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances; the vectors are needed only to join components in the space of the distances.
    space : {"graph", "distance"}
        Where to look for dense groups.
    min_cluster_size : int or "auto"
        Smallest group that counts as a cluster. ``"auto"`` is 5 in the space of the graph, where modularity decides
        how coarse the clusters are; among the distances, the size at which the clusters are most persistent
        (`landscape`).
    min_samples : int
        As in `hdbscan.HDBSCAN`.
    resolution : float
        In the space of the graph: more gives more and smaller clusters, 1 is Newman's modularity.
    random_state : int
        Seed of the embedding. The same graph and seed give the same labels, in whatever order the rows come.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    Clustering
        `labels` with noise as -1, `attached_labels` with the noise attached, and the `confidence` of each row.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Campello, Moulavi, Sander: Density-Based Clustering Based on Hierarchical Density Estimates. PAKDD 2013.
    .. [2] Reichardt, Bornholdt: Statistical mechanics of community detection. Physical Review E 74, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer import knn_graph
    >>> points = np.random.default_rng(0).normal(size=(100, 8))
    >>> points[60:] += 9
    >>> cluster_graph(knn_graph(points, metric="euclidean")).attached_labels[[0, 59, 60, 99]].tolist()
    [0, 0, 1, 1]
    """
    if space not in get_args(Space):
        raise InvalidParameterError(f"space={space!r} is not a choice. {available(get_args(Space))}")
    size = _size(min_cluster_size)
    report = on_progress or _ignore
    if space == "graph":
        embedding = embed_graph(graph, random_state=random_state, on_progress=_part(report, 0.0, _EMBEDDED))
        tree = spanning_tree(
            measure_in_embedding(graph, embedding), min_samples, on_progress=_part(report, _EMBEDDED, _TREE_DONE)
        )
        groups = modular_hierarchy(graph, tree, size or _FINEST, on_progress=_part(report, _TREE_DONE, _CLUSTERED))
        found = groups.cut(resolution)
    else:
        tree = spanning_tree(graph, min_samples, on_progress=_part(report, 0.0, _CLUSTERED))
        found = cluster(tree, size) if size else cluster(tree, landscape(tree).best, "leaf")
    attached = attach_noise(graph, found, on_progress=_part(report, _CLUSTERED, 1.0))
    return replace(found, attached_labels=attached.labels, confidence=attached.confidence)


def _size(min_cluster_size: object) -> int:
    """Return the size, or 0 for "auto"."""
    if isinstance(min_cluster_size, str) and min_cluster_size == "auto":
        return 0
    if isinstance(min_cluster_size, bool) or not isinstance(min_cluster_size, Integral) or min_cluster_size < 2:
        raise InvalidParameterError(
            f"min_cluster_size={min_cluster_size!r} must be a whole number of at least 2, or 'auto'."
        )
    return int(min_cluster_size)


def _part(report: ProgressCallback, low: float, high: float) -> ProgressCallback:
    """Show the progress of a part of the work as progress of the whole."""
    return lambda share: report(low + (high - low) * share)


def _ignore(_share: float) -> None:
    """Nobody watches."""
