"""The lightest edges that leave the parts of a forest, in many dimensions: all pairs, block by block.

Where boxes and projections rule nothing out, what counts is to multiply matrices fast and to look at few rows. A row
is searched only while something unseen could be lighter than the lightest edge known to leave its part, and what was
found for it stays true for as long as its neighbour lies in another part: parts only grow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled
from cluster_explorer._kernels.common.records import ComparedRows, Edge
from cluster_explorer._kernels.neighbors.distances import near_origin, pair_distance
from cluster_explorer._kernels.tree.boruvka import nothing_lighter_than, offer
from cluster_explorer._kernels.tree.edges import Edges

if TYPE_CHECKING:
    from cluster_explorer._kernels.common.records import Lightest
    from cluster_explorer._kernels.tree.joining import LeavingSearch
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

#: Rows searched at a time, and rows they are compared with at a time: 16 MB of products.
_ROWS, _COLUMNS = 256, 16384


def block_search(vectors: FloatArray, core: FloatArray, rank: IntArray, horizon: FloatArray) -> LeavingSearch:
    """Prepare the search; `horizon` is for each row the distance up to which the caller knows all edges."""
    centered = near_origin(vectors)
    norms = np.einsum("ij,ij->i", centered, centered, dtype=np.float64).astype(np.float32)
    # bound of the rounding error of a float32 product of d terms
    slack = 2 * (vectors.shape[1] + 4) * float(np.finfo(np.float32).eps) * float(norms.max())
    rows = ComparedRows(vectors, norms, core, rank)
    # one part for each row: what it has found
    held = nothing_lighter_than(np.full(len(vectors), np.inf, dtype=np.float32))
    unseen = np.maximum(horizon, core)

    def search(part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        _forget_inner(held, part, unseen)
        limit = bound.copy()
        np.minimum.at(limit, part, held.weight)
        candidates = np.flatnonzero((held.source < 0) & (part != largest) & (unseen <= limit[part]))
        # rows far from the rest first: what they find spares the search of the dense ones
        waiting = candidates[np.lexsort((rank[candidates], -unseen[candidates]))].astype(np.int32)
        for first in range(0, len(waiting), _ROWS):
            asked: IntArray = waiting[first : first + _ROWS]
            asked = asked[unseen[asked] <= limit[part[asked]]]
            held.weight[asked] = limit[part[asked]]
            for left in range(0, len(vectors) if len(asked) else 0, _COLUMNS):
                products = centered[asked] @ centered[left : left + _COLUMNS].T
                update_nearest(products, asked, left, rows, slack, part, held)
            empty = asked[held.source[asked] < 0]
            unseen[empty] = np.nextafter(held.weight[empty], np.float32(np.inf))
            held.weight[empty] = np.inf
            np.minimum.at(limit, part[asked], held.weight[asked])
            if on_progress is not None:
                on_progress(min(1.0, (first + _ROWS) / len(waiting)))
        return Edges(*held).take((held.source >= 0) & (part != largest))

    return search


def _forget_inner(held: Lightest, part: IntArray, unseen: FloatArray) -> None:
    """Drop edges that no longer leave a part; what their row finds next is no lighter."""
    inner = np.flatnonzero((held.source >= 0) & (part[held.target] == part))
    unseen[inner] = np.maximum(unseen[inner], held.weight[inner])
    held.source[inner], held.weight[inner], held.distance[inner] = -1, np.inf, np.inf


@compiled
def update_nearest(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    products: FloatArray, asked: IntArray, left: int, rows: ComparedRows, slack: float, part: IntArray, held: Lightest
) -> None:
    """Offer each row the edges to these columns, from `left` on, that may weigh no more than what it holds."""
    for place in range(asked.shape[0]):
        i = asked[place]
        limit = held.weight[i] * np.float64(held.weight[i]) + slack
        for column in range(products.shape[1]):
            j = left + column
            if rows.norms[i] + rows.norms[j] - 2 * products[place, column] > limit:
                continue
            core = max(rows.core[i], rows.core[j])
            if part[j] != part[i] and core <= held.weight[i]:
                distance = pair_distance(rows.vectors, i, j)
                offer(held, i, Edge(i, j, max(distance, core), distance), rows.rank)
                limit = held.weight[i] * np.float64(held.weight[i]) + slack
