"""Nearest neighbours by Milvus' own search."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.milvus.lookup import rows_by_key

if TYPE_CHECKING:
    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback, Rows

#: Milvus' limit on the neighbours of one search, the row itself counted.
_LARGEST_LIMIT = 16_384
_QUERIES = 500
_QUERY_BYTES = 8 * 2**20
_HITS = 50_000

#: A neighbour that is missed changes clusters: searches look further than Milvus' defaults, which are for first pages.
_LEAST_EF = 64
_NPROBE = 32

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
    _check(info, n_neighbors)
    held = None if rows.vectors is None else _comparable(rows.vectors, info)
    keys = rows.ids.tolist()
    row_of = {key: row for row, key in enumerate(keys)}
    indices = np.full((len(rows), n_neighbors), -1, dtype=np.int32)
    distances = np.full((len(rows), n_neighbors), np.inf, dtype=np.float32)
    batch = max(1, min(_QUERIES, _QUERY_BYTES // (4 * info.dim), _HITS // (n_neighbors + 1)))
    for start in range(0, len(rows), batch):
        asked = list(range(start, min(start + batch, len(rows))))
        if held is None:
            asked, queries = _stored_vectors(connection, info, asked, keys)
        else:
            queries = held[asked]
        answer = _search(connection, info, filter, queries, n_neighbors + 1, fresh=start == 0) if len(queries) else []
        for row, hits in zip(asked, answer, strict=True):
            # Rows that others added since the scan are not on the map; the row itself is no neighbour of its own.
            # A key that was inserted twice is one row, and one neighbour.
            known = {row_of[key]: value for key, value in hits if key in row_of and row_of[key] != row}
            others = np.array(list(known), dtype=np.int32)
            if held is None:
                lengths = _distances(np.array(list(known.values()), dtype=np.float32), info)
            else:
                # Computed anew from the vectors: an index may have rounded them, and similarities near 1 are coarse.
                lengths = np.linalg.norm(held[others] - held[row], axis=1)
            nearest = np.lexsort((others, lengths))[:n_neighbors]
            indices[row, : len(nearest)] = others[nearest]
            distances[row, : len(nearest)] = lengths[nearest]
        if on_progress is not None:
            on_progress(min(1.0, (start + batch) / len(rows)))
    return Neighbors(indices=indices, distances=distances)


def _check(info: CollectionInfo, n_neighbors: int) -> None:
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


def _comparable(vectors: FloatArray, info: CollectionInfo) -> FloatArray:
    """Return vectors whose Euclidean distance is the distance wanted."""
    if info.metric == "euclidean":
        return vectors
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    if info.metric == "cosine":
        return np.asarray(vectors / lengths, dtype=np.float32)
    if not np.allclose(lengths, 1.0, atol=1e-3):
        raise DataError(
            "Inner product is a distance between unit vectors only, and those of collection "
            f"{info.collection_name!r} have other lengths. Read them with metric='cosine' or metric='euclidean'."
        )
    return vectors


def _distances(values: FloatArray, info: CollectionInfo) -> FloatArray:
    """Turn what Milvus returns into distances: squared ones for L2, similarities of unit vectors otherwise."""
    squared = values if info.metric == "euclidean" else 2 - 2 * values
    return np.sqrt(np.maximum(squared, 0), dtype=np.float32)


def _effort(info: CollectionInfo, limit: int) -> dict[str, int]:
    """Return how widely an approximate index searches; an index that chooses itself is left alone."""
    index_type = info.index_type or ""
    if index_type.startswith("HNSW"):
        return {"ef": max(_LEAST_EF, 2 * limit)}
    if index_type.startswith("IVF"):
        return {"nprobe": _NPROBE}
    return {}


def _stored_vectors(
    connection: Connection, info: CollectionInfo, asked: list[int], keys: list[Any]
) -> tuple[list[int], FloatArray]:
    """Read the vectors of some rows; return the rows that are still there, and their comparable vectors."""
    found = rows_by_key(
        connection, info.collection_name, info.primary_field, [keys[row] for row in asked], [info.vector_field]
    )
    vectors = {key: row[info.vector_field] for key, row in found.items()}
    there = [row for row in asked if keys[row] in vectors]
    if not there:
        return [], np.empty((0, info.dim), dtype=np.float32)
    return there, _comparable(np.array([vectors[keys[row]] for row in there], dtype=np.float32), info)


def _search(
    connection: Connection, info: CollectionInfo, expression: str, queries: FloatArray, limit: int, *, fresh: bool
) -> list[list[tuple[Any, float]]]:
    """Return the keys that Milvus finds for each query, and its measure for each, nearest first."""
    answer = connection.run(
        f"search collection {info.collection_name!r}",
        lambda client: client.search(
            info.collection_name,
            data=list(queries),
            anns_field=info.vector_field,
            filter=expression,
            limit=limit,
            output_fields=[info.primary_field],
            search_params={"metric_type": _MILVUS_METRIC[info.metric], "params": _effort(info, limit)},
            # A server that has once seen all that was written before need not wait for that again: 0.2 to 0.5 s a call.
            consistency_level="Strong" if fresh else "Bounded",
            timeout=connection.timeout,
        ),
    )
    return [[(hit[info.primary_field], hit["distance"]) for hit in hits] for hits in answer]
