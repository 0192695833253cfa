"""The sums and the choice behind a cut by modularity, over the clusters of a condensed tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, IntArray

    Float64Array = npt.NDArray[np.float64]
    BoolArray = npt.NDArray[np.bool_]


#: Cuts through groups of random points, with nothing between the parts, sever 0.4 to 0.7 of what chance would put
#: there.
_MOST_SEVERED = 1 / 3


@dataclass(frozen=True, eq=False)
class Shares:
    """What each cluster of a hierarchy holds of all affinity.

    Attributes
    ----------
    inside : ndarray of shape (c,), float64
        Share of the affinity that lies between two rows of the cluster.
    touching : ndarray of shape (c,), float64
        Share of the edge ends that are rows of the cluster.
    """

    inside: Float64Array = field(repr=False)
    touching: Float64Array = field(repr=False)


def shares_of_clusters(parent: IntArray, cluster_of_row: IntArray, affinities: csr_matrix[np.float32]) -> Shares:
    """Add up affinity inside and around every cluster.

    `parent` is that of each cluster, -1 for the root; `cluster_of_row` is the lowest cluster each row belongs to, -1
    for none; `affinities` is symmetric, its rows in the same order.
    """
    degree = np.asarray(affinities.sum(axis=1), dtype=np.float64).ravel()
    inside, touching = np.zeros(len(parent)), np.zeros(len(parent))
    add_up(
        affinities.indptr,
        affinities.indices,
        affinities.data,
        degree,
        parent,
        cluster_of_row,
        inside,
        touching,
    )
    total = max(float(degree.sum()), np.finfo(np.float64).tiny)
    return Shares(inside / total, touching / total)


def select_most_modular(parent: IntArray, shares: Shares, resolution: float) -> BoolArray:
    """Select the clusters that together have the greatest modularity, no one inside another; never the root."""
    selected = np.zeros(len(parent), dtype=np.bool_)
    select(parent, gain_of_splits(parent, shares, resolution), selected)
    return selected


def gain_of_splits(parent: IntArray, shares: Shares, resolution: float) -> Float64Array:
    """Return by how much splitting each cluster in two raises modularity; 0 for those that do not split.

    Modularity expects between the two parts what chance would put there if all rows were alike. With a resolution
    above 1, it would cut a large group that has no parts at all. So no split is expected to sever more than
    `_MOST_SEVERED` of what chance would put between the parts if all rows *of the group* were alike.
    """
    # children come in pairs, (1, 2), (3, 4) and so on
    above = parent[1::2]
    one, other = shares.touching[1::2], shares.touching[2::2]
    between = shares.inside[above] - shares.inside[1::2] - shares.inside[2::2]
    whole = np.maximum(shares.touching[above], np.finfo(np.float64).tiny)
    gain = np.zeros(len(parent))
    gain[above] = 2 * one * other * np.minimum(resolution, _MOST_SEVERED / whole) - between
    return gain


@compiled
def add_up(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    row_starts: IntArray,
    neighbors: IntArray,
    weights: FloatArray,
    degree: Float64Array,
    parent: IntArray,
    cluster_of_row: IntArray,
    inside: Float64Array,
    touching: Float64Array,
) -> None:
    """Write the affinity inside every cluster and the sum of its rows' degrees."""
    for row in range(cluster_of_row.shape[0]):
        home = cluster_of_row[row]
        if home < 0:
            continue
        touching[home] += degree[row]
        for edge in range(row_starts[row], row_starts[row + 1]):
            a, b = home, cluster_of_row[neighbors[edge]]
            if b < 0:
                continue
            # parents have smaller numbers than their children, so the larger number is the one to climb from
            while a != b:
                if a > b:
                    a = parent[a]
                else:
                    b = parent[b]
            inside[a] += weights[edge]
    for cluster in range(parent.shape[0] - 1, 0, -1):
        inside[parent[cluster]] += inside[cluster]
        touching[parent[cluster]] += touching[cluster]


@compiled
def select(parent: IntArray, gain: Float64Array, selected: BoolArray) -> None:
    """Select what is left when the splits with the greatest sum of gains are made; the root always splits."""
    n_clusters = parent.shape[0]
    best = np.zeros(n_clusters)
    n_children = np.zeros(n_clusters, dtype=np.int32)
    for cluster in range(n_clusters - 1, 0, -1):
        # on a tie the larger cluster is the simpler answer
        selected[cluster] = n_children[cluster] == 0 or best[cluster] + gain[cluster] <= 0
        if not selected[cluster]:
            best[parent[cluster]] += best[cluster] + gain[cluster]
        n_children[parent[cluster]] += 1
    covered = selected.copy()
    for cluster in range(1, n_clusters):
        if covered[parent[cluster]]:
            covered[cluster] = True
            selected[cluster] = False
