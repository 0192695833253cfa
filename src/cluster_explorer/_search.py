"""Who finds the neighbour candidates of every row: a k-d tree in few dimensions, faiss in many.

Candidates are searched in float32 or by angle, a few more than wanted; `_distances.refine` then measures them again
and keeps the nearest, so that all engines give the same lists.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from cluster_explorer._distances import refine
from cluster_explorer._records import Lists

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, ProgressCallback

    Candidates = npt.NDArray[np.int64]

#: In more dimensions than this a k-d tree may be slower than comparing every pair (see benchmarks/bench_clustering.py).
KD_TREE_DIMENSIONS = 10
#: Candidates beyond those wanted, so that float32 rounding in an engine cannot lose a neighbour.
SPARE = 5
#: Multiplications in one block of searches: about a tenth of a second, so that progress and Cancel work.
_BLOCK_WORK = 4e9


class CandidateSearch(Protocol):
    """Finds candidates for rows of the vectors it was built from."""

    def __call__(self, first: int, stop: int) -> Candidates:
        """Return candidates of the rows from `first` to `stop`, of shape (stop - first, n_candidates); -1 is none."""


def kd_tree_search(vectors: FloatArray, n_candidates: int) -> CandidateSearch:
    """Search exactly with scipy's k-d tree: time grows little faster than the number of rows."""
    from scipy.spatial import cKDTree

    tree = cKDTree(vectors)

    def search(first: int, stop: int) -> Candidates:
        _, found = tree.query(vectors[first:stop], n_candidates, workers=-1)
        rows: Candidates = np.asarray(found, dtype=np.int64).reshape(stop - first, -1)
        return np.where(rows < len(vectors), rows, -1)

    return search


def flat_search(vectors: FloatArray, n_candidates: int) -> CandidateSearch:
    """Search exactly by comparing every pair, with faiss."""
    import faiss

    # distances near zero lose their digits where vectors lie far from the origin
    center = vectors.mean(axis=0, dtype=np.float64).astype(np.float32)
    index = faiss.IndexFlatL2(vectors.shape[1])
    for first in range(0, len(vectors), 65536):
        index.add(vectors[first : first + 65536] - center)

    def search(first: int, stop: int) -> Candidates:
        found: Candidates = index.search(vectors[first:stop] - center, n_candidates)[1]
        return found

    return search


def candidate_search(vectors: FloatArray, n_candidates: int) -> CandidateSearch:
    """Choose the engine for these vectors."""
    if vectors.shape[1] <= KD_TREE_DIMENSIONS:
        return kd_tree_search(vectors, n_candidates)
    return flat_search(vectors, n_candidates)


def rows_per_block(vectors: FloatArray) -> int:
    """How many rows to search at a time."""
    if vectors.shape[1] <= KD_TREE_DIMENSIONS:
        return 4096
    return int(np.clip(_BLOCK_WORK / vectors.size, 32, 4096))


def nearest_rows(vectors: FloatArray, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> Lists:
    """Find the nearest rows of every row, the row itself left out, by true distance and then by row number."""
    n = len(vectors)
    lists = Lists(np.full((n, n_neighbors), -1, np.int32), np.full((n, n_neighbors), np.inf, np.float32))
    if n_neighbors == 0:
        return lists
    search = candidate_search(vectors, min(n_neighbors + 1 + SPARE, n))
    step = rows_per_block(vectors)
    for first in range(0, n, step):
        stop = min(first + step, n)
        refine(vectors, first, search(first, stop), lists)
        if on_progress is not None:
            on_progress(stop / n)
    return lists
