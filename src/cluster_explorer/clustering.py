"""From a kNN graph to its spanning tree, and from the tree to clusters: HDBSCAN* in two stages."""

from __future__ import annotations

from numbers import Integral, Real
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError, available
from cluster_explorer.graph import rank_of_ids
from cluster_explorer.values import Clustering, CondensedHierarchy, Dendrogram, SpanningTree
from cluster_explorer.vectors import named

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._edges import Edges
    from cluster_explorer.values import FloatArray, IntArray, KnnGraph, ProgressCallback

SelectionMethod = Literal["eom", "leaf"]


def spanning_tree(
    graph: KnnGraph,
    min_samples: int = 5,
    *,
    vectors: npt.ArrayLike | None = None,
    exact: bool = False,
    on_progress: ProgressCallback | None = None,
) -> SpanningTree:
    """Find the minimum spanning tree of the mutual-reachability distances.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours with true distances.
    min_samples : int
        As in `hdbscan.HDBSCAN`: a row's core distance is that to its `min_samples`-th neighbour, itself not counted.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> tree = spanning_tree(knn_graph([[0.0], [1.0], [3.0]], metric="euclidean"), min_samples=1)
    >>> tree.weight.tolist(), tree.certified
    ([1.0, 2.0], 1.0)
    """
    from cluster_explorer._forest import spanning_forest
    from cluster_explorer._joining import join

    core = _core_distances(graph, min_samples)
    rank = rank_of_ids(graph.ids)
    forest = spanning_forest(graph, core, rank, on_progress)
    joins = join(forest, graph.vectors, core, rank)
    return _tree(forest.edges, joins, graph, core, rank, min_samples)


def cluster(
    tree: SpanningTree,
    min_cluster_size: int = 20,
    cluster_selection_method: SelectionMethod = "eom",
    cluster_selection_epsilon: float = 0.0,
    *,
    allow_single_cluster: bool = False,
    max_cluster_size: int = 0,
) -> Clustering:
    """Cut the tree into clusters.

    Examples
    --------
    >>> from cluster_explorer import knn_graph, spanning_tree
    >>> graph = knn_graph([[0.0], [0.1], [0.3], [5.0], [5.1], [5.3]], metric="euclidean")
    >>> cluster(spanning_tree(graph, min_samples=1), min_cluster_size=3).labels.tolist()
    [0, 0, 0, 1, 1, 1]
    """
    from cluster_explorer import _condensing as steps

    m = _whole("min_cluster_size", min_cluster_size, 2)
    largest = _whole("max_cluster_size", max_cluster_size, 0) or tree.n_rows + 1
    epsilon = _epsilon(cluster_selection_epsilon)
    if cluster_selection_method not in get_args(SelectionMethod):
        raise InvalidParameterError(
            f"cluster_selection_method={cluster_selection_method!r} is not known. {available(get_args(SelectionMethod))}"
        )
    n, dendrogram = tree.n_rows, tree.dendrogram
    with np.errstate(divide="ignore"):
        density = 1.0 / tree.weight
    place_cluster, place_edge = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    room = 2 * (n // m) + 1
    parent, size = np.empty(room, dtype=np.int32), np.empty(room, dtype=np.int32)
    birth, death, stability = np.empty(room), np.empty(room), np.empty(room)
    count = steps.condense(
        dendrogram.left,
        dendrogram.right,
        dendrogram.size,
        dendrogram.start,
        density,
        m,
        place_cluster,
        place_edge,
        parent,
        birth,
        death,
        size,
        stability,
    )
    parent, size, birth, death, stability = (a[:count].copy() for a in (parent, size, birth, death, stability))
    selected = np.zeros(count, dtype=np.bool_)
    if n >= m:
        if cluster_selection_method == "eom":
            steps.select_excess_of_mass(parent, size, stability, largest, allow_single_cluster, selected)
        else:
            steps.select_leaves(parent, selected)
        if epsilon > 0:
            steps.merge_below(parent, birth, epsilon, allow_single_cluster, selected)
    labels, probabilities = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.float32)
    row_cluster, row_density = np.empty(n, dtype=np.int32), np.empty(n)
    n_clusters = steps.label_rows(
        dendrogram.order,
        place_cluster,
        place_edge,
        density,
        parent,
        death,
        selected,
        1.0 / epsilon if epsilon > 0 else death[0],
        labels,
        probabilities,
        row_cluster,
        row_density,
    )
    hierarchy = CondensedHierarchy(parent, birth, death, size, stability, selected, row_cluster, row_density)
    return Clustering(labels, probabilities, n_clusters, hierarchy)


def _tree(
    found: Edges, joins: Edges, graph: KnnGraph, core: FloatArray, rank: IntArray, min_samples: int
) -> SpanningTree:
    from cluster_explorer._edges import ascending, concatenate
    from cluster_explorer._single_linkage import order_leaves, single_linkage

    n = len(graph)
    edges = concatenate([found, joins]).pointing_up(rank)
    order = ascending(edges, rank)
    edges, proven = edges.take(order), order >= len(found)
    left, right, size, start = (np.empty(n - 1, dtype=np.int32) for _ in range(4))
    weight = edges.weight.astype(np.float64)
    horizon = graph.distances.max(axis=1, where=graph.indices >= 0, initial=0) if graph.exact else np.full(n, -1, np.float32)
    if graph.exact and graph.n_neighbors == n - 1:
        horizon = np.full(n, np.inf, np.float32)
    single_linkage(edges.source, edges.target, weight, horizon, left, right, size, proven)
    leaves = np.empty(n, dtype=np.int32)
    order_leaves(left, right, size, start, leaves)
    return SpanningTree(
        edges.source,
        edges.target,
        weight,
        core.astype(np.float64),
        proven,
        min_samples,
        Dendrogram(left, right, size, start, leaves),
    )


def _core_distances(graph: KnnGraph, min_samples: int) -> FloatArray:
    k = _whole("min_samples", min_samples, 1)
    n = len(graph)
    if k > graph.n_neighbors:
        if graph.n_neighbors < n - 1:
            raise InvalidParameterError(
                f"min_samples={k} is greater than the {graph.n_neighbors} neighbours that the graph holds. Choose at most "
                f"{graph.n_neighbors}, or make the graph with n_neighbors={k}."
            )
        k = n - 1
    core = np.ascontiguousarray(graph.distances[:, k - 1])
    few = np.flatnonzero(~np.isfinite(core))
    if len(few):
        raise DataError(
            f"Rows with fewer than min_samples={k} neighbours: {named(few, list(graph.ids), 'id')}. Choose a smaller "
            "min_samples, or search more neighbours."
        )
    return core


def _whole(name: str, value: object, least: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidParameterError(f"{name}={value!r} must be a whole number of at least {least}.")
    return int(value)


def _epsilon(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < np.inf:
        raise InvalidParameterError(f"cluster_selection_epsilon={value!r} must be a distance: a number of at least 0.")
    return float(value)
