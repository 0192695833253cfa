"""An open collection: what it holds, and reading it whole, by id or by field."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any, Self

from cluster_explorer.errors import ClusterExplorerError, DataError, FieldError, available
from cluster_explorer.milvus.frames import data_frame
from cluster_explorer.milvus.lookup import rows_by_key
from cluster_explorer.milvus.pages import PageReader
from cluster_explorer.milvus.scan import page_size, scan
from cluster_explorer.milvus.search import Neighbors, neighbors

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo, Record
    from cluster_explorer.values import IdArray, ProgressCallback, Rows

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
    loaded_here : bool
        Whether the collection was loaded by us, so that it is released on closing.

    Attributes
    ----------
    info : CollectionInfo
        What the collection is.
    filter : str
        The rows that are looked at; "" is all of them.
    """

    def __init__(
        self,
        connection: Connection,
        info: CollectionInfo,
        *,
        filter: str = "",  # noqa: A002 - the name Milvus gives it
        loaded_here: bool = False,
    ) -> None:
        self.info = info
        self.filter = filter
        self._connection = connection
        self._loaded_here = loaded_here

    def __repr__(self) -> str:
        where = f", filter={self.filter!r}" if self.filter else ""
        return f"Collection({self.info.collection_name!r}, {self.info.uri!r}{where})"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the collection and of the lock of its database. May be called again."""
        if self._loaded_here and not self._connection.closed:
            release(self._connection, self.info.collection_name)
        self._connection.close()

    def count(self) -> int:
        """Count the rows under the filter, those written a moment ago included.

        Raises
        ------
        ClusterExplorerError
            When Milvus does not answer.
        """
        return count_rows(self._connection, self.info.collection_name, self.filter)

    def scan(self, *, vectors: bool = True, texts: bool = True, on_progress: ProgressCallback | None = None) -> Rows:
        """Read all rows under the filter, ascending by primary key.

        On a server that keeps snapshots, rows written while the scan runs do not appear; elsewhere they may.

        Parameters
        ----------
        vectors, texts : bool
            Whether to read them. Texts are kept up to 256 MB; a collection with more has ``Rows.texts`` None, and
            `fetch` reads them by id.
        on_progress : callable, optional
            Called with the share of the rows read, 0 to 1, after each page. It may raise to stop.

        Returns
        -------
        Rows
            Ids (int64 or str), vectors (float32) and texts (str, "" where missing).

        Raises
        ------
        DataError
            When there are no rows, or vectors that cannot be compared: missing, NaN, infinite, or zero under cosine.
        """
        count = self.count()
        if count == 0:
            raise no_rows(
                self._connection,
                self.info.collection_name,
                self.filter,
                [self.info.text_field, *self.info.metadata_fields],
            )
        return scan(
            self._connection,
            self.info,
            filter=self.filter,
            count=count,
            vectors=vectors,
            texts=texts,
            on_progress=on_progress,
        )

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
        reader = PageReader(
            self._connection,
            collection_name=self.info.collection_name,
            primary_field=key,
            fields=names,
            filter=self.filter,
            page_size=page_size(count, _SCALAR_BYTES * (1 + len(names))),
        )
        rows: dict[int | str, Record] = {}
        for page in reader:
            rows.update((row[key], row) for row in page)
            if on_progress is not None:
                on_progress(min(1.0, len(rows) / max(1, count)))
        ids: list[Any] = sorted(rows)
        return data_frame(self.info, ids, [rows[row_id] for row_id in ids], names)

    def neighbors(self, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> Neighbors:
        """Search the nearest neighbours of each row in Milvus, among the given rows.

        Parameters
        ----------
        rows : Rows
            As scanned from this collection. Without vectors, those are read from Milvus batch by batch, so that memory
            stays bounded.
        n_neighbors : int
            Neighbours of each row, itself not counted; 1 to 16,383.
        on_progress : callable, optional
            Called with the share of the rows searched, 0 to 1, after each batch. It may raise to stop.

        Returns
        -------
        Neighbors
            Row numbers and true distances, nearest first.

        Raises
        ------
        InvalidParameterError
            When `n_neighbors` is out of range, or the index compares by another metric than ``info.metric``.
        DataError
            When the metric is inner product and the vectors are not of unit length.
        """
        return neighbors(self._connection, self.info, self.filter, rows, n_neighbors, on_progress=on_progress)

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


def release(connection: Connection, collection_name: str) -> None:
    """Let the server drop a collection from its memory; it may be gone, and then that is done."""
    with suppress(ClusterExplorerError):
        connection.run(
            f"release collection {collection_name!r}",
            lambda client: client.release_collection(collection_name, timeout=connection.timeout),
        )


def count_rows(connection: Connection, collection_name: str, filter: str = "") -> int:  # noqa: A002 - Milvus' name
    """Count the rows under a filter, those written a moment ago included."""
    answer = connection.run(
        f"count the rows of collection {collection_name!r}",
        lambda client: client.query(
            collection_name,
            filter=filter,
            output_fields=["count(*)"],
            consistency_level="Strong",
            timeout=connection.timeout,
        ),
    )
    return int(answer[0]["count(*)"])


def no_rows(
    connection: Connection,
    collection_name: str,
    filter: str,  # noqa: A002 - the name Milvus gives it
    fields: Sequence[str],
) -> DataError:
    """Say why there is nothing to look at: the filter, or an empty collection."""
    total = count_rows(connection, collection_name) if filter else 0
    if total:
        return DataError(
            f"filter={filter!r} matches none of the {total:,} rows of collection {collection_name!r} "
            f"at {connection.address.uri}. Correct it, or leave it out to see all rows. Fields: {', '.join(fields)}."
        )
    return DataError(
        f"Collection {collection_name!r} at {connection.address.uri} is empty. "
        "Store texts in it first, for example with ClusterExplorer.from_texts(...)."
    )
