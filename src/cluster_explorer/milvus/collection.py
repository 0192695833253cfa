"""An open collection: what it holds, and reading it whole, by id or by field."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from cluster_explorer.errors import FieldError, available
from cluster_explorer.milvus.counting import count_rows, no_rows
from cluster_explorer.milvus.frames import data_frame
from cluster_explorer.milvus.lookup import rows_by_key
from cluster_explorer.milvus.neighbors import NeighborSearch
from cluster_explorer.milvus.outside import outside_search
from cluster_explorer.milvus.pages import LARGEST_PAGE, PageReader
from cluster_explorer.milvus.questions import Found, holding_words, matching, nearest_to, nearest_to_rows
from cluster_explorer.milvus.scan import changed_since, dynamic_fields, page_size, scan
from cluster_explorer.milvus.search import Searcher
from cluster_explorer.values import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo, Record
    from cluster_explorer.values import FloatArray, IdArray, IntArray, NeighborLists, OutsideSearch, ProgressCallback

_SCALAR_BYTES = 200


class Collection:
    """A Milvus collection open for reading, made by `open_collection`. Its methods may be called from several threads.

    Parameters
    ----------
    connection : Connection
        Open; closed with the collection.
    info : CollectionInfo
        What the collection is.
    filter : str
        The rows that are looked at; "" is all of them.
    damage : str
        What may be lost of it, as one sentence.

    Attributes
    ----------
    info : CollectionInfo
        What the collection is.
    filter : str
        The rows that are looked at; "" is all of them.
    damage : str
        What Milvus Lite could not read when it opened the collection, as one sentence; "" where it read everything.
    """

    def __init__(
        self,
        connection: Connection,
        info: CollectionInfo,
        *,
        filter: str = "",  # noqa: A002 - the name Milvus gives it
        damage: str = "",
    ) -> None:
        self.info = info
        self.filter = filter
        self.damage = damage
        self._connection = connection
        self._unfinished: NeighborSearch | None = None
        self._knowing = threading.Lock()

    def __repr__(self) -> str:
        where = f", filter={self.filter!r}" if self.filter else ""
        where += f", partition_names={list(self.info.partition_names)!r}" if self.info.partition_names else ""
        return f"Collection({self.info.collection_name!r}, {self.info.uri!r}{where})"

    @property
    def connection(self) -> Connection:
        """The connection, which is closed with the collection."""
        return self._connection

    @property
    def most_neighbors(self) -> int:
        """As many neighbours of a row as `neighbors` can be asked for."""
        return NeighborSearch.most_neighbors

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the collection and of the lock of its database. May be called again."""
        self._connection.close()

    def count(self) -> int:
        """Count the rows under the filter, those written a moment ago included.

        Raises
        ------
        ClusterExplorerError
            When Milvus does not answer.
        """
        return self._count(fresh=True)

    def scan(
        self,
        *,
        vectors: bool = True,
        texts: bool = True,
        digests: bool = False,
        on_progress: ProgressCallback | None = None,
    ) -> Rows:
        """Read all rows under the filter, ascending by primary key.

        On a server that keeps snapshots, rows written while the scan runs do not appear; elsewhere they may. No row
        comes twice, and ``Rows.n_changed`` tells how many others added or deleted meanwhile, by their keys. Rows that
        were changed under their key are not among them, so at least as many are other ones by now; a refresh compares
        what the rows hold. Dynamic fields that rows all along the keys hold can be read from then on.

        Parameters
        ----------
        vectors, texts : bool
            Whether to read them. Texts are kept up to 256 MB; a collection with more has ``Rows.texts`` None, and
            `fetch` reads them by id.
        digests : bool
            Whether to read the vectors for their digests, page by page, where they are not to be held.
        on_progress : callable, optional
            Called with the share of the rows read, 0 to 1, after each page. It may raise to stop.

        Returns
        -------
        Rows
            Ids (int64 or str), vectors (float32) or their digests, and texts (str, "" where missing).

        Raises
        ------
        DataError
            When there are no rows, or vectors that cannot be compared: missing, NaN, infinite, or zero under cosine.
        """
        # for the progress alone: the first page waits for what was written a moment ago
        count = self._count(fresh=False) or self.count()
        if count == 0:
            raise no_rows(
                self._connection,
                self.info.collection_name,
                self.filter,
                [self.info.text_field, *self.info.metadata_fields],
                self.info.partition_names,
            )
        rows = scan(
            self._connection,
            self.info,
            filter=self.filter,
            count=count,
            vectors=vectors,
            texts=texts,
            digests=digests,
            on_progress=on_progress,
        )
        if self.info.has_dynamic_fields:
            self.knows_fields(dynamic_fields(self._connection, self.info, rows.ids))
        if self.info.is_lite and len(rows) == count == self.count():
            # only this process can have written, and Lite takes a pass over the collection for every page of keys
            return rows
        return replace(rows, n_changed=changed_since(self._connection, self.info, self.filter, rows))

    def fetch(self, ids: Sequence[int] | Sequence[str] | IdArray, fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Read some rows by primary key, whether they are under the filter or not.

        Parameters
        ----------
        ids : sequence of int or str
            Primary keys; one may occur twice.
        fields : sequence of str, optional
            Fields to read; text and metadata when left out.

        Returns
        -------
        DataFrame
            One row per id in the order asked, the ids as index, a column per field. A row that is no longer in the
            collection is there with missing values (None): others may delete rows while somebody reads.

        Raises
        ------
        FieldError
            When a field does not exist.
        """
        names = self._readable(fields)
        keys = self._keys(ids)
        found = rows_by_key(
            self._connection, self.info.collection_name, self.info.primary_field, list(dict.fromkeys(keys)), names
        )
        gone: Record = {}
        return data_frame(self.info, keys, [found.get(key, gone) for key in keys], names)

    def columns(
        self, fields: Sequence[str] | None = None, *, on_progress: ProgressCallback | None = None
    ) -> pd.DataFrame:
        """Read whole fields of all rows under the filter, ascending by primary key.

        Parameters
        ----------
        fields : sequence of str, optional
            Fields to read; text and metadata when left out.
        on_progress : callable, optional
            Called with the share of the rows read, 0 to 1, after each page. It may raise to stop.

        Returns
        -------
        DataFrame
            One row per row of the collection, the ids as index, a column per field.

        Raises
        ------
        FieldError
            When a field does not exist.
        """
        names = self._readable(fields)
        key = self.info.primary_field
        count = self.count()
        reader = self._pages(names, page_size=page_size(count, _SCALAR_BYTES * (1 + len(names))))
        rows: dict[int | str, Record] = {}
        for page in reader:
            rows.update((row[key], row) for row in page)
            if on_progress is not None:
                on_progress(min(1.0, len(rows) / max(1, count)))
        ids: list[Any] = sorted(rows)
        return data_frame(self.info, ids, [rows[row_id] for row_id in ids], names)

    def neighbors(
        self,
        rows: Rows,
        n_neighbors: int,
        wanted: IntArray | None = None,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> NeighborLists:
        """Search the nearest neighbours of each row in Milvus, among the given rows.

        A search that was cancelled or failed is kept: the same call again goes on from what it had found.

        Parameters
        ----------
        rows : Rows
            As scanned from this collection. Without vectors, those are read from Milvus batch by batch, so that memory
            stays bounded.
        n_neighbors : int
            Neighbours of each row, itself not counted; 1 to 16,383.
        wanted : ndarray of shape (m,), int32, optional
            The rows whose neighbours are searched; every row when left out.
        on_progress : callable, optional
            Called with the share of the rows searched, 0 to 1, after each batch. It may raise to stop.

        Returns
        -------
        NeighborLists
            Row numbers and true distances, nearest first.

        Raises
        ------
        InvalidParameterError
            When `n_neighbors` is out of range, or the index compares by another metric than ``info.metric``.
        DataError
            When the metric is inner product and the vectors are not of unit length.
        """
        search = self._unfinished
        if search is None or not search.answers(rows, n_neighbors, wanted):
            search = NeighborSearch(self._searcher(), rows, n_neighbors, wanted)
        self._unfinished = search
        found = search.run(on_progress)
        self._unfinished = None
        return found

    def vectors(self, ids: Sequence[int] | Sequence[str]) -> Rows:
        """Read the vectors of some rows; those that have been deleted are left out.

        Parameters
        ----------
        ids : sequence of int or str
            Primary keys, ascending, each once.

        Returns
        -------
        Rows
            Ids and vectors (of unit length for cosine); no texts.
        """
        keys = self._keys(ids)
        places, vectors = self._searcher().stored_vectors(keys)
        there = [keys[place] for place in places]
        return Rows(np.array(there, dtype=np.object_) if self.info.ids_are_strings else np.array(there), vectors)

    def outside_search(self, rows: Rows) -> OutsideSearch:
        """Let Milvus find the rows nearest to a component of their graph, to join it where vectors are not held.

        Each component that is asked for takes a search whose filter leaves out its rows by primary key. Vectors are
        read from Milvus batch by batch, and distances are as exact as what Milvus answers: with an approximate index,
        the rows found may not be the very nearest.

        Parameters
        ----------
        rows : Rows
            As scanned from this collection; row numbers are theirs. Rows added since are not found.

        Returns
        -------
        OutsideSearch
            To be passed to `spanning_tree` as ``search_outside=``. It raises a ClusterExplorerError when Milvus does
            not answer.
        """
        return outside_search(self._searcher(), rows)

    def knows_fields(self, names: Iterable[str]) -> None:
        """Take fields that were added to the rows since the collection was opened for fields that can be read."""
        with self._knowing:
            known = self.info.metadata_fields
            self.info = replace(self.info, metadata_fields=(*known, *(name for name in names if name not in known)))

    def nearest_to(self, vector: FloatArray, limit: int) -> Found:
        """Search the rows under the filter that are nearest to a vector, of a question for example.

        Parameters
        ----------
        vector : ndarray of shape (d,), float32
        limit : int
            Rows, at most; 1 to 16,384.

        Returns
        -------
        Found
            Scores are what the index compares by: cosine similarity or inner product (more is nearer), or Euclidean
            distance.

        Raises
        ------
        DataError
            When the vector cannot be compared with those of the collection.
        """
        return nearest_to(self._searcher(), vector, limit)

    def nearest_to_rows(self, keys: Sequence[int] | Sequence[str], limit: int) -> Found:
        """Search the rows under the filter that are nearest to any of some rows, those themselves left out.

        Of more than 100 rows, 100 evenly spaced ones are searched from.

        Parameters
        ----------
        keys : sequence of int or str
            Primary keys.
        limit : int
            Rows, at most.

        Returns
        -------
        Found
            Scores are true distances to the nearest of the rows: Euclidean, and of unit vectors but for L2.
        """
        return nearest_to_rows(self._searcher(), keys, limit)

    def holding_words(self, words: Sequence[str], limit: int, *, on_progress: ProgressCallback | None = None) -> Found:
        """Find the rows under the filter whose text holds all words.

        Where the text field is analyzed (``enable_match``), Milvus matches words as its analyzer has them; LIKE
        finds them elsewhere, anywhere in a text: as typed, in lower case, Capitalised and in CAPITALS.

        Parameters
        ----------
        words : sequence of str
        limit : int
            Rows, at most: those with most occurrences.
        on_progress : callable, optional
            Called after each page. It may raise to stop.

        Returns
        -------
        Found
            Scores are how often the words occur.
        """
        return holding_words(
            self._connection, self.info, self.filter, words, limit, count=self.count(), on_progress=on_progress
        )

    def matching(self, expression: str, *, on_progress: ProgressCallback | None = None) -> tuple[Any, ...]:
        """Find the keys of the rows that an expression of Milvus' filter language selects, under the filter.

        Raises
        ------
        FilterError
            When Milvus cannot run the expression.
        """
        return matching(
            self._connection, self.info, self.filter, expression, count=self.count(), on_progress=on_progress
        )

    def _count(self, *, fresh: bool) -> int:
        info = self.info
        if info.is_lite and info.partition_names:
            # Milvus Lite counts the rows of all partitions, whatever is asked
            return sum(len(page) for page in self._pages([], page_size=LARGEST_PAGE))
        return count_rows(
            self._connection, info.collection_name, self.filter, partition_names=info.partition_names, fresh=fresh
        )

    def _pages(self, fields: Sequence[str], *, page_size: int) -> PageReader:
        return PageReader(
            self._connection,
            collection_name=self.info.collection_name,
            primary_field=self.info.primary_field,
            fields=fields,
            filter=self.filter,
            partition_names=self.info.partition_names,
            page_size=page_size,
        )

    def _searcher(self) -> Searcher:
        return Searcher(self._connection, self.info, self.filter)

    def _readable(self, fields: Sequence[str] | None) -> list[str]:
        known = [self.info.text_field, *self.info.metadata_fields]
        if fields is None:
            return known
        for name in fields:
            if name not in known:
                raise FieldError(f"Collection {self.info.collection_name!r} has no field {name!r}. {available(known)}")
        return list(fields)

    def _keys(self, ids: Sequence[int] | Sequence[str] | IdArray) -> list[Any]:
        return [str(key) for key in ids] if self.info.ids_are_strings else [int(key) for key in ids]
