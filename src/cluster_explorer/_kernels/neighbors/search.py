"""Who finds the neighbour candidates of every row: a k-d tree in few dimensions, faiss in many.

Engines search in float32 and find a few candidates more than are wanted; these are then measured again in float64,
and the nearest kept. So all engines that miss nothing give the same lists, to the last bit.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np

from cluster_explorer._kernels.common.records import Lists
from cluster_explorer._kernels.neighbors.distances import near_origin, refine, search_through

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

#: In more dimensions than this a k-d tree may be slower than comparing every pair. CPU-seconds for 100,000 rows, tree
#: and pairs: uniform rows in 8 dimensions 20 and 54, in 15 dimensions 632 and 102; clustered rows in 10 dimensions 3.5
#: and 43.
KD_TREE_DIMENSIONS = 10
#: Multiplications up to which every pair is compared: 100,000 rows of 384 dimensions, 45 seconds on 2 cores. With lists
#: of an inverted file the same takes a third, and misses 2 % of the neighbours.
EXHAUSTIVE_WORK = 4e12
#: Share of the neighbours that an approximate search must find on a sample.
RECALL_WANTED = 0.98
#: Candidates beyond those wanted, so that rounding in an engine cannot lose a neighbour.
_SPARE = 5
#: Multiplications in one block: a small part of a second, so that progress and Cancel work.
_BLOCK_WORK = 4e9
#: Numbers in one block, at least: from about 125,000 on, faiss 1.15 multiplies matrices instead of going through them
#: row by row, and is three to seven times as fast.
_BLOCK_NUMBERS = 200_000
_SAMPLE = 500
_TRAINING_ROUNDS, _ROWS_FOR_A_LIST = 5, 40


@dataclass(frozen=True, eq=False)
class Found:
    """The neighbours of all rows.

    Attributes
    ----------
    lists : Lists
        Nearest first, ties by row number.
    exact : bool
        Whether none can be missing.
    recall : float
        Share of the true neighbours that were found, on a sample; 1 if none can be missing.
    """

    lists: Lists = field(repr=False)
    exact: bool = True
    recall: float = 1.0


@dataclass(frozen=True, eq=False)
class Candidates:
    """What an engine found for a stretch of rows.

    Attributes
    ----------
    rows : ndarray of shape (m, n_candidates), int64
        Row numbers; -1 is none.
    reach : ndarray of shape (m,), float64
        Distance up to which nothing can be missing.
    """

    rows: npt.NDArray[np.int64] = field(repr=False)
    reach: npt.NDArray[np.float64] = field(repr=False)


class CandidateSearch(Protocol):
    """Finds candidates for some rows."""

    def __call__(self, rows: IntArray) -> Candidates: ...


def nearest_rows(
    vectors: FloatArray,
    n_neighbors: int,
    *,
    rows: IntArray | None = None,
    exhaustive: bool | None = None,
    on_progress: ProgressCallback | None = None,
) -> Found:
    """Find the nearest rows of every row, or of some, the row itself left out.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
        The rows, all different.
    n_neighbors : int
        At most n - 1.
    rows : ndarray of shape (m,), int32, optional
        Those whose neighbours are wanted; the lists of the others stay empty.
    exhaustive : bool, optional
        Whether to search so that none can be missing; decided by size where it is not said.
    on_progress : callable, optional
        Told the share of the work done.
    """
    n, dimensions = vectors.shape
    asked = np.arange(n, dtype=np.int32) if rows is None else rows
    wanted = min(n_neighbors + 1 + _SPARE, n)
    if n_neighbors == 0:
        return Found(_empty(n, 0))
    if dimensions <= KD_TREE_DIMENSIONS:
        return Found(
            _search_in_steps(
                vectors, n_neighbors, asked, kd_tree_search(vectors, wanted), step=4096, on_progress=on_progress
            )
        )
    if exhaustive is None:
        exhaustive = len(asked) * float(vectors.size) <= EXHAUSTIVE_WORK
    if exhaustive:
        return Found(
            _search_in_steps(
                vectors,
                n_neighbors,
                asked,
                flat_search(vectors, wanted),
                step=_block(dimensions, n * dimensions),
                on_progress=on_progress,
            )
        )
    return _search_lists(vectors, n_neighbors, asked, wanted, on_progress)


def kd_tree_search(vectors: FloatArray, n_candidates: int) -> CandidateSearch:
    """Search with scipy's k-d tree, which measures in float64: time grows little faster than the number of rows."""
    from scipy.spatial import cKDTree

    tree = cKDTree(vectors)

    def search(rows: IntArray) -> Candidates:
        _, found = tree.query(vectors[rows], n_candidates, workers=-1)
        near = np.asarray(found, dtype=np.int64).reshape(len(rows), -1)
        return Candidates(np.where(near < len(vectors), near, -1), np.full(len(rows), np.inf))

    return search


