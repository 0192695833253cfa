"""A Milvus collection as the source of an exploration: the one place where collections and graphs meet."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cluster_explorer.milvus import Collection
    from cluster_explorer.values import KnnGraph, ProgressCallback, Rows


class MilvusLibrary:
    """An opened Milvus collection as a `cluster_explorer.pipeline.Library`.

    Parameters
    ----------
    collection : Collection
    """

    def __init__(self, collection: Collection) -> None:
        self._collection = collection

    @property
    def metric(self) -> str:
        """Metric of the collection's index."""
        return self._collection.info.metric

    @property
    def searches_well(self) -> bool:
        """Whether Milvus is a server; Milvus Lite shares this process and is slower than faiss."""
        return not self._collection.info.is_lite

    @property
    def text_field(self) -> str:
        """The field that holds the texts."""
        return self._collection.info.text_field

    def scan(self, *, on_progress: ProgressCallback | None = None) -> Rows:
        """Read all rows, ascending by primary key."""
        return self._collection.scan(on_progress=on_progress)

    def search_graph(self, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
        """Let Milvus search the neighbours of every row."""
        from cluster_explorer.graph import graph_from_neighbors

        found = self._collection.neighbors(rows, n_neighbors, on_progress=on_progress)
        return graph_from_neighbors(rows.ids, found.indices, found.distances, self.metric, vectors=rows.vectors)

    def fetch(self, ids: Sequence[int] | Sequence[str], fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Read texts and metadata of some rows, in the order asked for."""
        return self._collection.fetch(ids, fields)

    def close(self) -> None:
        """Release the connection, and the lock of a Milvus Lite file."""
        self._collection.close()
