"""Nearest rows along the edges of a graph, for rows whose neighbours lie elsewhere."""

from __future__ import annotations

import heapq
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray


@compiled
def walk_from(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    rows: IntArray,
    start: npt.NDArray[np.int64],
    target: IntArray,
    length: FloatArray,
    place: IntArray,
    reached: IntArray,
    indices: IntArray,
    distances: FloatArray,
) -> None:
    """Find for each of `rows` the nearest rows with a place, by Dijkstra's method, until its list is full.

    Parameters
    ----------
    rows : ndarray of shape (m,), int32
        Where walks begin.
    start, target, length : arrays
        The undirected graph, as the rows of a sparse matrix: the edges of row i stand from ``start[i]`` on.
    place : ndarray of shape (n,), int32
        The number that each row has in the lists; -1 for rows that are walked through, and not listed.
    reached : ndarray of shape (n,), int32
        Filled with -1; the walk that last settled each row.
    indices, distances : ndarray of shape (m, k)
        The lists to fill, from the start of each row; filled with -1 and +inf.
    """
    for walk in range(len(rows)):
        found = 0
        heap = [(np.float32(0.0), rows[walk])]
        while heap and found < indices.shape[1]:
            so_far, row = heapq.heappop(heap)
            if reached[row] == walk:
                continue
            reached[row] = walk
            if row != rows[walk] and place[row] >= 0:
                indices[walk, found] = place[row]
                distances[walk, found] = so_far
                found += 1
            for edge in range(start[row], start[row + 1]):
                if reached[target[edge]] != walk:
                    heapq.heappush(heap, (np.float32(so_far + length[edge]), target[edge]))
