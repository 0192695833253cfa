"""Labels that spread along the edges of a graph from the rows that have one to the rows that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

#: Labels that a row keeps from one sweep to the next, the likeliest ones. A table of all rows by all clusters would
#: not fit.
_LABELS_KEPT = 8
#: A sweep that changes no likelihood by more than this is the last one.
_SETTLED = 1e-3
#: Exponents are no greater than this: the weight that is left is not 0.
_FURTHEST = 50.0


def local_affinities(indices: IntArray, distances: FloatArray) -> csr_matrix[np.float32]:
    """Weigh each edge exp(-d^2 / (s_i s_j)), with s the mean distance of a row to its neighbours [1]; symmetric.

    An edge that both rows list counts twice.

    .. [1] Zelnik-Manor, Perona: Self-Tuning Spectral Clustering. NIPS 2004.
    """
    from scipy.sparse import csr_matrix

    n_rows = len(indices)
    held = indices >= 0
    count = held.sum(axis=1)
    scale = distances.sum(axis=1, where=held, dtype=np.float64) / np.maximum(count, 1)
    weight = np.empty(int(count.sum()), dtype=np.float32)
    weigh_edges(indices, distances, scale, weight)
    starts = np.concatenate([[0], np.cumsum(count)])
    directed = csr_matrix((weight, indices[held], starts), shape=(n_rows, n_rows))
    both = (directed + directed.T.tocsr()).tocsr()
    both.sort_indices()
    return cast("csr_matrix[np.float32]", both)


@compiled
def weigh_edges(indices: IntArray, distances: FloatArray, scale: npt.NDArray[np.float64], weight: FloatArray) -> None:
    """Write the weight of every edge that is listed, row by row."""
    edge = 0
    for row in range(indices.shape[0]):
        for slot in range(indices.shape[1]):
            other = indices[row, slot]
            if other < 0:
                continue
            square = np.float64(distances[row, slot]) ** 2
            reach = scale[row] * scale[other]
            # far beyond what both rows call near, an edge counts next to nothing, but it is there
            exponent = square / reach if square < _FURTHEST * reach else _FURTHEST
            # duplicates are at distance 0 in whatever scale
            weight[edge] = np.exp(-exponent) if square > 0 else 1.0
            edge += 1


def spread(
    affinities: csr_matrix[np.float32],
    labels: IntArray,
    n_sweeps: int,
    *,
    on_progress: ProgressCallback | None = None,
) -> tuple[IntArray, FloatArray]:
    """Return, for every row, the label that most likely absorbs a random walk from it, and that likelihood.

    Rows that have a label keep it, with likelihood 1. Rows that no labelled row reaches within `n_sweeps` have -1 and
    0. The likelihoods are those of a walk of at most `n_sweeps` steps.
    """
    n_rows = len(labels)
    held, mass = np.full((n_rows, _LABELS_KEPT), -1, dtype=np.int32), np.zeros((n_rows, _LABELS_KEPT), dtype=np.float32)
    held[:, 0] = labels
    mass[labels >= 0, 0] = 1.0
    open_rows = np.flatnonzero(labels < 0).astype(np.int32)
    new_held, new_mass = (
        np.empty((len(open_rows), _LABELS_KEPT), np.int32),
        np.empty((len(open_rows), _LABELS_KEPT), np.float32),
    )
    widest = int(np.diff(affinities.indptr).max(initial=0))
    # where each label is among those found for a row
    found_at = np.full(int(labels.max(initial=0)) + 1, -1, dtype=np.int32)
    for sweep in range(n_sweeps if len(open_rows) else 0):
        gather(
            affinities.indptr,
            affinities.indices,
            affinities.data,
            open_rows,
            widest,
            found_at,
            held,
            mass,
            new_held,
            new_mass,
        )
        change = float(np.abs(new_mass[:, 0] - mass[open_rows, 0]).max())
        held[open_rows], mass[open_rows] = new_held, new_mass
        if on_progress is not None:
            on_progress((sweep + 1) / n_sweeps)
        if change < _SETTLED:
            break
    return held[:, 0].copy(), mass[:, 0].copy()


@compiled
def gather(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    row_starts: IntArray,
    neighbors: IntArray,
    weights: FloatArray,
    open_rows: IntArray,
    widest: int,
    found_at: IntArray,
    held: IntArray,
    mass: FloatArray,
    new_held: IntArray,
    new_mass: FloatArray,
) -> None:
    """Give each open row the mean, by weight, of its neighbours' label likelihoods; the largest come first."""
    kept = held.shape[1]
    found = np.empty(widest * kept + 1, dtype=np.int32)
    total = np.empty(widest * kept + 1, dtype=np.float32)
    for place in range(open_rows.shape[0]):
        row = open_rows[place]
        n_found = 0
        degree = np.float32(0)
        for edge in range(row_starts[row], row_starts[row + 1]):
            degree += weights[edge]
            neighbor = neighbors[edge]
            n_found = _add(found, total, found_at, n_found, weights[edge], held[neighbor], mass[neighbor])
        for at in range(n_found):
            found_at[found[at]] = -1
        for slot in range(kept):
            best = _take_largest(found, total, n_found)
            new_held[place, slot] = -1 if best < 0 else found[best]
            new_mass[place, slot] = np.float32(0) if best < 0 else total[best] / degree
            if best >= 0:
                found[best] = -1


@compiled
def _add(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    found: IntArray,
    total: FloatArray,
    found_at: IntArray,
    n_found: int,
    weight: np.float32,
    held: IntArray,
    mass: FloatArray,
) -> int:
    """Add a neighbour's likelihoods to those found so far; return how many labels there are now."""
    for slot in range(held.shape[0]):
        if held[slot] < 0:
            break
        at = found_at[held[slot]]
        if at < 0:
            at = n_found
            found_at[held[slot]] = at
            found[at] = held[slot]
            total[at] = np.float32(0)
            n_found += 1
        total[at] += weight * mass[slot]
    return n_found


@compiled
def _take_largest(found: IntArray, total: FloatArray, n_found: int) -> int:
    """Place of the largest total that has not been taken (its label is not -1), ties by label; -1 if there is none."""
    best = -1
    for at in range(n_found):
        if found[at] < 0 or total[at] <= 0:
            continue
        if best < 0 or total[at] > total[best] or (total[at] == total[best] and found[at] < found[best]):
            best = at
    return best
