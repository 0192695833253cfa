"""Joining components by the true shortest edges between them (first version: block by block, all pairs)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._boruvka import merge_components
from cluster_explorer._edges import Edges, concatenate
from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    from cluster_explorer._forest import Forest
    from cluster_explorer.values import FloatArray, IntArray


def join(forest: Forest, vectors: FloatArray | None, core: FloatArray, rank: IntArray) -> Edges:
    """Find the edges that turn a forest into a tree."""
    found = [forest.edges.take(np.zeros(len(forest.edges), dtype=np.bool_))]
    component, n_components = forest.component.copy(), forest.n_components
    if n_components > 1 and vectors is None:
        raise DataError(f"The graph falls into {n_components} components and the vectors are not held.")
    while n_components > 1:
        edges = _leaving(component, n_components, vectors, core, rank)
        chosen = np.empty(len(edges), dtype=np.bool_)
        n_components = merge_components(edges.source, edges.target, chosen, component, n_components)
        found.append(edges.take(chosen))
    return concatenate(found)


def _leaving(component, n_components, vectors, core, rank):
    from cluster_explorer._distances import pair_distance

    largest = np.bincount(component).argmax()
    best = {}
    for i in np.flatnonzero(component != largest):
        out = np.flatnonzero(component != component[i])
        d = np.linalg.norm(vectors[out].astype(float) - vectors[i], axis=1).astype(np.float32)
        w = np.maximum(d, np.maximum(core[out], core[i]))
        for p in np.flatnonzero(w == w.min()):
            dd = pair_distance(vectors, i, out[p])
            key = (max(dd, core[i], core[out[p]]), dd, min(rank[i], rank[out[p]]), max(rank[i], rank[out[p]]), i, out[p])
            c = component[i]
            if c not in best or key < best[c]:
                best[c] = key
    v = list(best.values())
    return Edges(
        np.array([e[4] for e in v], np.int32), np.array([e[5] for e in v], np.int32),
        np.array([e[0] for e in v], np.float32), np.array([e[1] for e in v], np.float32),
    )
