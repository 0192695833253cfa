"""The minimum spanning forest of a kNN graph: one tree for each of its components."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.records import OpenPlaces, Room, WeightedLists
from cluster_explorer._kernels.common.union_find import unite
from cluster_explorer._kernels.tree.boruvka import (
    lightest_of_parts,
    lightest_of_rows,
    nothing_lighter_than,
    open_between,
)
from cluster_explorer._kernels.tree.edges import Edges, concatenate, no_edges

if TYPE_CHECKING:
    from cluster_explorer._kernels.common.records import Lightest
    from cluster_explorer.values import FloatArray, IntArray, KnnGraph, ProgressCallback

#: Rounds that a million rows take, near enough for a progress bar.
_TYPICAL_ROUNDS = 12


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees that together hold every row.

    Attributes
    ----------
    edges : Edges
        Of all trees.
    part : ndarray of shape (n,), int32
        The tree that each row is in.
    n_parts : int
        Number of trees.
    """

    edges: Edges = field(repr=False)
    part: IntArray = field(repr=False)
    n_parts: int

    def joined(self, edges: Edges) -> Forest:
        """Merge trees along edges; of several that join the same trees the first is kept."""
        part, needed = self.part.copy(), np.empty(len(edges), dtype=np.bool_)
        room = np.empty((2, self.n_parts), dtype=np.int32)
        n_parts = unite(edges.source, edges.target, part, Room(room[0], room[1]), needed)
        return Forest(concatenate([self.edges, edges.take(needed)]), part, n_parts)


def bare_rows(n: int) -> Forest:
    """Return the forest of n rows and no edges."""
    return Forest(no_edges(), np.arange(n, dtype=np.int32), n)


def spanning_forest(graph: KnnGraph, core: FloatArray, rank: IntArray, on_progress: ProgressCallback | None) -> Forest:
    """Find the forest: each round joins every part to another by its lightest edge, until no edge leaves any."""
    n = len(graph)
    lists = WeightedLists(graph.indices, graph.distances, core, rank)
    best = nothing_lighter_than(np.full(n, np.inf, dtype=np.float32))
    lightest_of_rows(lists, best)
    before, forest = n, bare_rows(n).joined(_found(best))

    smallest = np.min_scalar_type(graph.n_neighbors)
    between = OpenPlaces(np.empty(graph.indices.shape, dtype=smallest), np.empty(n, dtype=np.int32))
    open_between(graph.indices, forest.part, between)
    rounds = 1
    while 1 < forest.n_parts < before:
        if on_progress is not None:
            on_progress(min(1.0, rounds / _TYPICAL_ROUNDS))
        best = nothing_lighter_than(np.full(forest.n_parts, np.inf, dtype=np.float32))
        lightest_of_parts(lists, forest.part, between, best)
        before, forest = forest.n_parts, forest.joined(_found(best))
        rounds += 1
    return forest


def _found(best: Lightest) -> Edges:
    return Edges(*best).take(best.source >= 0)
