"""A part of a neighbour graph as a graph of its own: what drilling down clusters."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError
from cluster_explorer.stages.graph import graph_from_neighbors

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray, KnnGraph, ProgressCallback

#: Pairs compared at once: about 64 MB of distances.
_BLOCK = 2**24
#: Neighbours that a row is given by walking along the graph, where there are no vectors to compare.
_WALKED = 8


def restrict_graph(graph: KnnGraph, rows: IntArray, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
    """Keep some rows of a graph, and their neighbours among themselves; nothing is searched in Milvus.

    Neighbours that lie outside leave gaps. Where the graph holds the vectors, rows with gaps are compared with all
    others that are kept, so that the result is the graph that a search among them would give. Without vectors, rows
    with few neighbours left are given the nearest ones along the edges of the whole graph; the length of a path is an
    upper bound of the distance, by the triangle inequality [1]_.

    Parameters
    ----------
    graph : KnnGraph
        The whole graph.
    rows : ndarray of shape (m,), int32
        Row numbers to keep, ascending; at least 2.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    KnnGraph
        Of the rows that were kept, numbered anew in their order.

    Raises
    ------
    DataError
        If there are fewer than 2 rows.

    References
    ----------
    .. [1] Tenenbaum, de Silva, Langford: A Global Geometric Framework for Nonlinear Dimensionality Reduction.
       Science 290, 2000 (distances along a neighbour graph).

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> graph = knn_graph([[0.0], [1.0], [2.0], [5.0]], n_neighbors=2, metric="euclidean")
    >>> restrict_graph(graph, np.array([0, 2, 3], dtype=np.int32)).distances.tolist()
    [[2.0, 5.0], [2.0, 3.0], [3.0, 5.0]]
    """
    if len(rows) < 2:
        raise DataError(f"{len(rows)} rows cannot be clustered by themselves. Choose at least 2.")
    k = min(graph.n_neighbors, len(rows) - 1)
    place = np.full(len(graph), -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    indices, distances = _kept(graph, rows, place, k)
    gaps = np.flatnonzero(indices[:, -1] < 0)
    vectors = None if graph.vectors is None else graph.vectors[rows]
    if vectors is not None:
        _compare(vectors, gaps, indices, distances, on_progress)
    else:
        few = gaps[(indices[gaps] >= 0).sum(axis=1) < min(_WALKED, k)]
        walked = slice(0, min(_WALKED, k))
        indices[few, walked], distances[few, walked] = _walk(graph, rows[few], place, min(_WALKED, k))
    exact = graph.exact and (vectors is not None or not len(gaps))
    part = graph_from_neighbors(graph.ids[rows], indices, distances, graph.metric, vectors=vectors, exact=exact)
    return replace(part, recall=graph.recall)


def _kept(graph: KnnGraph, rows: IntArray, place: IntArray, k: int) -> tuple[IntArray, FloatArray]:
    """Renumber the neighbours that are kept, and close up each list."""
    near = graph.indices[rows]
    kept = np.where(near >= 0, place[near], np.int32(-1))
    order = np.argsort(kept < 0, axis=1, kind="stable")[:, :k]
    indices = np.ascontiguousarray(np.take_along_axis(kept, order, axis=1))
    distances = np.take_along_axis(graph.distances[rows], order, axis=1)
    return indices, np.where(indices < 0, np.float32(np.inf), distances)


def _compare(
    vectors: FloatArray,
    gaps: npt.NDArray[np.intp],
    indices: IntArray,
    distances: FloatArray,
    on_progress: ProgressCallback | None,
) -> None:
    """Fill the lists of rows with gaps by comparing them with every row, some at a time."""
    k = indices.shape[1]
    squares = np.einsum("ij,ij->i", vectors, vectors)
    step = max(1, _BLOCK // len(vectors))
    for begin in range(0, len(gaps), step):
        asked = gaps[begin : begin + step]
        apart = squares - 2 * (vectors[asked] @ vectors.T)
        apart[np.arange(len(asked)), asked] = np.inf
        indices[asked] = np.argpartition(apart, k - 1, axis=1)[:, :k]
        # their lengths are measured from the vectors, and their order settled, when the graph is made
        distances[asked] = 0.0
        if on_progress is not None:
            on_progress((begin + len(asked)) / len(gaps))


def _walk(graph: KnnGraph, rows: IntArray, place: IntArray, n_wanted: int) -> tuple[IntArray, FloatArray]:
    """Find the nearest rows that are kept by walking along the whole graph."""
    from scipy.sparse import csr_array

    from cluster_explorer._kernels.neighbors.paths import walk_from

    n, k = graph.indices.shape
    held = graph.indices.ravel() >= 0
    # a sparse matrix drops edges of length 0, which copies of a text have
    lengths = np.maximum(graph.distances.ravel()[held], np.finfo(np.float32).tiny)
    ends = (np.repeat(np.arange(n), k)[held], graph.indices.ravel()[held])
    edges = csr_array((lengths, ends), shape=(n, n))
    edges = edges.maximum(edges.T).tocsr()
    near = np.full((len(rows), n_wanted), -1, dtype=np.int32)
    apart = np.full((len(rows), n_wanted), np.inf, dtype=np.float32)
    reached = np.full(n, -1, dtype=np.int32)
    starts, targets = edges.indptr.astype(np.int64), edges.indices.astype(np.int32)
    walk_from(rows, starts, targets, edges.data, place, reached, near, apart)
    return near, apart
