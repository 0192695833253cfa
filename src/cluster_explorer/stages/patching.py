"""What changed in a collection since it was read, taken into a graph that stands: only what is touched is searched."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer._inputs import as_comparable, as_table
from cluster_explorer.stages.graph import graph_from_neighbors, slice_graph
from cluster_explorer.values import NeighborLists, part_of
from cluster_explorer.vectors import digests_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import (
        FloatArray,
        IdArray,
        IntArray,
        KnnGraph,
        ProgressCallback,
        Rows,
        RowSearch,
    )

#: Rows searched between two reports of progress.
_BATCH = 4_096
#: Neighbours asked for beyond those that are kept: what faiss measures is rounded, and ties are broken by key later.
_SPARE = 8
#: Where Milvus searches, a row that is among this many times as many neighbours of a new one may have gained it.
_REACH = 4


@dataclass(frozen=True, eq=False)
class RowChanges:
    """Which rows are the same as before.

    Attributes
    ----------
    old_of : ndarray of shape (n,), int32
        For each present row: its row number before; -1 where it is new, or its vector is.
    new_of : ndarray of shape (m,), int32
        For each earlier row: its row number now; -1 where it has gone, or its vector has.
    n_added, n_removed, n_changed : int
        Rows that came, that went, and whose vector or text is another.
    """

    old_of: IntArray = field(repr=False)
    new_of: IntArray = field(repr=False)
    n_added: int = 0
    n_removed: int = 0
    n_changed: int = 0

    @property
    def n_moved(self) -> int:
        """Rows that are new, or whose vector is."""
        return int((self.old_of < 0).sum())

    @property
    def sentence(self) -> str:
        """What changed, to read.

        Examples
        --------
        >>> RowChanges(np.array([0, -1]), np.array([0]), n_added=1).sentence
        '1 row added.'
        """
        counts = [(self.n_added, "added"), (self.n_changed, "changed"), (self.n_removed, "deleted")]
        said = [f"{count:,} {what}" for count, what in counts if count]
        if not said:
            return "Nothing has changed in the collection."
        first = next(count for count, _ in counts if count)
        said[0] = said[0].replace(" ", " row " if first == 1 else " rows ", 1)
        return f"{', '.join(said)}."


def compare_rows(before: Rows, after: Rows) -> RowChanges:
    """Find the rows that are the same, by key and content.

    Vectors, or their digests, and texts are compared where both are held; otherwise rows of the same key count as the
    same.

    Parameters
    ----------
    before, after : Rows

    Returns
    -------
    RowChanges

    Examples
    --------
    >>> from cluster_explorer.values import Rows
    >>> before = Rows(np.array([1, 2, 3]), np.eye(3, dtype=np.float32))
    >>> after = Rows(np.array([2, 3, 4]), np.array([[0, 1, 0], [1, 1, 1], [0, 0, 1]], dtype=np.float32))
    >>> changes = compare_rows(before, after)
    >>> changes.old_of.tolist(), changes.sentence
    ([1, -1, -1], '1 row added, 1 changed, 1 deleted.')
    """
    both, old, new = np.intersect1d(before.ids, after.ids, assume_unique=True, return_indices=True)
    moved = np.zeros(len(both), dtype=bool)
    if before.vectors is not None and after.vectors is not None:
        moved = ~_equal_rows(before.vectors, after.vectors, old, new)
    else:
        # one may have held vectors where the other, grown beyond what is held, has looked at them
        digests = _digests(before), _digests(after)
        if digests[0] is not None and digests[1] is not None:
            moved = digests[0][old] != digests[1][new]
    reworded = np.zeros(len(both), dtype=bool)
    if before.texts is not None and after.texts is not None:
        reworded = before.texts[old] != after.texts[new]
    old_of = np.full(len(after), -1, dtype=np.int32)
    new_of = np.full(len(before), -1, dtype=np.int32)
    old_of[new[~moved]] = old[~moved]
    new_of[old[~moved]] = new[~moved]
    return RowChanges(
        old_of,
        new_of,
        n_added=len(after) - len(both),
        n_removed=len(before) - len(both),
        n_changed=int((moved | reworded).sum()),
    )


def _digests(rows: Rows) -> npt.NDArray[np.int64] | None:
    return rows.digests if rows.vectors is None else digests_of(rows.vectors)


def _equal_rows(
    before: FloatArray, after: FloatArray, old: npt.NDArray[Any], new: npt.NDArray[Any]
) -> npt.NDArray[np.bool_]:
    if before.shape[1] != after.shape[1]:
        return np.zeros(len(old), dtype=bool)
    same = np.empty(len(old), dtype=bool)
    for start in range(0, len(old), _BATCH):
        part = slice(start, start + _BATCH)
        same[part] = (before[old[part]] == after[new[part]]).all(axis=1)
    return same


def patch_graph(
    graph: KnnGraph,
    ids: IdArray,
    vectors: FloatArray,
    changes: RowChanges,
    *,
    on_progress: ProgressCallback | None = None,
) -> KnnGraph:
    """Take added, changed and deleted rows into a graph; only what they touch is searched.

    New rows are searched among all; rows that stay are compared with the new ones alone; rows that had one in their
    list that has gone are searched again. Of an exhaustive graph the outcome is the exhaustive graph of the present
    rows.

    Parameters
    ----------
    graph : KnnGraph
        Of the earlier rows.
    ids : ndarray of shape (n,)
        Present primary keys, ascending.
    vectors : ndarray of shape (n, d), float32
        Present vectors, as stored.
    changes : RowChanges
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise to stop.

    Returns
    -------
    KnnGraph
        With as many neighbours of each row.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> from cluster_explorer.values import Rows
    >>> points = np.array([[0.0], [1.0], [5.0], [5.5]], dtype=np.float32)
    >>> before, after = Rows(np.array([1, 2, 3]), points[:3]), Rows(np.array([1, 2, 3, 4]), points)
    >>> graph = knn_graph(points[:3], 1, "euclidean", before.ids)
    >>> patch_graph(graph, after.ids, points, compare_rows(before, after)).indices.ravel().tolist()
    [1, 0, 3, 2]
    """
    k = min(graph.n_neighbors, len(ids) - 1)
    table = as_comparable(as_table(vectors), ids, graph.metric)
    touched = _touched(graph, changes)
    added, stayed, lists = touched.added, touched.stayed, touched.lists
    searched = np.sort(np.concatenate([touched.orphans, added]))
    compared = len(stayed) if len(added) else 0
    searching = len(searched) / max(1, len(searched) + compared)
    width = max(lists.shape[1], k) + k + _SPARE
    candidates = np.full((len(ids), width), -1, dtype=np.int32)
    candidates[stayed, : lists.shape[1]] = lists
    found = _nearest(table, table[searched], k + 1 + _SPARE, part_of(on_progress, 0.0, searching))
    candidates[searched, : found.shape[1]] = found
    if len(added) and len(stayed):
        near = _nearest(table[added], table[stayed], k, part_of(on_progress, searching, 1.0))
        candidates[stayed, lists.shape[1] : lists.shape[1] + near.shape[1]] = added[near]
    patched = graph_from_neighbors(
        ids, candidates, np.zeros(candidates.shape, dtype=np.float32), graph.metric, vectors, exact=graph.exact
    )
    # as made of the same rows: never wider than there are others
    patched = slice_graph(patched, min(k, patched.n_neighbors))
    return replace(patched, recall=graph.recall)


def patch_searched_graph(
    graph: KnnGraph,
    ids: IdArray,
    changes: RowChanges,
    search: RowSearch,
    *,
    most_neighbors: int | None = None,
    on_progress: ProgressCallback | None = None,
) -> KnnGraph:
    """Take changes into a graph whose vectors are not held: others search, but no more rows than are touched.

    New rows, and rows that had one in their list that has gone, are searched. Rows that stay gain a new one where they
    are among its four times as many nearest, or as many as can be searched: an outlier that a crowd of new rows came
    nearest to may be missed until the next whole search, as an approximate index may miss it too.

    Parameters
    ----------
    graph : KnnGraph
        Of the earlier rows.
    ids : ndarray of shape (n,)
        Present primary keys, ascending.
    changes : RowChanges
    search : RowSearch
        Finds the nearest rows of some of the present ones.
    most_neighbors : int, optional
        As many neighbours of a row as `search` can find at once.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise to stop.

    Returns
    -------
    KnnGraph
        With as many neighbours of each row.

    Examples
    --------
    >>> from cluster_explorer import graph_from_neighbors
    >>> from cluster_explorer.values import NeighborLists, Rows
    >>> before, after = Rows(np.array([1, 2, 3]), None), Rows(np.array([1, 2, 3, 4]), None)
    >>> graph = graph_from_neighbors(before.ids, [[1], [0], [1]], [[1.0], [1.0], [4.0]], "euclidean")
    >>> def search(rows, n_neighbors, on_progress=None):  # there were 0.0, 1.0 and 5.0, and the new row is 5.5
    ...     return NeighborLists(np.array([[2, 1, 0]]), np.array([[0.5, 4.5, 5.5]]))
    >>> patch_searched_graph(graph, after.ids, compare_rows(before, after), search).indices.ravel().tolist()
    [1, 0, 3, 2]
    """
    k = min(graph.n_neighbors, len(ids) - 1)
    touched = _touched(graph, changes)
    width = min(_REACH * k, len(ids) - 1)
    if most_neighbors is not None:
        # what is kept is asked for all the same: who searches says why it cannot be found
        width = max(k, min(width, most_neighbors))
    searching = len(touched.orphans) / max(1, len(touched.orphans) + len(touched.added))
    patched = NeighborLists.empty(len(ids), k)
    patched.indices[touched.stayed] = touched.lists[:, :k]
    patched.distances[touched.stayed] = graph.distances[changes.old_of[touched.stayed], :k]

    if len(touched.orphans):
        found = search(touched.orphans, k, on_progress=part_of(on_progress, 0.0, searching))
        patched.indices[touched.orphans], patched.distances[touched.orphans] = found.indices, found.distances
    if len(touched.added):
        near = search(touched.added, width, on_progress=part_of(on_progress, searching, 1.0))
        patched.indices[touched.added], patched.distances[touched.added] = near.indices[:, :k], near.distances[:, :k]
        _give(patched, touched, near)
    return graph_from_neighbors(ids, patched.indices, patched.distances, graph.metric)


def _give(patched: NeighborLists, touched: _Touched, near: NeighborLists) -> None:
    """Put new rows into the lists of the rows that stayed, wherever they are nearer than the last in there."""
    k = patched.indices.shape[1]
    gains = np.zeros(len(patched.indices), dtype=bool)
    gains[touched.stayed] = True
    gained = (near.indices >= 0) & gains[near.indices] & (near.distances < patched.distances[near.indices, -1])
    rows, new = near.indices[gained], np.repeat(touched.added, gained.sum(axis=1))
    changed = np.unique(rows)
    owner = np.concatenate([np.repeat(changed, k), rows])
    other = np.concatenate([patched.indices[changed].ravel(), new]).astype(np.int32)
    length = np.concatenate([patched.distances[changed].ravel(), near.distances[gained]])
    order = np.lexsort((other, length, owner))
    owner, other, length = owner[order], other[order], length[order]
    place = np.arange(len(owner)) - np.searchsorted(owner, owner)
    kept = place < k
    patched.indices[owner[kept], place[kept]] = other[kept]
    patched.distances[owner[kept], place[kept]] = length[kept]


@dataclass(frozen=True, eq=False)
class _Touched:
    """What changes mean for the lists of a graph.

    `added` rows are new, `orphans` have lost a neighbour, and `stayed` still have theirs: in `lists`, by present row.
    """

    added: IntArray
    orphans: IntArray
    stayed: IntArray
    lists: IntArray


def _touched(graph: KnnGraph, changes: RowChanges) -> _Touched:
    kept = np.flatnonzero(changes.old_of >= 0).astype(np.int32)
    before = graph.indices[changes.old_of[kept]]
    lists = _renumbered(before, changes.new_of)
    # where there were fewer rows than neighbours, and now there are more, whole lists may have to grow
    lost = (lists < 0).sum(axis=1) > (before < 0).sum(axis=1)
    added = np.flatnonzero(changes.old_of < 0).astype(np.int32)
    return _Touched(added, kept[lost], kept[~lost], lists[~lost])


def _renumbered(indices: IntArray, new_of: IntArray) -> IntArray:
    """Put present row numbers for earlier ones; -1 stays, and is what has gone becomes."""
    return np.append(new_of, np.int32(-1))[indices]


def _nearest(table: FloatArray, queries: FloatArray, k: int, on_progress: ProgressCallback) -> IntArray:
    """Search exhaustively; columns of row numbers of `table`, nearest first."""
    import faiss

    k = min(k, len(table))
    found = np.empty((len(queries), k), dtype=np.int32)
    index = faiss.IndexFlatL2(table.shape[1])
    index.add(np.ascontiguousarray(table))
    for start in range(0, len(queries), _BATCH):
        on_progress(start / len(queries))
        part = slice(start, start + _BATCH)
        found[part] = index.search(np.ascontiguousarray(queries[part]), k)[1]
    return found
