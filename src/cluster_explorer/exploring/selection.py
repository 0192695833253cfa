"""Which rows a selection holds: exact for every row, drawn or not."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias, get_args

import numpy as np
import numpy.typing as npt

from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.values import FloatArray, IdArray, IntArray

Kind: TypeAlias = Literal["none", "polygon", "cluster", "ids", "rows", "hits"]
Mode: TypeAlias = Literal["replace", "add", "subtract", "intersect"]

#: Ways to bring a new selection together with the present one, and what each does with the rows of both.
_JOINS: dict[str, Callable[[IntArray, IntArray], IntArray]] = {
    "add": np.union1d,
    "subtract": np.setdiff1d,
    "intersect": np.intersect1d,
}
MODES: tuple[Mode, ...] = get_args(Mode)


@dataclass(frozen=True, eq=False)
class Polygon:
    """A closed outline on the map, in the map's own coordinates.

    Attributes
    ----------
    x, y : ndarray of shape (m,), float64
        Its corners; the last is joined to the first.
    """

    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "x", np.asarray(self.x, dtype=np.float64))
        object.__setattr__(self, "y", np.asarray(self.y, dtype=np.float64))
        if self.x.ndim != 1 or self.x.shape != self.y.shape or len(self.x) < 3:
            raise DataError(
                f"A polygon needs at least 3 corners, as many x as y; got {self.x.shape} and {self.y.shape}."
            )
        if not (np.isfinite(self.x).all() and np.isfinite(self.y).all()):
            raise DataError("A corner of the polygon is not a finite number.")


@dataclass(frozen=True, eq=False)
class Selection:
    """The rows that are selected, and how they were chosen.

    Attributes
    ----------
    rows : ndarray of shape (m,), int32
        Row numbers, ascending.
    kind : {"none", "polygon", "cluster", "ids", "rows", "hits"}
        How they were chosen last.
    outline : Polygon or None
        The outline on the map, while it still describes the rows.
    """

    rows: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int32), repr=False)
    kind: Kind = "none"
    outline: Polygon | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def combined(self, other: Selection, mode: Mode) -> Selection:
        """Return `other`, or this selection with the rows of `other` added, taken away, or alone kept."""
        if mode == "replace":
            return other
        rows = _JOINS[mode](self.rows, other.rows).astype(np.int32)
        # of rows that nothing was added to, it is still known how they were chosen
        kind = self.kind if other.kind == "none" else other.kind
        return Selection(rows=rows, kind=kind if len(rows) else "none")


def rows_inside(positions: FloatArray, polygon: Polygon) -> IntArray:
    """Find the rows inside a polygon, by the even-odd rule.

    Every edge flips the rows to its left, taken from the rows sorted by height: the work grows with the rows that an
    edge passes, not with rows times edges.

    Parameters
    ----------
    positions : ndarray of shape (n, 2), float32
    polygon : Polygon

    Returns
    -------
    ndarray of shape (m,), int32
        Row numbers, ascending.

    Examples
    --------
    >>> points = np.array([[0.5, 0.5], [2.0, 0.5]], dtype=np.float32)
    >>> rows_inside(points, Polygon([0, 1, 1, 0], [0, 0, 1, 1]))
    array([0], dtype=int32)
    """
    x, y = np.ascontiguousarray(positions[:, 0]), np.ascontiguousarray(positions[:, 1])
    near = np.flatnonzero(
        (x >= polygon.x.min()) & (x <= polygon.x.max()) & (y >= polygon.y.min()) & (y <= polygon.y.max())
    )
    near = near[np.argsort(y[near])]
    x, y = x[near].astype(np.float64), y[near].astype(np.float64)
    inside = np.zeros(len(near), dtype=bool)
    for x0, y0, x1, y1 in zip(polygon.x, polygon.y, np.roll(polygon.x, -1), np.roll(polygon.y, -1), strict=True):
        if y0 == y1:
            continue
        first, last = np.searchsorted(y, (min(y0, y1), max(y0, y1)))
        passed = slice(first, last)
        inside[passed] ^= x[passed] < x0 + (y[passed] - y0) * (x1 - x0) / (y1 - y0)
    found = np.zeros(len(positions), dtype=bool)
    found[near[inside]] = True
    return np.flatnonzero(found).astype(np.int32)


def seen_from(positions: FloatArray, matrix: npt.NDArray[np.float64]) -> FloatArray:
    """Project 3-D positions as the browser shows them, to lasso what is seen.

    Parameters
    ----------
    positions : ndarray of shape (n, 3), float32
    matrix : ndarray of shape (4, 4), float64
        Projection, view and model in one, from data to clip coordinates.

    Returns
    -------
    ndarray of shape (n, 2), float32
        Normalised device coordinates, -1 to 1 inside the picture; NaN behind the camera.

    Examples
    --------
    >>> seen_from(np.zeros((1, 3), dtype=np.float32), np.eye(4))
    array([[0., 0.]], dtype=float32)
    """
    clip = np.c_[positions, np.ones(len(positions))] @ np.asarray(matrix, dtype=np.float64).reshape(4, 4).T
    with np.errstate(invalid="ignore", divide="ignore"):
        seen = np.where(clip[:, 3:] > 0, clip[:, :2] / clip[:, 3:], np.nan)
    return seen.astype(np.float32)


def rows_now(before: IdArray, after: IdArray) -> IntArray:
    """Find where rows are after a collection was read anew: row numbers by earlier row number, -1 for those gone.

    Parameters
    ----------
    before, after : ndarray of shape (m,) and (n,)
        Primary keys, unique and ascending.

    Examples
    --------
    >>> rows_now(np.array([10, 20, 30]), np.array([5, 10, 30])).tolist()
    [1, -1, 2]
    """
    _, old, new = np.intersect1d(before, after, assume_unique=True, return_indices=True)
    places = np.full(len(before), -1, dtype=np.int32)
    places[old] = new
    return places
