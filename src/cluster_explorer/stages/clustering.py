"""From a kNN graph to its spanning tree, and from the tree to clusters: HDBSCAN* in two stages.

The tree depends on the graph and `min_samples`; everything that is asked of it afterwards is answered without going
back to the graph, so that a slider can follow the hand.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np

from cluster_explorer._inputs import length, whole_number
from cluster_explorer._kernels.common.by_id import rank_of_ids
from cluster_explorer.errors import DataError, InvalidParameterError, available
from cluster_explorer.stages.graph import as_compared, search_again
from cluster_explorer.values import Clustering, SpanningTree, part_of
from cluster_explorer.vectors import named

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, KnnGraph, OutsideSearch, ProgressCallback

SelectionMethod: TypeAlias = Literal["eom", "leaf"]


def spanning_tree(
    graph: KnnGraph,
    min_samples: int = 5,
    *,
    vectors: npt.ArrayLike | None = None,
    exact: bool = False,
    search_outside: OutsideSearch | None = None,
    on_progress: ProgressCallback | None = None,
) -> SpanningTree:
    """Find the minimum spanning tree of the mutual-reachability distances [1]_.

    The tree is that of the graph's edges. Where the graph falls into components, they are joined by the true shortest
    edges between them, never by infinity. Edges of equal weight are taken by their plain distance and then by the ids
    of their ends, so that the order of the rows changes nothing.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours with true distances.
    min_samples : int
        As in `hdbscan.HDBSCAN`: a row's core distance is that to its `min_samples`-th neighbour, the row itself not
        counted.
    vectors : array_like of shape (n, d), optional
        What the graph was computed from, for a graph that does not hold it.
    exact : bool
        Also prove every edge, replacing those that are not in the tree of the full distance matrix. This may compare
        all pairs of rows: seconds for 10,000 rows, minutes for 100,000.
    search_outside : callable, optional
        Joins components when the vectors are not held here; see `OutsideSearch`.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    SpanningTree
        Edges ascending by weight, with its hierarchy and, for each edge, whether it is proven.

    Raises
    ------
    InvalidParameterError
        If `min_samples` is not a whole number from 1 to the neighbours held, or `exact` is asked for without vectors. A
        complete graph, where every row holds all others, does with fewer.
    DataError
        If rows hold fewer than `min_samples` neighbours, or components cannot be joined since there are no vectors.

    References
    ----------
    .. [1] Campello, Moulavi, Sander: Density-Based Clustering Based on Hierarchical Density Estimates. PAKDD 2013.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> tree = spanning_tree(knn_graph([[0.0], [1.0], [3.0]], metric="euclidean"), min_samples=1)
    >>> tree.weight.tolist(), tree.certified
    ([1.0, 2.0], 1.0)
    """
    from cluster_explorer._kernels.neighbors.duplicates import rows_at_no_distance
    from cluster_explorer._kernels.tree.completing import Known, complete, horizon_of, prove

    held = graph.vectors if vectors is None else as_compared(vectors, graph)
    if exact and held is None:
        raise InvalidParameterError(
            "exact=True needs the vectors, and the graph does not hold them. Pass vectors=, those it was made from."
        )
    first, last = (0.0, 0.5) if exact else (0.0, 1.0)
    if exact and held is not None and not graph.exact:
        graph = search_again(graph, held, on_progress=part_of(on_progress, 0.0, 0.5))
        first, last = 0.5, 0.6
    rank = rank_of_ids(graph.ids)
    equal = rows_at_no_distance(graph.indices, graph.distances, rank)
    core = _core_distances(graph, min_samples)
    if len(equal.rows) < len(graph):
        # an incomplete search may have found fewer neighbours of one copy than of another
        core = np.minimum.reduceat(core[equal.copies], equal.start[:-1])[equal.kind]
    known = Known(core, rank, horizon_of(graph), held, search_outside)
    tree = complete(graph, known, equal.rows, part_of(on_progress, first, last))
    if exact:
        tree = prove(tree, known, part_of(on_progress, last, 1.0))
    if on_progress is not None:
        on_progress(1.0)
    return SpanningTree(
        tree.edges.source,
        tree.edges.target,
        tree.edges.weight.astype(np.float64),
        core.astype(np.float64),
        tree.proven,
        min_samples,
        tree.dendrogram,
    )


def cluster(
    tree: SpanningTree,
    min_cluster_size: int = 20,
    cluster_selection_method: SelectionMethod = "eom",
    cluster_selection_epsilon: float = 0.0,
    *,
    allow_single_cluster: bool = False,
    max_cluster_size: int = 0,
    on_progress: ProgressCallback | None = None,
) -> Clustering:
    """Cut the tree into clusters, as `hdbscan.HDBSCAN` does [1]_.

    Takes some milliseconds for 100,000 rows: the hierarchy belongs to the tree, and only its top is walked.

    Parameters
    ----------
    tree : SpanningTree
        The tree; nothing else is needed.
    min_cluster_size : int
        Smallest group that counts as a cluster, at least 2. If it is greater than the number of rows, all are noise.
    cluster_selection_method : {"eom", "leaf"}
        ``"eom"`` (excess of mass) selects the clusters that persist longest, ``"leaf"`` those that split no further.
    cluster_selection_epsilon : float
        Clusters that split at a smaller distance than this are merged [2]_; 0 merges none.
    allow_single_cluster : bool
        Whether the whole may be one cluster. Its members are, as in hdbscan, the rows that stay until it ends, or with
        `cluster_selection_epsilon` those that are at least as dense.
    max_cluster_size : int
        Largest group that ``"eom"`` selects; 0 sets no limit.
    on_progress : callable, optional
        Told 0 and 1.

    Returns
    -------
    Clustering
        Labels by descending size of the clusters; of equal sizes the more stable one comes first. Where more than
        `min_samples` rows are equal, they are never put into different clusters.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] Campello, Moulavi, Zimek, Sander: Hierarchical Density Estimates for Data Clustering, Visualization, and
       Outlier Detection. ACM TKDD 2015.
    .. [2] Malzer, Baum: A Hybrid Approach to Hierarchical Density-based Cluster Selection. MFI 2020.

    Examples
    --------
    >>> from cluster_explorer import knn_graph, spanning_tree
    >>> graph = knn_graph([[0.0], [0.1], [0.3], [0.4], [5.0], [5.1], [5.3]], metric="euclidean")
    >>> cluster(spanning_tree(graph, min_samples=1), min_cluster_size=3).labels.tolist()
    [0, 0, 0, 0, 1, 1, 1]
    """
    from cluster_explorer._kernels.hierarchy.condensing import condense
    from cluster_explorer._kernels.hierarchy.selecting import (
        label_rows,
        merge_below,
        select_excess_of_mass,
        select_leaves,
    )

    smallest = whole_number("min_cluster_size", min_cluster_size, least=2)
    largest = whole_number("max_cluster_size", max_cluster_size, least=0) or tree.n_rows
    epsilon = length("cluster_selection_epsilon", cluster_selection_epsilon)
    if cluster_selection_method not in get_args(SelectionMethod):
        raise InvalidParameterError(
            f"cluster_selection_method={cluster_selection_method!r} is not a choice. "
            f"{available(get_args(SelectionMethod))}"
        )
    if on_progress is not None:
        on_progress(0.0)
    condensed = condense(tree, smallest)
    if tree.n_rows < smallest:
        selected = np.zeros(1, dtype=np.bool_)
    elif cluster_selection_method == "eom":
        selected = select_excess_of_mass(condensed.clusters, largest, allow_single_cluster=allow_single_cluster)
    else:
        selected = select_leaves(condensed.clusters)
    if epsilon > 0:
        selected = merge_below(condensed.clusters, selected, epsilon, allow_single_cluster=allow_single_cluster)
    lowest_root_density = 1.0 / epsilon if epsilon > 0 else float(condensed.clusters.death[0])
    clustering = label_rows(condensed, selected, lowest_root_density)
    if on_progress is not None:
        on_progress(1.0)
    return clustering


def _core_distances(graph: KnnGraph, min_samples: int) -> FloatArray:
    k = whole_number("min_samples", min_samples, least=1)
    if k > graph.n_neighbors:
        if graph.n_neighbors < len(graph) - 1:
            raise InvalidParameterError(
                f"min_samples={k} is greater than the {graph.n_neighbors} neighbours that the graph holds of each row. "
                f"Choose at most {graph.n_neighbors}, or make the graph with n_neighbors of at least {k}."
            )
        k = len(graph) - 1
    core = np.ascontiguousarray(graph.distances[:, k - 1])
    few = np.flatnonzero(~np.isfinite(core))
    if len(few):
        raise DataError(
            f"Rows with fewer than min_samples={k} neighbours: {named(few, graph.ids.tolist(), 'id')}. "
            "Choose a smaller min_samples, or search more neighbours."
        )
    return core
