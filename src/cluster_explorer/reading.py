"""What a reader is shown of rows: in which order, which names, and where a cluster's label goes on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cluster_explorer.values import Clustering, FloatArray, IntArray

_ELLIPSIS = "…"


def reading_order(rows: IntArray, clustering: Clustering | None) -> IntArray:
    """Order rows for reading: cluster by cluster, the largest share first and noise last, the surest members first.

    Parameters
    ----------
    rows : ndarray of shape (m,), int32
        Row numbers.
    clustering : Clustering or None
        Without one, the order stays.

    Returns
    -------
    ndarray of shape (m,), int32

    Examples
    --------
    >>> from cluster_explorer.values import Clustering
    >>> clustering = Clustering(np.array([-1, 0, 1, 1]), np.array([0, 1, 0.5, 0.9]), n_clusters=2)
    >>> reading_order(np.array([0, 1, 2, 3]), clustering).tolist()
    [3, 2, 1, 0]
    """
    if clustering is None:
        return rows
    labels = clustering.labels[rows]
    counts = np.bincount(labels + 1, minlength=clustering.n_clusters + 1)
    counts[0] = -1
    return rows[np.lexsort((rows, -clustering.probabilities[rows], labels, -counts[labels + 1]))]


def count_by_cluster(rows: IntArray, clustering: Clustering | None) -> list[tuple[int, int]]:
    """Return (label, count) for the clusters that rows fall into, the largest first and noise last."""
    if clustering is None or not len(rows):
        return []
    labels, counts = np.unique(clustering.labels[rows], return_counts=True)
    order = np.lexsort((labels, -counts, labels < 0))
    return [(int(labels[i]), int(counts[i])) for i in order]


def label_anchors(positions: FloatArray, clustering: Clustering) -> FloatArray:
    """Find where each cluster's label goes on the map: at the member nearest to the median of its members.

    The median ignores stray members, and a member's place is never in an empty bend of the cluster.

    Parameters
    ----------
    positions : ndarray of shape (n, 2) or (n, 3), float32
    clustering : Clustering

    Returns
    -------
    ndarray of shape (n_clusters, 2) or (n_clusters, 3), float32
    """
    anchors = np.zeros((clustering.n_clusters, positions.shape[1]), dtype=np.float32)
    order = np.argsort(clustering.labels, kind="stable")
    bounds = np.searchsorted(clustering.labels[order], np.arange(clustering.n_clusters + 1))
    for label in range(clustering.n_clusters):
        members = positions[order[bounds[label] : bounds[label + 1]]]
        if len(members):
            middle = np.median(members, axis=0)
            anchors[label] = members[np.argmin(((members - middle) ** 2).sum(axis=1))]
    return anchors


def shortened(text: str, length: int) -> str:
    """Cut a text to at most `length` characters, with an ellipsis where something was cut.

    Examples
    --------
    >>> shortened("Harbour closed after storm", 15)
    'Harbour closed…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + _ELLIPSIS
