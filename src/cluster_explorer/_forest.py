"""The minimum spanning forest of a kNN graph: one tree for each of its components."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._boruvka import lightest_edges, list_slots, merge_components
from cluster_explorer._edges import Edges, concatenate

if TYPE_CHECKING:
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
    component : ndarray of shape (n,), int32
        The tree that each row is in.
    n_components : int
        Number of trees.
    """

    edges: Edges = field(repr=False)
    component: IntArray = field(repr=False)
    n_components: int


def spanning_forest(
    graph: KnnGraph, core: FloatArray, rank: IntArray, on_progress: ProgressCallback | None
) -> Forest:
    """Find the forest by Borůvka's method: each round joins every component to another by its lightest edge."""
    n, k = graph.indices.shape
    slots = np.empty((n, k), dtype=np.uint16)
    held = np.empty(n, dtype=np.int32)
    list_slots(graph.indices, slots, held)
    component = np.arange(n, dtype=np.int32)
    n_components, found = n, []
    while n_components > 1:
        best = np.empty(n_components, dtype=np.int64)
        lightest_edges(graph.indices, graph.distances, core, rank, component, slots, held, best)
        edges = _numbered(graph, core, np.unique(best[best >= 0]))
        chosen = np.empty(len(edges), dtype=np.bool_)
        n_components = merge_components(edges.source, edges.target, chosen, component, n_components)
        if not chosen.any():
            break
        found.append(edges.take(chosen))
        if on_progress is not None:
            on_progress(min(1.0, len(found) / _TYPICAL_ROUNDS))
    return Forest(concatenate([*found, _numbered(graph, core, best[:0])]), component, n_components)


def _numbered(graph: KnnGraph, core: FloatArray, numbers: np.ndarray) -> Edges:
    source = (numbers // graph.n_neighbors).astype(np.int32)
    target = graph.indices.ravel()[numbers]
    distance = graph.distances.ravel()[numbers]
    weight = np.maximum(distance, np.maximum(core[source], core[target]))
    return Edges(source, target, weight, distance)
