"""The frozen values that flow through the pipeline, from rows to positions on a map.

Arrays inside a value are never written to after construction. Values hold no connection, no widget and no callback.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from hdbscan.plots import CondensedTree

IdArray: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.object_]
FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int32]

#: Called with the share of the work done, 0 to 1. It may raise (`Cancelled`) to stop the work at that point.
ProgressCallback: TypeAlias = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Rows:
    """Rows of a collection, ascending by primary key.

    Attributes
    ----------
    ids : ndarray of shape (n,)
        Primary keys, int64 or (dtype object) str; unique and ascending.
    vectors : ndarray of shape (n, d), float32, or None
        Embeddings as stored; None when they are left in Milvus.
    texts : ndarray of shape (n,), dtype object, or None
        The text of each row ("" where it is missing); None when they are left in Milvus.
    """

    ids: IdArray
    vectors: FloatArray | None = field(repr=False)
    texts: npt.NDArray[np.object_] | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.ids)


@dataclass(frozen=True, eq=False)
class KnnGraph:
    """The nearest neighbours of every row, with true distances.

    Attributes
    ----------
    ids : ndarray of shape (n,)
        Primary keys of the rows; ties between equal distances are broken by them.
    indices : ndarray of shape (n, k), int32
        Row numbers of the neighbours, nearest first, the row itself left out; -1 where there are fewer than k.
    distances : ndarray of shape (n, k), float32
        Euclidean distance; for cosine, the Euclidean distance of the unit vectors; +inf where `indices` is -1.
    metric : str
        ``"cosine"``, ``"euclidean"`` or ``"ip"`` (inner product of unit vectors).
    n_components : int
        Connected components of the undirected graph.
    vectors : ndarray of shape (n, d), float32, or None
        What the distances were computed from (unit length for cosine), where held: joins components, proves edges.
    """

    ids: IdArray
    indices: IntArray = field(repr=False)
    distances: FloatArray = field(repr=False)
    metric: str
    n_components: int
    vectors: FloatArray | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_neighbors(self) -> int:
        """Neighbours held for each row, at most."""
        return int(self.indices.shape[1])


@dataclass(frozen=True, eq=False)
class SpanningTree:
    """Minimum spanning tree of the mutual-reachability distances, edges ascending by weight.

    Attributes
    ----------
    source, target : ndarray of shape (n - 1,), int32
        Row numbers of each edge's ends.
    weight : ndarray of shape (n - 1,), float64
        Mutual-reachability distance [1]_ of each edge; finite.
    core_distances : ndarray of shape (n,), float64
        Distance to the `min_samples`-th neighbour, the row itself not counted.
    certified_edges : ndarray of shape (n - 1,), bool
        Whether each edge is proven to belong to the tree of the full distance matrix.
    min_samples : int
        As in `hdbscan.HDBSCAN`.

    References
    ----------
    .. [1] Campello, Moulavi, Sander: Density-Based Clustering Based on Hierarchical Density Estimates. PAKDD 2013.
    """

    source: IntArray = field(repr=False)
    target: IntArray = field(repr=False)
    weight: npt.NDArray[np.float64] = field(repr=False)
    core_distances: npt.NDArray[np.float64] = field(repr=False)
    certified_edges: npt.NDArray[np.bool_] = field(repr=False)
    min_samples: int

    @property
    def n_rows(self) -> int:
        """Number of rows that the tree spans."""
        return len(self.core_distances)

    @property
    def certified(self) -> float:
        """Share of the edges proven to belong to the tree of the full distance matrix, 0 to 1."""
        return float(self.certified_edges.mean()) if len(self.certified_edges) else 1.0


@dataclass(frozen=True, eq=False)
class Clustering:
    """A flat clustering and the hierarchy it was cut from.

    Attributes
    ----------
    labels : ndarray of shape (n,), int32
        Cluster of each row, 0 upwards; -1 is noise.
    probabilities : ndarray of shape (n,), float32
        Strength of membership, 0 to 1; 0 for noise.
    n_clusters : int
        Number of clusters.
    """

    labels: IntArray = field(repr=False)
    probabilities: FloatArray = field(repr=False)
    n_clusters: int
    condensed_tree_array: npt.NDArray[np.void] | None = field(default=None, repr=False)

    @property
    def n_noise(self) -> int:
        """Rows that belong to no cluster."""
        return int((self.labels < 0).sum())

    @property
    def condensed_tree(self) -> CondensedTree:
        """The hierarchy as `hdbscan.plots.CondensedTree`, ready to plot."""
        from hdbscan.plots import CondensedTree

        return CondensedTree(self.condensed_tree_array, self.labels)


@dataclass(frozen=True, eq=False)
class Layout:
    """Positions of the rows on the map.

    Attributes
    ----------
    positions : ndarray of shape (n, 2) or (n, 3), float32
        Coordinates; they have no unit.
    finished : bool
        False for a picture on the way, while the layout is still being refined.
    """

    positions: FloatArray = field(repr=False)
    finished: bool = True

    @property
    def n_components(self) -> int:
        """Number of dimensions, 2 or 3."""
        return int(self.positions.shape[1])
