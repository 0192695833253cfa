"""Read keys, vectors and texts of every row into arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError
from cluster_explorer.milvus.dynamic import ALL_DYNAMIC, text_of
from cluster_explorer.milvus.lookup import rows_by_key
from cluster_explorer.milvus.pages import LARGEST_PAGE, PageReader
from cluster_explorer.milvus.vector_types import WIDTH, float_vectors
from cluster_explorer.values import FloatArray, IdArray, ProgressCallback, Rows
from cluster_explorer.vectors import describe_bad_vectors, digests_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy.typing as npt

    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo

#: Texts are held beside the vectors up to this many bytes (UTF-8); above it they are fetched by id when they are read.
TEXT_BUDGET = 256 * 2**20

#: Rows looked at, evenly along the keys, to learn which dynamic fields there are.
_LOOKED_AT = 1_000

#: Answers above 64 MB are refused by servers; a page stays well below, texts included.
_PAGE_BYTES = 16 * 2**20
_TYPICAL_TEXT = 1_000


def page_size(n_rows: int, row_bytes: int) -> int:
    """Rows a page: enough that each page is worth its call, few enough for progress, cancelling and the network.

    Every page costs Milvus Lite a pass over the whole collection (0.2 s at 100,000 rows), hence the sixteenth.

    Examples
    --------
    >>> page_size(100_000, 2_536)
    6250
    """
    return max(1, min(max(1_000, min(5_000, n_rows // 4), n_rows // 16), _PAGE_BYTES // max(1, row_bytes)))


def scan(
    connection: Connection,
    info: CollectionInfo,
    *,
    filter: str,  # noqa: A002 - the name Milvus gives it
    count: int,
    vectors: bool,
    texts: bool,
    digests: bool = False,
    on_progress: ProgressCallback | None,
) -> Rows:
    """Read the rows under the filter, ascending by key; see `Collection.scan`."""
    gathered = _Gathered(info, vectors=vectors, texts=texts, digests=digests and not vectors)
    row_bytes = 8 + (WIDTH[info.vector_type] * info.dim if vectors or digests else 0) + (_TYPICAL_TEXT if texts else 0)
    reader = PageReader(
        connection,
        collection_name=info.collection_name,
        primary_field=info.primary_field,
        fields=gathered.fields,
        filter=filter,
        partition_names=info.partition_names,
        page_size=page_size(count, row_bytes),
    )
    for page in reader:
        gathered.add(page)
        reader.fields = gathered.fields
        if on_progress is not None:
            on_progress(min(1.0, gathered.n_rows / max(1, count)))
    return gathered.rows()


def changed_since(
    connection: Connection,
    info: CollectionInfo,
    filter: str,  # noqa: A002 - the name Milvus gives it
    rows: Rows,
) -> int:
    """Read the keys alone once more, and count those that came or went since the rows were read."""
    reader = PageReader(
        connection,
        collection_name=info.collection_name,
        primary_field=info.primary_field,
        fields=[],
        filter=filter,
        partition_names=info.partition_names,
        # nobody watches, and Milvus Lite takes as long for a small page
        page_size=LARGEST_PAGE,
    )
    keys = [row[info.primary_field] for page in reader for row in page]
    return len(np.setxor1d(np.array(keys, dtype=rows.ids.dtype), rows.ids))


def dynamic_fields(connection: Connection, info: CollectionInfo, ids: IdArray) -> tuple[str, ...]:
    """Look at rows all along the keys, and return the names of the dynamic fields that they hold.

    No Milvus lists them, and those of a part of the rows, such as labels that were written under a filter, may begin
    far from the first rows.
    """
    places = np.unique(np.linspace(0, len(ids) - 1, _LOOKED_AT).astype(np.int64))
    found = rows_by_key(connection, info.collection_name, info.primary_field, ids[places].tolist(), [ALL_DYNAMIC])
    held = (name for row in found.values() for name, value in row.items() if value is not None)
    return tuple(name for name in dict.fromkeys(held) if name not in (info.primary_field, info.text_field, ALL_DYNAMIC))


class _Gathered:
    """The pages read so far, as lists of arrays."""

    def __init__(self, info: CollectionInfo, *, vectors: bool, texts: bool, digests: bool) -> None:
        self.n_rows = 0
        self._info = info
        self._ids: list[int | str] = []
        self._vectors: list[FloatArray] | None = [] if vectors else None
        self._digests: list[npt.NDArray[np.int64]] | None = [] if digests else None
        self._texts: list[str] | None = [] if texts else None
        self._text_bytes = 0

    @property
    def fields(self) -> list[str]:
        """Fields to ask the next page for."""
        return [
            *([self._info.vector_field] if self._vectors is not None or self._digests is not None else []),
            *([self._info.text_field] if self._texts is not None else []),
        ]

    def add(self, page: Sequence[Mapping[str, Any]]) -> None:
        self.n_rows += len(page)
        self._ids.extend(row[self._info.primary_field] for row in page)
        if self._vectors is not None:
            self._vectors.append(self._page_vectors(page))
        if self._digests is not None:
            self._digests.append(digests_of(self._page_vectors(page)))
        if self._texts is not None:
            texts = [text_of(row.get(self._info.text_field)) for row in page]
            self._text_bytes += sum(len(text) if text.isascii() else len(text.encode()) for text in texts)
            self._texts.extend(texts)
            if self._text_bytes > TEXT_BUDGET:
                self._texts = None

    def rows(self) -> Rows:
        """Join the pages, each key once and ascending."""
        ids: npt.NDArray[Any] = self._id_array()
        vectors = None if self._vectors is None else np.concatenate(self._vectors)
        digests = None if self._digests is None else np.concatenate(self._digests)
        texts = None if self._texts is None else np.array(self._texts, dtype=object)
        if not bool(np.all(ids[:-1] < ids[1:])):
            # Servers answer in the order of their own collation, and keep both rows when a key was inserted twice.
            ids, first = np.unique(ids, return_index=True)
            vectors = None if vectors is None else vectors[first]
            digests = None if digests is None else digests[first]
            texts = None if texts is None else texts[first]
        return Rows(ids=ids, vectors=vectors, texts=texts, digests=digests)

    def _id_array(self) -> IdArray:
        if self._info.ids_are_strings:
            return np.array(self._ids, dtype=np.object_)
        return np.array(self._ids, dtype=np.int64)

    def _page_vectors(self, page: Sequence[Mapping[str, Any]]) -> FloatArray:
        missing = [row[self._info.primary_field] for row in page if row.get(self._info.vector_field) is None]
        where = f"in field {self._info.vector_field!r} of collection {self._info.collection_name!r}"
        way_out = "Correct or delete these rows, or leave them out with filter=."
        if missing:
            raise DataError(f"Vectors are missing {where}, at ids {missing[:5]}. {way_out}")
        vectors = float_vectors([row[self._info.vector_field] for row in page], self._info.vector_type)
        keys = [row[self._info.primary_field] for row in page]
        if problem := describe_bad_vectors(vectors, keys, "id", cosine=self._info.metric == "cosine"):
            raise DataError(f"{problem} {where}. {way_out}")
        return vectors
