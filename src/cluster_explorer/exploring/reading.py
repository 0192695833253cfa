"""What a reader is shown of rows: in which order, which names, and where a cluster's label goes on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.values import FloatArray, IntArray

_ELLIPSIS = "…"
#: What the distances of a graph are, by its metric.
METRICS = {"cosine": "Euclidean, of unit vectors", "ip": "Euclidean, of unit vectors", "euclidean": "Euclidean"}


def reading_order(rows: IntArray, members: Members | None) -> IntArray:
    """Order rows for reading: cluster by cluster, the largest share first and noise last, the surest members first.

    Parameters
    ----------
    rows : ndarray of shape (m,), int32
        Row numbers.
    members : Members or None
        Without them, the order stays.

    Returns
    -------
    ndarray of shape (m,), int32

    Examples
    --------
    >>> from cluster_explorer.exploring.members import members_at
    >>> from cluster_explorer.values import Clustering
    >>> clustering = Clustering(np.array([-1, 0, 1, 1]), np.array([0, 1, 0.5, 0.9]), n_clusters=2)
    >>> reading_order(np.array([0, 1, 2, 3]), members_at(clustering, 1.0)).tolist()
    [3, 2, 1, 0]
    """
    if members is None:
        return rows
    rows = np.sort(rows)
    groups = members.labels[rows] + 1
    counts = np.bincount(groups, minlength=members.n_clusters + 1)
    counts[0] = -1
    place = np.empty(len(counts), dtype=np.uint64)
    place[np.argsort(-counts, kind="stable")] = np.arange(len(counts), dtype=np.uint64)
    # the members of a cluster have confidence 1, attached noise has probability 0
    doubt = np.maximum(np.float32(2.0) - (members.probabilities[rows] + members.confidence[rows]), np.float32(0.0))
    # one number to sort by: the bits of floats that are not negative ascend as they do
    keys = place[groups] << np.uint64(32) | doubt.astype(np.float32).view(np.uint32)
    return rows[np.argsort(keys, kind="stable")]


def count_by_cluster(rows: IntArray, members: Members | None) -> list[tuple[int, int]]:
    """Return (label, count) for the clusters that rows fall into, the largest first and noise last."""
    if members is None or not len(rows):
        return []
    counts = np.bincount(members.labels[rows] + 1, minlength=1)
    labels = np.flatnonzero(counts) - 1
    order = np.lexsort((labels, -counts[labels + 1], labels < 0))
    return [(int(label), int(counts[label + 1])) for label in labels[order]]


def label_anchors(positions: FloatArray, members: Members) -> FloatArray:
    """Find where each cluster's label goes on the map: at the member nearest to the median of its members.

    The median ignores stray members, and a member's place is never in an empty bend of the cluster.

    Parameters
    ----------
    positions : ndarray of shape (n, 2) or (n, 3), float32
    members : Members

    Returns
    -------
    ndarray of shape (n_clusters, 2) or (n_clusters, 3), float32
    """
    anchors = np.zeros((members.n_clusters, positions.shape[1]), dtype=np.float32)
    # numbers of 16 bits are sorted by radix, ten times as fast
    labels = members.labels.astype(np.int16) if members.n_clusters < 2**15 else members.labels
    order = np.argsort(labels, kind="stable")
    bounds = np.searchsorted(members.labels[order], np.arange(members.n_clusters + 1))
    for label in range(members.n_clusters):
        places = positions[order[bounds[label] : bounds[label + 1]]]
        if len(places):
            middle = np.median(places, axis=0)
            anchors[label] = places[np.argmin(((places - middle) ** 2).sum(axis=1))]
    return anchors


def shortened(text: str, length: int) -> str:
    """Cut a text to at most `length` characters, with an ellipsis where something was cut.

    Examples
    --------
    >>> shortened("Harbour closed after storm", 15)
    'Harbour closed…'
    """
    return text if len(text) <= length else text[: length - 1].rstrip() + _ELLIPSIS
