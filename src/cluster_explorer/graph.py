"""From vectors, or from neighbours that were found elsewhere, to a kNN graph with true distances."""

from __future__ import annotations

from collections.abc import Iterable, Sized
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer._records import Room
from cluster_explorer.errors import DataError, InvalidParameterError, available
from cluster_explorer.values import KnnGraph
from cluster_explorer.vectors import describe_bad_vectors, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cluster_explorer._search import Found
    from cluster_explorer.values import FloatArray, IdArray, IntArray, ProgressCallback

_METRICS = {"cosine": "cosine", "euclidean": "euclidean", "l2": "euclidean", "ip": "ip"}


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
    k = _positive("n_neighbors", n_neighbors)
    metric = _metric(metric)
    table = _table(vectors)
    keys = _ids(ids, len(table))
    table = _comparable(table, keys if ids is not None else None, metric)
    order = _ascending(keys)
    found = _search(table if order is None else table[order], k, exhaustive=exact, on_progress=on_progress)
    indices, distances = found.lists
    if order is not None:
        rank = rank_of_ids(keys)
        # the last, for -1, is -1 again
        indices, distances = np.append(order, -1).astype(np.int32)[indices][rank], distances[rank]
    components = _n_components(indices)
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
    metric = _metric(metric)
    rows = np.asarray(indices)
    keys = _ids(ids, len(rows))
    rows, lengths = _lists(rows, np.asarray(distances, dtype=np.float32), len(keys))
    table = None if vectors is None else _comparable(_table(vectors), keys, metric)
    if table is not None:
        if len(table) != len(keys):
            raise DataError(f"There are {len(table)} vectors for {len(keys)} rows. Give one vector for each row.")
        lengths = _measure(table, rows)
    order = _ascending(keys)
    rank = np.argsort(order) if order is not None else np.arange(len(keys))
    by_distance = np.lexsort((rank[rows], lengths), axis=1)
    rows = np.take_along_axis(rows, by_distance, axis=1)
    lengths = np.take_along_axis(lengths, by_distance, axis=1)
    return KnnGraph(keys, rows, lengths, metric, _n_components(rows), table, exact, 1.0 if exact else None)


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
    k = _positive("n_neighbors", n_neighbors)
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
    return replace(graph, indices=indices, distances=distances, n_components=_n_components(indices))


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
    table = _table(vectors)
    if len(table) != len(graph):
        raise DataError(f"There are {len(table)} vectors for {len(graph)} rows. Give one vector for each row.")
    return _comparable(table, graph.ids, graph.metric)


def rank_of_ids(ids: IdArray) -> IntArray:
    """Place of each row in the ascending order of ids.

    Examples
    --------
    >>> rank_of_ids(np.array([30, 10, 20])).tolist()
    [2, 0, 1]
    """
    order = _ascending(ids)
    rank = np.arange(len(ids), dtype=np.int32)
    if order is not None:
        rank[order] = np.arange(len(ids), dtype=np.int32)
    return rank


def _search(
    table: FloatArray, n_neighbors: int, *, exhaustive: bool | None, on_progress: ProgressCallback | None
) -> Found:
    from cluster_explorer._duplicates import spread_to_copies, unique_rows
    from cluster_explorer._search import Found, nearest_rows

    k = min(n_neighbors, len(table) - 1)
    unique = unique_rows(table)
    if len(unique.rows) == len(table):
        return nearest_rows(table, k, exhaustive=exhaustive, on_progress=on_progress)
    distinct, least = table[unique.rows], min(k, len(unique.rows) - 1)
    found = nearest_rows(distinct, least, exhaustive=exhaustive, on_progress=on_progress)
    return Found(spread_to_copies(unique, found.lists, k), found.exact, found.recall)


def _n_components(indices: IntArray) -> int:
    from cluster_explorer._union_find import connect

    room = np.empty((2, len(indices)), dtype=np.int32)
    return connect(indices, Room(room[0], room[1]))


def _measure(table: FloatArray, rows: IntArray) -> FloatArray:
    from cluster_explorer._distances import measure

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


