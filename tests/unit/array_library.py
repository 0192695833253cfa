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
    gate: threading.Event = field(default_factory=threading.Event)
    failure: Exception | None = None
    closed: bool = False
    holds_texts: bool = True

    def __post_init__(self):
        self.gate.set()

    @property
    def ids(self):
        return np.arange(1000, 1000 + len(self.vectors), dtype=np.int64)

    def scan(self, *, on_progress=None):
        while not self.gate.wait(0.01):
            on_progress(0.5)
        if self.failure is not None:
            raise self.failure
        texts = np.array(self.texts, dtype=object) if self.holds_texts else None
        return Rows(ids=self.ids, vectors=self.vectors, texts=texts)

    def search_graph(self, rows, n_neighbors, *, on_progress=None):
        raise AssertionError("nothing here searches")

    def fetch(self, ids, fields=None):
        rows = [list(self.ids).index(key) for key in ids]
        frame = pd.DataFrame({"text": [self.texts[row] for row in rows], "section": [f"s{row % 3}" for row in rows]})
        frame.index = pd.Index(ids)
        return frame[fields] if fields is not None else frame

    def close(self):
        self.closed = True
