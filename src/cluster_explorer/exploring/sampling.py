"""Which rows of a large map are drawn: an even and a random share of those in view, and some of every cluster.

The rows that are not drawn show as a tint of density (`density`), and every selection still counts them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray

#: Rows in view that are drawn at most, beside what is added for clusters and the selection: a browser without a
#: graphics card still moves these smoothly.
MOST_DRAWN = 20_000
#: Of all rows, those that stay drawn wherever one looks, so that a fast move shows no empty ground.
OVERVIEW = 3_000
#: Up to so many selected rows are all drawn.
MOST_SELECTED_DRAWN = 5_000
_PER_CLUSTER = 12
# halvings of each axis: 2 x 16 and 3 x 10 bits make one 32-bit code of the cell
_BITS = {2: 16, 3: 10}
# drawn beyond each edge of the view, as a share of its size: a short move finds points already there
_MARGIN = 0.2


@dataclass(frozen=True)
class Viewport:
    """The part of a 2-D map that is looked at.

    Attributes
    ----------
    x0, x1, y0, y1 : float
        Its edges, in the coordinates of the map.
    width, height : float
        Its size on the screen, in CSS pixels.

    Raises
    ------
    DataError
        If an edge or a size is not finite, or nothing lies between the edges.
    """

    x0: float
    x1: float
    y0: float
    y1: float
    width: float = 800.0
    height: float = 560.0

    def __post_init__(self) -> None:
        values = (self.x0, self.x1, self.y0, self.y1, self.width, self.height)
        if not all(np.isfinite(value) for value in values):
            raise DataError(f"An edge or a size of the view is not a finite number: {values}.")
        if self.x0 >= self.x1 or self.y0 >= self.y1 or self.width <= 0 or self.height <= 0:
            raise DataError(f"The view is empty: x {self.x0} to {self.x1}, y {self.y0} to {self.y1}.")

    def widened(self, share: float = _MARGIN) -> Viewport:
        """Return the view with a margin of `share` of its size on each side."""
        dx, dy = share * (self.x1 - self.x0), share * (self.y1 - self.y0)
        grown = 1 + 2 * share
        return Viewport(self.x0 - dx, self.x1 + dx, self.y0 - dy, self.y1 + dy, self.width * grown, self.height * grown)

    def clipped_to(self, other: Viewport) -> Viewport | None:
        """Return the part of the view that lies in another one; None where there is none.

        Examples
        --------
        >>> Viewport(0, 2, 0, 1, width=200, height=100).clipped_to(Viewport(1, 5, 0, 1))
        Viewport(x0=1, x1=2, y0=0, y1=1, width=100.0, height=100.0)
        """
        x0, x1 = max(self.x0, other.x0), min(self.x1, other.x1)
        y0, y1 = max(self.y0, other.y0), min(self.y1, other.y1)
        if x0 >= x1 or y0 >= y1:
            return None
        width = self.width * (x1 - x0) / (self.x1 - self.x0)
        height = self.height * (y1 - y0) / (self.y1 - self.y0)
        return Viewport(x0, x1, y0, y1, width, height)

    def rows_in(self, positions: FloatArray) -> IntArray:
        """Return the rows whose position lies in the view, ascending.

        Examples
        --------
        >>> Viewport(0, 1, 0, 1).rows_in(np.array([[0.5, 0.5], [3, 0]], dtype=np.float32))
        array([0], dtype=int32)
        """
        x, y = positions[:, 0], positions[:, 1]
        inside = (x >= self.x0) & (x <= self.x1) & (y >= self.y0) & (y <= self.y1)
        return np.flatnonzero(inside).astype(np.int32)


def whole_map(positions: FloatArray) -> Viewport:
    """Return a view of all positions, with a little room around them."""
    (x0, y0), (x1, y1) = positions[:, :2].min(axis=0).tolist(), positions[:, :2].max(axis=0).tolist()
    room_x, room_y = 0.03 * (x1 - x0) or 1.0, 0.03 * (y1 - y0) or 1.0
    return Viewport(x0 - room_x, x1 + room_x, y0 - room_y, y1 + room_y)


@dataclass(frozen=True, eq=False)
class SampleIndex:
    """Two orders of the rows of a map, from which the rows in any view are chosen.

    Of both, the first rows make the sample, so that zooming in adds rows and takes none away.

    Attributes
    ----------
    positions : ndarray of shape (n, 2) or (n, 3), float32
    even : ndarray of shape (n,), int32
        Place of each row in an order whose first rows cover the map evenly: first the rows that stand for a half of
        the map, then for a quarter, and so on.
    random : ndarray of shape (n,), int32
        Place of each row in a random order.
    overview : ndarray of shape (m,), int32
        Rows that are always drawn, ascending, the outermost among them.
    """

    positions: FloatArray = field(repr=False)
    even: IntArray = field(repr=False)
    random: IntArray = field(repr=False)
    overview: IntArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.positions)


@dataclass(frozen=True, eq=False)
class Drawing:
    """The rows that are drawn.

    Attributes
    ----------
    rows : ndarray of shape (m,), int32
        Row numbers, ascending.
    n_rows : int
        Rows of the whole map.
    n_seen, n_drawn : int
        Rows in view (of those that pass a filter), and those of them that are drawn.
    """

    rows: IntArray = field(repr=False)
    n_rows: int
    n_seen: int
    n_drawn: int

    @property
    def is_sample(self) -> bool:
        """Whether there are rows that are not drawn."""
        return len(self.rows) < self.n_rows


def sample_index(positions: FloatArray, *, random_state: int = 0) -> SampleIndex:
    """Order the rows of a map for sampling.

    A quadtree (in space, an octree) in its linear form: rows are sorted by the code of their cell [1]_, every cell is
    stood for by the one of its rows that is first in a random order, and a row's turn is that of the largest cell it
    stands for.

    Parameters
    ----------
    positions : ndarray of shape (n, 2) or (n, 3), float32
    random_state : int
        Seed of the random order.

    Returns
    -------
    SampleIndex

    References
    ----------
    .. [1] Morton: A computer oriented geodetic data base and a new technique in file sequencing. IBM, 1966.

    Examples
    --------
    >>> index = sample_index(np.array([[0, 0], [0.1, 0], [9, 9]], dtype=np.float32))
    >>> sorted(index.even.tolist())
    [0, 1, 2]
    >>> int(index.even[2]) < 2  # the lonely row comes before one of the pair
    True
    """
    n_rows, n_axes = positions.shape
    bits = _BITS[n_axes]
    by_random = np.random.default_rng(random_state).permutation(n_rows).astype(np.int32)
    random = np.empty(n_rows, dtype=np.int32)
    random[by_random] = np.arange(n_rows, dtype=np.int32)
    codes = _cell_codes(positions, bits)
    order = np.argsort(codes, kind="stable")
    codes, shuffled = codes[order], random[order]
    level = np.full(n_rows, bits + 1, dtype=np.uint8)
    for depth in range(bits, -1, -1):
        cells = codes >> np.uint32(n_axes * (bits - depth)) if depth else np.zeros(n_rows, dtype=np.uint32)
        starts = np.r_[0, np.flatnonzero(cells[1:] != cells[:-1]) + 1]
        # the first in the random order is the first of its larger cell as well, or another one is
        level[by_random[np.minimum.reduceat(shuffled, starts)]] = depth
    even = np.empty(n_rows, dtype=np.int32)
    by_even = by_random[np.argsort(level[by_random], kind="stable")]
    even[by_even] = np.arange(n_rows, dtype=np.int32)
    outermost = np.r_[positions.argmin(axis=0), positions.argmax(axis=0)]
    overview = np.union1d(by_even[:OVERVIEW], outermost).astype(np.int32)
    return SampleIndex(positions, even, random, overview)


def choose_rows(
    index: SampleIndex,
    labels: IntArray | None = None,
    view: Viewport | None = None,
    selected: IntArray | None = None,
    *,
    among: npt.NDArray[np.bool_] | None = None,
    limit: int = MOST_DRAWN,
) -> Drawing:
    """Choose the rows to draw.

    Of the rows in view, and a margin around it, half of `limit` cover it evenly, so that sparse parts and lonely rows
    are seen, and half are random, so that dense parts look dense. Clusters (and the noise) that come off badly get some
    of their rows added. A selection that is not too large is drawn whole.

    Parameters
    ----------
    index : SampleIndex
    labels : ndarray of shape (n,), int32, optional
        Cluster of each row, -1 for noise.
    view : Viewport, optional
        The part that is looked at; without it, the whole map.
    selected : ndarray of shape (m,), int32, optional
        Rows to draw whatever happens, if there are at most `MOST_SELECTED_DRAWN`.
    among : ndarray of shape (n,), bool, optional
        Rows that pass a filter: the sample is of these, and of the others only the overview is drawn.
    limit : int
        Rows to draw, at most, but for those of badly drawn clusters, the overview and the selection.

    Returns
    -------
    Drawing

    Examples
    --------
    >>> positions = np.random.default_rng(0).normal(size=(1000, 2)).astype(np.float32)
    >>> drawing = choose_rows(sample_index(positions), limit=100)
    >>> drawing.n_seen, drawing.is_sample
    (1000, False)
    """
    n_rows = len(index)
    everything = np.arange(n_rows, dtype=np.int32)
    if n_rows <= max(limit, len(index.overview)):
        seen = everything if view is None else view.rows_in(index.positions)
        return Drawing(everything, n_rows, len(seen), len(seen))
    near = everything if view is None else view.widened().rows_in(index.positions)
    near = near if among is None else near[among[near]]
    chosen = _spread(index, near, limit)
    if labels is not None:
        chosen = np.concatenate([chosen, _owed(index, labels, near, chosen, limit)])
    drawn = np.zeros(n_rows, dtype=bool)
    drawn[chosen] = True
    drawn[index.overview] = True
    if selected is not None and len(selected) <= MOST_SELECTED_DRAWN:
        drawn[selected] = True
    seen = everything if view is None else view.rows_in(index.positions)
    seen = seen if among is None else seen[among[seen]]
    rows = np.flatnonzero(drawn).astype(np.int32)
    return Drawing(rows, n_rows, len(seen), int(np.count_nonzero(drawn[seen])))


def _spread(index: SampleIndex, rows: IntArray, limit: int) -> IntArray:
    if len(rows) <= limit:
        return rows
    n_even = limit // 2
    by_even = np.argpartition(index.even[rows], n_even)
    even, others = rows[by_even[:n_even]], rows[by_even[n_even:]]
    n_random = limit - n_even
    return np.concatenate([even, others[np.argpartition(index.random[others], n_random - 1)[:n_random]]])


def _owed(index: SampleIndex, labels: IntArray, rows: IntArray, chosen: IntArray, limit: int) -> IntArray:
    """Return rows of the clusters that have too few among those chosen."""
    n_groups = int(labels.max(initial=-1)) + 2
    least = max(1, min(_PER_CLUSTER, limit // (4 * n_groups)))
    groups = labels[rows] + 1
    drawn = np.bincount(labels[chosen] + 1, minlength=n_groups)
    short = drawn < np.minimum(np.bincount(groups, minlength=n_groups), least)
    if not short.any():
        return np.empty(0, dtype=np.int32)
    members = rows[short[groups]]
    members = members[np.lexsort((index.even[members], labels[members]))]
    starts = np.flatnonzero(np.r_[True, labels[members][1:] != labels[members][:-1]])
    place = np.arange(len(members)) - np.repeat(starts, np.diff(np.r_[starts, len(members)]))
    return members[place < least]


def _cell_codes(positions: FloatArray, bits: int) -> npt.NDArray[np.uint32]:
    """Interleave the bits of each row's cell, axis by axis."""
    low = positions.min(axis=0)
    span = np.maximum(positions.max(axis=0) - low, np.finfo(np.float32).tiny)
    codes = np.zeros(len(positions), dtype=np.uint32)
    n_axes = positions.shape[1]
    for axis in range(n_axes):
        share = (positions[:, axis] - low[axis]) / span[axis]
        cells = np.minimum(share * np.float32(2**bits), np.float32(2**bits - 1)).astype(np.uint32)
        codes |= (_spread_bits_2 if n_axes == 2 else _spread_bits_3)(cells) << np.uint32(axis)
    return codes


def _spread_bits_2(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Put a zero between any two of the low 16 bits."""
    for shift, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
        values = (values | (values << np.uint32(shift))) & np.uint32(mask)
    return values


def _spread_bits_3(values: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint32]:
    """Put two zeros between any two of the low 10 bits."""
    for shift, mask in ((16, 0x030000FF), (8, 0x0300F00F), (4, 0x030C30C3), (2, 0x09249249)):
        values = (values | (values << np.uint32(shift))) & np.uint32(mask)
    return values
