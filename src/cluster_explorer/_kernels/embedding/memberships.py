"""From distances to UMAP's graph: how strongly each row belongs to the neighbourhood of each of its neighbours.

.. [1] McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction.
   arXiv:1802.03426, section 3.1.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, cast

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

_BLOCK = 50_000
_BISECTIONS = 64
_TOLERANCE = 1e-5
#: A bandwidth is at least this share of the mean distance, as in umap-learn: else near-duplicates would make it vanish.
_LEAST_BANDWIDTH = 1e-3


def membership_graph(
    indices: IntArray, distances: FloatArray, *, on_progress: ProgressCallback
) -> csr_matrix[np.float32]:
    """Turn neighbours into a symmetric graph of memberships, 0 to 1: the fuzzy simplicial set of [1].

    `indices` and `distances` have shape (n, k), int32 and float32, nearest first, -1 and inf where one is missing.
    """
    from scipy.sparse import csr_matrix

    n_rows = len(indices)
    held = indices >= 0
    strengths = np.zeros(distances.shape, dtype=np.float32)
    # one layout in memory and one compiled loop, whether all neighbours are used or the nearest of them
    distances = np.array(distances, dtype=np.float32, order="C")
    mean_distance = float(distances[held].mean(dtype=np.float64)) if held.any() else 0.0
    for start in range(0, n_rows, _BLOCK):
        on_progress(start / n_rows)
        weigh_neighbors(distances, mean_distance, start, min(start + _BLOCK, n_rows), strengths)

    row_starts = np.concatenate([[0], np.cumsum(held.sum(axis=1))])
    directed = csr_matrix((strengths[held], indices[held], row_starts), shape=(n_rows, n_rows))
    reverse = directed.T.tocsr()
    # either of two rows may hold the other as its neighbour: the probability that at least one of the two edges exists
    union = (directed + reverse - directed.multiply(reverse)).tocsr()
    union.eliminate_zeros()  # an edge so weak that it underflows is none
    union.sort_indices()
    return cast("csr_matrix[np.float32]", union)


@compiled
def weigh_neighbors(distances: FloatArray, mean_distance: float, start: int, stop: int, strengths: FloatArray) -> None:
    """Write the memberships of the neighbours of rows `start` to `stop`: exp(-(distance - nearest) / bandwidth).

    The bandwidth of a row is such that its memberships add up to log2(k + 1): umap-learn counts the row itself.
    """
    n_neighbors = distances.shape[1]
    target = math.log2(n_neighbors + 1)
    for row in range(start, stop):
        nearest = 0.0
        total = 0.0
        count = 0
        while count < n_neighbors and distances[row, count] < np.inf:
            distance = distances[row, count]
            total += distance
            if nearest == 0.0:
                nearest = distance
            count += 1

        low, high, bandwidth = 0.0, np.inf, 1.0
        for _ in range(_BISECTIONS):
            mass = 0.0
            for slot in range(count):
                beyond = distances[row, slot] - nearest
                mass += math.exp(-beyond / bandwidth) if beyond > 0.0 else 1.0
            if abs(mass - target) < _TOLERANCE:
                break
            if mass > target:
                high = bandwidth
                bandwidth = (low + high) / 2
            else:
                low = bandwidth
                bandwidth = bandwidth * 2 if high == np.inf else (low + high) / 2
        # the mean counts the row itself, at distance 0
        local_mean = total / (count + 1) if nearest > 0.0 else mean_distance
        bandwidth = max(bandwidth, _LEAST_BANDWIDTH * local_mean)

        for slot in range(count):
            beyond = distances[row, slot] - nearest
            strengths[row, slot] = math.exp(-beyond / bandwidth) if beyond > 0.0 else 1.0
