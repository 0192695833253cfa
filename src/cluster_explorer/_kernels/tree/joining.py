"""Completing a forest to a tree with the true shortest edges between its parts: Borůvka's method over all rows.

The lightest edge that leaves a part belongs to the minimum spanning tree of the full distance matrix, whatever the
rest looks like. So parts are merged along such edges until one is left. The largest part need not be searched: every
other one finds its way out, and the number of parts at least halves in each round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import numpy as np

from cluster_explorer._kernels.tree.boruvka import lightest_among
from cluster_explorer._kernels.tree.edges import Edges, concatenate

if TYPE_CHECKING:
    from cluster_explorer._kernels.tree.forest import Forest
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback


class LeavingSearch(Protocol):
    """Finds the lightest edges that leave the parts of a forest."""

    def __call__(self, part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        """Search all parts but the largest.

        Parameters
        ----------
        part : ndarray of shape (n,), int32
            The part of each row.
        largest : int
            The part to leave out.
        bound : ndarray of shape (n_parts,), float32
            The weight of the lightest edge known to leave each part; +inf where none is known.
        on_progress : callable or None
            Told the share of the work that is done.

        Returns
        -------
        Edges
            Among them, for each part, the lightest edge that leaves it, unless that weighs more than `bound`.
        """


def join(
    forest: Forest,
    known: Edges,
    search: LeavingSearch,
    rank: IntArray,
    *,
    on_progress: ProgressCallback | None = None,
) -> Forest:
    """Join all parts of a forest; what is added belongs to the tree of the full distance matrix.

    Parameters
    ----------
    forest : Forest
        The forest.
    known : Edges
        Edges between parts that are known already: of those that `search` need not find, the lightest that leaves
        each part.
    search : LeavingSearch
        Finds the others.
    rank : ndarray of shape (n,), int32
        Ranks of the rows, to break ties.
    on_progress : callable, optional
        Told the share of the work done.
    """
    n_parts = forest.n_parts
    while forest.n_parts > 1:
        largest = int(np.bincount(forest.part).argmax())
        bound = lightest_among(known, forest.part, forest.n_parts, rank).weight
        found = search(forest.part, largest, bound, _share(on_progress, forest.n_parts, n_parts))
        known = concatenate([known, found])
        best = lightest_among(known, forest.part, forest.n_parts, rank)
        # nobody searched for the largest part: what is known to leave it need not be the lightest
        best.source[largest] = -1
        forest = forest.joined(Edges(*best).take(best.source >= 0))
        known = known.take(forest.part[known.source] != forest.part[known.target])
    return forest


def _share(on_progress: ProgressCallback | None, n_parts: int, n_parts_at_first: int) -> ProgressCallback | None:
    if on_progress is None:
        return None
    # most of the work is in the first round; later ones have few rows left to look at
    done = 1 - n_parts / n_parts_at_first
    return lambda share: on_progress(done + share * (1 - done) / 2)
