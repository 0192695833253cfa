"""How well an index finds neighbours: measured against brute force on a sample, with advice."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._inputs import as_comparable, as_table
from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray, KnnGraph

#: Rows whose neighbours are checked.
SAMPLE = 200
#: Rows they are compared with, where vectors have to be fetched; 30 MB at 384 dimensions.
CANDIDATES = 20_000

_GOOD_RECALL = 0.95
#: Standard deviations on either side of 95 % of a normal distribution.
_INTERVAL = 1.96
#: A smaller error is not worth a reader's while.
_SHOWN = 0.005
_MANY_UNLISTED = 0.05
#: Distances this close are the same: those of a server are made of similarities in single precision.
_TOLERANCE = 2e-3
#: Rows compared at once: 16 MB.
_BLOCK = 20_000


@dataclass(frozen=True)
class IndexHealth:
    """How well an index finds neighbours.

    Attributes
    ----------
    recall : float
        Share of the true neighbours that are in the lists, 0 to 1; measured on a sample unless the search was
        exhaustive.
    n_sampled : int
        Rows whose lists were checked; 0 where the search was exhaustive.
    n_compared : int
        Rows that each of them was compared with.
    n_unlisted : int
        Rows that are in nobody's list. Some always are, the more the higher the dimension.
    n_short : int
        Rows with fewer neighbours than were asked for.
    n_components : int
        Components that the graph falls into.
    n_rows : int
        Rows of the graph.
    recall_error : float
        How far off `recall` may be, either way, in 19 of 20 samples; 0 where nothing was sampled.
    """

    recall: float
    n_sampled: int
    n_compared: int
    n_unlisted: int
    n_short: int
    n_components: int
    n_rows: int
    recall_error: float = 0.0

    @property
    def share(self) -> str:
        """The recall and how far off it may be, to read.

        Examples
        --------
        >>> IndexHealth(0.93, 200, 20_000, 0, 0, 1, 1_000_000, recall_error=0.04).share
        '93% ± 4%'
        """
        error = f" ± {self.recall_error:.0%}" if self.recall_error >= _SHOWN else ""
        return f"{self.recall:.0%}{error}"

    @property
    def advice(self) -> tuple[str, ...]:
        """What could be done, a sentence each; none where all is well.

        Examples
        --------
        >>> IndexHealth(0.8, 200, 1000, 0, 0, 1, 1000).advice[0].partition(":")[0]
        'The index finds 80% of the neighbours'
        """
        found = []
        if self.recall + self.recall_error < _GOOD_RECALL:
            found.append(
                f"The index finds {self.share} of the neighbours: rebuild it with more links (HNSW: M, "
                'efConstruction; IVF: a smaller nlist), or search here with neighbors="faiss", which needs the vectors '
                "(hold_vectors=True when the collection is opened)."
            )
        if self.n_short:
            found.append(
                f"{_rows(self.n_short)} found fewer neighbours than were asked for: deleted meanwhile, or out of the "
                "reach of the index. Compacting the collection, or building its index anew, helps."
            )
        if self.n_unlisted > _MANY_UNLISTED * self.n_rows:
            found.append(
                f"{_rows(self.n_unlisted)} ({self.n_unlisted / self.n_rows:.0%}) are in nobody's list of neighbours: a "
                "larger n_neighbors ties them in."
            )
        if self.n_components > 1:
            found.append(
                f"The graph falls into {self.n_components:,} components, joined by their shortest edges: groups of "
                "duplicates do that, and a larger n_neighbors makes them fewer."
            )
        return tuple(found)

    @property
    def sentence(self) -> str:
        """The recall, to read."""
        against = f" against {self.n_compared:,} of {self.n_rows:,}" if self.n_compared < self.n_rows else ""
        how = f", measured on {self.n_sampled} texts{against}" if self.n_sampled else ""
        return f"{self.share} of the neighbours found{how}"


def sampled_rows(n_rows: int, size: int, seed: int = 0) -> IntArray:
    """Draw rows at random, ascending; all of them where there are no more.

    Examples
    --------
    >>> sampled_rows(3, 5).tolist()
    [0, 1, 2]
    """
    if size >= n_rows:
        return np.arange(n_rows, dtype=np.int32)
    drawn = np.random.default_rng(seed).choice(n_rows, size, replace=False)
    return np.sort(drawn).astype(np.int32)


def index_health(
    graph: KnnGraph,
    sample: IntArray,
    sample_vectors: npt.ArrayLike,
    candidates: IntArray,
    candidate_vectors: npt.ArrayLike,
) -> IndexHealth:
    """Compare the lists of some rows with brute force.

    Every candidate that is nearer to a row than the last one in its list should be in it. Recall is the share of the
    rows that near which are in the lists; of a random part of the rows it is estimated.

    Parameters
    ----------
    graph : KnnGraph
        As the index found it.
    sample : ndarray of shape (m,), int32
        Rows whose lists are checked.
    sample_vectors : array_like of shape (m, d)
        Their vectors.
    candidates : ndarray of shape (c,), int32
        Rows to compare with, ascending.
    candidate_vectors : array_like of shape (c, d)
        Their vectors.

    Returns
    -------
    IndexHealth

    Raises
    ------
    DataError
        When there is not one vector for each row.

    Examples
    --------
    >>> from cluster_explorer import graph_from_neighbors
    >>> vectors = np.array([[0.0], [1.0], [3.0], [7.0]])
    >>> graph = graph_from_neighbors(range(4), [[1], [0], [3], [2]], [[1.0], [1.0], [4.0], [4.0]], "euclidean")
    >>> rows = sampled_rows(4, 4)
    >>> health = index_health(graph, rows, vectors, rows, vectors)
    >>> round(health.recall, 2), health.n_unlisted, health.n_components
    (0.67, 0, 2)
    """
    queries = as_comparable(as_table(sample_vectors), None, graph.metric)
    others = as_comparable(as_table(candidate_vectors), None, graph.metric)
    if len(queries) != len(sample) or len(others) != len(candidates):
        raise DataError("There must be one vector for each row that is checked, and for each that it is compared with.")
    # the distance of the last in a list; one that is not full should hold everything, since +inf fills it up
    reach = graph.distances[sample, -1] * (1 - _TOLERANCE) - _TOLERANCE
    known = [{int(row), *neighbors.tolist()} for row, neighbors in zip(sample, graph.indices[sample], strict=True)]
    listed = int((graph.indices[sample] >= 0).sum())
    # of each row that is checked
    missed = np.zeros(len(sample), dtype=np.int64)
    for start in range(0, len(candidates), _BLOCK):
        lengths = _distances(others[start : start + _BLOCK], queries)
        for place, query in zip(*np.nonzero(lengths < reach), strict=True):
            missed[query] += int(candidates[start + place]) not in known[query]
    scale = len(graph) / max(len(candidates), 1)
    total = max(listed + float(missed.sum()) * scale, 1.0)
    recall = listed / total
    error = _INTERVAL * recall * _spread(missed, scale) / total
    return replace(_health(graph, recall, len(sample), len(candidates)), recall_error=min(error, 1.0))


def _spread(missed: npt.NDArray[np.int64], scale: float) -> float:
    """Return the standard deviation of the neighbours missed, estimated from what was missed of a part of the rows.

    Two things are due to chance: which rows are checked (they differ in how many they miss), and, where they are
    compared with a part of the rows, how many of those missed are in it: a Poisson count, at least that of one.
    """
    of_rows = float(missed.var()) * len(missed) * scale**2
    of_part = max(float(missed.sum()), 1.0) * scale**2 if scale > 1 else 0.0
    return float(np.sqrt(max(of_rows, of_part)))


def searched_health(graph: KnnGraph) -> IndexHealth:
    """Return the health of a search in this process, which knows its recall."""
    return _health(graph, 1.0 if graph.recall is None else graph.recall, 0, len(graph))


def _distances(rows: FloatArray, queries: FloatArray) -> FloatArray:
    """Euclidean distance of each row to each query; near zero they are known to 1e-3 only."""
    squared: FloatArray = (rows**2).sum(axis=1)[:, None] + (queries**2).sum(axis=1) - 2 * (rows @ queries.T)
    return np.sqrt(np.maximum(squared, np.float32(0)))


def _health(graph: KnnGraph, recall: float, n_sampled: int, n_compared: int) -> IndexHealth:
    present = graph.indices >= 0
    in_lists = np.zeros(len(graph), dtype=bool)
    in_lists[graph.indices[present]] = True
    return IndexHealth(
        recall=float(recall),
        n_sampled=n_sampled,
        n_compared=n_compared,
        n_unlisted=int((~in_lists).sum()),
        n_short=int((~present[:, -1]).sum()),
        n_components=graph.n_components,
        n_rows=len(graph),
    )


def _rows(count: int) -> str:
    return f"{count:,} text{'' if count == 1 else 's'}"
