"""A space in which the groups of a neighbour graph are dense, made from the graph alone."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.stages.graph import graph_from_neighbors
from cluster_explorer.values import ignore_progress, part_of

if TYPE_CHECKING:
    from cluster_explorer.values import FloatArray, IdArray, IntArray, KnnGraph, ProgressCallback

#: Share of the time that goes before the descent.
_WEIGHTS_DONE = 0.05


@dataclass(frozen=True, eq=False)
class GraphEmbedding:
    """Positions of the rows in a space made from their neighbour graph alone.

    Attributes
    ----------
    ids : ndarray of shape (n,)
        Primary keys of the rows.
    positions : ndarray of shape (n, n_components), float32
        Coordinates; they have no unit.
    """

    ids: IdArray
    positions: FloatArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    def of_copies(self, ids: IdArray, row: IntArray) -> GraphEmbedding:
        """Give rows with these ids the positions of the rows that they are copies of."""
        return GraphEmbedding(ids, self.positions[row])


def embed_graph(
    graph: KnnGraph,
    n_components: int = 15,
    n_epochs: int = 100,
    random_state: int = 42,
    *,
    on_progress: ProgressCallback | None = None,
) -> GraphEmbedding:
    """Embed a neighbour graph so that groups of rows that are each other's neighbours contract.

    The vectors are not used. Weights are those of UMAP [1]_, the forces those of EVoC's node embedding [2]_.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances. Copies push each other away like any rows: embed the distinct ones (`distinct_rows`).
    n_components : int
        Dimensions, 2 to 256.
    n_epochs : int
        Rounds of the descent, at least 1.
    random_state : int
        Seed. The same graph and seed give the same positions to the last bit, in whatever order the rows come.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    GraphEmbedding
        Rows in the order of the graph.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.

    References
    ----------
    .. [1] McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction.
       arXiv:1802.03426, section 3.1.
    .. [2] EVoC, Embedding Vector Oriented Clustering. https://github.com/TutteInstitute/evoc

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> graph = knn_graph([[0.0], [1.0], [5.0], [6.0]], n_neighbors=2, metric="euclidean")
    >>> embed_graph(graph, n_components=3).positions.shape
    (4, 3)
    """
    from scipy.sparse import diags

    from cluster_explorer._kernels.common.by_id import rows_by_id
    from cluster_explorer._kernels.embedding.memberships import membership_graph
    from cluster_explorer._kernels.embedding.node_descent import descend

    dimensions = _whole("n_components", n_components, 2, 256)
    epochs = _whole("n_epochs", n_epochs, 1, 10_000)
    seed = _whole("random_state", random_state, 0, 2**32 - 1)
    report = on_progress or ignore_progress

    rows = rows_by_id(graph)
    weights = membership_graph(rows.indices, rows.distances, on_progress=part_of(report, 0.0, _WEIGHTS_DONE))
    alone = np.diff(weights.indptr) == 0
    if alone.any():
        # its own neighbour, so that it is pushed away from the others as they are from each other
        weights = (weights + diags(alone.astype(np.float32))).tocsr()
    positions = descend(weights, dimensions, epochs, seed, on_progress=part_of(report, _WEIGHTS_DONE, 1.0))
    return GraphEmbedding(graph.ids, positions[rows.rank])


def measure_in_embedding(graph: KnnGraph, embedding: GraphEmbedding) -> KnnGraph:
    """Measure the distances between neighbours in the embedding of their graph.

    Who is whose neighbour stays as it is, so nothing is searched.

    Parameters
    ----------
    graph : KnnGraph
        The graph that was embedded.
    embedding : GraphEmbedding
        Its embedding.

    Returns
    -------
    KnnGraph
        The same rows and neighbours with Euclidean distances in the embedding, nearest first. Its `vectors` are the
        positions, so that `spanning_tree` joins components there. It is not `exact`: rows that became neighbours in
        the embedding are not in it.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> graph = knn_graph([[0.0], [1.0], [5.0], [6.0]], n_neighbors=2, metric="euclidean")
    >>> measured = measure_in_embedding(graph, embed_graph(graph))
    >>> measured.distances.shape, measured.exact
    ((4, 2), False)
    """
    measured = graph_from_neighbors(
        graph.ids,
        graph.indices,
        np.zeros_like(graph.distances),
        "euclidean",
        vectors=embedding.positions,
    )
    return replace(measured, n_components=graph.n_components)


def _whole(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise InvalidParameterError(f"{name}={value!r} is not a whole number from {low} to {high}. Choose one.")
    return int(value)
