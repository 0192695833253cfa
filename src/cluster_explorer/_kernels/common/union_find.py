"""Which rows are connected: union-find over rows, and over the parts of a forest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer._kernels.common.compiled import Int, compiled

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cluster_explorer._kernels.common.records import Room
    from cluster_explorer.values import IntArray


@compiled
def find(parent: IntArray, node: Int) -> Int:
    """Root of a node, halving the path on the way."""
    while parent[node] != node:
        parent[node] = parent[parent[node]]
        node = parent[node]
    return node


@compiled
def unite(source: IntArray, target: IntArray, part: IntArray, room: Room, needed: npt.NDArray[np.bool_]) -> int:
    """Merge parts along edges, marking in `needed` those that did; relabel the rows; return how many parts are left."""
    parent, label = room.parent, room.label
    for c in range(parent.shape[0]):
        parent[c] = c
    for edge in range(source.shape[0]):
        a = find(parent, part[source[edge]])
        b = find(parent, part[target[edge]])
        needed[edge] = a != b
        if a != b:
            parent[max(a, b)] = min(a, b)
    n_left = 0
    for c in range(parent.shape[0]):
        if parent[c] == c:
            label[c] = n_left
            n_left += 1
        else:
            label[c] = label[find(parent, c)]
    for row in range(part.shape[0]):
        part[row] = label[part[row]]
    return n_left


@compiled
def connect(indices: IntArray, room: Room) -> int:
    """Write the connected component of every row to `label`, counted from 0 in row order; return how many there are."""
    parent, label = room.parent, room.label
    for i in range(indices.shape[0]):
        parent[i] = i
    for i in range(indices.shape[0]):
        a = find(parent, i)
        for place in range(indices.shape[1]):
            j = indices[i, place]
            if j < 0:
                continue
            b = find(parent, j)
            if a != b:
                parent[max(a, b)] = min(a, b)
                a = min(a, b)
    n_components = 0
    for i in range(indices.shape[0]):
        root = find(parent, i)
        if root == i:
            label[i] = n_components
            n_components += 1
        else:
            label[i] = label[root]
    return n_components
