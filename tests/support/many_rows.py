"""Rows by the hundred thousand without a database: positions, neighbours and texts are made when they are asked for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from cluster_explorer import ClusterExplorer
from cluster_explorer.params import Params
from cluster_explorer.pipeline import STAGE, Results, key_of
from cluster_explorer.session import Session
from cluster_explorer.stages.graph import graph_from_neighbors
from cluster_explorer.values import Layout, Rows
from cluster_explorer.widget.ahead import load_ahead

WORDS = ("harbour", "comet", "cheese", "opera", "strike", "market", "river", "school", "engine", "garden")


class ManyRows:
    """A library whose vectors are the positions of its rows on the map: blobs of many sizes, and a tenth of noise."""

    metric = "euclidean"
    searches_well = True
    text_field = "text"
    damage = ""
    metadata_fields = ()

    def __init__(self, n_rows: int) -> None:
        rng = np.random.default_rng(0)
        n_blobs = int(np.clip(n_rows // 500, 8, 120))
        sizes = rng.dirichlet(np.full(n_blobs, 0.7))
        blob = rng.choice(n_blobs, n_rows, p=sizes)
        centers, spread = rng.normal(0, 10, (n_blobs, 2)), 0.25 + 1.8 * np.sqrt(sizes)
        positions = centers[blob] + rng.normal(0, 1, (n_rows, 2)) * spread[blob, None]
        lonely = rng.random(n_rows) < 0.1
        positions[lonely] = rng.normal(0, 12, (int(lonely.sum()), 2))
        self.positions = positions.astype(np.float32)
        self.ids = np.arange(n_rows, dtype=np.int64) + 10**17

    def scan(self, *, on_progress=None):
        return Rows(ids=self.ids, vectors=self.positions)

    def search_graph(self, rows, n_neighbors, *, on_progress=None):
        from scipy.spatial import cKDTree

        distances, indices = cKDTree(self.positions).query(self.positions, n_neighbors + 1, workers=-1)
        return graph_from_neighbors(
            self.ids, indices.astype(np.int32), distances.astype(np.float32), self.metric, vectors=self.positions
        )

    def fetch(self, ids, fields=None):
        rows = np.asarray(ids, dtype=np.int64) - 10**17
        frame = pd.DataFrame({"text": [self.text(row) for row in rows.tolist()]}, index=pd.Index(ids))
        return frame if fields is None else frame[list(fields)]

    def texts(self, ids):
        return self.fetch(ids).text.tolist()

    @staticmethod
    def text(row: int) -> str:
        return f"Row {row}: {WORDS[row % 10]} and {WORDS[row // 10 % 10]} in a sentence as long as a headline is"

    def columns(self, fields, *, on_progress=None):
        return pd.DataFrame(index=pd.Index(self.ids))

    def matching(self, expression, *, on_progress=None):
        """Find rows by their number: "row < 300"."""
        return tuple(self.ids[pd.DataFrame({"row": np.arange(len(self.ids))}).eval(expression).to_numpy()].tolist())

    def outside_search(self, rows):
        raise AssertionError("the vectors are held")

    def cut_off(self):
        """There is nobody here to wait for."""

    def close(self):
        """Nothing is held open."""


def explorer_of(n_rows: int) -> ClusterExplorer:
    """Return an explorer whose map is there already and whose clusters are computed."""
    load_ahead()  # as ClusterExplorer(...) does
    library = ManyRows(n_rows)
    params = Params().changed(
        {"space": "distance", "n_neighbors": 10, "layout_n_neighbors": 10, "min_cluster_size": max(20, n_rows // 2000)}
    )
    session = Session(library, params)
    layout = Layout(library.positions)
    results = Results().with_result("layout", layout, key_of(STAGE["layout"], params))
    session.resume(replace(session.state, results=results))
    explorer = ClusterExplorer.__new__(ClusterExplorer)
    explorer._begin(session, f"{n_rows:,} rows")
    explorer.attached_labels_
    return explorer
