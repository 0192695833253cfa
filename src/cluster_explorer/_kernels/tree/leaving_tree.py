"""The lightest edges that leave many parts of a forest, in few dimensions: a k-d tree walked against itself.

Pairs of boxes are skipped when all their rows lie in one part, or when they are further apart than the lightest edge
found so far. The idea is that of March, Ram, Gray: Fast Euclidean Minimum Spanning Tree (KDD 2010).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import Float, Int, compiled
from cluster_explorer._kernels.common.records import Boxes, Edge, Points, Stack, Walk
from cluster_explorer._kernels.neighbors.distances import pair_distance
from cluster_explorer._kernels.tree.boruvka import nothing_lighter_than, offer
from cluster_explorer._kernels.tree.edges import Edges

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.tree.joining import LeavingSearch
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

    Float64Array = npt.NDArray[np.float64]

_ROWS_IN_LEAF = 8
#: Pairs of boxes between two looks at Cancel: about a tenth of a second.
_STEPS = 2_000_000
#: Distances are kept in float32, so rows may be nearer than their boxes by this share.
_ROUNDING = 1.0 - 2e-6


def tree_search(vectors: FloatArray, core: FloatArray, rank: IntArray) -> LeavingSearch:
    """Build the tree once; the search it returns serves every round."""
    from sklearn.neighbors import KDTree

    _, rows, nodes, bounds = KDTree(vectors, leaf_size=_ROWS_IN_LEAF).get_arrays()
    points = Points(vectors[rows], core[rows], rank[rows])
    n_nodes = len(nodes)
    boxes = Boxes(
        nodes["idx_start"].astype(np.int64),
        nodes["idx_end"].astype(np.int64),
        nodes["is_leaf"].astype(np.bool_),
        np.array(bounds[0]),
        np.array(bounds[1]),
        np.empty(n_nodes, dtype=np.float32),
        np.empty(n_nodes, dtype=np.int32),
        np.empty(n_nodes, dtype=np.float32),
    )
    # each step down leaves one pair behind
    deepest = 4 * n_nodes.bit_length() + 8
    stack = Stack(np.empty(deepest, dtype=np.int64), np.empty(deepest, dtype=np.int64), np.empty(deepest))

    def search(part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        best = nothing_lighter_than(bound)
        best.weight[largest] = -1.0
        boxes.limit[:] = np.inf
        own = part[rows]
        summarize(points, own, boxes)
        stack.query[0], stack.other[0], stack.gap[0] = 0, 0, 0.0
        held, stretches = 1, 0
        while held:
            held = walk(Walk(points, own, boxes, best, stack), held, _STEPS)
            stretches += 1
            if on_progress is not None:
                # nobody knows how far it is to the end
                on_progress(stretches / (stretches + 10) if held else 1.0)
        found = Edges(*best).take(best.source >= 0)
        return Edges(
            rows[found.source].astype(np.int32), rows[found.target].astype(np.int32), found.weight, found.distance
        )

    return search


@compiled
def summarize(points: Points, part: IntArray, boxes: Boxes) -> None:
    """Write the smallest core distance of every box, and the part that all its rows lie in, or -1."""
    for node in range(boxes.first.shape[0] - 1, -1, -1):
        if boxes.is_leaf[node]:
            first = boxes.first[node]
            least, common = points.core[first], part[first]
            for row in range(first, boxes.stop[node]):
                least = min(least, points.core[row])
                if part[row] != common:
                    common = -1
            boxes.core[node], boxes.part[node] = least, common
        else:
            left, right = 2 * node + 1, 2 * node + 2
            boxes.core[node] = min(boxes.core[left], boxes.core[right])
            boxes.part[node] = boxes.part[left] if boxes.part[left] == boxes.part[right] else -1


@compiled
def walk(search: Walk, held: Int, steps: int) -> int:
    """Take some steps to the lightest edge that leaves each part, nearest boxes first; return what is left to do."""
    boxes, stack = search.boxes, search.stack
    for _ in range(steps):
        if held == 0:
            break
        held -= 1
        query, other = int(stack.query[held]), int(stack.other[held])
        limit = _limit(search, query)
        if (
            stack.gap[held] * _ROUNDING > limit * np.float64(limit)
            or max(boxes.core[query], boxes.core[other]) > limit
            or (boxes.part[query] >= 0 and boxes.part[query] == boxes.part[other])
        ):
            continue
        if boxes.is_leaf[query] and boxes.is_leaf[other]:
            _compare(search, query, other)
        else:
            held = _descend(search, held, query, other)
    return int(held)


@compiled
def _limit(search: Walk, node: Int) -> Float:
    part = search.boxes.part[node]
    limit: Float = search.best.weight[part] if part >= 0 else search.boxes.limit[node]
    return limit


@compiled
def _compare(search: Walk, query: Int, other: Int) -> None:
    """Offer the edges from each row of one leaf to each row of another."""
    points, part, boxes, best = search.points, search.part, search.boxes, search.best
    limit = np.float32(-1.0)
    for i in range(boxes.first[query], boxes.stop[query]):
        for j in range(boxes.first[other], boxes.stop[other]):
            core = max(points.core[i], points.core[j])
            if part[i] != part[j] and core <= best.weight[part[i]]:
                distance = pair_distance(points.vectors, i, j)
                offer(best, part[i], Edge(i, j, max(distance, core), distance), points.rank)
        limit = max(limit, best.weight[part[i]])
    boxes.limit[query] = limit


@compiled
def _descend(search: Walk, held: Int, query: Int, other: Int) -> Int:
    """Push the halves of the larger box, each with the other box, the nearer on top; return the stack's height."""
    boxes, stack = search.boxes, search.stack
    split_query = boxes.is_leaf[other] or (
        not boxes.is_leaf[query] and boxes.stop[query] - boxes.first[query] >= boxes.stop[other] - boxes.first[other]
    )
    split, kept = (query, other) if split_query else (other, query)
    near, far = 2 * split + 1, 2 * split + 2
    if split_query:
        boxes.limit[query] = max(_limit(search, near), _limit(search, far))
    near_gap, far_gap = _gap(boxes, near, kept), _gap(boxes, far, kept)
    if far_gap < near_gap:
        near, far, near_gap, far_gap = far, near, far_gap, near_gap
    for node, gap in ((far, far_gap), (near, near_gap)):
        stack.query[held] = node if split_query else kept
        stack.other[held] = kept if split_query else node
        stack.gap[held] = gap
        held += 1
    return held


@compiled
def _gap(boxes: Boxes, a: Int, b: Int) -> float:
    """Squared distance of two boxes."""
    total = 0.0
    for axis in range(boxes.low.shape[1]):
        apart = max(boxes.low[a, axis] - boxes.high[b, axis], boxes.low[b, axis] - boxes.high[a, axis], 0.0)
        total += apart * apart
    return total
