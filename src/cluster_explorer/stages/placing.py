"""New points on a map that stands: nothing that is there moves."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.stages.patching import RowChanges
    from cluster_explorer.values import FloatArray, KnnGraph, Layout

#: A new point goes to the middle of this many neighbours that have a place.
_ANCHORS = 3
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


def patch_layout(layout: Layout, graph: KnnGraph, changes: RowChanges) -> Layout:
    """Place new rows on a map that stands, by their neighbours; the others stay where they are.

    A new row goes to the middle of its nearest neighbours that have a place, nearer ones counting more. Rows whose
    neighbours are all new as well follow, one ring after the other; a group that is linked to no earlier row goes, as a
    small disc, beside the map.

    Parameters
    ----------
    layout : Layout
        Of the earlier rows.
    graph : KnnGraph
        Of the present rows.
    changes : RowChanges

    Returns
    -------
    Layout

    Examples
    --------
    >>> from cluster_explorer import Layout, knn_graph
    >>> from cluster_explorer.stages.patching import RowChanges
    >>> changes = RowChanges(np.array([0, 1, -1]), np.array([0, 1]), n_added=1)
    >>> graph = knn_graph([[0.0], [4.0], [1.0]], 2, "euclidean")
    >>> before = Layout(np.array([[0.0, 0.0], [4.0, 4.0]], dtype=np.float32))
    >>> patch_layout(before, graph, changes).positions.tolist()
    [[0.0, 0.0], [4.0, 4.0], [1.0, 1.0]]
    """
    positions = np.zeros((len(graph), layout.n_components), dtype=np.float32)
    placed = changes.old_of >= 0
    positions[placed] = layout.positions[changes.old_of[placed]]
    while not placed.all():
        waiting = np.flatnonzero(~placed)
        anchors = (graph.indices[waiting] >= 0) & placed[graph.indices[waiting]]
        ready = anchors.any(axis=1)
        if not ready.any():
            positions[waiting] = _beside(positions[placed], len(waiting), layout.n_components)
            break
        rows = waiting[ready]
        positions[rows] = _middles(graph, rows, anchors[ready], positions)
        placed[rows] = True
    return replace(layout, positions=positions)


def _middles(graph: KnnGraph, rows: Any, anchors: npt.NDArray[np.bool_], positions: FloatArray) -> FloatArray:
    """Return the weighted means of each row's nearest anchors."""
    near = anchors & (np.cumsum(anchors, axis=1) <= _ANCHORS)
    distances = np.where(near, graph.distances[rows], np.inf).astype(np.float64)
    # duplicates weigh all; zero would divide by nothing
    weights = 1 / np.maximum(distances, 1e-9)
    weights /= weights.sum(axis=1, keepdims=True)
    places = positions[np.where(near, graph.indices[rows], 0)]
    middles: FloatArray = np.einsum("rk,rkd->rd", weights, places).astype(np.float32)
    return middles


def _beside(positions: FloatArray, count: int, n_components: int) -> FloatArray:
    """Arrange points as a small disc beside a map, in even spacing (Vogel's spiral)."""
    if not len(positions):
        low, high = np.zeros(n_components), np.ones(n_components)
    else:
        low, high = positions.min(axis=0), positions.max(axis=0)
    extent = float(max((high - low).max(), 1e-6))
    radius = 0.05 * extent * np.sqrt((np.arange(count) + 0.5) / count)
    angle = np.arange(count) * _GOLDEN_ANGLE
    disc = np.zeros((count, n_components))
    disc[:, 0], disc[:, 1] = radius * np.cos(angle), radius * np.sin(angle)
    centre = (low + high) / 2
    centre[0] = high[0] + 0.1 * extent
    return (centre + disc).astype(np.float32)
