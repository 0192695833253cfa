"""Groups of (nearly) identical texts, straight from the distances of the neighbour graph."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import InvalidParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import IntArray, KnnGraph

#: Distances up to this are rounding: of unit vectors in float32, and as a share of the usual distance of any others.
_SAME_DIRECTION = 1e-3
_SAME_PLACE = 1e-5
#: Cosine similarity that is taken for "nearly the same" until somebody says otherwise.
_NEARLY = 0.98


@dataclass(frozen=True, eq=False)
class DuplicateGroups:
    """Groups of rows that are nearly the same.

    Attributes
    ----------
    groups : tuple of ndarray of int32
        Row numbers; in each group the representative first, then the others by their distance to it. The largest group
        first.
    threshold : float
        Every row is at most this far from the representative of its group.
    n_rows : int
        Rows in any group.
    """

    groups: tuple[IntArray, ...]
    threshold: float
    n_rows: int

    @property
    def n_surplus(self) -> int:
        """Rows that would go if one of each group were kept."""
        return self.n_rows - len(self.groups)


@dataclass(frozen=True)
class DuplicateScale:
    """Thresholds that make sense for a graph.

    Attributes
    ----------
    suggested : float
        To begin with.
    largest : float
        Half of all rows have a neighbour nearer than this: beyond it nothing is a duplicate any more.
    """

    suggested: float
    largest: float


def near_duplicates(graph: KnnGraph, threshold: float, among: npt.NDArray[np.bool_] | None = None) -> DuplicateGroups:
    """Find groups of rows that lie within a distance of each other.

    Connected components of the edges below a threshold would chain: A is near B and B near C, but C is something else.
    So only identical rows (equal vectors, but for rounding) are joined as components; those groups are then gathered in
    stars [1]_: the row with the most near neighbours becomes a representative and takes all that are within the
    threshold of it, then the next one among those left. Every row is within the threshold of its representative, hence
    any two of a group within twice that. A row that could join several joins the nearest representative.

    Only edges of the graph are seen: rows beyond the k nearest neighbours are found through identical rows alone.

    Parameters
    ----------
    graph : KnnGraph
    threshold : float
        True distance, as in `KnnGraph.distances`; 0 finds identical vectors.
    among : ndarray of shape (n,), bool, optional
        The rows that are looked at; the others are in no group, and represent none.

    Returns
    -------
    DuplicateGroups

    Raises
    ------
    InvalidParameterError
        If the threshold is negative or not a number.

    References
    ----------
    .. [1] Aslam, Pelekhov, Rus: The Star Clustering Algorithm for Static and Dynamic Information Organization. Journal
       of Graph Algorithms and Applications 8, 2004.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> chain = np.array([[0.0], [0.9], [1.8], [2.7], [9.0]], dtype=np.float32)
    >>> [group.tolist() for group in near_duplicates(knn_graph(chain, 2, "euclidean"), 1.0).groups]
    [[1, 0, 2]]
    """
    if not threshold >= 0 or np.isinf(threshold):
        raise InvalidParameterError(f"threshold={threshold!r} is no distance: it must be a finite number, 0 or more.")
    exact = _exact(graph)
    source, target, distance = _edges(graph, max(threshold, exact), among)
    same = distance <= exact
    piece = _components(len(graph), source[same], target[same])
    center, reach = _stars(piece, source, target, distance)
    order = np.lexsort((np.arange(len(graph)), reach[piece], center[piece]))
    bounds = np.flatnonzero(np.diff(center[piece[order]])) + 1
    groups = [group.astype(np.int32) for group in np.split(order, bounds) if len(group) > 1]
    groups.sort(key=lambda group: (-len(group), int(group[0])))
    return DuplicateGroups(tuple(groups), float(threshold), sum(map(len, groups)))


def duplicate_scale(graph: KnnGraph) -> DuplicateScale:
    """Suggest how near is near: cosine similarity 0.98, or a tenth of the usual distance to the nearest neighbour.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> line = np.arange(10, dtype=np.float32)[:, None]
    >>> duplicate_scale(knn_graph(line, 2, "euclidean"))
    DuplicateScale(suggested=0.1, largest=1.0)
    """
    nearest = graph.distances[:, 0]
    nearest = nearest[np.isfinite(nearest) & (nearest > _exact(graph))]
    usual = float(np.median(nearest)) if len(nearest) else 1.0
    suggested = (2 - 2 * _NEARLY) ** 0.5 if graph.metric != "euclidean" else 0.1 * usual
    return DuplicateScale(min(suggested, usual), usual)


def _exact(graph: KnnGraph) -> float:
    """Return up to which distance two vectors are the same, but for rounding."""
    if graph.metric != "euclidean":
        return _SAME_DIRECTION
    known = graph.distances[np.isfinite(graph.distances)]
    return _SAME_PLACE * float(np.median(known)) if len(known) else 0.0


def _edges(
    graph: KnnGraph, threshold: float, among: npt.NDArray[np.bool_] | None
) -> tuple[IntArray, IntArray, npt.NDArray[np.float64]]:
    """Return the edges that are short enough, each in both directions; with `among`, those between such rows."""
    near = (graph.distances <= threshold) & (graph.indices >= 0)
    if among is not None:
        near &= among[:, None] & among[graph.indices]
    row, place = np.nonzero(near)
    other, distance = graph.indices[row, place], graph.distances[row, place].astype(np.float64)
    row = row.astype(np.int32)
    return np.concatenate([row, other]), np.concatenate([other, row]), np.concatenate([distance, distance])


def _components(n: int, source: IntArray, target: IntArray) -> IntArray:
    """Return the connected component of each row, numbered by their lowest rows, ascending."""
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    _, label = connected_components(coo_array((np.ones(len(source), dtype=bool), (source, target)), (n, n)))
    _, first = np.unique(label, return_index=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first))
    numbered: IntArray = rank[label]
    return numbered


def _stars(
    piece: IntArray, source: IntArray, target: IntArray, distance: npt.NDArray[np.float64]
) -> tuple[IntArray, npt.NDArray[np.float64]]:
    """Gather pieces around representatives: the representative of each piece, and the distance to it."""
    n = int(piece.max(initial=-1)) + 1
    begin, end = piece[source], piece[target]
    between = begin != end
    order = np.lexsort((distance[between], end[between], begin[between]))
    begin, end, length = begin[between][order], end[between][order], distance[between][order]
    shortest = np.ones(len(begin), dtype=bool)
    shortest[1:] = (begin[1:] != begin[:-1]) | (end[1:] != end[:-1])
    begin, end, length = begin[shortest], end[shortest], length[shortest]
    start = np.searchsorted(begin, np.arange(n + 1))
    rows_near = np.bincount(piece, minlength=n) + np.bincount(begin, np.bincount(piece)[end], minlength=n)
    is_center = np.ones(n, dtype=bool)
    taken = np.zeros(n, dtype=bool)
    linked = np.unique(begin)
    for one in linked[np.lexsort((linked, -rows_near[linked]))].tolist():
        if not taken[one]:
            near = end[start[one] : start[one + 1]]
            taken[near] = True
            is_center[near] = False
    center, reach = np.arange(n, dtype=np.int32), np.zeros(n)
    leads = is_center[end] & ~is_center[begin]
    begin, end, length = begin[leads], end[leads], length[leads]
    nearest = np.lexsort((end, length, begin))
    first = np.unique(begin[nearest], return_index=True)[1]
    chosen = nearest[first]
    center[begin[chosen]], reach[begin[chosen]] = end[chosen], length[chosen]
    return center, reach
