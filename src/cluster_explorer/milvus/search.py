"""Nearest neighbours by Milvus' own search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError

if TYPE_CHECKING:
    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback, Rows

#: Milvus' limit on the neighbours of one search, the row itself counted.
_LARGEST_LIMIT = 16_384
_QUERIES = 500
_QUERY_BYTES = 8 * 2**20
_HITS = 50_000

_MILVUS_METRIC = {"cosine": "COSINE", "euclidean": "L2", "ip": "IP"}


@dataclass(frozen=True, eq=False)
class Neighbors:
    """The nearest neighbours of every row, as Milvus finds them.

    Attributes
    ----------
    indices : ndarray of shape (n, k), int32
        Row numbers, nearest first, the row itself left out; -1 where Milvus found fewer than k.
    distances : ndarray of shape (n, k), float32
        Euclidean distance; for cosine and inner product that of the unit vectors; +inf where `indices` is -1.
    """

    indices: IntArray = field(repr=False)
    distances: FloatArray = field(repr=False)


def neighbors(
    connection: Connection,
    info: CollectionInfo,
    filter: str,  # noqa: A002 - the name Milvus gives it
    rows: Rows,
    n_neighbors: int,
    *,
    on_progress: ProgressCallback | None,
) -> Neighbors:
    """Search the neighbours of each row among the rows; see `Collection.neighbors`."""
    _check(info, rows, n_neighbors)
    vectors = _comparable(rows, info)
    n_rows = len(rows)
    indices = np.full((n_rows, n_neighbors), -1, dtype=np.int32)
    distances = np.full((n_rows, n_neighbors), np.inf, dtype=np.float32)
    batch = max(1, min(_QUERIES, _QUERY_BYTES // (4 * info.dim), _HITS // (n_neighbors + 1)))
    row_of = {key: row for row, key in enumerate(rows.ids.tolist())}
    for start in range(0, n_rows, batch):
        stop = min(start + batch, n_rows)
        hits = _search(connection, info, filter, vectors[start:stop], n_neighbors + 1)
        for row, found in zip(range(start, stop), hits, strict=True):
            # Rows that others added since the scan are not on the map; the row itself is no neighbour of its own.
            others = np.array([row_of[key] for key in found if key in row_of and row_of[key] != row], dtype=np.int32)
            # Computed anew from the vectors: an index may have rounded them, and servers round similarities near 1.
            lengths = np.linalg.norm(vectors[others] - vectors[row], axis=1)
            nearest = np.lexsort((others, lengths))[:n_neighbors]
            indices[row, : len(nearest)] = others[nearest]
            distances[row, : len(nearest)] = lengths[nearest]
        if on_progress is not None:
            on_progress(stop / n_rows)
    return Neighbors(indices=indices, distances=distances)


def _check(info: CollectionInfo, rows: Rows, n_neighbors: int) -> None:
    if not 1 <= n_neighbors < _LARGEST_LIMIT:
        raise InvalidParameterError(
            f"n_neighbors={n_neighbors} cannot be searched: choose 1 to {_LARGEST_LIMIT - 1:,}."
        )
    if info.index_metric not in (None, info.metric):
        raise InvalidParameterError(
            f"The index of collection {info.collection_name!r} compares by {info.index_metric!r}, not by metric="
            f"{info.metric!r}: its search would find other neighbours. Leave metric= out, or search in this process "
            "(neighbors='local')."
        )
    if rows.vectors is None:
        raise DataError("The rows hold no vectors to search with: scan them with vectors=True.")


def _comparable(rows: Rows, info: CollectionInfo) -> FloatArray:
    """Vectors whose Euclidean distance is the distance wanted."""
    vectors = np.asarray(rows.vectors, dtype=np.float32)
    if info.metric == "euclidean":
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if info.metric == "ip":
        if not np.allclose(lengths, 1.0, atol=1e-3):
            raise DataError(
                "Inner product is a distance between unit vectors only, and those of collection "
                f"{info.collection_name!r} have other lengths. Read them with metric='cosine' or metric='euclidean'."
            )
        return vectors
    return np.asarray(vectors / lengths, dtype=np.float32)


def _search(
    connection: Connection, info: CollectionInfo, expression: str, queries: FloatArray, limit: int
) -> list[list[Any]]:
    """Return the keys that Milvus finds for each query, nearest first."""
    with connection.calls(f"search collection {info.collection_name!r}") as client:
        answer = client.search(
            info.collection_name,
            data=list(queries),
            anns_field=info.vector_field,
            filter=expression,
            limit=limit,
            output_fields=[info.primary_field],
            search_params={"metric_type": _MILVUS_METRIC[info.metric], "params": {}},
            consistency_level="Strong",
            timeout=connection.timeout,
        )
        return [[hit[info.primary_field] for hit in hits] for hits in answer]
