"""How strongly the rows of a graph belong together: what groups are judged by, and what labels spread along."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from cluster_explorer.stages.copies import DistinctRows
    from cluster_explorer.values import IntArray

    Float64Array = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Affinities:
    """Affinities between the distinct rows of a graph, in the order of their ids.

    Attributes
    ----------
    between : csr_matrix of shape (u, u), float32
        Affinity of each row to its neighbours; symmetric.
    own : ndarray of shape (u,), float64
        Affinity of each row to its copies. A row with copies is still one row: thousands of them do not outweigh the
        rest of a collection.
    place : ndarray of shape (n,), int32
        Where each row of the graph, copy or not, is in them.
    """

    between: csr_matrix[np.float32] = field(repr=False)
    own: Float64Array = field(repr=False)
    place: IntArray = field(repr=False)

    @property
    def degree(self) -> Float64Array:
        """Sum of each row's affinities, shape (u,)."""
        return np.asarray(self.between.sum(axis=1), dtype=np.float64).ravel() + self.own

    def labels_of_distinct(self, labels: IntArray) -> IntArray:
        """Return the label of each distinct row: the smallest of its copies', -1 where none has one.

        Parameters
        ----------
        labels : ndarray of shape (n,), int32
            Of the rows of the graph.
        """
        found = np.full(len(self.own), np.iinfo(np.int32).max, dtype=np.int32)
        labelled = labels >= 0
        np.minimum.at(found, self.place[labelled], labels[labelled])
        found[found == np.iinfo(np.int32).max] = -1
        return found


def graph_affinities(rows: DistinctRows) -> Affinities:
    """Weigh the edges of a graph by how near its rows are, each on its own scale [1]_.

    Parameters
    ----------
    rows : DistinctRows
        The graph.

    Returns
    -------
    Affinities

    References
    ----------
    .. [1] Zelnik-Manor, Perona: Self-Tuning Spectral Clustering. NIPS 2004.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> from cluster_explorer.stages.copies import distinct_rows
    >>> found = graph_affinities(distinct_rows(knn_graph([[0], [0], [1], [3]], n_neighbors=2, metric="euclidean")))
    >>> found.own.tolist(), found.place.tolist()
    ([2.0, 0.0, 0.0], [0, 0, 1, 2])
    """
    from cluster_explorer._kernels.common.by_id import rows_by_id
    from cluster_explorer._kernels.embedding.spread import local_affinities

    by_id = rows_by_id(rows.graph)
    # as for any edge, once from either end; a list holds no more copies than neighbours
    copies = 2.0 * np.minimum(rows.n_copies[by_id.order] - 1, rows.graph.n_neighbors)
    return Affinities(local_affinities(by_id.indices, by_id.distances), copies, by_id.rank[rows.kind])
