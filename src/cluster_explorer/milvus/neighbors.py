"""Nearest neighbours of every row by Milvus' own search: in batches, several in flight, resumable."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import InvalidParameterError, MessageTooLargeError, RequestRefusedError
from cluster_explorer.milvus.distances import check_metric, comparable, squared_distances, true_distances
from cluster_explorer.milvus.search import LARGEST_LIMIT, Hits, KeyIndex
from cluster_explorer.stopping import answer_of, aside
from cluster_explorer.values import NeighborLists

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Future

    import numpy.typing as npt

    from cluster_explorer.milvus.search import Searcher
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback, Rows

_QUERIES = 500
_QUERY_BYTES = 8 * 2**20
_HITS = 50_000
#: Batches under way at once: while one answer is decoded here, the server works on the next.
IN_FLIGHT = 3


class NeighborSearch:
    """A search that may be interrupted and goes on from what was found.

    Parameters
    ----------
    searcher : Searcher
        Of the collection that the rows are from.
    rows : Rows
        As scanned. Without vectors, those are read from Milvus batch by batch, so that memory stays bounded.
    n_neighbors : int
        Neighbours of each row, itself not counted; 1 to 16,383.
    wanted : ndarray of shape (m,), int32, optional
        The rows whose neighbours are searched, among all; every row when left out.

    Raises
    ------
    InvalidParameterError
        When `n_neighbors` is out of range, or the index compares by another metric than the one wanted.
    DataError
        When the metric is inner product and the vectors are not of unit length.
    """

    #: Milvus counts the row itself, which is searched for and found too.
    most_neighbors = LARGEST_LIMIT - 1

    def __init__(self, searcher: Searcher, rows: Rows, n_neighbors: int, wanted: IntArray | None = None) -> None:
        if not 1 <= n_neighbors <= self.most_neighbors:
            raise InvalidParameterError(
                f"n_neighbors={n_neighbors} cannot be searched: choose 1 to {self.most_neighbors:,}."
            )
        check_metric(searcher.info)
        self._searcher = searcher
        self._rows = rows
        self._wanted = np.arange(len(rows), dtype=np.int32) if wanted is None else wanted
        self._held = None if rows.vectors is None else comparable(rows.vectors, searcher.info)
        self._by_id = self._held is None and searcher.can_search_by_id()
        self._key_index = KeyIndex(rows.ids)
        self._done = np.zeros(len(self._wanted), dtype=bool)
        self._found = NeighborLists.empty(len(self._wanted), n_neighbors)
        self._rounding = None if self._held is None else 0.0

    @property
    def _n_neighbors(self) -> int:
        return int(self._found.indices.shape[1])

    @property
    def done(self) -> float:
        """Share of the rows that have been searched, 0 to 1."""
        return float(self._done.mean()) if len(self._done) else 1.0

    def answers(self, rows: Rows, n_neighbors: int, wanted: IntArray | None = None) -> bool:
        """Whether this is a search for the neighbours of these rows."""
        return (
            n_neighbors == self._n_neighbors
            and np.array_equal(self._rows.ids, rows.ids)
            and np.array_equal(self._wanted, np.arange(len(rows)) if wanted is None else wanted)
            and _same(self._rows.vectors, rows.vectors)
            and _same(self._rows.digests, rows.digests)
        )

    def run(self, on_progress: ProgressCallback | None) -> NeighborLists:
        """Search the rows that have not been searched yet; what was found stays when it is interrupted."""
        # Not a pool: when the process ends it would wait for its threads, whose answers nobody wants any more.
        waiting: deque[tuple[IntArray, Future[NeighborLists]]] = deque()
        for place, batch in enumerate(self._batches()):
            # The first call waits for all that was written before; the others need not, and follow it.
            if len(waiting) == (1 if place == 1 else IN_FLIGHT):
                self._take(*waiting.popleft(), on_progress)
            waiting.append((batch, aside(partial(self._lists, self._wanted[batch], fresh=place == 0))))
        while waiting:
            self._take(*waiting.popleft(), on_progress)
        return replace(self._found, rounding=self._rounding)

    def _batches(self) -> Iterator[IntArray]:
        limit = self._n_neighbors + 1
        size = max(1, min(_QUERIES, _QUERY_BYTES // (4 * self._searcher.info.dim), _HITS // limit))
        left = np.flatnonzero(~self._done).astype(np.int32)
        for start in range(0, len(left), size):
            yield left[start : start + size]

    def _take(self, batch: IntArray, answer: Future[NeighborLists], on_progress: ProgressCallback | None) -> None:
        lists = answer_of(answer)
        self._found.indices[batch], self._found.distances[batch] = lists.indices, lists.distances
        self._rounding = _larger(self._rounding, lists.rounding)
        self._done[batch] = True
        if on_progress is not None:
            on_progress(self.done)

    def _lists(self, batch: IntArray, *, fresh: bool) -> NeighborLists:
        """Search some rows, in halves where that is too much for one message."""
        try:
            return self._search(batch, fresh=fresh)
        except MessageTooLargeError:
            if len(batch) == 1:
                raise
            halves = [self._lists(half, fresh=fresh) for half in np.array_split(batch, 2)]
            return NeighborLists(
                np.concatenate([half.indices for half in halves]),
                np.concatenate([half.distances for half in halves]),
                _larger(*(half.rounding for half in halves)),
            )

    def _search(self, batch: IntArray, *, fresh: bool) -> NeighborLists:
        limit = self._n_neighbors + 1
        if self._held is not None:
            return self._sorted(batch, self._searcher.search(self._held[batch], limit, fresh=fresh))
        keys = self._rows.ids[batch].tolist()
        if self._by_id:
            try:
                return self._sorted(batch, self._searcher.search_by_id(keys, limit, fresh=fresh))
            except RequestRefusedError:
                # servers refuse the whole batch when one of its rows has been deleted
                pass
        places, queries = self._searcher.stored_vectors(keys)
        lists = NeighborLists.empty(len(batch), limit - 1)
        if len(places):
            found = self._sorted(batch[places], self._searcher.search(queries, limit, fresh=fresh))
            lists.indices[places], lists.distances[places] = found.indices, found.distances
        return lists

    def _sorted(self, batch: IntArray, hits: Hits) -> NeighborLists:
        """Arrange what was found into lists, nearest first.

        Rows that others added since the scan are not on the map; the row itself is no neighbour of its own. A key that
        was inserted twice is one row, and one neighbour. A row that finds others than its copies, but not itself, has
        been deleted.
        """
        query = np.repeat(np.arange(len(batch), dtype=np.int32), hits.counts)
        row = self._key_index.rows(hits.keys)
        finds_itself = np.zeros(len(batch), dtype=bool)
        finds_itself[query[row == batch[query]]] = True
        known = np.flatnonzero((row >= 0) & (row != batch[query]))
        query, row, values = query[known], row[known], hits.values[known]
        rounding: float | None = None
        if self._held is None:
            lengths = true_distances(values, self._searcher.info)
        else:
            # Computed anew: an index may have rounded the vectors, and similarities near 1 are coarse.
            lengths = _measured(self._held, batch[query], row)
            squared = squared_distances(values, self._searcher.info)
            all_there = finds_itself[query[lengths > 0]].all()
            rounding = _rounding(squared, lengths) if all_there else np.inf
        order = np.lexsort((lengths, row, query))
        query, row, lengths = query[order], row[order], lengths[order]
        if len(query):
            first = np.append(True, (query[1:] != query[:-1]) | (row[1:] != row[:-1]))
            query, row, lengths = query[first], row[first], lengths[first]
        order = np.lexsort((row, lengths, query))
        query, row, lengths = query[order], row[order], lengths[order]
        place = np.arange(len(query)) - np.searchsorted(query, query)
        lists = NeighborLists.empty(len(batch), self._n_neighbors)
        kept = place < self._n_neighbors
        lists.indices[query[kept], place[kept]] = row[kept]
        lists.distances[query[kept], place[kept]] = lengths[kept]
        return replace(lists, rounding=rounding)


def _same(before: npt.NDArray[Any] | None, after: npt.NDArray[Any] | None) -> bool:
    return before is after or (before is not None and after is not None and np.array_equal(before, after))


def _measured(vectors: FloatArray, rows: IntArray, others: IntArray) -> npt.NDArray[np.float32]:
    difference = vectors[others]
    difference -= vectors[rows]
    squared: npt.NDArray[np.float32] = np.einsum("ij,ij->i", difference, difference)
    return np.sqrt(squared)


def _rounding(squared: FloatArray, lengths: FloatArray) -> float:
    """Return by how much squared distances as an index has them differ from the true ones, at most."""
    return float(np.abs(squared - np.square(lengths, dtype=np.float64)).max(initial=0.0))


def _larger(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else max(one, other)
