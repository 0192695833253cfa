"""The texts to read first: those in the middle of a cluster, and those on its border."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from scipy.sparse import csr_array

    from cluster_explorer.values import FloatArray, IntArray, KnnGraph

_STEPS = 5
#: Two rows this near, as a share of the cluster's median edge, say the same thing.
_SAME = 0.5


class Grouping(Protocol):
    """Rows in clusters: a `Clustering`, or its members as they are shown."""

    @property
    def labels(self) -> IntArray:
        """Cluster of each row, shape (n,); -1 is noise."""

    @property
    def probabilities(self) -> FloatArray:
        """Strength of membership, shape (n,), 0 to 1."""

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""


@dataclass(frozen=True, eq=False)
class Centrality:
    """Where each row stands in its cluster.

    Attributes
    ----------
    score : ndarray of shape (n,), float32
        How central a row is, 0 to 1; 1 for the most central of a cluster, 0 for noise.
    leaving : ndarray of shape (n,), float32
        Share of the weight of a row's edges that leads to rows outside of its cluster, 0 to 1; 0 for noise.
    toward : ndarray of shape (n,), int32
        The cluster outside its own that most of it leads to; -1 for noise, or where nothing leaves.
    """

    score: FloatArray = field(repr=False)
    leaving: FloatArray = field(repr=False)
    toward: IntArray = field(repr=False)


@dataclass(frozen=True, eq=False)
class BorderRows:
    """Rows of a cluster whose neighbours are largely of other clusters.

    Attributes
    ----------
    rows : ndarray of shape (m,), int32
        Those with the largest share of outside neighbours first.
    toward : ndarray of shape (m,), int32
        The cluster that each leans to; -1 for noise.
    leaving : ndarray of shape (m,), float32
        Share of the weight of its edges that leaves the cluster, 0 to 1.
    """

    rows: IntArray
    toward: IntArray
    leaving: FloatArray


def centrality(graph: KnnGraph, clustering: Grouping) -> Centrality:
    """Measure how central each row is in its cluster, on the neighbour graph alone.

    Edges weigh exp(-d^2 / (s_i s_j)) with s the mean distance to the neighbours (local scaling [1]_). The score is a
    few steps of power iteration over the edges inside each cluster, from the probabilities on: the eigenvector
    centrality [2]_ of the cluster, stopped before it runs into its densest corner.

    Parameters
    ----------
    graph : KnnGraph
    clustering : Clustering or Members
        Of the same rows.

    Returns
    -------
    Centrality

    References
    ----------
    .. [1] Zelnik-Manor, Perona: Self-Tuning Spectral Clustering. NIPS 2004.
    .. [2] Bonacich: Factoring and weighting approaches to status scores and clique identification. Journal of
       Mathematical Sociology 2, 1972.

    Examples
    --------
    >>> from cluster_explorer import Clustering, knn_graph
    >>> line = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [9.0], [10.0]], dtype=np.float32)
    >>> labels = np.array([0, 0, 0, 0, 0, 1, 1], dtype=np.int32)
    >>> clustering = Clustering(labels, np.ones(7, dtype=np.float32), n_clusters=2)
    >>> central_rows(centrality(knn_graph(line, 2, "euclidean"), clustering), clustering, 0, 1).tolist()
    [2]
    """
    weights = _weights(graph)
    labels = clustering.labels
    n_clusters = clustering.n_clusters
    source = np.repeat(np.arange(len(labels)), np.diff(weights.indptr))
    own, other = labels[source], labels[weights.indices]
    inside = weights.copy()
    inside.data = np.where((own == other) & (own >= 0), weights.data, 0.0)
    score = np.where(labels >= 0, np.maximum(clustering.probabilities, 1e-3), 0.0).astype(np.float64)
    member = labels >= 0
    for _ in range(_STEPS):
        # half of it stays: no row of a small cluster oscillates, and one without edges keeps something
        score = 0.5 * score + 0.5 * (inside @ score)
        largest = np.full(max(n_clusters, 1), 1e-300)
        np.maximum.at(largest, labels[member], score[member])
        score[member] /= largest[labels[member]]
    return Centrality(score.astype(np.float32), *_outside(weights, source, labels))


def central_rows(
    centrality: Centrality, clustering: Grouping, label: int, n_rows: int = 5, graph: KnnGraph | None = None
) -> IntArray:
    """Choose the most central rows of a cluster, the most central first.

    Parameters
    ----------
    centrality : Centrality
    clustering : Clustering or Members
    label : int
    n_rows : int
        At most.
    graph : KnnGraph, optional
        With it, a row that is nearly the same as one already chosen (an edge shorter than half the median of the
        cluster's edges) is passed over while there are others.

    Returns
    -------
    ndarray of shape (m,), int32
    """
    members = np.flatnonzero(clustering.labels == label)
    ordered = members[np.lexsort((members, -centrality.score[members]))].astype(np.int32)
    if graph is None or len(ordered) <= n_rows:
        return ordered[:n_rows]
    distances = graph.distances[ordered]
    near = _SAME * float(np.median(distances[np.isfinite(distances)])) if np.isfinite(distances).any() else 0.0
    chosen: list[int] = []
    passed_over: list[int] = []
    said: set[int] = set()
    for row in ordered.tolist():
        if len(chosen) == n_rows:
            break
        close = set(graph.indices[row][graph.distances[row] <= near].tolist())
        if row in said or not close.isdisjoint(chosen):
            passed_over.append(row)
            continue
        chosen.append(row)
        said |= close
    chosen += passed_over[: n_rows - len(chosen)]
    return np.array(chosen, dtype=np.int32)


def border_rows(centrality: Centrality, clustering: Grouping, label: int, n_rows: int = 5) -> BorderRows:
    """Choose the rows of a cluster that lean most to other clusters; those that lean to noise come after them.

    Parameters
    ----------
    centrality : Centrality
    clustering : Clustering or Members
    label : int
    n_rows : int
        At most; fewer where fewer have neighbours outside.

    Returns
    -------
    BorderRows
    """
    members = np.flatnonzero((clustering.labels == label) & (centrality.leaving > 0)).astype(np.int32)
    leaving, toward = centrality.leaving[members], centrality.toward[members]
    best = np.lexsort((members, -leaving, toward < 0))[:n_rows]
    return BorderRows(members[best], toward[best], leaving[best])


def _weights(graph: KnnGraph) -> csr_array:
    """Symmetric weights of the edges, 0 to 1."""
    from scipy.sparse import csr_array

    n, k = graph.indices.shape
    known = graph.indices >= 0
    distances = np.where(known, graph.distances, 0.0).astype(np.float64)
    scale = distances.sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    scale = np.maximum(scale, 1e-12)
    source = np.repeat(np.arange(n), k)[known.ravel()]
    target = graph.indices.ravel()[known.ravel()]
    weight = np.exp(-(distances.ravel()[known.ravel()] ** 2) / (scale[source] * scale[target]))
    # an edge of no weight is one all the same
    directed = csr_array((np.maximum(weight, 1e-12), (source, target)), shape=(n, n))
    symmetric = csr_array(directed.maximum(directed.T))
    symmetric.sort_indices()
    return symmetric


def _outside(weights: csr_array, source: npt.NDArray[np.int64], labels: IntArray) -> tuple[FloatArray, IntArray]:
    """Return the share of each row's weight that leaves its cluster, and whither most of it goes."""
    from scipy.sparse import csr_array

    n = len(labels)
    own, other = labels[source], labels[weights.indices]
    total = np.bincount(source, weights.data, minlength=n)
    leaves = (own >= 0) & (other != own)
    left = np.bincount(source[leaves], weights.data[leaves], minlength=n)
    shape = (n, int(labels.max(initial=-1)) + 2)
    to = csr_array((weights.data[leaves], (source[leaves], other[leaves] + 1)), shape=shape)
    to.sum_duplicates()
    # noise is named only where no cluster is led to
    to.data[to.indices == 0] *= 1e-9
    toward = np.where(np.diff(to.indptr) > 0, np.asarray(to.argmax(axis=1)).ravel() - 1, -1)
    return (left / np.maximum(total, 1e-300)).astype(np.float32), toward.astype(np.int32)
