"""Texts or a DataFrame into a Milvus collection: embedded, stored in batches, and resumable."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer._inputs import metric_name
from cluster_explorer.embedding import EmbeddingFunction, embed_texts
from cluster_explorer.errors import DataError, EmbeddingError, InvalidParameterError
from cluster_explorer.milvus.connection import connect
from cluster_explorer.milvus.records import Records, make_records
from cluster_explorer.milvus.target import Target
from cluster_explorer.vectors import describe_bad_vectors

if TYPE_CHECKING:
    import os
    from collections.abc import Iterator, Sequence

    import pandas as pd

    from cluster_explorer.milvus.schema import Record
    from cluster_explorer.values import FloatArray, ProgressCallback

#: Rows embedded and stored at a time: what an interrupt can lose, and do again, is at most this.
_ROWS = 256
#: Vectors that are there already cost only their storing; 100 to 1,000 rows a call are equally fast.
_ROWS_WITH_VECTORS = 1_000
_VECTOR_BYTES = 4 * 2**20

#: The same text embedded twice differs by rounding, by the batch it was in, by half precision; not by this much.
_SAME_FUNCTION = 0.98


@dataclass(frozen=True)
class IngestReport:
    """What `ingest` did.

    Attributes
    ----------
    collection_name, uri : str
        Where the rows are; the uri without credentials.
    total : int
        Rows given; the sum of the next three.
    added : int
        Rows that were not there.
    updated : int
        Rows that were there under the same key with another text, other metadata or another vector.
    already_there : int
        Rows that were there as given, and were left alone.
    dim : int
        Length of the vectors.
    """

    collection_name: str
    uri: str
    total: int
    added: int
    updated: int
    already_there: int
    dim: int


def ingest(
    texts: Sequence[str] | pd.DataFrame,
    *,
    uri: str | os.PathLike[str],
    collection_name: str,
    embedding_function: EmbeddingFunction | None = None,
    vectors: Any = None,
    text_column: str | Sequence[str] | None = None,
    id_column: str | None = None,
    metric: str | None = None,
    token: str | None = None,
    db_name: str = "",
    timeout: float = 30.0,
    on_progress: ProgressCallback | None = None,
) -> IngestReport:
    """Store texts with their embeddings and metadata, making the collection (and a Milvus Lite database) if need be.

    The same call again continues where it was stopped, by an interrupt or by the end of the process: rows are known by
    their keys, and those that are there already are neither embedded nor stored a second time.

    Parameters
    ----------
    texts : sequence of str, or DataFrame
        What to store. The other columns of a DataFrame become metadata fields: str, int, float and bool as they are,
        dates as ISO 8601, lists and dicts as JSON.
    uri : str or path
        Path of a Milvus Lite database (``"news.db"``), or address of a server.
    collection_name : str
        An existing collection is added to, if its fields fit.
    embedding_function : object or callable, optional
        As for `embed_texts`. Either this or `vectors` is given.
    vectors : array-like of shape (n, d), optional
        Embeddings made elsewhere, one for each text.
    text_column : str or sequence of str, optional
        Column of the texts; several are joined by newlines. ``"text"`` when left out.
    id_column : str, optional
        Column of unique keys, int or str; a column ``"id"`` when left out. Without one, keys are derived from the
        texts.
    metric : {"cosine", "euclidean", "ip"}, optional
        How a new collection compares vectors; cosine when left out.
    token, db_name, timeout
        As for `open_collection`.
    on_progress : callable, optional
        Called with the share of the rows done, 0 to 1. It may raise to stop; what was stored is kept.

    Returns
    -------
    IngestReport
        How many rows were added, updated, and there already.

    Raises
    ------
    DataError
        When texts are missing, empty or too long, keys are not unique, or vectors are not one finite vector a text, all
        of the collection's length (and under cosine not zero). It names the first rows; nothing was stored of them.
    EmbeddingError
        When the embedding function fails or returns something else. What was stored before is kept.
    FieldError
        When columns do not fit the fields of the collection.
    ConnectionFailedError, MilvusOperationError
        When Milvus cannot be reached or fails. What it acknowledged is kept.

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> def letters(texts):
    ...     return [[text.count("a") + 1, text.count("e")] for text in texts]
    >>> with TemporaryDirectory() as folder:
    ...     report = ingest(
    ...         ["ham", "eggs"], embedding_function=letters, uri=f"{folder}/food.db", collection_name="menu"
    ...     )
    >>> report.added, report.already_there
    (2, 0)
    """
    if (embedding_function is None) == (vectors is None):
        raise InvalidParameterError("Give either embedding_function= or vectors=: one of them makes the map.")
    records = make_records(texts, text_column=text_column, id_column=id_column)
    wanted_metric = None if metric is None else metric_name(metric)
    given = None if vectors is None else _checked_vectors(vectors, len(records))
    connection = connect(uri, token=token, db_name=db_name, timeout=timeout, create=True)
    try:
        target = Target(connection, collection_name, records, wanted_metric)
        storing = _Storing(records, target, embedding_function, given)
        storing.run(on_progress)
        target.finish()
        return IngestReport(
            collection_name=collection_name,
            uri=connection.address.uri,
            total=len(records),
            added=storing.added,
            updated=storing.updated,
            already_there=len(records) - storing.added - storing.updated,
            dim=target.dim,
        )
    finally:
        connection.close()


class _Storing:
    """The way of the records into the collection, batch by batch."""

    def __init__(
        self, records: Records, target: Target, embedding_function: EmbeddingFunction | None, given: FloatArray | None
    ) -> None:
        self.added = 0
        self.updated = 0
        self._records = records
        self._target = target
        self._embedding_function = embedding_function
        self._given = given
        self._reference: int | None = None
        if given is not None:
            self._check_comparable(given, range(len(given)))
            target.check_dim(given.shape[1], "vectors=")

    def run(self, on_progress: ProgressCallback | None) -> None:
        total = len(self._records)
        for batch in self._batches():

            def report(share: float, batch: range = batch) -> None:
                if on_progress is not None:
                    on_progress((batch.start + share * len(batch)) / total)

            self._store(batch, report)
            report(1.0)

    def _batches(self) -> Iterator[range]:
        if self._given is None:
            size = _ROWS
        else:
            size = max(1, min(_ROWS_WITH_VECTORS, _VECTOR_BYTES // (4 * self._given.shape[1])))
        for start in range(0, len(self._records), size):
            yield range(start, min(start + size, len(self._records)))

    def _store(self, batch: range, on_progress: ProgressCallback) -> None:
        stored = self._target.stored([self._records.keys[row] for row in batch], with_vectors=self._given is not None)
        missing = [row for row in batch if self._records.keys[row] not in stored]
        changed = [row for row in batch if self._records.keys[row] in stored and self._is_changed(row, stored)]
        rows = sorted([*missing, *changed])
        if self._reference is None:
            self._reference = next((row for row in batch if row not in rows), None)
        if not rows:
            return
        vectors = self._given[rows] if self._given is not None else self._embed(rows, on_progress)
        self._target.upsert([self._records.row(row) for row in rows], vectors)
        self.added += len(missing)
        self.updated += len(changed)

    def _is_changed(self, row: int, stored: dict[Any, Record]) -> bool:
        there = stored[self._records.keys[row]]
        if any(there.get(name) != value for name, value in self._records.row(row).items()):
            return True
        if self._given is None:
            return False
        return not np.allclose(there[self._target.vector_field], self._given[row], rtol=1e-4, atol=1e-6)

    def _embed(self, rows: list[int], on_progress: ProgressCallback) -> FloatArray:
        self._check_same_function()
        vectors = embed_texts(
            self._embedding_function, [self._records.texts[row] for row in rows], on_progress=on_progress
        )
        self._check_comparable(vectors, rows)
        self._target.check_dim(vectors.shape[1], "embedding_function")
        return vectors

    def _check_same_function(self) -> None:
        """Embed one text that is there already, and compare: vectors of two models in one collection mean nothing."""
        if self._reference is None or self._given is not None:
            return
        row, self._reference = self._reference, None
        key = self._records.keys[row]
        there = np.asarray(self._target.stored([key], with_vectors=True)[key][self._target.vector_field], np.float64)
        now = embed_texts(self._embedding_function, [self._records.texts[row]])[0].astype(np.float64)
        self._target.check_dim(len(now), "embedding_function")
        similarity = float(there @ now / max(1e-30, np.linalg.norm(there) * np.linalg.norm(now)))
        if similarity < _SAME_FUNCTION:
            raise EmbeddingError(
                f"Collection {self._target.collection_name!r} was embedded by another function: for the text of row "
                f"{row}, stored under key {key!r}, the vector there and the one made now have a cosine similarity "
                f"of {similarity:.2f}. Use the same embedding function, or another collection_name=."
            )

    def _check_comparable(self, vectors: FloatArray, rows: Sequence[int]) -> None:
        cosine = self._target.metric == "cosine"
        if problem := describe_bad_vectors(vectors, rows, "row", cosine=cosine):
            kind = DataError if self._given is not None else EmbeddingError
            raise kind(f"{problem}. Correct these vectors or leave their rows out; nothing of them was stored.")


def _checked_vectors(vectors: Any, n_texts: int) -> FloatArray:
    lengths = [np.shape(vector) for vector in vectors]
    if len(lengths) != n_texts:
        raise DataError(f"There are {len(lengths)} vectors for {n_texts} texts. Give one for each, in their order.")
    for row, length in enumerate(lengths):
        if length != lengths[0] or len(length) != 1 or length[0] == 0:
            raise DataError(
                f"vectors= must have one length: that of row 0 has shape {lengths[0]}, that of row {row} {length}. "
                "Give an array of shape (number of texts, length of the vectors)."
            )
    try:
        return np.array([np.asarray(vector) for vector in vectors], dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise DataError(f"vectors= are not numbers: {error}. Give an array of floats.") from None
