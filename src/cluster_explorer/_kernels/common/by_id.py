"""A graph with its rows in ascending order of their ids, so that results do not depend on how the rows arrived."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IdArray, IntArray, KnnGraph


@dataclass(frozen=True, eq=False)
class RowsById:
    """Neighbours of a graph, its rows renumbered in ascending order of their ids.

    Attributes
    ----------
    indices : ndarray of shape (n, k), int32
        Renumbered neighbours; -1 where there are fewer than k.
    distances : ndarray of shape (n, k), float32
        Their distances, as in the graph.
    rank : ndarray of shape (n,), int32
        New number of each row of the graph: ``result_by_id[rank]`` is the result in the graph's order.
    order : ndarray of shape (n,), int32
        Row of the graph at each new number: ``values[order]`` are values by id.
    """

    indices: IntArray = field(repr=False)
    distances: FloatArray = field(repr=False)
    rank: IntArray = field(repr=False)
    order: IntArray = field(repr=False)


def ascending_order(keys: IdArray) -> npt.NDArray[np.intp] | None:
    """Return the order that makes ids ascend; None where they do already."""
    if bool(np.all(keys[1:] > keys[:-1])):
        return None
    return np.argsort(keys, kind="stable")


def rank_of_ids(ids: IdArray) -> IntArray:
    """Place of each row in the ascending order of ids.

    Examples
    --------
    >>> rank_of_ids(np.array([30, 10, 20])).tolist()
    [2, 0, 1]
    """
    order = ascending_order(ids)
    rank = np.arange(len(ids), dtype=np.int32)
    if order is not None:
        rank[order] = np.arange(len(ids), dtype=np.int32)
    return rank


def rows_by_id(graph: KnnGraph) -> RowsById:
    """Renumber the rows of a graph in ascending order of their ids."""
    rank = rank_of_ids(graph.ids)
    order = np.argsort(rank).astype(np.int32)
    if bool((rank == np.arange(len(rank))).all()):
        return RowsById(graph.indices, graph.distances, rank, order)
    indices = graph.indices[order]
    renumbered: npt.NDArray[np.int32] = np.where(indices >= 0, rank[indices], np.int32(-1))
    return RowsById(renumbered, graph.distances[order], rank, order)
