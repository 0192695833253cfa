"""Milvus' search: queries in, keys and measures out."""

from __future__ import annotations

import inspect
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.milvus.distances import MILVUS_METRIC, comparable, searched_metric
from cluster_explorer.milvus.lookup import rows_by_key
from cluster_explorer.milvus.vector_types import float_vectors, query_vectors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cluster_explorer.milvus.connection import Connection, MilvusClient
    from cluster_explorer.milvus.schema import CollectionInfo
    from cluster_explorer.values import FloatArray, IdArray, IntArray

#: Milvus' limit on the neighbours of one search, the row itself counted.
LARGEST_LIMIT = 16_384

#: A neighbour that is missed changes clusters: searches look further than Milvus' defaults, which are for first pages.
_LEAST_EF = 64
_NPROBE = 32
#: Rows outside a component may lie far from it: an index must look further still to reach any.
_LEAST_EF_FAR = 512
_NPROBE_FAR = 1024

#: The first version of the server that searches for what lies near a row, given its key.
_SEARCHES_BY_ID = (2, 6, 9)


@dataclass(frozen=True, eq=False)
class Hits:
    """What a search found, query after query, nearest first.

    Attributes
    ----------
    keys : ndarray of shape (m,)
        Primary keys, int64 or (dtype object) str.
    values : ndarray of shape (m,), float32
        Milvus' measure for each; `true_distances` makes distances of them.
    counts : ndarray of shape (q,), intp
        Hits of each query; fewer than asked for where there are no more.
    """

    keys: IdArray = field(repr=False)
    values: FloatArray = field(repr=False)
    counts: npt.NDArray[np.intp] = field(repr=False)


class KeyIndex:
    """Row numbers by primary key.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Keys of the rows, ascending.
    """

    def __init__(self, ids: IdArray) -> None:
        self._ids = ids
        # Strings compare slowly; a dict of a million integers would take 100 MB that a sorted array does not.
        self._by_key = None if ids.dtype == np.int64 else {key: row for row, key in enumerate(ids.tolist())}

    def rows(self, keys: IdArray) -> IntArray:
        """Return the row of each key; -1 for keys that are none of them."""
        if self._by_key is not None:
            get = self._by_key.get
            return np.fromiter((get(key, -1) for key in keys), dtype=np.int32, count=len(keys))
        places = np.minimum(np.searchsorted(self._ids, keys), len(self._ids) - 1).astype(np.int32)
        return np.where(self._ids[places] == keys, places, np.int32(-1))


