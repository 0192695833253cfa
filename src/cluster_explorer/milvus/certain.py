"""Neighbours by an index that compares every pair, and whether none can be missing from what it found."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.milvus.search import LARGEST_LIMIT
from cluster_explorer.values import NeighborLists

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.milvus.collection import Collection
    from cluster_explorer.milvus.schema import CollectionInfo
    from cluster_explorer.values import ProgressCallback, Rows

#: Neighbours to ask for beyond those wanted: rounding may put a few that are nearly as near into each other's places.
SPARE = 5
#: Where that is not enough (copies of a text are all as near), so many times as many are asked for, in all this many.
_MORE, _MOST_HITS = 4, 2_000_000


@dataclass(frozen=True, eq=False)
class CertainLists:
    """Neighbours of all rows.

    Attributes
    ----------
    lists : NeighborLists
    exact : bool
        Whether no row outside a list is nearer than the last one in it.
    """

    lists: NeighborLists = field(repr=False)
    exact: bool


def compares_every_pair(info: CollectionInfo) -> bool:
    """Whether a search misses nothing but for rounding, and that is small: the index is FLAT, over single precision.

    Milvus scans the whole collection then [1]_, and makes no approximate index of segments that still grow, as it does
    for other indexes; Milvus Lite compares every pair as well.

    References
    ----------
    .. [1] https://milvus.io/docs/flat.md: "100% recall, as every potential match is evaluated".
    """
    return info.index_type == "FLAT" and info.vector_type == "FLOAT_VECTOR"


def certain_neighbors(
    collection: Collection, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None
) -> CertainLists:
    """Search the neighbours of every row by an index that compares every pair, and see whether none can be missing.

    What Milvus measures is rounded, and the collection may have changed since it was read. Both shows in what it finds:
    distances are measured again from the vectors that are held, rows that were added take the places of others, and
    one that was deleted does not find itself.

    Parameters
    ----------
    collection : Collection
        With an index that compares every pair.
    rows : Rows
        With their vectors.
    n_neighbors : int
        Neighbours of each row, at most `LARGEST_LIMIT` - 1.
    on_progress : callable, optional
        Told the share of the rows searched, 0 to 1; may raise to stop.

    Returns
    -------
    CertainLists
    """
    width = max(n_neighbors, min(n_neighbors + SPARE, LARGEST_LIMIT - 1))
    found = collection.neighbors(rows, width, on_progress=on_progress)
    lists = NeighborLists(found.indices[:, :n_neighbors].copy(), found.distances[:, :n_neighbors].copy())
    rounding = np.inf if found.rounding is None else found.rounding
    asked = np.arange(len(rows), dtype=np.int32)
    while True:
        n_listed = (found.indices >= 0).sum(axis=1)
        all_listed = n_listed == len(rows) - 1
        if not np.isfinite(rounding) or (~all_listed & (n_listed < width)).any():
            return CertainLists(lists, exact=False)
        asked = asked[~(all_listed | _apart(found, n_neighbors, rounding))]
        width = min(_MORE * width, LARGEST_LIMIT - 1)
        if not len(asked) or width * len(asked) > _MOST_HITS or width == found.indices.shape[1]:
            return CertainLists(lists, exact=not len(asked))
        found = collection.neighbors(rows, width, asked)
        lists.indices[asked], lists.distances[asked] = found.indices[:, :n_neighbors], found.distances[:, :n_neighbors]
        rounding = max(rounding, np.inf if found.rounding is None else found.rounding)


def _apart(found: NeighborLists, n_neighbors: int, rounding: float) -> npt.NDArray[np.bool_]:
    """Tell the lists whose last row lies further away than the last that is wanted, by more than rounding can hide."""
    last, farthest = (np.square(found.distances[:, place], dtype=np.float64) for place in (n_neighbors - 1, -1))
    # on either side, and twice over: what is missing may be rounded more than what was seen
    apart: npt.NDArray[np.bool_] = (last == 0) | (farthest > last + 4 * rounding)
    return apart
