"""The descent that embeds a graph: neighbours pull, random rows push, with momentum.

The forces, their schedules and the momentum are those of EVoC's node embedding [1]_, a variant of UMAP's made for
clustering: the pull does not fade at short range, so that groups contract. EVoC's own functions are not called here,
because importing them compiles the whole of EVoC (minutes on two cores in a fresh environment), and they hold
Python's global lock. Here every row sees the others where they were before the epoch, so that the result does not
depend on the order in which rows move.

.. [1] Healy, McInnes et al.: EVoC, Embedding Vector Oriented Clustering. https://github.com/TutteInstitute/evoc
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled_sum
from cluster_explorer._kernels.common.randomness import next_state, random_state

if TYPE_CHECKING:
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

#: Standard deviation of the random positions at the start.
_SPREAD = 0.25
_LEARNING_RATE = 0.5
#: Random rows that push, for each pull.
_PUSHES_PER_PULL = np.float32(2 / 3)
#: Pushes are weak at first, while the large structure forms, and strong at the end.
_FIRST_PUSH, _LAST_PUSH = 0.5, 1.5
#: Edges between two calls of `on_progress`, about 50 ms of work.
_EDGES_PER_BLOCK = 1_000_000


def descend(
    graph: csr_matrix[np.float32], n_components: int, n_epochs: int, seed: int, *, on_progress: ProgressCallback
) -> FloatArray:
    """Embed a symmetric graph of weights between 0 and 1; return float32 positions of shape (n, n_components)."""
    n_rows = graph.shape[0]
    shares = (graph.data / graph.data.max()).astype(np.float32) if graph.nnz else graph.data
    here = np.random.default_rng(seed).normal(scale=_SPREAD, size=(n_rows, n_components)).astype(np.float32)
    there, velocity = np.empty_like(here), np.zeros_like(here)
    n_blocks = max(1, min(n_rows, math.ceil(graph.nnz / _EDGES_PER_BLOCK)))
    cuts = np.linspace(0, n_rows, n_blocks + 1).astype(int)
    for epoch in range(n_epochs):
        rate = _LEARNING_RATE * (1 - epoch / n_epochs)
        momentum = (1 - rate) ** 2 / 2
        push = _FIRST_PUSH + (_LAST_PUSH - _FIRST_PUSH) * epoch / max(n_epochs - 1, 1)
        for block in range(n_blocks):
            move_rows(
                here,
                there,
                velocity,
                cuts[block],
                cuts[block + 1],
                graph.indptr,
                graph.indices,
                shares,
                epoch,
                np.float32(rate),
                np.float32(push),
                np.float32(momentum),
                seed,
            )
            on_progress((epoch + (block + 1) / n_blocks) / n_epochs)
        here, there = there, here
    return here


@compiled_sum
def move_rows(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    here: FloatArray,
    there: FloatArray,
    velocity: FloatArray,
    start: int,
    stop: int,
    row_starts: IntArray,
    neighbors: IntArray,
    shares: FloatArray,
    epoch: int,
    rate: np.float32,
    push: np.float32,
    momentum: np.float32,
    seed: int,
) -> None:
    """Move rows `start` to `stop` by one epoch, from their positions `here` to `there`.

    An edge of share s takes part in s of the epochs, evenly spread; fractions of the golden ratio keep edges apart.
    """
    n_rows, n_components = here.shape
    step = np.empty(n_components, dtype=np.float32)
    for row in range(start, stop):
        state = random_state(seed, row, epoch)
        step[:] = np.float32(0)
        for edge in range(row_starts[row], row_starts[row + 1]):
            phase = np.float32(np.uint32(edge) * np.uint32(2654435769)) * np.float32(2.0**-32)
            before = np.float32(epoch) * shares[edge] + phase
            if math.floor(before) == math.floor(before + shares[edge]):
                continue
            other = neighbors[edge]
            squared = _squared_distance(here, row, other)
            pull = (np.float32(2) + np.sqrt(squared)) / (
                np.float32(2) * squared - np.float32(0.5) * np.sqrt(squared) + np.float32(1)
            )
            for i in range(n_components):
                step[i] -= pull * (here[row, i] - here[other, i])
            state = next_state(state)
            if np.float32(state >> np.uint64(40)) * np.float32(2.0**-24) >= _PUSHES_PER_PULL:
                continue
            state = next_state(state)
            other = np.int64(((state >> np.uint64(32)) * np.uint64(n_rows)) >> np.uint64(32))
            squared = _squared_distance(here, row, other)
            if squared > np.float32(0.01):
                force = push * np.float32(4) / ((np.float32(1) + np.float32(0.25) * squared) * squared)
                for i in range(n_components):
                    step[i] += min(max(force * (here[row, i] - here[other, i]), np.float32(-4)), np.float32(4))
        for i in range(n_components):
            velocity[row, i] = momentum * velocity[row, i] + rate * step[i]
            there[row, i] = here[row, i] + velocity[row, i]


@compiled_sum
def _squared_distance(positions: FloatArray, a: int | np.integer, b: int | np.integer) -> np.float32:
    total = np.float32(0)
    for i in range(positions.shape[1]):
        difference = positions[a, i] - positions[b, i]
        total += difference * difference
    return total
