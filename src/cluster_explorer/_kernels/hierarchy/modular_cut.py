"""The sums and the choice behind a cut by modularity, over the clusters of a condensed tree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled

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


@dataclass(frozen=True, eq=False)
class Parts:
    """Parts of a graph, taken as one each: rows, or the finest groups of a hierarchy.

    Attributes
    ----------
    between : csr_matrix of shape (p, p), float32
        Affinity between different parts; symmetric.
    inside : ndarray of shape (p,), float64
        Affinity inside each part, both directions counted.
    degree : ndarray of shape (p,), float64
        All affinity that touches each part: inside it twice, and what leaves it.
    """

    between: csr_matrix[np.float32] = field(repr=False)
    inside: Float64Array = field(repr=False)
    degree: Float64Array = field(repr=False)

    def __len__(self) -> int:
        return len(self.inside)


def merge_parts(parts: Parts, whole: IntArray, n_wholes: int) -> Parts:
    """Take parts together: `whole` is what each becomes a part of, -1 for what is left out."""
    from scipy.sparse import csr_matrix

    kept = whole >= 0
    inside, degree = np.zeros(n_wholes), np.zeros(n_wholes)
    np.add.at(inside, whole[kept], parts.inside[kept])
    np.add.at(degree, whole[kept], parts.degree[kept])
    source = np.repeat(whole, np.diff(parts.between.indptr))
    target, weight = whole[parts.between.indices], parts.between.data
    within = (source >= 0) & (source == target)
    np.add.at(inside, source[within], weight[within])
    across = (source >= 0) & (target >= 0) & ~within
    between = csr_matrix((weight[across], (source[across], target[across])), shape=(n_wholes, n_wholes))
    return Parts(between, inside, degree)


def shares_of_clusters(parent: IntArray, cluster_of_part: IntArray, parts: Parts, total: float) -> Shares:
    """Add up affinity inside and around every cluster.

    `parent` is that of each cluster, -1 for the root; `cluster_of_part` is the lowest cluster each part belongs to,
    -1 for none; `total` is the affinity of the whole graph.
    """
    inside, touching = np.zeros(len(parent)), np.zeros(len(parent))
    add_up(
        parts.between.indptr,
        parts.between.indices,
        parts.between.data,
        parts.inside,
        parts.degree,
        parent,
        cluster_of_part,
        inside,
        touching,
    )
    total = max(total, np.finfo(np.float64).tiny)
    return Shares(inside / total, touching / total)


def select_most_modular(parent: IntArray, shares: Shares, resolution: float) -> BoolArray:
    """Select the clusters that together have the greatest modularity, no one inside another."""
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
    part_starts: IntArray,
    neighbors: IntArray,
    weights: FloatArray,
    own: Float64Array,
    degree: Float64Array,
    parent: IntArray,
    cluster_of_part: IntArray,
    inside: Float64Array,
    touching: Float64Array,
) -> None:
    """Write the affinity inside every cluster and the sum of its parts' degrees."""
    for part in range(cluster_of_part.shape[0]):
        home = cluster_of_part[part]
        if home < 0:
            continue
        inside[home] += own[part]
        touching[home] += degree[part]
        for edge in range(part_starts[part], part_starts[part + 1]):
            a, b = home, cluster_of_part[neighbors[edge]]
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
    """Select what is left when the splits with the greatest sum of gains are made: the root, where none is worth it."""
    n_clusters = parent.shape[0]
    best = np.zeros(n_clusters)
    n_children = np.zeros(n_clusters, dtype=np.int32)
    for cluster in range(n_clusters - 1, -1, -1):
        # on a tie the larger cluster is the simpler answer
        selected[cluster] = n_children[cluster] == 0 or best[cluster] + gain[cluster] <= 0
        if cluster == 0:
            break
        if not selected[cluster]:
            best[parent[cluster]] += best[cluster] + gain[cluster]
        n_children[parent[cluster]] += 1
    covered = selected.copy()
    for cluster in range(1, n_clusters):
        if covered[parent[cluster]]:
            covered[cluster] = True
            selected[cluster] = False
