"""The lightest edges that leave some large parts of a forest: compact pieces of them, compared two at a time.

Most pairs of pieces are ruled out by their boxes. For the others, all rows are projected on the line between the two
centres: two rows are at least as far apart as their projections, so only the rows near the facing ends can be closer
than the lightest edge known. Few are, as long as the pieces are round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import Float, Int, compiled, compiled_sum
from cluster_explorer._kernels.common.records import Boxed, Edge, Faced, Pieces, Side
from cluster_explorer._kernels.neighbors.distances import pair_distance
from cluster_explorer._kernels.tree.boruvka import nothing_lighter_than, offer
from cluster_explorer._kernels.tree.edges import Edges

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.common.records import Lightest
    from cluster_explorer._kernels.tree.joining import LeavingSearch
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

    Float64Array = npt.NDArray[np.float64]
    OffsetArray = npt.NDArray[np.int64]

#: Parts are cut until no piece has more rows.
ROWS_IN_PIECE = 256
#: Beyond this many parts, comparing all of them with all takes longer than a walk down a tree.
MOST_PARTS = 2000
_PIECES_AT_A_TIME = 32
#: Distances are kept in float32, so rows may be nearer than a bound says by this share.
_ROUNDING = 1.0 + 4e-6


def piece_search(vectors: FloatArray, core: FloatArray, rank: IntArray, part: IntArray) -> LeavingSearch:
    """Cut the parts into pieces once; they stay compact when parts have merged."""
    rows = np.argsort(part, kind="stable").astype(np.int32)
    first = parts = np.concatenate([[0], np.cumsum(np.bincount(part))])
    while np.diff(first).max() > ROWS_IN_PIECE:
        halves = np.empty(2 * len(first), dtype=np.int64)
        first = halves[: halve(vectors, rows, first, ROWS_IN_PIECE, halves)]
    arranged = vectors[rows]
    pieces = Pieces(
        arranged,
        core[rows],
        rank[rows],
        _boxed(arranged, first, parts),
        np.searchsorted(first, parts),
        Side(np.empty(ROWS_IN_PIECE), np.empty(ROWS_IN_PIECE, dtype=np.int64)),
        Side(np.empty(ROWS_IN_PIECE), np.empty(ROWS_IN_PIECE, dtype=np.int64)),
    )

    def search(part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        owner = part[rows[first[:-1]]]
        best = nothing_lighter_than(bound)
        searched = np.flatnonzero(owner != largest)
        for done in range(0, len(searched), _PIECES_AT_A_TIME):
            some = searched[done : done + _PIECES_AT_A_TIME]
            search_some(pieces, some, owner, best)
            if on_progress is not None:
                on_progress((done + len(some)) / len(searched))
        found = Edges(*best).take(best.source >= 0)
        return Edges(rows[found.source], rows[found.target], found.weight, found.distance)

    return search


def _boxed(arranged: FloatArray, first: OffsetArray, parts: OffsetArray) -> Boxed:
    """Measure the boxes of pieces, and after them those of parts."""

    def of_both(function: np.ufunc) -> Float64Array:
        of_pieces = function.reduceat(arranged, first[:-1], axis=0).astype(np.float64)
        return np.vstack([of_pieces, function.reduceat(of_pieces, np.searchsorted(first, parts[:-1]), axis=0)])

    center = np.add.reduceat(arranged, first[:-1], axis=0, dtype=np.float64) / np.diff(first)[:, None]
    return Boxed(first, of_both(np.minimum), of_both(np.maximum), center)


@compiled
def halve(vectors: FloatArray, rows: IntArray, first: OffsetArray, most: int, halves: OffsetArray) -> int:
    """Divide pieces of more than `most` rows at the middle of their widest extent; write where the results begin."""
    count = 0
    for piece in range(first.shape[0] - 1):
        begin, stop = first[piece], first[piece + 1]
        halves[count] = begin
        count += 1
        if stop - begin > most:
            middle = (begin + stop) // 2
            _divide(vectors[:, _widest_axis(vectors, rows[begin:stop])], rows[begin:stop], middle - begin)
            halves[count] = middle
            count += 1
    halves[count] = first[-1]
    return count + 1


@compiled
def _widest_axis(vectors: FloatArray, rows: IntArray) -> int:
    widest, extent = 0, np.float32(-1)
    for axis in range(vectors.shape[1]):
        least = most = vectors[rows[0], axis]
        for row in rows:
            least, most = min(least, vectors[row, axis]), max(most, vectors[row, axis])
        if most - least > extent:
            widest, extent = axis, most - least
    return widest


@compiled
def _divide(values: FloatArray, rows: IntArray, middle: Int) -> None:
    """Hoare's selection: arrange rows so that none before `middle` has a greater value than any from it on."""
    left, right = 0, rows.shape[0] - 1
    while left < right:
        pivot = values[rows[(left + right) // 2]]
        i, j = left, right
        while i <= j:
            while values[rows[i]] < pivot:
                i += 1
            while values[rows[j]] > pivot:
                j -= 1
            if i <= j:
                rows[i], rows[j] = rows[j], rows[i]
                i += 1
                j -= 1
        if middle <= j:
            right = j
        elif middle >= i:
            left = i
        else:
            return


@compiled
def search_some(pieces: Pieces, some: OffsetArray, owner: IntArray, best: Lightest) -> None:
    """Compare pieces with all that are no further away than the lightest edge of their part."""
    for piece in some:
        _offer_likely(pieces, piece, _nearest_piece(pieces, piece, owner), best, owner[piece])
    low, high, of_part, n_pieces = pieces.boxes.low, pieces.boxes.high, pieces.of_part, owner.shape[0]
    for piece in some:
        part = owner[piece]
        for group in range(of_part.shape[0] - 1):
            if owner[of_part[group]] == part:
                continue
            if _gap(low, high, piece, n_pieces + group) > best.weight[part] * _ROUNDING:
                continue
            for other in range(of_part[group], of_part[group + 1]):
                if _gap(low, high, piece, other) <= best.weight[part] * _ROUNDING:
                    _compare(pieces, piece, other, best, part)


@compiled
def _compare(pieces: Pieces, piece: Int, other: Int, best: Lightest, part: Int) -> None:
    """Offer the pairs of two pieces that may be close enough."""
    faced = _face(pieces, piece, other, best.weight[part] * _ROUNDING)
    for a in range(faced.this):
        for b in range(faced.that):
            _offer_pair(pieces, pieces.this.near[a], pieces.that.near[b], best, part)


@compiled
def _gap(low: Float64Array, high: Float64Array, a: Int, b: Int) -> float:
    """Distance of two boxes."""
    total = 0.0
    for axis in range(low.shape[1]):
        apart = max(low[a, axis] - high[b, axis], low[b, axis] - high[a, axis], 0.0)
        total += apart * apart
    return float(np.sqrt(total))


@compiled
def _nearest_piece(pieces: Pieces, piece: Int, owner: IntArray) -> Int:
    """Find the piece of another part whose centre is nearest."""
    center = pieces.boxes.center
    nearest, least = piece, np.inf
    for other in range(owner.shape[0]):
        if owner[other] != owner[piece]:
            square = 0.0
            for axis in range(center.shape[1]):
                square += (center[other, axis] - center[piece, axis]) ** 2
            if square < least:
                nearest, least = other, square
    return nearest


@compiled
def _offer_pair(pieces: Pieces, i: Int, j: Int, best: Lightest, part: Int) -> None:
    core = max(pieces.core[i], pieces.core[j])
    if core <= best.weight[part]:
        distance = pair_distance(pieces.vectors, i, j)
        offer(best, part, Edge(i, j, max(distance, core), distance), pieces.rank)


@compiled
def _offer_likely(pieces: Pieces, piece: Int, other: Int, best: Lightest, part: Int) -> None:
    """Offer a pair that is probably close: the row nearest the other's centre, the row nearest to that, and so on."""
    j = _nearest_to(pieces, other, pieces.boxes.center[piece])
    i = _nearest_to(pieces, piece, pieces.vectors[j])
    j = _nearest_to(pieces, other, pieces.vectors[i])
    _offer_pair(pieces, i, j, best, part)


@compiled
def _nearest_to(pieces: Pieces, piece: Int, position: Float64Array) -> Int:
    """Find the row of a piece that is nearest to a position."""
    vectors, first = pieces.vectors, pieces.boxes.first
    nearest: Int = first[piece]
    least = np.inf
    for i in range(first[piece], first[piece + 1]):
        square = 0.0
        for axis in range(position.shape[0]):
            square += (np.float64(vectors[i, axis]) - position[axis]) ** 2
        if square < least:
            nearest, least = i, square
    return nearest


@compiled
def _face(pieces: Pieces, piece: Int, other: Int, limit: Float) -> Faced:
    """List the rows of two pieces that may be within `limit` of each other."""
    this, that = pieces.this, pieces.that
    direction = pieces.boxes.center[other] - pieces.boxes.center[piece]
    length = np.sqrt((direction**2).sum())
    if length > 0:
        direction /= length
    end = _project(pieces, piece, direction, this.along)
    other_end = _project(pieces, other, -direction, that.along)
    # projections are rounded as well
    reach = limit + 1e-12 * (abs(end) + abs(other_end) + limit)
    if -other_end - end > reach:
        return Faced(0, 0)
    first, n_this = pieces.boxes.first[piece], 0
    for i in range(first, pieces.boxes.first[piece + 1]):
        if this.along[i - first] >= -other_end - reach and _may_reach(pieces, i, other, limit):
            this.near[n_this] = i
            n_this += 1
    first, n_that = pieces.boxes.first[other], 0
    for i in range(first, pieces.boxes.first[other + 1]):
        if that.along[i - first] >= -end - reach and _may_reach(pieces, i, piece, limit):
            that.near[n_that] = i
            n_that += 1
    return Faced(n_this, n_that)


@compiled_sum
def _project(pieces: Pieces, piece: Int, direction: Float64Array, along: Float64Array) -> float:
    """Write how far the rows of a piece lie along a direction; return the furthest."""
    vectors, first, furthest = pieces.vectors, pieces.boxes.first[piece], -np.inf
    for i in range(first, pieces.boxes.first[piece + 1]):
        total = 0.0
        for axis in range(direction.shape[0]):
            total += vectors[i, axis] * direction[axis]
        along[i - first] = total
        furthest = max(furthest, total)
    return furthest


@compiled
def _may_reach(pieces: Pieces, i: Int, piece: Int, limit: Float) -> bool:
    """Whether a row may have an edge within `limit` to a piece, by its core distance and the piece's box."""
    if pieces.core[i] > limit:
        return False
    total = 0.0
    for axis in range(pieces.boxes.low.shape[1]):
        value = pieces.vectors[i, axis]
        apart = max(pieces.boxes.low[piece, axis] - value, value - pieces.boxes.high[piece, axis], 0.0)
        total += apart * apart
    return bool(total <= limit * limit)
