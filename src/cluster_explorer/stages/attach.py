"""Noise on a dial: rows that belong to no cluster, attached to the cluster they most likely belong to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.stages.affinities import graph_affinities
from cluster_explorer.stages.copies import distinct_rows
from cluster_explorer.values import ignore_progress, part_of

if TYPE_CHECKING:
    from cluster_explorer.stages.affinities import Affinities
    from cluster_explorer.values import Clustering, FloatArray, IntArray, KnnGraph, ProgressCallback

#: Steps of a random walk before it counts as lost: far more than from a cluster's edge to its core, few enough that
#: rows far from every core keep a low confidence.
_STEPS = 50
#: Confidence of rows that are further away than that: less than any walk's.
_FAR = np.finfo(np.float32).tiny
#: Share of the time that has passed when the copies of rows are found.
_COPIES_FOUND = 0.5
#: The most that noise can have: only the rows of the clusters themselves are certain.
_NEARLY_CERTAIN = np.nextafter(np.float32(1), np.float32(0))


@dataclass(frozen=True, eq=False)
class Attached:
    """Labels with noise attached, and how far they can be trusted.

    Attributes
    ----------
    labels : ndarray of shape (n,), int32
        The cluster of each row; noise whose confidence reaches `threshold` has the cluster it is nearest to, the rest
        stays -1.
    confidence : ndarray of shape (n,), float32
        1 for the rows of the clusters themselves, and for no others. For noise, the likelihood that a random walk
        along the graph ends in that cluster: nearly nothing for rows far away, 0 where no cluster can be reached.
    threshold : float
        Least confidence of an attached row, 0 to 1.
    nearest : ndarray of shape (n,), int32
        The labels at threshold 0: all rows from which a cluster can be reached.
    """

    labels: IntArray = field(repr=False)
    confidence: FloatArray = field(repr=False)
    threshold: float
    nearest: IntArray = field(repr=False)

    def at(self, threshold: float) -> Attached:
        """Return the same with another threshold; nothing is propagated again.

        Raises
        ------
        InvalidParameterError
            If `threshold` is not a number from 0 to 1.
        """
        least = _share(threshold)
        labels = np.where(self.confidence >= least, self.nearest, np.int32(-1))
        return replace(self, labels=labels, threshold=least)

    @property
    def n_noise(self) -> int:
        """Rows that still belong to no cluster."""
        return int((self.labels < 0).sum())


def attach_noise(
    graph: KnnGraph,
    clustering: Clustering,
    threshold: float = 0.0,
    *,
    on_progress: ProgressCallback | None = None,
) -> Attached:
    """Attach noise to clusters by spreading their labels along the neighbour graph.

    A row's likelihoods are the means of its neighbours', weighted by affinity [2]_, over and over: the harmonic
    function on the graph whose values at the clusters' rows are given [1]_. Rows of a cluster never change.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances.
    clustering : Clustering
        Labels of the same rows, -1 for noise.
    threshold : float
        Least confidence of an attached row: 0 attaches all from which a cluster can be reached, 1 none.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    Attached
        Use `Attached.at` to change the threshold at once.

    Raises
    ------
    InvalidParameterError
        If `threshold` is not a number from 0 to 1.
    DataError
        If there is not one label for each row of the graph.

    References
    ----------
    .. [1] Zhu, Ghahramani, Lafferty: Semi-Supervised Learning Using Gaussian Fields and Harmonic Functions. ICML 2003.
    .. [2] Zelnik-Manor, Perona: Self-Tuning Spectral Clustering. NIPS 2004.

    Examples
    --------
    >>> from cluster_explorer import cluster, knn_graph, spanning_tree
    >>> graph = knn_graph([[0.0], [0.1], [0.2], [0.8], [5.0], [5.1], [5.2]], n_neighbors=2, metric="euclidean")
    >>> found = cluster(spanning_tree(graph, min_samples=1), min_cluster_size=3, cluster_selection_method="leaf")
    >>> attach_noise(graph, found).n_noise
    0
    """
    least = _share(threshold)
    if clustering.labels.shape != (len(graph),):
        raise DataError(
            f"The clustering has {len(clustering.labels)} labels, and the graph {len(graph)} rows. "
            "Pass a clustering that was made from this graph."
        )
    distinct = distinct_rows(graph, on_progress=part_of(on_progress, 0.0, _COPIES_FOUND))
    spreading = part_of(on_progress, _COPIES_FOUND, 1.0)
    return _attach(graph_affinities(distinct), clustering.labels, spreading).at(least)


def with_noise_attached(
    affinities: Affinities,
    clustering: Clustering,
    threshold: float = 0.0,
    *,
    on_progress: ProgressCallback | None = None,
) -> Clustering:
    """Complete a clustering with the labels that its noise would have, and how far they can be trusted.

    Parameters
    ----------
    affinities : Affinities
        Of the rows that were clustered.
    clustering : Clustering
        Of these rows, or of all rows of which these are the scope.
    threshold : float
        Least confidence of an attached row.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    Clustering
        The same with `attached_labels` and `confidence`; -1 and 0 outside of the scope.
    """
    scope = clustering.scope
    attached = _attach(affinities, clustering.clustered_labels, on_progress).at(threshold)
    if scope is None:
        return replace(clustering, attached_labels=attached.labels, confidence=attached.confidence)
    nearest = np.full(len(clustering.labels), -1, dtype=np.int32)
    confidence = np.zeros(len(clustering.labels), dtype=np.float32)
    nearest[scope.rows], confidence[scope.rows] = attached.labels, attached.confidence
    return replace(clustering, attached_labels=nearest, confidence=confidence)


def _attach(affinities: Affinities, labels: IntArray, on_progress: ProgressCallback | None) -> Attached:
    """Attach all noise that can be reached; copies of a row go where it goes."""
    from cluster_explorer._kernels.embedding.reaching import reach
    from cluster_explorer._kernels.embedding.spread import spread

    report = on_progress or ignore_progress
    between = affinities.between
    nearest, confidence = spread(between, affinities.labels_of_distinct(labels), _STEPS, on_progress=report)
    reach(between.indptr, between.indices, nearest)
    report(1.0)
    core = labels >= 0
    nearest = np.where(core, labels, nearest[affinities.place]).astype(np.int32)
    confidence = np.clip(confidence[affinities.place], _FAR, _NEARLY_CERTAIN)
    confidence[nearest < 0], confidence[core] = 0, 1
    return Attached(nearest, confidence, 0.0, nearest)


def _share(threshold: object) -> float:
    # NaN is not between 0 and 1
    if isinstance(threshold, bool) or not isinstance(threshold, Real) or not 0 <= float(threshold) <= 1:
        raise InvalidParameterError(
            f"threshold={threshold!r} is not a number from 0 to 1. Choose 0 to attach all noise, more to attach less."
        )
    return float(threshold)
