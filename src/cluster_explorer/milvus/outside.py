"""The rows nearest to a component of a graph, by Milvus' filtered search: what joins it where no vectors are held."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.milvus.distances import true_distances
from cluster_explorer.milvus.expressions import both, none_of, one_of
from cluster_explorer.milvus.search import LARGEST_LIMIT, KeyIndex
from cluster_explorer.values import NeighborLists

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.milvus.search import Searcher
    from cluster_explorer.values import IntArray, OutsideSearch, Rows

_QUERIES = 500
_QUERY_BYTES = 8 * 2**20
_HITS = 50_000


def outside_search(searcher: Searcher, rows: Rows) -> OutsideSearch:
    """Return a search for the rows that are nearest to a component; see `Collection.outside_search`."""
    info = searcher.info
    ids = rows.ids
    key_index = KeyIndex(ids)

    def nearest(asked: IntArray, outside: str, n_neighbors: int) -> dict[int, dict[int, float]]:
        """Search until each row has its neighbours, or Milvus has no more: rows added since the scan do not count."""
        places, queries = searcher.stored_vectors(ids[asked].tolist())
        there = asked[places]
        limit = n_neighbors
        found: dict[int, dict[int, float]] = {}
        while len(there):
            hits = searcher.search(queries, limit, filter=outside, far=True)
            ends = np.cumsum(hits.counts)[:-1]
            others, values = np.split(key_index.rows(hits.keys), ends), np.split(hits.values, ends)
            known = [
                {row: value for row, value in zip(some.tolist(), measures.tolist(), strict=True) if row >= 0}
                for some, measures in zip(others, values, strict=True)
            ]
            found.update(zip(there.tolist(), known, strict=True))
            if limit == LARGEST_LIMIT:
                break
            again = np.flatnonzero((np.array([len(some) for some in known]) < n_neighbors) & (hits.counts >= limit))
            there, queries = there[again], queries[again]
            limit = min(2 * limit, LARGEST_LIMIT)
        return found

    def search(rows: IntArray, component: IntArray, n_neighbors: int) -> NeighborLists:
        indices = np.full((len(rows), n_neighbors), -1, dtype=np.int32)
        distances = np.full((len(rows), n_neighbors), np.inf, dtype=np.float32)
        batch = max(1, min(_QUERIES, _QUERY_BYTES // (4 * info.dim), _HITS // n_neighbors))
        for one in np.unique(component[rows]):
            members = component == one
            outside = both(searcher.filter, _all_but(members, ids, info.primary_field))
            places = np.flatnonzero(component[rows] == one)
            for start in range(0, len(places), batch):
                asked = {int(rows[place]): place for place in places[start : start + batch]}
                for row, hits in nearest(np.array(list(asked), dtype=np.int32), outside, n_neighbors).items():
                    lengths = true_distances(np.array(list(hits.values()), dtype=np.float32), info)
                    others = np.array(list(hits), dtype=np.int32)
                    closest = np.lexsort((others, lengths))[:n_neighbors]
                    indices[asked[row], : len(closest)] = others[closest]
                    distances[asked[row], : len(closest)] = lengths[closest]
        return NeighborLists(indices, distances)

    return search


def _all_but(members: npt.NDArray[np.bool_], ids: npt.NDArray[Any], primary_field: str) -> str:
    """Write the filter for all rows but those of a component, the shorter way."""
    if members.sum() <= len(ids) / 2:
        return none_of(primary_field, ids[members].tolist())
    return one_of(primary_field, ids[~members].tolist())
