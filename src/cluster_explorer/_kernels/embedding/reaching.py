"""What the spreading of labels has not come to: rows many steps away from every label."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled

if TYPE_CHECKING:
    from cluster_explorer.values import IntArray


@compiled
def reach(row_starts: IntArray, neighbors: IntArray, labels: IntArray) -> None:
    """Give each row without a label, in place, that of a labelled row the fewest edges away; the first of them.

    Rows of parts of the graph that hold no label keep -1.
    """
    n_rows = labels.shape[0]
    waiting = np.empty(n_rows, dtype=np.int32)
    n_waiting = 0
    for row in range(n_rows):
        if labels[row] >= 0:
            waiting[n_waiting] = row
            n_waiting += 1
    place = 0
    while place < n_waiting:
        row = waiting[place]
        place += 1
        for edge in range(row_starts[row], row_starts[row + 1]):
            other = neighbors[edge]
            if labels[other] < 0:
                labels[other] = labels[row]
                waiting[n_waiting] = other
                n_waiting += 1
