"""Random numbers that depend on seed, row and epoch alone, so that threads may share the rows in any way."""

from __future__ import annotations

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled


@compiled
def random_state(seed: int, row: int, epoch: int) -> np.uint64:
    """Mix seed, row and epoch into the state of a generator (the finaliser of splitmix64); never 0."""
    state = np.uint64(seed) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(row)
    state = state * np.uint64(0x9E3779B97F4A7C15) + np.uint64(epoch)
    state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (state ^ (state >> np.uint64(31))) | np.uint64(1)


@compiled
def next_state(state: np.uint64) -> np.uint64:
    """Return the next state of Marsaglia's xorshift64."""
    state ^= state << np.uint64(13)
    state ^= state >> np.uint64(7)
    return state ^ (state << np.uint64(17))
