"""Kruskal's walk over sorted tree edges: the dendrogram, and which edges are proven."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled
from cluster_explorer._kernels.common.records import Ends, Nodes, Roots
from cluster_explorer._kernels.common.union_find import find
from cluster_explorer.values import Dendrogram

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.tree.edges import Edges
    from cluster_explorer.values import FloatArray, IntArray

    BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Merges:
    """What the walk found.

    Attributes
    ----------
    dendrogram : Dendrogram
        The hierarchy.
    proven : ndarray of shape (n - 1,), bool
        Whether each edge belongs to the tree of the full distance matrix.
    """

    dendrogram: Dendrogram = field(repr=False)
    proven: BoolArray = field(repr=False)


def merge_in_order(edges: Edges, horizon: FloatArray, proven: BoolArray) -> Merges:
    """Merge the ends of each edge of a tree in turn.

    The edge is the lightest known one that leaves either side. An unknown one is no lighter than the nearest horizon
    of the side it leaves. So an edge that weighs no more than one side's nearest horizon is the lightest of all that
    leave that side, and belongs to the tree of the full distance matrix.

    Parameters
    ----------
    edges : Edges
        The n - 1 edges of a tree, in order.
    horizon : ndarray of shape (n,), float32
        For each row, the distance up to which all of its neighbours are known.
    proven : ndarray of shape (n - 1,), bool
        Edges that are proven already.
    """
    n = len(horizon)
    rows = np.arange(n, dtype=np.int32)
    roots = Roots(horizon.copy(), rows.copy(), rows.copy(), np.ones(n, dtype=np.int32))
    left, right, size, start = (np.empty(n - 1, dtype=np.int32) for _ in range(4))
    dendrogram, proven = Dendrogram(left, right, size, start, rows), proven.copy()
    single_linkage(Ends(edges.source, edges.target, edges.weight), roots, Nodes(left, right, size, start), proven)
    order_leaves(Nodes(left, right, size, start), rows)
    return Merges(dendrogram, proven)


@compiled
def single_linkage(edges: Ends, roots: Roots, nodes: Nodes, proven: BoolArray) -> None:
    """Write the two nodes that each edge joins, how many rows are below the result, and whether the edge is proven."""
    parent = roots.parent
    n = parent.shape[0]
    for edge in range(n - 1):
        a = find(parent, edges.source[edge])
        b = find(parent, edges.target[edge])
        nodes.left[edge] = roots.node[a]
        nodes.right[edge] = roots.node[b]
        if edges.weight[edge] <= max(roots.horizon[a], roots.horizon[b]):
            proven[edge] = True
        if roots.below[a] < roots.below[b]:
            a, b = b, a
        parent[b] = a
        roots.below[a] += roots.below[b]
        roots.horizon[a] = min(roots.horizon[a], roots.horizon[b])
        roots.node[a] = n + edge
        nodes.size[edge] = roots.below[a]


@compiled
def order_leaves(nodes: Nodes, order: IntArray) -> None:
    """Put the rows in an order in which those below any node are neighbours: `order[start : start + size]`."""
    n = order.shape[0]
    nodes.start[n - 2] = 0
    for edge in range(n - 2, -1, -1):
        place = nodes.start[edge]
        for child in (nodes.left[edge], nodes.right[edge]):
            if child < n:
                order[place] = child
                place += 1
            else:
                nodes.start[child - n] = place
                place += nodes.size[child - n]
