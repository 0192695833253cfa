"""From the neighbour graph to positions on a map: UMAP, without a second neighbour search and without the vectors."""

from __future__ import annotations

from contextlib import closing
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.values import KnnGraph, Layout, ignore_progress, part_of

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, ProgressCallback

_EPOCHS = 200
#: Pictures on the way, evenly spread over the epochs.
_STEPS = 10
#: A tenth of umap-learn's rate: the first positions are good. Shaken less, they improve from picture to picture, and
#: the last one is better as well.
_LEARNING_RATE = 0.1
#: Shares of the time that go before the descent.
_GRAPH_DONE, _START_DONE = 0.05, 0.2
#: Rows at the very same place never part.
_JITTER = 1e-4


def layout(
    graph: KnnGraph,
    n_components: int = 2,
    min_dist: float = 0.1,
    random_state: int = 42,
    n_neighbors: int | None = None,
    *,
    on_progress: ProgressCallback | None = None,
    on_step: Callable[[Layout], None] | None = None,
    init: npt.ArrayLike | None = None,
) -> Layout:
    """Place the rows of a neighbour graph on a map, near rows near each other, with UMAP [1]_.

    The first positions are the leading eigenvectors of the graph's random walk: a map that can be drawn, then refined.

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances; the vectors are not used.
    n_components : {2, 3}
        Dimensions of the map.
    min_dist : float
        How tightly points may be packed, 0 to 1.
    random_state : int
        Seed. The same graph and seed give the same positions, to the last bit, on any number of processors.
    n_neighbors : int, optional
        Nearest neighbours to look at, the row itself not counted; all that the graph holds by default. Few show fine
        structure, many the large one.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.
    on_step : callable, optional
        Given the map as it is refined, as a `Layout` that is not `finished`: the first positions (unless `init` holds
        them), then nine times more. Whether it is given changes nothing in the result.
    init : array_like of shape (n, n_components), optional
        Positions to start from, in the units of an earlier layout of the same rows, so that the map changes gently.

    Returns
    -------
    Layout
        Positions, float32, centred on 0.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range, or `n_neighbors` is more than the graph holds.
    DataError
        If `init` does not hold one finite position for each row.

    References
    ----------
    .. [1] McInnes, Healy, Melville: UMAP: Uniform Manifold Approximation and Projection for Dimension Reduction.
       arXiv:1802.03426.

    Examples
    --------
    >>> from cluster_explorer import knn_graph, layout
    >>> graph = knn_graph([[0.0], [1.0], [5.0], [6.0]], n_neighbors=2, metric="euclidean")
    >>> layout(graph).positions.shape
    (4, 2)
    """
    dimensions = _whole("n_components", n_components, 2, 3)
    seed = _whole("random_state", random_state, 0, 2**32 - 1)
    tightness = _between_0_and_1("min_dist", min_dist)
    held = graph.n_neighbors
    k = held if n_neighbors is None else _whole("n_neighbors", n_neighbors, 1, held)
    start = None if init is None else _positions_to_start_from(init, len(graph), dimensions)
    report = on_progress or ignore_progress
    if len(graph) < 2 or k == 0:
        report(1.0)
        return Layout(np.zeros((len(graph), dimensions), dtype=np.float32) if start is None else _centred(start))

    from cluster_explorer._kernels.embedding.descent import descend, forces
    from cluster_explorer._kernels.embedding.first_positions import first_positions
    from cluster_explorer._kernels.embedding.memberships import membership_graph

    rng = np.random.default_rng(seed)
    memberships = membership_graph(
        graph.indices[:, :k], graph.distances[:, :k], on_progress=part_of(report, 0.0, _GRAPH_DONE)
    )
    if start is None:
        start = first_positions(memberships, dimensions, rng, on_progress=part_of(report, _GRAPH_DONE, _START_DONE))
        if on_step is not None:
            on_step(Layout(_centred(start), finished=False))
    report(_START_DONE)
    start = start + rng.normal(scale=_JITTER, size=start.shape).astype(np.float32)

    epochs = descend(
        memberships,
        start,
        forces(tightness),
        learning_rate=_LEARNING_RATE,
        n_epochs=_EPOCHS,
        seed=seed,
        on_progress=part_of(report, _START_DONE, 1.0),
    )
    positions = start
    with closing(epochs):  # else a step that raises would leave the threads waiting
        for epoch, positions in enumerate(epochs, start=1):
            if on_step is not None and epoch < _EPOCHS and epoch % (_EPOCHS // _STEPS) == 0:
                on_step(Layout(_centred(positions), finished=False))
    return Layout(_centred(positions))


def _centred(positions: FloatArray) -> FloatArray:
    middle = positions.mean(axis=0, dtype=np.float64)
    return (positions - middle).astype(np.float32)  # type: ignore[no-any-return]  # numpy's mean is untyped


def _positions_to_start_from(init: npt.ArrayLike, n_rows: int, n_components: int) -> FloatArray:
    positions = np.array(init, dtype=np.float32)
    if positions.shape != (n_rows, n_components):
        raise DataError(
            f"init has the shape {positions.shape}, and the layout needs one position a row, {(n_rows, n_components)}. "
            "Pass the positions of a layout of the same rows with as many dimensions, or leave init out."
        )
    if not np.isfinite(positions).all():
        row = int(np.flatnonzero(~np.isfinite(positions).all(axis=1))[0])
        raise DataError(
            f"init holds {positions[row].tolist()} for row {row}. Pass finite positions, or leave init out."
        )
    return positions


def _whole(name: str, value: object, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, Integral) or not low <= int(value) <= high:
        raise InvalidParameterError(f"{name}={value!r} is not a whole number from {low} to {high}. Choose one.")
    return int(value)


def _between_0_and_1(name: str, value: object) -> float:
    # NaN is not between 0 and 1
    if isinstance(value, bool) or not isinstance(value, Real) or not 0 <= float(value) <= 1:
        raise InvalidParameterError(f"{name}={value!r} is not a number from 0 to 1. Choose one; UMAP's default is 0.1.")
    return float(value)
