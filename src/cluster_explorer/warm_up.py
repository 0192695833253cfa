"""``python -m cluster_explorer.warm_up``: compile now what numba would otherwise compile in the first notebook.

numba keeps what it has compiled beside the packages' files, so this is done once for each environment; ``make`` does it
after installing.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.params import Params
from cluster_explorer.pipeline import ALL_TARGETS, Results, Work, run_stage, stale
from cluster_explorer.values import Rows, ignore_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.values import KnnGraph, OutsideSearch, ProgressCallback, RowSearch


class _RandomRows:
    """A source of a few hundred rows in eight groups."""

    metric = "cosine"
    searches_well = False
    most_neighbors = None

    def scan(self, *, on_progress: ProgressCallback | None = None) -> Rows:  # noqa: ARG002 - the protocol's
        rng = np.random.default_rng(0)
        centres = np.repeat(rng.normal(size=(8, 32)), 50, axis=0)
        vectors = (centres + 0.3 * rng.normal(size=centres.shape)).astype(np.float32)
        texts = np.array([f"word{row % 8} of text {row}" for row in range(len(vectors))], dtype=object)
        return Rows(np.arange(len(vectors)), vectors, texts)

    def search_graph(self, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
        raise NotImplementedError

    def row_search(self, among: Rows) -> RowSearch:
        raise NotImplementedError

    def outside_search(self, rows: Rows) -> OutsideSearch:
        raise NotImplementedError

    def vectors(self, ids: Sequence[int] | Sequence[str]) -> Rows:
        raise NotImplementedError

    def texts(self, ids: Sequence[int] | Sequence[str]) -> list[str]:
        raise NotImplementedError


def warm_up() -> float:
    """Run every stage once, flat and in space, on a few hundred random rows.

    Returns
    -------
    float
        Seconds that it took.
    """
    started = time.monotonic()
    results = Results()
    for params in (Params(), Params(n_components=3, cluster_selection_method="leaf")):
        while stages := stale(results, params, ALL_TARGETS):
            results = run_stage(stages[0], Work(_RandomRows(), results, params, on_progress=ignore_progress))
    return time.monotonic() - started


if __name__ == "__main__":
    sys.stdout.write(f"Compiled in {warm_up():.1f} s.\n")
