"""Where the map can be believed: how many of a row's neighbours are still its neighbours on the map."""

from __future__ import annotations

from numbers import Integral
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, KnnGraph, Layout, ProgressCallback

#: Rows compared at once: about 10 MB.
_BLOCK = 20_000


def map_trust(
    graph: KnnGraph, layout: Layout, n_neighbors: int = 15, *, on_progress: ProgressCallback | None = None
) -> FloatArray:
    """Share of each row's neighbours in the graph that are also its neighbours on the map.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours as the vectors have them.
    layout : Layout
        Positions of the same rows.
    n_neighbors : int
        Nearest neighbours to compare, here and there; as many as the graph holds, where it holds fewer.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    ndarray of shape (n,), float32
        0 (the map says nothing about the row's neighbours) to 1 (all of them are near); 0 for a row without neighbours.
        The mean is the neighbour preservation of the map, called Q(k) in [1]_.

    Raises
    ------
    InvalidParameterError
        If `n_neighbors` is not a whole number of at least 1.
    DataError
        If the layout does not have one position for each row of the graph.

    References
    ----------
    .. [1] Lee, Verleysen: Quality assessment of dimensionality reduction: Rank-based criteria. Neurocomputing 72, 2009.

    Examples
    --------
    >>> from cluster_explorer import knn_graph, layout
    >>> graph = knn_graph([[0.0], [1.0], [5.0], [7.0]], n_neighbors=1, metric="euclidean")
    >>> map_trust(graph, layout(graph)).tolist()
    [1.0, 1.0, 1.0, 1.0]
    """
    wanted = _positive(n_neighbors)
    n_rows = len(graph)
    if len(layout.positions) != n_rows:
        raise DataError(
            f"The layout has {len(layout.positions)} positions and the graph {n_rows} rows. "
            "Pass the layout that was made from this graph."
        )
    from scipy.spatial import cKDTree

    near = graph.indices[:, :wanted]
    k = near.shape[1]
    trust = np.zeros(n_rows, dtype=np.float32)
    if n_rows == 0 or k == 0:
        return trust
    tree = cKDTree(layout.positions)
    for start in range(0, n_rows, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, n_rows))
        found = tree.query(layout.positions[rows], k=np.arange(1, k + 2), workers=-1)[1]
        trust[rows] = _share_found(near[rows], _without_self(found, rows))
        if on_progress is not None:
            on_progress((rows[-1] + 1) / n_rows)
    return trust


def _positive(n_neighbors: object) -> int:
    if isinstance(n_neighbors, bool) or not isinstance(n_neighbors, Integral) or int(n_neighbors) < 1:
        raise InvalidParameterError(f"n_neighbors={n_neighbors!r} is not a whole number of at least 1. Choose one.")
    return int(n_neighbors)


def _without_self(found: npt.NDArray[np.intp], rows: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
    """Leave out the row itself; where others stand at the same place and it was not found, the last one."""
    at_self = found == rows[:, None]
    at_self[~at_self.any(axis=1), -1] = True
    others: npt.NDArray[np.intp] = found[~at_self].reshape(len(rows), -1)
    return others


def _share_found(near: npt.NDArray[np.int32], found: npt.NDArray[np.intp]) -> npt.NDArray[np.float64]:
    held = near >= 0
    kept = (near[:, :, None] == found[:, None, :]).any(axis=2) & held
    share: npt.NDArray[np.float64] = kept.sum(axis=1) / np.maximum(held.sum(axis=1), 1)
    return share