def _positive(name: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 1:
        raise InvalidParameterError(f"{name}={value!r} must be a whole number of at least 1.")
    return int(value)


def _metric(metric: str) -> str:
    found = _METRICS.get(metric.lower()) if isinstance(metric, str) else None
    if found is None:
        raise InvalidParameterError(f"metric={metric!r} is not known. {available(['cosine', 'euclidean', 'ip'])}")
    return found


def _ids(ids: npt.ArrayLike | None, n: int) -> IdArray:
    if ids is None:
        return np.arange(n, dtype=np.int64)
    keys = np.asarray(ids)
    if keys.shape != (n,):
        raise DataError(f"ids have shape {keys.shape}, but there are {n} rows. Give one id for each row.")
    if keys.dtype.kind in "iu":
        keys = keys.astype(np.int64)
    elif keys.dtype.kind in "UO" and all(isinstance(key, str) for key in keys):
        keys = keys.astype(object)
    else:
        raise DataError("ids must be whole numbers, or all of them str, as primary keys in Milvus are.")
    ordered = np.sort(keys)
    twice = ordered[1:][ordered[1:] == ordered[:-1]]
    if len(twice):
        raise DataError(f"ids must be unique, but {twice[0]!r} occurs more than once.")
    return keys


def _ascending(keys: IdArray) -> npt.NDArray[np.intp] | None:
    """Order that makes the ids ascend, or None where they do already."""
    if bool(np.all(keys[1:] > keys[:-1])):
        return None
    return np.argsort(keys, kind="stable")


def _table(vectors: npt.ArrayLike) -> npt.NDArray[np.floating]:
    try:
        table = np.asarray(vectors)
    except ValueError:
        rows = vectors if isinstance(vectors, Iterable) else ()
        lengths = sorted({len(row) if isinstance(row, Sized) else 0 for row in rows})
        raise DataError(
            f"Vectors differ in their number of dimensions: {lengths}. They must all have the same."
        ) from None
    if table.ndim != 2 or table.shape[1] == 0:
        raise DataError(f"vectors have shape {table.shape}; it must be (rows, dimensions).")
    if table.dtype.kind not in "fiu":
        raise DataError(f"vectors are {table.dtype}; they must be numbers (float32, float16 or float64).")
    if len(table) < 2:
        raise DataError(f"There {'is 1 row' if len(table) == 1 else 'are no rows'}: neighbours need at least 2.")
    single = table.dtype.kind == "f" and table.dtype.itemsize <= 4
    return np.ascontiguousarray(table, dtype=np.float32 if single else np.float64)


def _comparable(table: npt.NDArray[np.floating], keys: IdArray | None, metric: str) -> FloatArray:
    """Vectors in float32 whose Euclidean distances are the distances of the metric."""
    names: Sequence[object]
    kind, names = ("row", range(len(table))) if keys is None else ("id", keys.tolist())
    bad = describe_bad_vectors(table, names, kind, cosine=metric == "cosine")
    if bad:
        raise DataError(f"{bad}. Leave these rows out, or embed their texts again.")
    if metric == "euclidean":
        return _single_precision(table)
    lengths = _lengths(table)
    if metric == "ip":
        far = np.flatnonzero(np.abs(lengths - 1) > 0.01)
        if len(far):
            raise InvalidParameterError(
                f"metric='ip' needs vectors of length 1; others: {named(far, names, kind)}, the first of length "
                f"{lengths[far[0]]:.4g}. Use metric='cosine', or divide each vector by its length."
            )
    if table.dtype == np.float32 and np.abs(lengths - 1).max() < 1e-6:
        return table
    unit: FloatArray = np.empty(table.shape, dtype=np.float32)
    np.divide(table, lengths[:, None], out=unit, casting="same_kind")
    return unit


def _lengths(table: npt.NDArray[np.floating]) -> npt.NDArray[np.float64]:
    from cluster_explorer._distances import measure_lengths

    lengths = np.empty(len(table))
    measure_lengths(table, lengths)
    return lengths


def _single_precision(table: npt.NDArray[np.floating]) -> FloatArray:
    if table.dtype == np.float64:
        center = table.mean(axis=0)
        # far from the origin float32 has no digits left for the distances; they do not change when all rows are moved
        if np.abs(center).max() > 1e3 * np.abs(table - center).max():
            table = table - center
    with np.errstate(over="ignore"):
        single = np.ascontiguousarray(table, dtype=np.float32)
    if not np.isfinite(single).all():
        raise DataError("Vectors hold numbers beyond float32 (3e38). Divide all of them by the same large number.")
    return single
