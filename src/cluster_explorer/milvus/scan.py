"""Read keys, vectors and texts of every row into arrays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError
from cluster_explorer.milvus.pages import PageReader
from cluster_explorer.values import FloatArray, IdArray, ProgressCallback, Rows
from cluster_explorer.vectors import describe_bad_vectors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    import numpy.typing as npt

    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import CollectionInfo

#: Texts are held beside the vectors up to this many bytes (UTF-8); above it they are fetched by id when they are read.
TEXT_BUDGET = 256 * 2**20

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
    return max(1, min(max(1_000, n_rows // 16), _PAGE_BYTES // max(1, row_bytes)))


def scan(
    connection: Connection,
    info: CollectionInfo,
    *,
    filter: str,  # noqa: A002 - the name Milvus gives it
    count: int,
    vectors: bool,
    texts: bool,
    on_progress: ProgressCallback | None,
) -> Rows:
    """Read the rows under the filter, ascending by key; see `Collection.scan`."""
    gathered = _Gathered(info, vectors=vectors, texts=texts)
    row_bytes = 8 + (4 * info.dim if vectors else 0) + (_TYPICAL_TEXT if texts else 0)
    reader = PageReader(
        connection,
        collection_name=info.collection_name,
        primary_field=info.primary_field,
        fields=gathered.fields,
        filter=filter,
        page_size=page_size(count, row_bytes),
    )
    for page in reader:
        gathered.add(page)
        reader.fields = gathered.fields
        if on_progress is not None:
            on_progress(min(1.0, gathered.n_rows / max(1, count)))
    return gathered.rows()


class _Gathered:
    """The pages read so far, as lists of arrays."""

    def __init__(self, info: CollectionInfo, *, vectors: bool, texts: bool) -> None:
        self.n_rows = 0
        self._info = info
        self._ids: list[int | str] = []
        self._vectors: list[FloatArray] | None = [] if vectors else None
        self._texts: list[str] | None = [] if texts else None
        self._text_bytes = 0

    @property
    def fields(self) -> list[str]:
        """Fields to ask the next page for."""
        return [
            *([self._info.vector_field] if self._vectors is not None else []),
            *([self._info.text_field] if self._texts is not None else []),
        ]

    def add(self, page: Sequence[Mapping[str, Any]]) -> None:
        self.n_rows += len(page)
        self._ids.extend(row[self._info.primary_field] for row in page)
        if self._vectors is not None:
            self._vectors.append(self._page_vectors(page))
        if self._texts is not None:
            texts = [row.get(self._info.text_field) or "" for row in page]
            self._text_bytes += sum(len(text) if text.isascii() else len(text.encode()) for text in texts)
            self._texts.extend(texts)
            if self._text_bytes > TEXT_BUDGET:
                self._texts = None

    def rows(self) -> Rows:
        """Join the pages, each key once and ascending."""
        ids: npt.NDArray[Any] = self._id_array()
        vectors = None if self._vectors is None else np.concatenate(self._vectors)
        texts = None if self._texts is None else np.array(self._texts, dtype=object)
        if not bool(np.all(ids[:-1] < ids[1:])):
            # Servers answer in the order of their own collation, and keep both rows when a key was inserted twice.
            ids, first = np.unique(ids, return_index=True)
            vectors = None if vectors is None else vectors[first]
            texts = None if texts is None else texts[first]
        return Rows(ids=ids, vectors=vectors, texts=texts)

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
        vectors = np.array([row[self._info.vector_field] for row in page], dtype=np.float32)
        keys = [row[self._info.primary_field] for row in page]
        if problem := describe_bad_vectors(vectors, keys, "id", cosine=self._info.metric == "cosine"):
            raise DataError(f"{problem} {where}. {way_out}")
        return vectors
