"""UMAP's descent: neighbours pull each other together, random rows push each other apart.

The forces are those of umap-learn; the bookkeeping differs. Every row moves along its own edges and sees the others
where they were before the epoch, so that an epoch can be cut into blocks and the blocks given to threads in any
order: the positions are the same to the last bit. Random numbers depend on seed, row and epoch alone, and no state is
kept.

Why not umap-learn's own loop (0.5.12, 11,109 rows, processor seconds): importing and compiling it costs every new
process 7.3 s, for it is not kept on disk; its 200 epochs take 4.4 s on one core when seeded (these: 1.3 s on any
number); it holds Python's global lock through every epoch; and it cannot be stopped and continued.

.. [1] McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction.
   arXiv:1802.03426, section 3.2 and appendix C.
"""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled
from cluster_explorer._kernels.common.randomness import next_state, random_state

if TYPE_CHECKING:
    from collections.abc import Generator

    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

#: Random rows that push a row away, for each pull: `negative_sample_rate` of UMAP.
_PUSHES_PER_PULL = 5
#: umap-learn lists every edge twice and moves both ends each time. Here a row moves only itself: its pull counts twice.
_PULL_WEIGHT = 2.0
#: Edges handed to a thread at once, about 5 ms of work.
_EDGES_PER_BLOCK = 100_000
_MOST_THREADS = 8
#: The forces are tabulated by distance: `pow` took 40 % of the time.
_TABLE_STEPS_PER_UNIT = 64
_TABLE_REACH = 64
_LONGEST_STEP = np.float32(4.0)


@dataclass(frozen=True, eq=False)
class Forces:
    """Pull and push between two rows, tabulated by their distance on the map, as factors of their difference."""

    pull: FloatArray
    push: FloatArray


def forces(min_dist: float) -> Forces:
    """Tabulate the gradients of UMAP's cross entropy for the curve 1 / (1 + a d^2b) that `min_dist` asks for."""
    a, b = _fit_curve(min_dist)
    distance = np.arange(_TABLE_REACH * _TABLE_STEPS_PER_UNIT + 2) / _TABLE_STEPS_PER_UNIT
    distance[0] = distance[1] / 4  # the pull has a pole at 0
    squared = distance**2
    power = a * squared**b
    return Forces(
        pull=(-_PULL_WEIGHT * 2 * b * power / (squared * (1 + power))).astype(np.float32),
        push=(2 * b / ((0.001 + squared) * (1 + power))).astype(np.float32),
    )


def _fit_curve(min_dist: float, spread: float = 1.0) -> tuple[float, float]:
    from scipy.optimize import curve_fit

    distance = np.linspace(0, 3 * spread, 300)
    wanted = np.where(distance < min_dist, 1.0, np.exp(-(distance - min_dist) / spread))

    def curve(x: npt.NDArray[np.float64], a: float, b: float) -> npt.NDArray[np.float64]:
        return 1.0 / (1.0 + a * x ** (2 * b))

    (a, b), _ = curve_fit(curve, distance, wanted)
    return float(a), float(b)


def descend(
    graph: csr_matrix[np.float32],
    positions: FloatArray,
    pull_and_push: Forces,
    *,
    learning_rate: float,
    n_epochs: int,
    seed: int,
    on_progress: ProgressCallback,
) -> Generator[FloatArray, None, None]:
    """Yield the positions after each epoch; the array yielded is overwritten by the epoch after the next."""
    n_rows, n_components = positions.shape
    shares = (graph.data / graph.data.max()).astype(np.float32) if graph.nnz else graph.data
    blocks = _blocks(graph.indptr)
    # a flat map is one in space whose third coordinate stays 0: one compiled loop for both
    here, there = np.zeros((n_rows, 3), dtype=np.float32), np.empty((n_rows, 3), dtype=np.float32)
    here[:, :n_components] = positions

    def move(block: tuple[int, int], epoch: int, rate: np.float32) -> None:
        move_rows(
            here,
            there,
            *block,
            graph.indptr,
            graph.indices,
            shares,
            pull_and_push.pull,
            pull_and_push.push,
            epoch,
            rate,
            seed,
        )

    threads = ThreadPoolExecutor(max_workers=min(len(blocks), _usable_cores(), _MOST_THREADS))
    try:
        for epoch in range(n_epochs):
            # umap-learn's rate falls linearly; falling with the square, more of the time goes to the fine structure
            rate = np.float32(learning_rate * (1 - epoch / n_epochs) ** 2)
            if len(blocks) == 1:
                move(blocks[0], epoch, rate)
            else:
                for done, _ in enumerate(threads.map(partial(move, epoch=epoch, rate=rate), blocks)):
                    on_progress((epoch + done / len(blocks)) / n_epochs)
            here, there = there, here
            on_progress((epoch + 1) / n_epochs)
            yield here[:, :n_components]
    finally:
        threads.shutdown(cancel_futures=True)


