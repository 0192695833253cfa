"""How clusters come and go with `min_cluster_size`: which sizes are worth trying, answered from one tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import InvalidParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.common.records import Clusters
    from cluster_explorer.values import IntArray, SpanningTree

    Float64Array = npt.NDArray[np.float64]

#: A peak rises by at least this share of the greatest persistence above the saddle to a higher one.
_LEAST_PROMINENCE = 0.05


@dataclass(frozen=True, eq=False)
class Landscape:
    """The leaf clusters of HDBSCAN*'s hierarchy for every `min_cluster_size` at which they change.

    Attributes
    ----------
    min_cluster_size : ndarray of shape (m,), int32
        Ascending. What is said of one size holds for all sizes from there down to the one before.
    n_clusters : ndarray of shape (m,), int32
        Clusters that ``cluster(tree, min_cluster_size, "leaf")`` finds.
    noise_share : ndarray of shape (m,), float64
        Share of the rows that belong to none of them, 0 to 1.
    persistence : ndarray of shape (m,), float64
        Sum over these clusters of the range of sizes for which they are leaves, in rows.
    peaks : ndarray of shape (p,), int32
        Places of the peaks of `persistence`, ascending.
    """

    min_cluster_size: IntArray = field(repr=False)
    n_clusters: IntArray = field(repr=False)
    noise_share: Float64Array = field(repr=False)
    persistence: Float64Array = field(repr=False)
    peaks: IntArray

    @property
    def best(self) -> int:
        """The `min_cluster_size` at which the clusters are most persistent."""
        return int(self.min_cluster_size[np.argmax(self.persistence)])

    @property
    def levels(self) -> tuple[int, ...]:
        """The `min_cluster_size` of every peak, coarse to fine."""
        return tuple(int(size) for size in self.min_cluster_size[self.peaks][::-1])


def landscape(tree: SpanningTree, min_cluster_size: int = 5) -> Landscape:
    """Follow the leaf clusters of a tree's hierarchy over all values of `min_cluster_size`.

    Raising the smallest size merges leaves into larger ones. A leaf that lasts over a wide range of sizes is not an
    accident of the choice; the sizes where the leaves last longest in all are the peaks, as in PLSCAN [1]_.

    Parameters
    ----------
    tree : SpanningTree
        The hierarchy.
    min_cluster_size : int
        Smallest size to look at, at least 2.

    Returns
    -------
    Landscape
        With one entry only where no size gives more than one cluster.

    Raises
    ------
    InvalidParameterError
        If `min_cluster_size` is less than 2.

    References
    ----------
    .. [1] Bot, McInnes, Aerts: Persistent Multiscale Density-based Clustering. arXiv:2512.16558.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer import knn_graph, spanning_tree
    >>> points = np.random.default_rng(0).normal(size=(100, 8))
    >>> points[60:] += 9
    >>> found = landscape(spanning_tree(knn_graph(points, metric="euclidean")))
    >>> found.best, found.n_clusters[found.peaks].tolist()
    (40, [2])
    """
    from cluster_explorer._kernels.hierarchy.condensing import condense

    lowest = _size(min_cluster_size)
    clusters = condense(tree, lowest).clusters
    if len(clusters.parent) == 1:
        nothing = np.zeros(1, dtype=np.int32)
        return Landscape(nothing + lowest, nothing, np.ones(1), np.zeros(1), nothing[:0])
    return _count(clusters, tree.n_rows, lowest)


def _count(clusters: Clusters, n_rows: int, lowest: int) -> Landscape:
    """Count the leaves at every size at which one appears or ends."""
    from cluster_explorer._kernels.hierarchy.leaves import sizes_as_leaf

    first, last = np.empty_like(clusters.size), np.empty_like(clusters.size)
    sizes_as_leaf(clusters.parent, clusters.size, lowest, first, last)
    lasts = np.flatnonzero(first <= last)
    first, last, rows = first[lasts], last[lasts], clusters.size[lasts]
    # between two ends nothing changes, and the larger size names the stretch: it is the last that gives these clusters
    sizes = np.unique(np.concatenate([last, first - 1]))
    sizes = np.append(sizes[sizes >= lowest], sizes[-1] + 1).astype(np.int32)

    def alive(amount: npt.NDArray[np.signedinteger]) -> npt.NDArray[np.int64]:
        """Sum `amount` over the leaves there are at each size."""
        change = np.zeros(len(sizes) + 1, dtype=np.int64)
        np.add.at(change, np.searchsorted(sizes, first), amount)
        np.add.at(change, np.searchsorted(sizes, last, side="right"), -amount)
        return np.cumsum(change)[:-1]

    n_clusters = alive(np.ones(len(lasts), dtype=np.int64)).astype(np.int32)
    persistence = alive(last - np.maximum(first - 1, lowest)).astype(np.float64)
    return Landscape(sizes, n_clusters, 1 - alive(rows) / n_rows, persistence, _peaks(persistence))


def _peaks(persistence: Float64Array) -> IntArray:
    from scipy.signal import find_peaks

    # a peak may stand at either end
    padded = np.concatenate([[0.0], persistence, [0.0]])
    places, _ = find_peaks(padded, prominence=_LEAST_PROMINENCE * persistence.max())
    return (places - 1).astype(np.int32)  # type: ignore[no-any-return]  # scipy has no types


def _size(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or value < 2:
        raise InvalidParameterError(f"min_cluster_size={value!r} must be a whole number of at least 2.")
    return int(value)