class Searcher:
    """Searches one vector field of a collection. Its methods may be called from several threads.

    Parameters
    ----------
    connection : Connection
        Open.
    info : CollectionInfo
        What is searched.
    filter : str
        The rows that may be found; "" is all.
    """

    def __init__(self, connection: Connection, info: CollectionInfo, filter: str) -> None:  # noqa: A002 - Milvus' name
        self.info = info
        self.filter = filter
        self._connection = connection

    def search(
        self,
        queries: FloatArray,
        limit: int,
        *,
        filter: str | None = None,  # noqa: A002 - the name Milvus gives it
        far: bool = False,
        fresh: bool = False,
    ) -> Hits:
        """Find the rows nearest to each query.

        Parameters
        ----------
        queries : ndarray of shape (q, d), float32
            Vectors; comparable ones where distances are wanted.
        limit : int
            Rows for each, at most.
        filter : str, optional
            The rows that may be found, where they are others than those of the searcher.
        far : bool
            Whether the rows to find may lie far away, so that an index has to look widely.
        fresh : bool
            Whether rows that were written a moment ago must be found. A server that has once seen all that was written
            before need not wait for that again: 0.2 to 0.5 s a call.
        """
        data = query_vectors(queries, self.info.vector_type)
        return self._run(limit, effort(self.info, limit, far=far), fresh=fresh, filter=filter, data=data)

    def search_by_id(self, keys: Sequence[Any], limit: int, *, fresh: bool = False) -> Hits:
        """Find the rows nearest to rows, given their keys, where the server can; all of them must be there."""
        return self._run(limit, effort(self.info, limit), fresh=fresh, filter=None, ids=list(keys))

    def stored_vectors(
        self, keys: Sequence[Any], *, as_stored: bool = False
    ) -> tuple[npt.NDArray[np.intp], FloatArray]:
        """Read the vectors of some rows; return which of the keys are still there, and their vectors.

        Those are comparable, unless they are wanted as they are stored: as queries for what the index finds near them.
        """
        info = self.info
        found = rows_by_key(self._connection, info.collection_name, info.primary_field, keys, [info.vector_field])
        there = [place for place, key in enumerate(keys) if key in found]
        if not there:
            return np.empty(0, dtype=np.intp), np.empty((0, info.dim), dtype=np.float32)
        cells = [found[keys[place]][info.vector_field] for place in there]
        vectors = float_vectors(cells, info.vector_type)
        return np.array(there, dtype=np.intp), vectors if as_stored else comparable(vectors, info)

    def can_search_by_id(self) -> bool:
        """Whether both the server and the installed pymilvus take keys instead of vectors (2.6.9 and newer)."""

        def asked(client: MilvusClient) -> bool:
            if "ids" not in inspect.signature(client.search).parameters:
                return False
            return searches_by_id(str(client.get_server_version(timeout=self._connection.timeout)))

        return not self.info.is_lite and self._connection.ask("ask for the version", asked)

    def _run(
        self,
        limit: int,
        params: dict[str, int],
        *,
        fresh: bool,
        filter: str | None,  # noqa: A002 - the name Milvus gives it
        **queries: Any,
    ) -> Hits:
        info = self.info
        return self._connection.ask(
            f"search collection {info.collection_name!r}",
            lambda client: _hits(
                client.search(
                    info.collection_name,
                    **queries,
                    filter=self.filter if filter is None else filter,
                    partition_names=list(info.partition_names) or None,
                    anns_field=info.vector_field,
                    limit=limit,
                    # left out, it would mean every field
                    output_fields=[info.primary_field],
                    search_params={"metric_type": MILVUS_METRIC[searched_metric(info)], "params": params},
                    consistency_level="Strong" if fresh else "Bounded",
                    timeout=self._connection.timeout,
                ),
                strings=info.ids_are_strings,
            ),
        )


def effort(info: CollectionInfo, limit: int, *, far: bool = False) -> dict[str, int]:
    """Return how widely an approximate index searches; an index that chooses itself is left alone.

    Parameters
    ----------
    info : CollectionInfo
        What is searched.
    limit : int
        Neighbours asked for.
    far : bool
        Whether the rows to find may lie far away.
    """
    index_type = info.index_type or ""
    if index_type.startswith("HNSW"):
        return {"ef": max(_LEAST_EF_FAR if far else _LEAST_EF, 2 * limit)}
    if index_type.startswith("IVF"):
        return {"nprobe": _NPROBE_FAR if far else _NPROBE}
    return {}


def searches_by_id(version: str) -> bool:
    """Tell from its version whether a server finds the neighbours of a row given its key.

    Examples
    --------
    >>> searches_by_id("v2.6.9"), searches_by_id("2.6.12-dev"), searches_by_id("2.3.5")
    (True, True, False)
    """
    numbers = re.match(r"v?(\d+)\.(\d+)\.(\d+)", version)
    return numbers is not None and tuple(int(number) for number in numbers.groups()) >= _SEARCHES_BY_ID


def _hits(answer: Any, *, strings: bool) -> Hits:
    """Join the lists of keys and measures that pymilvus keeps for each query, without a look at single hits."""
    counts = np.fromiter((len(hits) for hits in answer), dtype=np.intp, count=len(answer))
    keys: list[Any] = []
    values: list[float] = []
    for hits in answer:
        keys.extend(hits.ids)
        values.extend(hits.distances)
    return Hits(np.array(keys, dtype=object if strings else np.int64), np.array(values, dtype=np.float32), counts)
