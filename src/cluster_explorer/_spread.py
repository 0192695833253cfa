"""Labels that spread along the edges of a graph from the rows that have one to the rows that have none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._compiled import compiled

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

#: Labels that a row keeps from one sweep to the next, the likeliest ones. A table of all rows by all clusters would
#: not fit.
_LABELS_KEPT = 8
#: A sweep that changes no likelihood by more than this is the last one.
_SETTLED = 1e-3


def local_affinities(indices: IntArray, distances: FloatArray) -> csr_matrix[np.float32]:
    """Weigh each edge exp(-d^2 / (s_i s_j)), with s the mean distance of a row to its neighbours [1]; symmetric.

    An edge that both rows list counts twice.

    .. [1] Zelnik-Manor, Perona: Self-Tuning Spectral Clustering. NIPS 2004.
    """
    from scipy.sparse import csr_matrix

    n_rows = len(indices)
    held = indices >= 0
    count = held.sum(axis=1)
    scale = np.where(held, distances, 0).sum(axis=1, dtype=np.float64) / np.maximum(count, 1)
    row = np.repeat(np.arange(n_rows, dtype=np.int32), count)
    other, distance = indices[held], distances[held].astype(np.float64)
    # duplicates are at distance 0 in whatever scale
    product = np.maximum(scale[row] * scale[other], np.finfo(np.float64).tiny)
    weight = np.exp(-np.minimum(distance**2 / product, 50.0)).astype(np.float32)
    directed = csr_matrix((weight, (row, other)), shape=(n_rows, n_rows))
    both = (directed + directed.T).tocsr()
    both.sort_indices()
    return both


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
    for sweep in range(n_sweeps if len(open_rows) else 0):
        gather(
            affinities.indptr, affinities.indices, affinities.data, open_rows, widest, held, mass, new_held, new_mass
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
            n_found = _add(found, total, n_found, weights[edge], held[neighbors[edge]], mass[neighbors[edge]])
        for slot in range(kept):
            best = _take_largest(found, total, n_found)
            new_held[place, slot] = -1 if best < 0 else found[best]
            new_mass[place, slot] = np.float32(0) if best < 0 else total[best] / degree
            if best >= 0:
                found[best] = -1


@compiled
def _add(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    found: IntArray, total: FloatArray, n_found: int, weight: np.float32, held: IntArray, mass: FloatArray
) -> int:
    """Add a neighbour's likelihoods to those found so far; return how many labels there are now."""
    for slot in range(held.shape[0]):
        if held[slot] < 0:
            break
        at = 0
        while at < n_found and found[at] != held[slot]:
            at += 1
        if at == n_found:
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