def _blocks(row_starts: IntArray) -> list[tuple[int, int]]:
    """Cut the rows into runs of about as many edges each."""
    n_rows, n_edges = len(row_starts) - 1, int(row_starts[-1])
    n_blocks = max(1, min(n_rows, math.ceil(n_edges / _EDGES_PER_BLOCK)))
    cuts = np.searchsorted(row_starts, np.linspace(0, n_edges, n_blocks + 1)).tolist()
    cuts[0], cuts[-1] = 0, n_rows
    return list(pairwise(cuts))


def _usable_cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else (os.cpu_count() or 1)


@compiled
def move_rows(  # noqa: PLR0917 - numba functions take no keyword-only arguments
    here: FloatArray,
    there: FloatArray,
    start: int,
    stop: int,
    row_starts: IntArray,
    neighbors: IntArray,
    shares: FloatArray,
    pull: FloatArray,
    push: FloatArray,
    epoch: int,
    rate: np.float32,
    seed: int,
) -> None:
    """Move rows `start` to `stop` by one epoch, from their positions `here` to `there`, both of shape (n, 3).

    An edge of share s takes part in s of the epochs, evenly spread; fractions of the golden ratio keep edges apart.
    """
    n_rows = here.shape[0]
    for row in range(start, stop):
        x, y, z = here[row, 0], here[row, 1], here[row, 2]
        state = random_state(seed, row, epoch)
        first, last = row_starts[row], row_starts[row + 1]
        # a row without neighbours is pushed once all the same, lest it stay where a cluster goes
        for edge in range(first, max(last, first + 1)):
            if edge < last:
                phase = np.float32(np.uint32(edge) * np.uint32(2654435769)) * np.float32(2.0**-32)
                before = np.float32(epoch) * shares[edge] + phase
                if math.floor(before) == math.floor(before + shares[edge]):
                    continue
                other = neighbors[edge]
                dx, dy, dz = x - here[other, 0], y - here[other, 1], z - here[other, 2]
                force = _look_up(pull, dx * dx + dy * dy + dz * dz)
                x += rate * _clip(force * dx)
                y += rate * _clip(force * dy)
                z += rate * _clip(force * dz)
            # all pushes from one place: they need not wait for each other, which halves the time
            step_x = step_y = step_z = np.float32(0.0)
            for _ in range(_PUSHES_PER_PULL):
                state = next_state(state)
                other = np.int64(((state >> np.uint64(32)) * np.uint64(n_rows)) >> np.uint64(32))
                if other == row:
                    continue
                dx, dy, dz = x - here[other, 0], y - here[other, 1], z - here[other, 2]
                force = _look_up(push, dx * dx + dy * dy + dz * dz)
                step_x += _clip(force * dx)
                step_y += _clip(force * dy)
                step_z += _clip(force * dz)
            x += rate * step_x
            y += rate * step_y
            z += rate * step_z
        there[row, 0], there[row, 1], there[row, 2] = x, y, z


@compiled
def _look_up(table: FloatArray, squared_distance: np.float32) -> np.float32:
    place = math.sqrt(squared_distance) * np.float32(_TABLE_STEPS_PER_UNIT)
    slot = min(int(place), table.shape[0] - 2)
    between = min(place - np.float32(slot), np.float32(1.0))
    return np.float32(table[slot] + between * (table[slot + 1] - table[slot]))


@compiled
def _clip(step: np.float32) -> np.float32:
    return min(max(step, -_LONGEST_STEP), _LONGEST_STEP)
