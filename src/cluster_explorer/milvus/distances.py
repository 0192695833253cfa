"""What Milvus measures, and the true distances it stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError

if TYPE_CHECKING:
    from cluster_explorer.milvus.schema import CollectionInfo
    from cluster_explorer.values import FloatArray

#: Milvus' names of our metrics.
MILVUS_METRIC = {"cosine": "COSINE", "euclidean": "L2", "ip": "IP"}


def check_metric(info: CollectionInfo) -> None:
    """Check that the index compares as the user wants it.

    Raises
    ------
    InvalidParameterError
        When it does not: Milvus would answer with wrong numbers, and silently.
    """
    if info.index_metric not in (None, info.metric):
        raise InvalidParameterError(
            f"The index of collection {info.collection_name!r} compares by {info.index_metric!r}, not by metric="
            f"{info.metric!r}: its search would find other neighbours. Leave metric= out, or search in this process "
            "(neighbors='faiss')."
        )


def comparable(vectors: FloatArray, info: CollectionInfo) -> FloatArray:
    """Return vectors whose Euclidean distance is the distance wanted.

    Raises
    ------
    DataError
        When the metric is inner product and they are not of unit length.
    """
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


def searched_metric(info: CollectionInfo) -> str:
    """Return the metric that a search uses: that of the index, where there is one; Milvus knows no other then."""
    return info.index_metric or info.metric


def squared_distances(values: FloatArray, info: CollectionInfo) -> FloatArray:
    """Turn what Milvus returns into squared distances: it is those for L2, similarities of unit vectors otherwise."""
    return values if searched_metric(info) == "euclidean" else 2 - 2 * values


def true_distances(values: FloatArray, info: CollectionInfo) -> FloatArray:
    """Turn what Milvus returns into distances."""
    return np.sqrt(np.maximum(squared_distances(values, info), 0), dtype=np.float32)
