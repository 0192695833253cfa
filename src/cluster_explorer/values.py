"""The frozen values that flow through the pipeline, from rows to positions on a map.

Arrays inside a value are never written to after construction. Values hold no connection, no widget and no callback.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import numpy.typing as npt

from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    from hdbscan.plots import CondensedTree

IdArray: TypeAlias = npt.NDArray[np.int64] | npt.NDArray[np.object_]
FloatArray: TypeAlias = npt.NDArray[np.float32]
IntArray: TypeAlias = npt.NDArray[np.int32]

#: Called with the share of the work done, 0 to 1. It may raise (`Cancelled`) to stop the work at that point.
ProgressCallback: TypeAlias = Callable[[float], None]


def ignore_progress(_share: float) -> None:
    """Take progress that nobody watches."""


def part_of(on_progress: ProgressCallback | None, first: float, last: float) -> ProgressCallback:
    """Show the progress of a part of the work as progress of the whole, from `first` to `last`.

    Examples
    --------
    >>> part_of(print, 0.5, 1.0)(0.5)
    0.75
    """
    if on_progress is None:
        return ignore_progress
    return lambda share: on_progress(first + (last - first) * share)


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
    digests : ndarray of shape (n,), int64, or None
        A hash of each vector, by which rows that have changed are found; where the vectors are left in Milvus.
    n_changed : int
        Rows that others added or deleted while these were read, those changed under their key not counted.
    """

    ids: IdArray
    vectors: FloatArray | None = field(repr=False)
    texts: npt.NDArray[np.object_] | None = field(default=None, repr=False)
    n_changed: int = 0
    digests: npt.NDArray[np.int64] | None = field(default=None, repr=False)

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
    exact : bool
        Whether the search was exhaustive, so that no row outside a list is nearer than the last one in it. Only
        then can edges of a spanning tree be certified.
    recall : float or None
        Share of the true neighbours that an approximate search found, measured on a sample; 1 for an exhaustive one,
        None where it was not measured.
    """

    ids: IdArray
    indices: IntArray = field(repr=False)
    distances: FloatArray = field(repr=False)
    metric: str
    n_components: int
    vectors: FloatArray | None = field(default=None, repr=False)
    exact: bool = True
    recall: float | None = None

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def n_neighbors(self) -> int:
        """Neighbours held for each row, at most."""
        return int(self.indices.shape[1])


@dataclass(frozen=True, eq=False)
class NeighborLists:
    """The nearest rows of each of some rows, as a search finds them.

    Attributes
    ----------
    indices : ndarray of shape (m, k), int32
        Row numbers, nearest first; -1 where there are fewer than k.
    distances : ndarray of shape (m, k), float32
        Euclidean distance; for cosine and inner product that of the unit vectors; +inf where `indices` is -1.
    rounding : float or None
        How far the squared distances that the search went by were from the true ones, at most; infinite where it was
        not among the rows that it was asked about. None where the true ones are not known.
    """

    indices: IntArray = field(repr=False)
    distances: FloatArray = field(repr=False)
    rounding: float | None = None

    @classmethod
    def empty(cls, n_rows: int, n_neighbors: int) -> NeighborLists:
        """Return lists that hold nothing yet."""
        return cls(
            np.full((n_rows, n_neighbors), -1, dtype=np.int32),
            np.full((n_rows, n_neighbors), np.inf, dtype=np.float32),
        )


class RowSearch(Protocol):
    """Finds the nearest rows of some rows, where the vectors are not held."""

    def __call__(
        self, rows: IntArray, n_neighbors: int, *, on_progress: ProgressCallback | None = None
    ) -> NeighborLists:
        """Search the rows nearest to each of `rows`, itself left out.

        Parameters
        ----------
        rows : ndarray of shape (m,), int32
            The rows to search for.
        n_neighbors : int
            How many for each; fewer only where there are no more.
        on_progress : callable, optional
            Told the share of the rows searched, 0 to 1; may raise to stop.
        """


class OutsideSearch(Protocol):
    """Finds the nearest rows outside of a component: what joins a graph whose vectors are not held."""

    def __call__(self, rows: IntArray, component: IntArray, n_neighbors: int) -> NeighborLists:
        """Search the rows that are nearest to each of `rows` among those of other components.

        Parameters
        ----------
        rows : ndarray of shape (m,), int32
            The rows to search for.
        component : ndarray of shape (n,), int32
            The component of every row; neighbours must be of another one.
        n_neighbors : int
            How many for each; fewer only where there are no more.
        """


@dataclass(frozen=True, eq=False)
class Dendrogram:
    """Single-linkage hierarchy of a spanning tree: one merge for each edge, in the order of the edges.

    Nodes are numbered as in `scipy.cluster.hierarchy`: 0 to n - 1 are the rows, n + i is the result of merge i.

    Attributes
    ----------
    left, right : ndarray of shape (n - 1,), int32
        The two nodes that each merge joins.
    size : ndarray of shape (n - 1,), int32
        Rows below each merge.
    start : ndarray of shape (n - 1,), int32
        Where the rows below each merge begin in `order`.
    order : ndarray of shape (n,), int32
        The rows, arranged so that those below any merge are neighbours: ``order[start[i] : start[i] + size[i]]``.
    """

    left: IntArray = field(repr=False)
    right: IntArray = field(repr=False)
    size: IntArray = field(repr=False)
    start: IntArray = field(repr=False)
    order: IntArray = field(repr=False)


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
    dendrogram : Dendrogram
        The hierarchy of the tree. It does not depend on any parameter of `cluster`, so it is computed once.

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
    dendrogram: Dendrogram = field(repr=False)

    @property
    def n_rows(self) -> int:
        """Number of rows that the tree spans."""
        return len(self.core_distances)

    @property
    def certified(self) -> float:
        """Share of the edges proven to belong to the tree of the full distance matrix, 0 to 1."""
        return float(self.certified_edges.mean()) if len(self.certified_edges) else 1.0

    @property
    def linkage(self) -> npt.NDArray[np.float64]:
        """The hierarchy as `scipy.cluster.hierarchy` and `hdbscan.plots.SingleLinkageTree` read it: (n - 1, 4)."""
        hierarchy = self.dendrogram
        return np.column_stack([hierarchy.left, hierarchy.right, self.weight, hierarchy.size]).astype(np.float64)


@dataclass(frozen=True, eq=False)
class CondensedHierarchy:
    """The condensed tree of HDBSCAN*: clusters of at least `min_cluster_size` rows, and where each row falls out.

    Clusters are numbered from the root, 0, downwards: a parent before its children. Density is 1 / distance.

    Attributes
    ----------
    parent : ndarray of shape (c,), int32
        Parent of each cluster; -1 for the root.
    birth, death : ndarray of shape (c,), float64
        Densities at which each cluster appears and at which its last row has left, or it splits.
    size : ndarray of shape (c,), int32
        Rows of each cluster when it appears.
    stability : ndarray of shape (c,), float64
        Excess of mass of each cluster.
    label : ndarray of shape (c,), int32
        Label of each cluster in the flat clustering; -1 for those that were not selected.
    row_cluster : ndarray of shape (n,), int32
        The cluster that each row falls out of.
    row_density : ndarray of shape (n,), float64
        The density at which it does; infinite for rows with enough exact duplicates.
    """

    parent: IntArray = field(repr=False)
    birth: npt.NDArray[np.float64] = field(repr=False)
    death: npt.NDArray[np.float64] = field(repr=False)
    size: IntArray = field(repr=False)
    stability: npt.NDArray[np.float64] = field(repr=False)
    label: IntArray = field(repr=False)
    row_cluster: IntArray = field(repr=False)
    row_density: npt.NDArray[np.float64] = field(repr=False)


#: The columns of `hdbscan.plots.CondensedTree`.
CONDENSED_TREE_DTYPE = np.dtype(
    [("parent", np.intp), ("child", np.intp), ("lambda_val", np.float64), ("child_size", np.intp)]
)


@dataclass(frozen=True, eq=False)
class Scope:
    """Rows to cluster by themselves: those that somebody has drilled down to.

    Attributes
    ----------
    name : str
        What the rows are, in a word or two: for a breadcrumb.
    rows : ndarray of shape (m,), int32
        Row numbers, ascending.
    parent : Scope or None
        Where one comes back to; None is the whole collection.

    Examples
    --------
    >>> noise = Scope("noise", np.array([1, 2, 3], dtype=np.int32))
    >>> [step.name for step in Scope("selection", np.array([2], dtype=np.int32), noise).path]
    ['noise', 'selection']
    """

    name: str
    rows: IntArray = field(repr=False)
    parent: Scope | None = field(default=None, repr=False)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def path(self) -> tuple[Scope, ...]:
        """The scopes from the outermost to this one."""
        return (*(self.parent.path if self.parent is not None else ()), self)


@dataclass(frozen=True, eq=False)
class Clustering:
    """A flat clustering and the hierarchy it was cut from.

    Attributes
    ----------
    labels : ndarray of shape (n,), int32
        Cluster of each row, 0 upwards, the largest first; -1 is noise.
    probabilities : ndarray of shape (n,), float32
        Strength of membership, 0 to 1; 0 for noise.
    n_clusters : int
        Number of clusters.
    hierarchy : CondensedHierarchy or None
        The condensed tree the clusters were selected from; None for labels that came from elsewhere.
    attached_labels : ndarray of shape (n,), int32, or None
        The labels with noise attached to clusters (`attach_noise`); None where that was not asked for.
    confidence : ndarray of shape (n,), float32, or None
        How far each attached label can be trusted, 0 to 1; 1 for the rows of the clusters themselves.
    scope : Scope or None
        The rows that were clustered, where these are not all; the others have label -1, and `hierarchy` is of these
        rows alone.
    """

    labels: IntArray = field(repr=False)
    probabilities: FloatArray = field(repr=False)
    n_clusters: int
    hierarchy: CondensedHierarchy | None = field(default=None, repr=False)
    attached_labels: IntArray | None = field(default=None, repr=False)
    confidence: FloatArray | None = field(default=None, repr=False)
    scope: Scope | None = field(default=None, repr=False)

    @property
    def clustered_labels(self) -> IntArray:
        """The labels of the rows that were clustered, shape (m,), int32."""
        return self.labels if self.scope is None else self.labels[self.scope.rows]

    def spread_over(self, scope: Scope, n_rows: int) -> Clustering:
        """Return this clustering of a scope's rows as one of all rows: label -1 outside of the scope.

        Examples
        --------
        >>> found = Clustering(np.array([0, -1], np.int32), np.array([1, 0], np.float32), n_clusters=1)
        >>> found.spread_over(Scope("some", np.array([1, 3], np.int32)), n_rows=4).labels.tolist()
        [-1, 0, -1, -1]
        """
        labels = np.full(n_rows, -1, dtype=np.int32)
        probabilities = np.zeros(n_rows, dtype=np.float32)
        labels[scope.rows], probabilities[scope.rows] = self.labels, self.probabilities
        return replace(self, labels=labels, probabilities=probabilities, scope=scope)

    @property
    def n_noise(self) -> int:
        """Rows that were clustered and belong to no cluster."""
        return int((self.clustered_labels < 0).sum())

    @cached_property
    def condensed_tree_array(self) -> npt.NDArray[np.void] | None:
        """The condensed tree as hdbscan lays it out (parent, child, lambda_val, child_size), or None.

        Made when first asked for: moving a slider needs the labels, not this.
        """
        if self.hierarchy is None:
            return None
        tree, n = self.hierarchy, len(self.clustered_labels)
        array = np.empty(n + len(tree.parent) - 1, dtype=CONDENSED_TREE_DTYPE)
        array["parent"] = n + np.concatenate([tree.row_cluster, tree.parent[1:]])
        array["child"] = np.concatenate([np.arange(n), n + np.arange(1, len(tree.parent))])
        array["lambda_val"] = np.concatenate([tree.row_density, tree.birth[1:]])
        array["child_size"] = np.concatenate([np.ones(n, dtype=np.intp), tree.size[1:]])
        return array[np.lexsort((array["child"], array["lambda_val"], array["parent"]))]

    @property
    def condensed_tree(self) -> CondensedTree:
        """The hierarchy as `hdbscan.plots.CondensedTree`, ready to plot."""
        from hdbscan.plots import CondensedTree

        if self.condensed_tree_array is None:
            raise DataError("These labels were not cut from a tree, so there is no condensed tree. Use cluster(tree).")
        return CondensedTree(self.condensed_tree_array, self.clustered_labels)


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
