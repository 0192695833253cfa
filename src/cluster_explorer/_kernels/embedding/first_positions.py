"""Where the rows stand before the descent: the slowest waves of the graph, spread evenly over a square."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt
    from scipy.sparse import csr_matrix

    from cluster_explorer.values import FloatArray, ProgressCallback

    Coordinates = npt.NDArray[np.float64]

#: Side of the square (or cube) as in umap-learn, up to this many rows; more rows get more room.
_SIDE, _ROWS_TO_FILL_IT = 10.0, 10_000
#: Components smaller than this, or than this share of the rows, get no waves of their own.
_SMALLEST_COMPONENT, _SMALLEST_SHARE = 32, 0.005
#: Up to this many rows all waves are computed at once.
_DENSE_ROWS = 300
_SPARE_WAVES = 4
_WAVE_TOLERANCE = 1e-2
_MOST_RESTARTS = 50
#: A wave that lives on less than this share of the rows shows a few outliers and nothing of the rest.
_LEAST_PARTICIPATION = 0.02
_GOLDEN_ANGLE = math.pi * (3 - math.sqrt(5))


def first_positions(
    graph: csr_matrix[np.float32], n_components: int, rng: np.random.Generator, *, on_progress: ProgressCallback
) -> FloatArray:
    """Place the rows of a symmetric, weighted graph, each of its components on its own.

    Returns
    -------
    ndarray of shape (n, n_components), float32
        Positions centred on 0, the widest axis first, as dense as those of 10,000 rows in a square of side 10.
    """
    from scipy.sparse.csgraph import connected_components

    n_parts, part = connected_components(graph, directed=False)
    if n_parts == 1:
        placed = _waves(graph, n_components, rng, on_progress)
    else:
        placed = _pack(graph, part, n_components, rng, on_progress=on_progress)
    side = _SIDE * max(1.0, graph.shape[0] / _ROWS_TO_FILL_IT) ** (1 / n_components)
    positions: FloatArray = (side * _turn(placed)).astype(np.float32)
    return positions


def _waves(
    graph: csr_matrix[np.float32], n_components: int, rng: np.random.Generator, on_progress: ProgressCallback
) -> Coordinates:
    """Place the rows of a connected graph in [-0.5, 0.5] by the leading eigenvectors of its random walk.

    Ranks instead of values: a few far rows would otherwise press all the others into a spot.
    """
    n_rows = graph.shape[0]
    if n_rows <= n_components + 1:
        return _sunflower(np.arange(n_rows), np.full(n_rows, n_rows), n_components) / 2
    scale = 1 / np.sqrt(np.asarray(graph.sum(axis=1), dtype=np.float64).ravel())
    vectors = _leading_eigenvectors(graph, scale, n_components + _SPARE_WAVES, rng, on_progress) * scale[:, None]
    squared = vectors**2
    participation = squared.sum(axis=0) ** 2 / (n_rows * (squared**2).sum(axis=0))
    widest_first = np.argsort(participation < _LEAST_PARTICIPATION, kind="stable")
    ranks = vectors[:, widest_first[:n_components]].argsort(axis=0, kind="stable").argsort(axis=0, kind="stable")
    placed: Coordinates = (ranks + 0.5) / n_rows - 0.5
    return placed


def _leading_eigenvectors(
    graph: csr_matrix[np.float32],
    scale: Coordinates,
    count: int,
    rng: np.random.Generator,
    on_progress: ProgressCallback,
) -> Coordinates:
    """Find the leading eigenvectors of D^-1/2 A D^-1/2, without the very first: it holds only the degrees."""
    from scipy.sparse import diags

    n_rows = graph.shape[0]
    normalised = diags(scale) @ graph @ diags(scale)
    if n_rows <= _DENSE_ROWS:
        return np.linalg.eigh(normalised.toarray())[1][:, ::-1][:, 1 : count + 1]
    from scipy.sparse.linalg import ArpackError, ArpackNoConvergence, LinearOperator, eigsh

    normalised = normalised.astype(np.float32).tocsr()
    products = 0

    def multiply(vector: FloatArray) -> FloatArray:
        nonlocal products
        products += 1
        on_progress(1 - math.exp(-products / 100))  # how many it will take is not known before
        return normalised @ vector  # type: ignore[no-any-return]  # scipy has no types

    try:
        vectors = eigsh(
            LinearOperator(normalised.shape, matvec=multiply, dtype=np.float32),
            k=count + 1,
            v0=rng.uniform(size=n_rows).astype(np.float32),
            tol=_WAVE_TOLERANCE,
            maxiter=_MOST_RESTARTS,
        )[1]
    except ArpackNoConvergence as error:
        vectors = error.eigenvectors
    except ArpackError:
        vectors = np.empty((n_rows, 0))
    found = vectors[:, ::-1][:, 1:].astype(np.float64)
    # what is missing is made up: the descent gets along with that, it only takes longer to untangle the map
    return np.hstack([found, rng.normal(size=(n_rows, count - found.shape[1]))])


def _pack(
    graph: csr_matrix[np.float32],
    part: npt.NDArray[np.int32],
    n_components: int,
    rng: np.random.Generator,
    *,
    on_progress: ProgressCallback,
) -> Coordinates:
    """Lay the components out beside each other, the largest in the middle, each with room for its rows."""
    n_rows = len(part)
    sizes = np.bincount(part)
    n_parts = len(sizes)
    largest_first = np.argsort(-sizes, kind="stable")
    place = np.empty(n_parts, dtype=np.int64)
    place[largest_first] = np.arange(n_parts)

    side = (sizes / n_rows) ** (1 / n_components)
    before = np.concatenate([[0], np.cumsum(sizes[largest_first])[:-1]])[place]
    distance = 0.75 * (before / n_rows) ** (1 / n_components) + 0.5 * side
    distance[largest_first[0]] = 0.0
    centre = distance[:, None] * _directions(place, n_components)

    by_part = np.argsort(part, kind="stable")
    starts = np.concatenate([[0], np.cumsum(sizes)])
    number = np.empty(n_rows, dtype=np.int64)
    number[by_part] = np.arange(n_rows) - np.repeat(starts[:-1], sizes)
    within = 0.5 * _sunflower(number, sizes[part], n_components)

    worth_it = largest_first[sizes[largest_first] >= max(_SMALLEST_COMPONENT, _SMALLEST_SHARE * n_rows)]
    for done, one in enumerate(worth_it):
        rows = by_part[starts[one] : starts[one + 1]]
        within[rows] = _waves(graph[rows][:, rows], n_components, rng, _one_of(len(worth_it), done, on_progress))
    return centre[part] + side[part, None] * within


def _one_of(count: int, done: int, on_progress: ProgressCallback) -> ProgressCallback:
    return lambda share: on_progress((done + share) / count)


def _sunflower(number: npt.NDArray[np.int64], count: npt.NDArray[np.int64], n_components: int) -> Coordinates:
    """Place row `number` of `count` evenly in a disc or ball of radius 1 (Vogel's spiral)."""
    radius = ((number + 0.5) / count) ** (1 / n_components)
    return radius[:, None] * _directions(number, n_components)


def _directions(number: npt.NDArray[np.int64], n_components: int) -> Coordinates:
    angle = number * _GOLDEN_ANGLE
    flat = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    if n_components == 2:
        return flat
    # the plastic number's fractions are as evenly spread in height as the golden angle is around
    height = 2 * ((number * 0.7548776662466927 + 0.5) % 1.0) - 1
    return np.hstack([flat * np.sqrt(1 - height**2)[:, None], height[:, None]])


def _turn(positions: Coordinates) -> Coordinates:
    """Centre the positions and turn their widest axis to the first."""
    centred = positions - positions.mean(axis=0)
    axes = np.linalg.eigh(centred.T @ centred)[1][:, ::-1]
    # eigenvectors have no sign of their own: let the largest entry be positive
    largest = np.abs(axes).argmax(axis=0)
    turned: Coordinates = centred @ (axes * np.sign(axes[largest, np.arange(axes.shape[1])]))
    return turned
