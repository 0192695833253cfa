"""For which smallest sizes a cluster of the condensed tree is a leaf."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer._kernels.common.compiled import compiled

if TYPE_CHECKING:
    from cluster_explorer.values import IntArray


@compiled
def sizes_as_leaf(parent: IntArray, size: IntArray, lowest: int, first: IntArray, last: IntArray) -> None:
    """Write the first and last `min_cluster_size` at which each cluster is a leaf; the root never is: its last is 0.

    A split is real up to the size of its smaller side. So a cluster ends with the split it came from, and becomes a
    leaf when the last split below it stops being real. Children come in pairs, (1, 2), (3, 4) and so on.
    """
    first[:] = lowest
    last[0] = 0
    for cluster in range(parent.shape[0] - 1, 0, -1):
        sibling = cluster + 1 if cluster % 2 else cluster - 1
        last[cluster] = min(size[cluster], size[sibling])
        above = parent[cluster]
        first[above] = max(first[above], first[cluster], last[cluster] + 1)
