"""What the stages are given, checked: numbers in range, keys that are unique, vectors that can be compared."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sized
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError, available
from cluster_explorer.vectors import describe_bad_vectors, named

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IdArray

_METRICS = {"cosine": "cosine", "euclidean": "euclidean", "l2": "euclidean", "ip": "ip"}


def whole_number(name: str, value: object, *, least: int) -> int:
    """Return a parameter that must be a whole number, at least so large."""
    if isinstance(value, bool) or not isinstance(value, Integral) or value < least:
        raise InvalidParameterError(f"{name}={value!r} must be a whole number of at least {least}.")
    return int(value)


def length(name: str, value: object) -> float:
    """Return a parameter that must be a distance."""
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) < math.inf:
        raise InvalidParameterError(f"{name}={value!r} must be a distance: a number of at least 0.")
    return float(value)


def metric_name(metric: str) -> str:
    """Return the name that is used here; Milvus's spellings are understood."""
    found = _METRICS.get(metric.lower()) if isinstance(metric, str) else None
    if found is None:
        raise InvalidParameterError(f"metric={metric!r} is not known. {available(['cosine', 'euclidean', 'ip'])}")
    return found


def primary_keys(ids: npt.ArrayLike | None, n: int) -> IdArray:
    """Return the ids of n rows: int64, or str in an array of objects; row numbers where none are given."""
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


def as_table(vectors: npt.ArrayLike) -> npt.NDArray[np.floating]:
    """Return vectors as a table of float32, or of float64 where they hold more than that."""
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


def as_comparable(table: npt.NDArray[np.floating], keys: IdArray | None, metric: str) -> FloatArray:
    """Return vectors in float32 whose Euclidean distances are the distances of the metric."""
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
    from cluster_explorer._kernels.neighbors.distances import measure_lengths

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
