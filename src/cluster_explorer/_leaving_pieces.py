"""The lightest edges that leave some large parts of a forest: compact pieces of them, compared two at a time.

Most pairs of pieces are ruled out by their boxes. For the others, all rows are projected on the line between the two
centres: two rows are at least as far apart as their projections, so only the rows near the facing ends can be closer
than the lightest edge known. Few are, as long as the pieces are round.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._boruvka import nothing_lighter_than, offer
from cluster_explorer._compiled import Float, Int, compiled, compiled_sum
from cluster_explorer._distances import pair_distance
from cluster_explorer._edges import Edges
from cluster_explorer._records import Edge, Faced, Others, Pieces, Side

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._joining import LeavingSearch
    from cluster_explorer._records import Lightest
    from cluster_explorer.values import FloatArray, IntArray, ProgressCallback

    Float64Array = npt.NDArray[np.float64]
    OffsetArray = npt.NDArray[np.int64]

#: Parts are cut until no piece has more rows.
ROWS_IN_PIECE = 512
#: Beyond this many parts, comparing all of them with all takes longer than a walk down a tree.
MOST_PARTS = 2000
#: A probable pair is looked for among this many of the nearest pieces.
_LIKELY_TRIES = 3
#: Distances are kept in float32, so rows may be nearer than a bound says by this share.
_ROUNDING = 1.0 + 4e-6


def piece_search(vectors: FloatArray, core: FloatArray, rank: IntArray, part: IntArray) -> LeavingSearch:
    """Cut the parts into pieces once; they stay compact when parts have merged."""
    rows = np.argsort(part, kind="stable").astype(np.int32)
    sizes = np.bincount(part)
    bounds = np.concatenate([[0], np.cumsum(sizes)])
    first = np.empty(len(sizes) + 2 * (len(rows) // ROWS_IN_PIECE) + 1, dtype=np.int64)
    first = first[: cut(vectors, rows, bounds, np.empty(64, dtype=np.int64), first) + 1]
    arranged, begin = vectors[rows], first[:-1]
    pieces = Pieces(
        arranged,
        core[rows],
        rank[rows],
        first,
        np.minimum.reduceat(arranged, begin, axis=0).astype(np.float64),
        np.maximum.reduceat(arranged, begin, axis=0).astype(np.float64),
        np.add.reduceat(arranged, begin, axis=0, dtype=np.float64) / np.diff(first)[:, None],
        Side(np.empty(ROWS_IN_PIECE), np.empty(ROWS_IN_PIECE, dtype=np.int64)),
        Side(np.empty(ROWS_IN_PIECE), np.empty(ROWS_IN_PIECE, dtype=np.int64)),
    )

    def search(part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        owner = part[rows[begin]]
        best = nothing_lighter_than(bound)
        searched = np.flatnonzero(owner != largest)
        for done, piece in enumerate(searched.tolist(), start=1):
            gap = _gaps(pieces, piece)
            gap[owner == owner[piece]] = np.inf
            search_piece(pieces, piece, Others(np.argsort(gap), gap), best, owner[piece])
            if on_progress is not None:
                on_progress(done / len(searched))
        found = Edges(*best).take(best.source >= 0)
        return Edges(rows[found.source], rows[found.target], found.weight, found.distance)

    return search


def _gaps(pieces: Pieces, piece: int) -> Float64Array:
    """Distances of the boxes of all pieces from that of one."""
    apart = np.maximum(pieces.low - pieces.high[piece], pieces.low[piece] - pieces.high)
    return np.asarray(np.linalg.norm(np.maximum(apart, 0.0), axis=1))


@compiled
def cut(vectors: FloatArray, rows: IntArray, bounds: OffsetArray, stops: OffsetArray, first: OffsetArray) -> int:
    """Arrange the rows of every part so that its pieces are compact; write where they begin; return how many there are.

    Part p is from `bounds[p]` to `bounds[p + 1]`. `stops` is room for the ends that are still ahead.
    """
    n_pieces = 0
    for part in range(bounds.shape[0] - 1):
        begin = bounds[part]
        stops[0] = bounds[part + 1]
        held = 1
        while held > 0:
            stop = stops[held - 1]
            if stop - begin > ROWS_IN_PIECE:
                stops[held] = (begin + stop) // 2
                _divide(vectors[:, _widest_axis(vectors, rows[begin:stop])], rows[begin:stop], stops[held] - begin)
                held += 1
            else:
                first[n_pieces] = begin
                n_pieces += 1
                begin = stop
                held -= 1
    first[n_pieces] = rows.shape[0]
    return n_pieces


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
def search_piece(pieces: Pieces, piece: int, others: Others, best: Lightest, part: Int) -> None:
    """Compare a piece with the others, nearest first, until the rest is further away than its part's lightest edge."""
    for tried in range(others.order.shape[0]):
        other = others.order[tried]
        if others.gap[other] > best.weight[part] * _ROUNDING:
            return
        if tried < _LIKELY_TRIES:
            _offer_likely(pieces, piece, other, best, part)
        faced = _face(pieces, piece, other, best.weight[part] * _ROUNDING)
        for i in pieces.this.near[: faced.this]:
            for j in pieces.that.near[: faced.that]:
                _offer_pair(pieces, i, j, best, part)


