"""Minimum spanning forest of a neighbour graph, by Borůvka's method on the neighbour lists as they are.

Every edge is read in both directions, so the lists need not be made symmetric first. Edges are ordered by mutual-reachability
distance, then by plain distance, then by the ranks of their ends: an order without ties, under which there is exactly one
minimum spanning forest, however the rows are arranged.

.. [1] Borůvka: O jistém problému minimálním. 1926.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray


@compiled
def comes_first(
    weight: float, distance: float, low: int, high: int, weight2: float, distance2: float, low2: int, high2: int
) -> bool:
    """Whether the first edge comes before the second in the order without ties."""
    if weight != weight2:
        return weight < weight2
    if distance != distance2:
        return distance < distance2
    if low != low2:
        return low < low2
    return high < high2


@compiled
def find(parent: IntArray, node: int) -> int:
    """Root of a node in a union-find forest, halving the path on the way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def list_slots(indices: IntArray, slots: npt.NDArray[np.uint16], held: IntArray) -> None:
    """List the places of each row that hold a neighbour."""
    for i in range(indices.shape[0]):
        count = 0
        for slot in range(indices.shape[1]):
            if indices[i, slot] >= 0:
                slots[i, count] = slot
                count += 1
        held[i] = count


@compiled
def lightest_edges(
    indices: IntArray,
    distances: FloatArray,
    core: FloatArray,
    rank: IntArray,
    component: IntArray,
    slots: npt.NDArray[np.uint16],
    held: IntArray,
    best: npt.NDArray[np.int64],
) -> None:
    """Write the number (row * k + slot) of the first edge leaving each component to `best`, -1 where there is none.

    Slots whose ends have come to lie in one component are dropped from `slots`, so that each round reads fewer.
    """
    n_neighbors = indices.shape[1]
    best[:] = -1
    best_weight = np.full(best.shape[0], np.inf, dtype=np.float32)
    best_distance = np.full(best.shape[0], np.inf, dtype=np.float32)
    for i in range(indices.shape[0]):
        own = component[i]
        kept = 0
        for place in range(held[i]):
            slot = slots[i, place]
            j = indices[i, slot]
            other = component[j]
            if own == other:
                continue
            slots[i, kept] = slot
            kept += 1
            distance = distances[i, slot]
            weight = max(distance, core[i], core[j])
            for side in (own, other):
                if weight > best_weight[side]:
                    continue
                if weight == best_weight[side]:
                    if distance > best_distance[side]:
                        continue
                    if distance == best_distance[side]:
                        low, high = min(rank[i], rank[j]), max(rank[i], rank[j])
                        i2 = best[side] // n_neighbors
                        j2 = indices[i2, best[side] % n_neighbors]
                        low2, high2 = min(rank[i2], rank[j2]), max(rank[i2], rank[j2])
                        if low > low2 or (low == low2 and high >= high2):
                            continue
                best_weight[side] = weight
                best_distance[side] = distance
                best[side] = np.int64(i) * n_neighbors + slot
        held[i] = kept


@compiled
def merge_components(
    source: IntArray, target: IntArray, chosen: npt.NDArray[np.bool_], component: IntArray, n_components: int
) -> int:
    """Merge components along edges, marking in `chosen` those that were needed; relabel rows; return how many are left."""
    parent = np.arange(n_components).astype(np.int32)
    for edge in range(source.shape[0]):
        a = find(parent, component[source[edge]])
        b = find(parent, component[target[edge]])
        chosen[edge] = a != b
        if a != b:
            parent[max(a, b)] = min(a, b)
    label = np.empty(n_components, dtype=np.int32)
    n_left = 0
    for c in range(n_components):
        if parent[c] == c:
            label[c] = n_left
            n_left += 1
        else:
            label[c] = label[find(parent, c)]
    for row in range(component.shape[0]):
        component[row] = label[component[row]]
    return n_left


@compiled
def connect(indices: IntArray) -> IntArray:
    """Label of the connected component of every row, counted from 0 in row order."""
    parent = np.arange(indices.shape[0]).astype(np.int32)
    for i in range(indices.shape[0]):
        for slot in range(indices.shape[1]):
            if indices[i, slot] < 0:
                continue
            a = find(parent, i)
            b = find(parent, indices[i, slot])
            if a != b:
                parent[max(a, b)] = min(a, b)
    n_components = 0
    for i in range(indices.shape[0]):
        if parent[i] == i:
            parent[i] = -n_components - 1
            n_components += 1
        else:
            root = i
            while parent[root] >= 0:
                root = parent[root]
            label = parent[root]
            parent[i] = label
    return -parent - 1
