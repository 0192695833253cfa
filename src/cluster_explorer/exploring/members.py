"""Which rows are shown as members of which cluster: the strict labels, with noise attached as far as a dial says."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import Clustering, FloatArray, IntArray

    BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Members:
    """The members of every cluster, as views show them.

    Attributes
    ----------
    labels : ndarray of shape (n,), int32
        Cluster of each row; -1 for noise that is not attached, and for rows outside of the scope.
    clustering : Clustering
        What the clusters are.
    """

    labels: IntArray = field(repr=False)
    clustering: Clustering

    @property
    def n_clusters(self) -> int:
        """Number of clusters."""
        return self.clustering.n_clusters

    @property
    def as_clustering(self) -> Clustering:
        """The clustering with noise attached as it is shown, for whoever is given a clustering alone."""
        return replace(self.clustering, attached_labels=self.labels, confidence=self.confidence)

    @property
    def probabilities(self) -> FloatArray:
        """Strength of membership, shape (n,), float32, 0 to 1; 0 for noise, attached or not."""
        return self.clustering.probabilities

    @cached_property
    def confidence(self) -> FloatArray:
        """How far each label can be trusted, shape (n,), float32; 1 for the rows of the clusters themselves."""
        confidence = self.clustering.confidence
        return (self.clustering.labels >= 0).astype(np.float32) if confidence is None else confidence

    @cached_property
    def inside(self) -> BoolArray:
        """Whether each row is among those that were clustered, shape (n,), bool."""
        scope = self.clustering.scope
        inside = np.full(len(self.labels), fill_value=scope is None)
        if scope is not None:
            inside[scope.rows] = True
        return inside

    @property
    def attached(self) -> BoolArray:
        """Whether each row is noise that is shown as part of a cluster, shape (n,), bool."""
        return (self.labels >= 0) & (self.clustering.labels < 0)

    @property
    def noise(self) -> BoolArray:
        """Whether each row was clustered and belongs to no cluster, shape (n,), bool."""
        return (self.labels < 0) & self.inside

    @cached_property
    def sizes(self) -> npt.NDArray[np.int64]:
        """Members of each cluster, shape (n_clusters,)."""
        return np.bincount(self.labels[self.labels >= 0], minlength=self.n_clusters)

    @cached_property
    def n_noise(self) -> int:
        """Rows that were clustered and belong to no cluster."""
        return int(np.count_nonzero(self.noise))

    def among(self, rows: IntArray) -> Members:
        """Return the same clusters with their members among some rows, numbered anew in their order.

        Examples
        --------
        >>> from cluster_explorer.values import Clustering
        >>> found = Clustering(np.array([0, 1, -1]), np.array([1.0, 0.8, 0.0]), n_clusters=2)
        >>> Members(found.labels, found).among(np.array([1, 2])).labels.tolist()
        [1, -1]
        """
        whole = self.clustering
        part = replace(
            whole,
            labels=whole.labels[rows],
            probabilities=whole.probabilities[rows],
            hierarchy=None,
            attached_labels=None if whole.attached_labels is None else whole.attached_labels[rows],
            confidence=None if whole.confidence is None else whole.confidence[rows],
            scope=None,
        )
        return Members(self.labels[rows], part)


def members_at(clustering: Clustering, noise_threshold: float) -> Members:
    """Attach the noise whose confidence reaches a threshold.

    Parameters
    ----------
    clustering : Clustering
        With `attached_labels` and `confidence`; without them, noise stays noise.
    noise_threshold : float
        0 attaches all from which a cluster can be reached, 1 none.

    Returns
    -------
    Members

    Examples
    --------
    >>> from cluster_explorer.values import Clustering
    >>> found = Clustering(np.array([0, -1]), np.array([1.0, 0.0]), 1, None, np.array([0, 0]), np.array([1.0, 0.6]))
    >>> members_at(found, 0.5).labels.tolist(), members_at(found, 0.7).labels.tolist()
    ([0, 0], [0, -1])
    """
    labels, confidence = clustering.labels, clustering.confidence
    if confidence is not None and clustering.attached_labels is not None:
        labels = np.where(confidence >= noise_threshold, clustering.attached_labels, np.int32(-1))
    return Members(labels, clustering)