@compiled
def _offer_pair(pieces: Pieces, i: Int, j: Int, best: Lightest, part: Int) -> None:
    core = max(pieces.core[i], pieces.core[j])
    if core <= best.weight[part]:
        distance = pair_distance(pieces.vectors, i, j)
        offer(best, part, Edge(i, j, max(distance, core), distance), pieces.rank)


@compiled
def _offer_likely(pieces: Pieces, piece: Int, other: Int, best: Lightest, part: Int) -> None:
    """Offer a pair that is probably close: the row nearest the other's centre, the row nearest to that, and so on."""
    j = _nearest_to(pieces, other, pieces.center[piece])
    i = _nearest_to(pieces, piece, pieces.vectors[j])
    j = _nearest_to(pieces, other, pieces.vectors[i])
    _offer_pair(pieces, i, j, best, part)


@compiled
def _nearest_to(pieces: Pieces, piece: Int, position: Float64Array) -> Int:
    nearest: Int = pieces.first[piece]
    least = np.inf
    for i in range(pieces.first[piece], pieces.first[piece + 1]):
        total = 0.0
        for axis in range(position.shape[0]):
            total += (pieces.vectors[i, axis] - position[axis]) ** 2
        if total < least:
            nearest, least = i, total
    return nearest


@compiled
def _face(pieces: Pieces, piece: Int, other: Int, limit: Float) -> Faced:
    """List the rows of two pieces that may be within `limit` of each other."""
    this, that = pieces.this, pieces.that
    direction = pieces.center[other] - pieces.center[piece]
    length = np.sqrt((direction**2).sum())
    if length > 0:
        direction /= length
    end = _project(pieces, piece, direction, this.along)
    other_end = _project(pieces, other, -direction, that.along)
    # projections are rounded as well
    reach = limit + 1e-12 * (abs(end) + abs(other_end) + limit)
    if -other_end - end > reach:
        return Faced(0, 0)
    first, n_this = pieces.first[piece], 0
    for i in range(first, pieces.first[piece + 1]):
        if this.along[i - first] >= -other_end - reach and _may_reach(pieces, i, other, limit):
            this.near[n_this] = i
            n_this += 1
    first, n_that = pieces.first[other], 0
    for i in range(first, pieces.first[other + 1]):
        if that.along[i - first] >= -end - reach and _may_reach(pieces, i, piece, limit):
            that.near[n_that] = i
            n_that += 1
    return Faced(n_this, n_that)


@compiled_sum
def _project(pieces: Pieces, piece: Int, direction: Float64Array, along: Float64Array) -> float:
    """Write how far the rows of a piece lie along a direction; return the furthest."""
    first, furthest = pieces.first[piece], -np.inf
    for i in range(first, pieces.first[piece + 1]):
        total = 0.0
        for axis in range(direction.shape[0]):
            total += pieces.vectors[i, axis] * direction[axis]
        along[i - first] = total
        furthest = max(furthest, total)
    return furthest


@compiled
def _may_reach(pieces: Pieces, i: Int, piece: Int, limit: Float) -> bool:
    """Whether a row may have an edge within `limit` to a piece, by its core distance and the piece's box."""
    if pieces.core[i] > limit:
        return False
    total = 0.0
    for axis in range(pieces.low.shape[1]):
        value = pieces.vectors[i, axis]
        apart = max(pieces.low[piece, axis] - value, value - pieces.high[piece, axis], 0.0)
        total += apart * apart
    return bool(total <= limit * limit)
