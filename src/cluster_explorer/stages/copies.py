"""Rows that are equal, taken as one: what clusters there are does not depend on how often a text occurs.

An embedding that treats copies as rows of their own scatters them, because they push each other away; and a text with
more copies than neighbours is listed with nothing but its copies, cut off from everything else.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.stages.graph import count_components

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.common.records import Lists
    from cluster_explorer.values import IntArray, KnnGraph, ProgressCallback

#: Neighbours of other kinds that a kind should have. Fewer are left where most of a list are copies.
_ENOUGH = 8
#: Share of its neighbours that a text with many copies must be near to, by their own measure, to be one among them.
_AMONG = 1 / 3


@dataclass(frozen=True, eq=False)
class DistinctRows:
    """A neighbour graph in which all copies of a row are one.

    Attributes
    ----------
    graph : KnnGraph
        One row for each kind, in the order of the smallest ids of their copies; those are its ids. Lists are as long
        as before, and may have gaps at the end.
    kind : ndarray of shape (n,), int32
        The row of `graph` that stands for each row.
    n_copies : ndarray of shape (u,), int64
        Rows that each row of `graph` stands for.
    """

    graph: KnnGraph
    kind: IntArray = field(repr=False)
    n_copies: IntArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.graph)


def distinct_rows(graph: KnnGraph, *, on_progress: ProgressCallback | None = None) -> DistinctRows:
    """Take rows at distance 0 of each other as one.

    Where most of a list are copies, and the graph holds the vectors, the neighbours of other kinds are searched. Where
    they are the row's own copies, all else is far by the row's own measure, and what it is near to is for the others
    to say: it is near to those that list something at least as far away. Neighbours with fewer copies are left out
    where the row is far from them, and from most of the others as well. So a text among others of its topic stays
    there, one that is like no other stands alone, and texts that have as many copies as each other are neighbours as
    they would be without.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    DistinctRows
        The graph itself where no rows are equal.

    Examples
    --------
    >>> from cluster_explorer import knn_graph
    >>> found = distinct_rows(knn_graph([[0.0], [0.0], [0.0], [5.0]], n_neighbors=2, metric="euclidean"))
    >>> found.kind.tolist(), found.graph.distances.tolist()
    ([0, 0, 0, 1], [[5.0, inf], [5.0, inf]])
    """
    from cluster_explorer._kernels.common.by_id import rank_of_ids
    from cluster_explorer._kernels.neighbors.duplicates import neighbors_of_kinds, rows_at_no_distance
    from cluster_explorer._kernels.neighbors.search import nearest_rows

    equal = rows_at_no_distance(graph.indices, graph.distances, rank_of_ids(graph.ids))
    n_copies = np.diff(equal.start)
    if len(equal.rows) == len(graph):
        return DistinctRows(graph, equal.kind, n_copies)
    k = min(graph.n_neighbors, len(equal.rows) - 1)
    lists, exact = neighbors_of_kinds(graph.indices, graph.distances, equal), graph.exact
    vectors = None if graph.vectors is None else graph.vectors[equal.rows]
    few = np.flatnonzero((lists.indices >= 0).sum(axis=1) < min(_ENOUGH, k)).astype(np.int32)
    if vectors is not None and len(few):
        found = nearest_rows(vectors, k, rows=few, on_progress=on_progress)
        lists.indices[few, :k], lists.distances[few, :k] = found.lists.indices[few], found.lists.distances[few]
        exact = exact and found.exact
    # most of whose lists are their own copies
    crowded = np.flatnonzero(2 * (n_copies - 1) > graph.n_neighbors)
    n_listed = np.count_nonzero(lists.indices >= 0)
    _leave_out_far(lists, crowded, n_copies)
    exact = exact and np.count_nonzero(lists.indices >= 0) == n_listed
    contracted = replace(
        graph,
        ids=graph.ids[equal.rows],
        indices=lists.indices,
        distances=lists.distances,
        n_components=count_components(lists.indices),
        vectors=vectors,
        exact=exact,
    )
    return DistinctRows(contracted, equal.kind, n_copies)


def _leave_out_far(lists: Lists, rows: npt.NDArray[np.intp], n_copies: IntArray) -> None:
    """Leave out of the lists of some rows the neighbours with fewer copies from which they are far."""
    reach = lists.distances.max(axis=1, initial=0.0, where=lists.indices >= 0)
    indices, distances = lists.indices[rows], lists.distances[rows]
    fewer = (indices >= 0) & (n_copies[indices] < n_copies[rows, None])
    far = fewer & (distances > reach[indices])
    near = np.count_nonzero(fewer, axis=1) - np.count_nonzero(far, axis=1)
    # in many dimensions, even a row in the midst of others is in the lists of only some of its neighbours
    far[near >= _AMONG * np.count_nonzero(fewer, axis=1)] = False
    indices[far], distances[far] = -1, np.inf
    order = np.argsort(distances, axis=1, kind="stable")
    lists.indices[rows] = np.take_along_axis(indices, order, axis=1)
    lists.distances[rows] = np.take_along_axis(distances, order, axis=1)
