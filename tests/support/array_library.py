"""A library of rows in memory, for tests of everything above Milvus."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from cluster_explorer.values import Rows


@dataclass
class ArrayLibrary:
    """Rows in memory; `gate` holds back `scan` until a test opens it, `failure` makes it fail."""

    vectors: np.ndarray
    texts: list[str]
    metric: str = "cosine"
    searches_well: bool = False
    text_field: str = "text"
    damage: str = ""
    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    closed: bool = False
    holds_texts: bool = True
    first_key: int = 1000
    #: Fields beside "section", one value a row; and the names of all that were read, in order.
    fields: dict[str, list] = field(default_factory=dict)
    fields_read: list[str] = field(default_factory=list)

    def __post_init__(self):
        self.gate.set()

    @property
    def ids(self):
        return np.arange(self.first_key, self.first_key + len(self.vectors), dtype=np.int64)

    def scan(self, *, on_progress=None):
        while not self.gate.wait(0.01):
            on_progress(0.5)
        if self.failure is not None:
            raise self.failure
        texts = np.array(self.texts, dtype=object) if self.holds_texts else None
        return Rows(ids=self.ids, vectors=self.vectors, texts=texts)

    def texts(self, ids):
        return self.fetch(ids)["text"].tolist()

    def search_graph(self, rows, n_neighbors, *, on_progress=None):
        raise AssertionError("nothing here searches")

    def outside_search(self, rows):
        raise AssertionError("nothing here searches")

    def fetch(self, ids, fields=None):
        frame = self._frame().loc[list(ids)]
        return frame[fields] if fields is not None else frame

    @property
    def metadata_fields(self):
        return ("section", *self.fields)

    def columns(self, fields, *, on_progress=None):
        while not self.gate.wait(0.01):
            on_progress(0.5)
        if self.failure is not None:
            raise self.failure
        self.fields_read += fields
        return self._frame()[list(fields)]

    def _frame(self):
        sections = [f"s{row % 3}" for row in range(len(self.texts))]
        frame = pd.DataFrame({"text": self.texts, "section": sections, **self.fields})
        frame.index = pd.Index(self.ids)
        return frame

    def cut_off(self):
        """There is nobody here to wait for."""

    def close(self):
        self.closed = True
