"""Kruskal's walk over sorted tree edges: the dendrogram, and which edges are proven."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._boruvka import find
from cluster_explorer._compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import IntArray


@compiled
def single_linkage(
    source: IntArray,
    target: IntArray,
    weight: npt.NDArray[np.float64],
    horizon: npt.NDArray[np.float32],
    left: IntArray,
    right: IntArray,
    size: IntArray,
    proven: npt.NDArray[np.bool_],
) -> None:
    """Merge the ends of each edge in turn: write the two nodes it joins, the size of the result, and whether it is proven.

    `horizon` is, for each row, the distance up to which all of its neighbours are known. The edge is the shortest seen that
    leaves either side; what has not been seen is no shorter than the nearest horizon of a side. So an edge no longer than
    one side's nearest horizon is the shortest of all that leave that side, and belongs to the full matrix's tree.
    """
    n = horizon.shape[0]
    parent = np.arange(n).astype(np.int32)
    node = np.arange(n).astype(np.int32)
    count = np.ones(n, dtype=np.int32)
    nearest = horizon.copy()
    for edge in range(n - 1):
        a = find(parent, source[edge])
        b = find(parent, target[edge])
        left[edge] = node[a]
        right[edge] = node[b]
        proven[edge] = proven[edge] or weight[edge] <= max(nearest[a], nearest[b])
        if count[a] < count[b]:
            a, b = b, a
        parent[b] = a
        count[a] += count[b]
        nearest[a] = min(nearest[a], nearest[b])
        node[a] = n + edge
        size[edge] = count[a]


@compiled
def order_leaves(left: IntArray, right: IntArray, size: IntArray, start: IntArray, order: IntArray) -> None:
    """Put the rows in an order in which the rows below any node are neighbours: `order[start : start + size]`."""
    n = order.shape[0]
    start[n - 2] = 0
    for edge in range(n - 2, -1, -1):
        middle = start[edge]
        if left[edge] < n:
            order[middle] = left[edge]
            middle += 1
        else:
            start[left[edge] - n] = middle
            middle += size[left[edge] - n]
        if right[edge] < n:
            order[middle] = right[edge]
        else:
            start[right[edge] - n] = middle
