"""From vectors, or from neighbours that were found elsewhere, to a kNN graph with true distances."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer._inputs import (
    as_comparable,
    as_table,
    metric_name,
    primary_keys,
    whole_number,
)
from cluster_explorer._kernels.common.by_id import ascending_order, rank_of_ids
from cluster_explorer._kernels.common.records import Room
from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.values import KnnGraph
from cluster_explorer.vectors import named

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.neighbors.search import Found
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback


def knn_graph(
    vectors: npt.ArrayLike,
    n_neighbors: int = 15,
    metric: str = "cosine",
    ids: npt.ArrayLike | None = None,
    *,
    exact: bool | None = None,
    on_progress: ProgressCallback | None = None,
) -> KnnGraph:
    """Search the nearest neighbours of every row, in this process.

    Parameters
    ----------
    vectors : array_like of shape (n, d)
        Embeddings: float16, float32, float64 or whole numbers; at least two rows.
    n_neighbors : int
        Neighbours of each row, the row itself not counted. Where there are fewer rows, all of them are neighbours.
    metric : {"cosine", "euclidean", "ip"}
        Milvus's spellings (``"COSINE"``, ``"L2"``, ``"IP"``) are understood as well. Inner products need vectors of
        length 1.
    ids : array_like of shape (n,), optional
        Primary keys, whole numbers or str, unique; row numbers by default. Ties are broken by them, so that the order
        of the rows changes nothing.
    exact : bool, optional
        Whether no neighbour may be missing. Where it is not said, large collections are searched approximately: more
        than 100,000 rows of 384 dimensions (the limit falls with the square of the rows; in up to 10 dimensions there
        is none). The share of the neighbours found is then measured on a sample: `KnnGraph.recall`, 0.98 or more.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    KnnGraph
        Rows in the given order. Rows that are equal are searched once, and listed in the order of their ids.

    Raises
    ------
    DataError
        If the vectors are not a table of finite numbers with at least two rows, one of them is zero under
        ``"cosine"``, or ids are missing or not unique.
    InvalidParameterError
        If `n_neighbors` is less than 1, or `metric` is unknown or does not fit the vectors.

    Examples
    --------
    >>> graph = knn_graph([[0.0], [1.0], [3.0]], n_neighbors=1, metric="euclidean")
    >>> graph.indices.ravel().tolist(), graph.distances.ravel().tolist()
    ([1, 0, 1], [1.0, 1.0, 2.0])
    """
    k = whole_number("n_neighbors", n_neighbors, least=1)
    metric = metric_name(metric)
    table = as_table(vectors)
    keys = primary_keys(ids, len(table))
    table = as_comparable(table, keys if ids is not None else None, metric)
    order = ascending_order(keys)
    found = _search(table if order is None else table[order], k, exhaustive=exact, on_progress=on_progress)
    indices, distances = found.lists
    if order is not None:
        rank = rank_of_ids(keys)
        # the last, for -1, is -1 again
        indices, distances = np.append(order, -1).astype(np.int32)[indices][rank], distances[rank]
    components = count_components(indices)
    return KnnGraph(keys, indices, distances, metric, components, table, found.exact, found.recall)


def graph_from_neighbors(
    ids: npt.ArrayLike,
    indices: npt.ArrayLike,
    distances: npt.ArrayLike,
    metric: str,
    vectors: npt.ArrayLike | None = None,
    *,
    exact: bool = False,
) -> KnnGraph:
    """Make a graph of neighbours that were found elsewhere: by Milvus, or by an index of your own.

    Parameters
    ----------
    ids : array_like of shape (n,)
        Primary keys, whole numbers or str, unique.
    indices : array_like of shape (n, k)
        Row numbers of each row's neighbours in any order; -1 where there are fewer than k. The row itself may be
        among them.
    distances : array_like of shape (n, k)
        True distances (never squares or similarities); for cosine and inner products the Euclidean distance of the
        unit vectors.
    metric : {"cosine", "euclidean", "ip"}
        What the distances mean.
    vectors : array_like of shape (n, d), optional
        The vectors that were searched. With them distances are measured again, and components can be joined.
    exact : bool
        Whether the search was exhaustive (a FLAT index). Edges of a tree can only be certified when it was.

    Returns
    -------
    KnnGraph
        Neighbours nearest first, ties by id.

    Raises
    ------
    DataError
        If shapes do not fit, an index is not a row, or a distance is negative, NaN or missing.

    Examples
    --------
    >>> graph = graph_from_neighbors(["a", "b", "c"], [[1], [0], [1]], [[1.0], [1.0], [2.0]], "euclidean")
    >>> graph.n_components
    1
    """
    metric = metric_name(metric)
    rows = np.asarray(indices)
    keys = primary_keys(ids, len(rows))
    rows, lengths = _lists(rows, np.asarray(distances, dtype=np.float32), len(keys))
    table = None if vectors is None else as_comparable(as_table(vectors), keys, metric)
    if table is not None:
        if len(table) != len(keys):
            raise DataError(f"There are {len(table)} vectors for {len(keys)} rows. Give one vector for each row.")
        lengths = _measure(table, rows)
    order = ascending_order(keys)
    rank = np.argsort(order) if order is not None else np.arange(len(keys))
    by_distance = np.lexsort((rank[rows], lengths), axis=1)
    rows = np.take_along_axis(rows, by_distance, axis=1)
    lengths = np.take_along_axis(lengths, by_distance, axis=1)
    return KnnGraph(keys, rows, lengths, metric, count_components(rows), table, exact, 1.0 if exact else None)


def slice_graph(graph: KnnGraph, n_neighbors: int) -> KnnGraph:
    """Keep fewer neighbours of each row; nothing is searched again.

    Parameters
    ----------
    graph : KnnGraph
        A graph with at least as many neighbours.
    n_neighbors : int
        Neighbours to keep; all, where the graph is complete and holds fewer.

    Raises
    ------
    InvalidParameterError
        If the graph holds fewer neighbours than that.

    Examples
    --------
    >>> graph = knn_graph([[0.0], [1.0], [3.0]], n_neighbors=2, metric="euclidean")
    >>> slice_graph(graph, 1).indices.ravel().tolist()
    [1, 0, 1]
    """
    k = whole_number("n_neighbors", n_neighbors, least=1)
    held = graph.n_neighbors
    if k > held and held < len(graph) - 1:
        raise InvalidParameterError(
            f"n_neighbors={k} is more than the {held} that the graph holds. Choose at most {held}, or search again: "
            f"knn_graph(vectors, n_neighbors={k})."
        )
    if k >= held:
        return graph
    # copies, so that the larger graph's memory can be freed
    indices, distances = graph.indices[:, :k].copy(), graph.distances[:, :k].copy()
    return replace(graph, indices=indices, distances=distances, n_components=count_components(indices))


def search_again(graph: KnnGraph, vectors: FloatArray, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
    """Search the neighbours of a graph exhaustively, so that they prove edges."""
    return knn_graph(vectors, graph.n_neighbors, graph.metric, graph.ids, exact=True, on_progress=on_progress)


def as_compared(vectors: npt.ArrayLike, graph: KnnGraph) -> FloatArray:
    """Prepare the vectors of a graph's rows as the graph would hold them: float32, of unit length for cosine.

    Raises
    ------
    DataError
        If there is not one vector for each row, or they cannot be compared.

    Examples
    --------
    >>> graph = graph_from_neighbors(["a", "b"], [[1], [0]], [[1.0], [1.0]], "cosine")
    >>> as_compared([[3, 4], [0, 2]], graph).tolist()
    [[0.6000000238418579, 0.800000011920929], [0.0, 1.0]]
    """
    table = as_table(vectors)
    if len(table) != len(graph):
        raise DataError(f"There are {len(table)} vectors for {len(graph)} rows. Give one vector for each row.")
    return as_comparable(table, graph.ids, graph.metric)


def _search(
    table: FloatArray, n_neighbors: int, *, exhaustive: bool | None, on_progress: ProgressCallback | None
) -> Found:
    from cluster_explorer._kernels.neighbors.duplicates import spread_to_copies, unique_rows
    from cluster_explorer._kernels.neighbors.search import Found, nearest_rows

    k = min(n_neighbors, len(table) - 1)
    unique = unique_rows(table)
    if len(unique.rows) == len(table):
        return nearest_rows(table, k, exhaustive=exhaustive, on_progress=on_progress)
    distinct, least = table[unique.rows], min(k, len(unique.rows) - 1)
    found = nearest_rows(distinct, least, exhaustive=exhaustive, on_progress=on_progress)
    return Found(spread_to_copies(unique, found.lists, k), found.exact, found.recall)


def count_components(indices: IntArray) -> int:
    """Count the connected components of neighbour lists, each edge read in both directions."""
    from cluster_explorer._kernels.common.union_find import connect

    room = np.empty((2, len(indices)), dtype=np.int32)
    return connect(indices, Room(room[0], room[1]))


def _measure(table: FloatArray, rows: IntArray) -> FloatArray:
    from cluster_explorer._kernels.neighbors.distances import measure

    lengths = np.empty(rows.shape, dtype=np.float32)
    measure(table, rows, lengths)
    return lengths


def _lists(rows: npt.NDArray[Any], lengths: FloatArray, n: int) -> tuple[IntArray, FloatArray]:
    if rows.ndim != 2 or rows.shape != lengths.shape or rows.shape[1] == 0:
        raise DataError(
            f"indices of shape {rows.shape} and distances of shape {lengths.shape} do not fit: "
            "both must be (rows, neighbours), with at least one neighbour."
        )
    if rows.dtype.kind not in "iu":
        raise DataError(f"indices are {rows.dtype}; they must be whole numbers, row numbers from 0 to {n - 1}.")
    if n < 2:
        raise DataError(f"There {'is 1 row' if n == 1 else 'are no rows'}: neighbours need at least 2.")
    if rows.min() < -1 or rows.max() >= n:
        raise DataError(
            f"indices must be row numbers from 0 to {n - 1}, or -1 for none; found {rows.min()} to {rows.max()}."
        )
    absent = (rows < 0) | (rows == np.arange(n)[:, None])
    bad = np.flatnonzero((~absent & ~((lengths >= 0) & np.isfinite(lengths))).any(axis=1))
    if len(bad):
        raise DataError(
            f"Negative, NaN or infinite distances: {named(bad, range(n), 'row')}. Distances must be true distances; "
            "of a cosine similarity s it is sqrt(2 - 2 s), of Milvus's L2 the square root."
        )
    return np.where(absent, -1, rows).astype(np.int32), np.where(absent, np.float32(np.inf), lengths)