def flat_search(vectors: FloatArray, n_candidates: int) -> CandidateSearch:
    """Search by comparing every pair, with faiss, whose squared distances are rounded as products in float32 are."""
    import faiss

    centered = near_origin(vectors)
    n, dimensions = centered.shape
    norms = np.einsum("ij,ij->i", centered, centered, dtype=np.float64)
    # of d terms, about sqrt(d) roundings add up [Higham, Mary: A New Approach to Probabilistic Rounding Error Analysis]
    rounding = 8 * np.sqrt(dimensions) * float(np.finfo(np.float32).eps)

    def search(rows: IntArray) -> Candidates:
        squares, near = faiss.knn(centered[rows], centered, n_candidates)
        known = squares[:, -1] - rounding * (norms[rows] + norms.max())
        reach = np.sqrt(np.maximum(known, 0)) if n_candidates < n else np.full(len(rows), np.inf)
        return Candidates(near, reach)

    return search


def _search_lists(
    vectors: FloatArray,
    n_neighbors: int,
    asked: IntArray,
    n_candidates: int,
    on_progress: ProgressCallback | None,
) -> Found:
    """Search an inverted file, in as many of its lists as a sample needs.

    faiss's HNSW finds as much in the same time, but not the same from one run to the next: it is built by several
    threads.
    """
    import faiss

    centered = near_origin(vectors)
    n, dimensions = centered.shape
    n_lists = int(4 * np.sqrt(n))
    training = np.random.default_rng(0).permutation(n)[: _ROWS_FOR_A_LIST * n_lists]
    centroids = None
    for done in range(_TRAINING_ROUNDS):
        kmeans = faiss.Kmeans(dimensions, n_lists, niter=1, seed=0)
        kmeans.train(centered[training], init_centroids=centroids)
        centroids = kmeans.centroids
        if on_progress is not None:
            on_progress(0.1 * (done + 1) / _TRAINING_ROUNDS)
    index = faiss.IndexIVFFlat(kmeans.index, dimensions, n_lists)
    for first in range(0, n, 65536):
        index.add(centered[first : first + 65536])
        if on_progress is not None:
            on_progress(0.1 + 0.1 * min(1.0, (first + 65536) / n))

    def search(rows: IntArray) -> Candidates:
        return Candidates(index.search(centered[rows], n_candidates)[1], np.full(len(rows), np.inf))

    sample = np.linspace(0, n - 1, _SAMPLE).astype(np.int64)
    true = faiss.knn(centered[sample], centered, n_neighbors + 1)[1]
    index.nprobe, recall = 8, 0.0
    while recall < RECALL_WANTED and index.nprobe < n_lists:
        index.nprobe *= 2
        rows = index.search(centered[sample], n_candidates)[1]
        recall = float(np.mean([np.isin(a, b).mean() for a, b in zip(true[:, 1:], rows, strict=True)]))
        if on_progress is not None:
            on_progress(0.2)
    rest = None if on_progress is None else lambda share: on_progress(0.2 + 0.8 * share)
    # each row is compared with the centroids, and with the rows of some of the lists
    step = _block(dimensions, dimensions * (n_lists + index.nprobe * n // n_lists))
    lists = _search_in_steps(vectors, n_neighbors, asked, search, step=step, on_progress=rest)
    return Found(lists, exact=False, recall=recall)


def _block(dimensions: int, work: int) -> int:
    """Return how many rows are searched at once, each with so many multiplications."""
    return max(-(-_BLOCK_NUMBERS // dimensions), min(4096, int(_BLOCK_WORK / work)))


def _search_in_steps(
    vectors: FloatArray,
    n_neighbors: int,
    asked: IntArray,
    search: CandidateSearch,
    *,
    step: int,
    on_progress: ProgressCallback | None,
) -> Lists:
    lists = _empty(len(vectors), n_neighbors)
    for first in range(0, len(asked), step):
        rows: IntArray = asked[first : first + step]
        found = search(rows)
        refine(vectors, rows, found.rows, lists)
        search_through(vectors, rows[lists.distances[rows, -1] > found.reach], lists)
        if on_progress is not None:
            on_progress(min(1.0, (first + step) / len(asked)))
    return lists


def _empty(n: int, n_neighbors: int) -> Lists:
    return Lists(np.full((n, n_neighbors), -1, np.int32), np.full((n, n_neighbors), np.inf, np.float32))
