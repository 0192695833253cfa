"""A Milvus collection as the source of an exploration: the one place where collections and graphs meet."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cluster_explorer.journal import Journal, Value
    from cluster_explorer.milvus import Collection, Found
    from cluster_explorer.values import (
        FloatArray,
        IdArray,
        IntArray,
        KnnGraph,
        NeighborLists,
        OutsideSearch,
        ProgressCallback,
        Rows,
        RowSearch,
    )
    from cluster_explorer.write_back import UndoReport, WriteReport, WriteWish


#: Vectors of a server's collection are held up to this many bytes (float32); above it they stay there.
VECTOR_BUDGET = 256 * 2**20


class MilvusLibrary:
    """An opened Milvus collection as a `cluster_explorer.pipeline.Library`.

    Parameters
    ----------
    collection : Collection
    hold_vectors : bool, optional
        Whether vectors are read into memory; by default, unless Milvus is a server and they take more than 256 MB.
    """

    def __init__(self, collection: Collection, *, hold_vectors: bool | None = None) -> None:
        self._collection = collection
        self._hold_vectors = hold_vectors

    @property
    def metric(self) -> str:
        """Metric of the collection's index."""
        return self._collection.info.metric

    @property
    def searches_well(self) -> bool:
        """Whether Milvus is a server whose index compares as is wished; Lite, in this process, is slower than faiss."""
        info = self._collection.info
        return not info.is_lite and info.index_metric in (None, info.metric)

    @property
    def damage(self) -> str:
        """What Milvus Lite could not read when it opened the collection, as one sentence; "" where it could."""
        return self._collection.damage

    @property
    def most_neighbors(self) -> int:
        """As many neighbours of a row as Milvus finds in one search."""
        return self._collection.most_neighbors

    @property
    def text_field(self) -> str:
        """The field that holds the texts."""
        return self._collection.info.text_field

    def scan(self, *, on_progress: ProgressCallback | None = None) -> Rows:
        """Read all rows, ascending by primary key."""
        held = self._holds_vectors()
        return self._collection.scan(vectors=held, digests=not held, on_progress=on_progress)

    def search_graph(self, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
        """Let Milvus search the neighbours of every row.

        The graph is exact where Milvus compares every pair and the vectors are held: made of its similarities alone,
        distances near 0 are known to 1e-3, which proves nothing.
        """
        from cluster_explorer.milvus.certain import certain_neighbors, compares_every_pair
        from cluster_explorer.stages.graph import graph_from_neighbors

        if rows.vectors is None or not compares_every_pair(self._collection.info):
            found = self._collection.neighbors(rows, n_neighbors, on_progress=on_progress)
            return graph_from_neighbors(rows.ids, found.indices, found.distances, self.metric, vectors=rows.vectors)
        certain = certain_neighbors(self._collection, rows, n_neighbors, on_progress=on_progress)
        lists = certain.lists
        graph = graph_from_neighbors(
            rows.ids, lists.indices, lists.distances, self.metric, vectors=rows.vectors, exact=certain.exact
        )
        # how well neighbours were found is measured all the same
        return replace(graph, recall=None)

    def row_search(self, among: Rows) -> RowSearch:
        """Let Milvus search the neighbours of some rows among these."""

        def search(rows: IntArray, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> NeighborLists:
            return self._collection.neighbors(among, n_neighbors, rows, on_progress=on_progress)

        return search

    def outside_search(self, rows: Rows) -> OutsideSearch:
        """Let Milvus find what joins the components of a graph whose vectors are not held."""
        return self._collection.outside_search(rows)

    def fetch(self, ids: Sequence[int] | Sequence[str], fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Read texts and metadata of some rows, in the order asked for."""
        return self._collection.fetch(ids, fields)

    def vectors(self, ids: Sequence[int] | Sequence[str]) -> Rows:
        """Read the vectors of some rows; those that have gone are left out. Ids are ascending."""
        return self._collection.vectors(ids)

    def texts(self, ids: Sequence[int] | Sequence[str]) -> list[str]:
        """Read the texts of some rows; "" where one is missing."""
        from cluster_explorer.milvus.dynamic import text_of

        texts = self._collection.fetch(ids, [self.text_field])[self.text_field].astype(object)
        return [text_of(text) for text in texts.where(texts.notna(), None)]

    @property
    def metadata_fields(self) -> tuple[str, ...]:
        """The fields beside key, vectors and texts."""
        return self._collection.info.metadata_fields

    def columns(self, fields: Sequence[str], *, on_progress: ProgressCallback | None = None) -> pd.DataFrame:
        """Read whole fields of all rows, ascending by primary key, the ids as index."""
        return self._collection.columns(fields, on_progress=on_progress)

    def nearest_to(self, vector: FloatArray, limit: int) -> Found:
        """Search the rows nearest to a vector."""
        return self._collection.nearest_to(vector, limit)

    def nearest_to_rows(self, keys: Sequence[int] | Sequence[str], limit: int) -> Found:
        """Search the rows nearest to any of some rows."""
        return self._collection.nearest_to_rows(keys, limit)

    def holding_words(self, words: Sequence[str], limit: int, *, on_progress: ProgressCallback | None = None) -> Found:
        """Find the rows whose text holds all words."""
        return self._collection.holding_words(words, limit, on_progress=on_progress)

    def matching(self, expression: str, *, on_progress: ProgressCallback | None = None) -> tuple[Any, ...]:
        """Find the keys of the rows that a filter expression selects."""
        return self._collection.matching(expression, on_progress=on_progress)

    def write_values(
        self,
        ids: IdArray,
        columns: Mapping[str, Sequence[Value]],
        wish: WriteWish,
        journal: Journal,
        *,
        on_progress: ProgressCallback | None = None,
    ) -> WriteReport:
        """Write values beside rows; see `cluster_explorer.milvus.writing.write_values`."""
        from cluster_explorer.milvus.writing import write_values

        return write_values(
            self._collection,
            ids,
            columns,
            journal=journal,
            into=wish.into,
            companion=wish.companion,
            dry_run=wish.dry_run,
            mark_field=wish.mark_field,
            clear_others=wish.clear_others,
            on_progress=on_progress,
        )

    def undo_values(self, journal: Journal, *, on_progress: ProgressCallback | None = None) -> UndoReport:
        """Give rows back what they held; see `cluster_explorer.milvus.writing.undo_values`."""
        from cluster_explorer.milvus.writing import undo_values

        return undo_values(self._collection, journal, on_progress=on_progress)

    def _holds_vectors(self) -> bool:
        if self._hold_vectors is not None:
            return self._hold_vectors
        return not self.searches_well or 4 * self._collection.info.dim * self._collection.count() <= VECTOR_BUDGET

    def cut_off(self) -> None:
        """Let nobody wait any longer for a server; Milvus Lite, in this process, is left to end what it does."""
        if not self._collection.info.is_lite:
            self._collection.close()

    def close(self) -> None:
        """Release the connection, and the lock of a Milvus Lite file."""
        self._collection.close()
