"""Bundles of arrays, as compiled functions take them: a few arguments with names inside, and not twenty."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from cluster_explorer._kernels.common.compiled import Float, Int
    from cluster_explorer.values import FloatArray, IntArray

    Float64Array = npt.NDArray[np.float64]
    OffsetArray = npt.NDArray[np.int64]


class Lists(NamedTuple):
    """Neighbour lists: row numbers, nearest first, and true distances; -1 and +inf where there are fewer."""

    indices: IntArray
    distances: FloatArray


class Kinds(NamedTuple):
    """Kind of every row, and the copies of each kind; as in `UniqueRows`."""

    kind: IntArray
    copies: IntArray
    start: npt.NDArray[np.int64]


class Edge(NamedTuple):
    """One edge: its ends, its mutual-reachability distance, and its plain distance."""

    source: Int
    target: Int
    weight: Float
    distance: Float


class Lightest(NamedTuple):
    """The first edge found so far that leaves each part; `source` is -1 where there is none, `weight` then a bound."""

    source: IntArray
    target: IntArray
    weight: FloatArray
    distance: FloatArray


class WeightedLists(NamedTuple):
    """Neighbour lists, nearest first and ties by rank, with the core distance and rank of every row."""

    indices: IntArray
    distances: FloatArray
    core: FloatArray
    rank: IntArray


class OpenPlaces(NamedTuple):
    """The places of each row's list that may lie between two parts: `slots[i, : held[i]]`."""

    slots: npt.NDArray[np.unsignedinteger]
    held: IntArray


class Room(NamedTuple):
    """Two numbers for each part, to be overwritten."""

    parent: IntArray
    label: IntArray


class Ends(NamedTuple):
    """Edges in order: their ends and weights."""

    source: IntArray
    target: IntArray
    weight: FloatArray


class Nodes(NamedTuple):
    """The merges of a dendrogram, as in `Dendrogram`."""

    left: IntArray
    right: IntArray
    size: IntArray
    start: IntArray


class Roots(NamedTuple):
    """For every root of the union-find: nearest horizon, parent, node of the dendrogram, and rows below it."""

    horizon: FloatArray
    parent: IntArray
    node: IntArray
    below: IntArray


class Clusters(NamedTuple):
    """The clusters of a condensed tree, numbered from the root, 0, downwards; as in `CondensedHierarchy`."""

    parent: IntArray
    size: IntArray
    birth: Float64Array
    death: Float64Array
    stability: Float64Array


class Places(NamedTuple):
    """For the rows in the dendrogram's order: the cluster each falls out of, and the edge at which it does."""

    cluster: IntArray
    edge: IntArray


class Hierarchy(NamedTuple):
    """A dendrogram with the density, 1 / weight, of every merge."""

    left: IntArray
    right: IntArray
    size: IntArray
    start: IntArray
    density: Float64Array


class LabelledRows(NamedTuple):
    """What is written for every row: label and strength, and where it falls out of the condensed tree."""

    label: IntArray
    probability: FloatArray
    cluster: IntArray
    density: Float64Array


class ComparedRows(NamedTuple):
    """What does not change: the vectors, their squared lengths from the centre, core distances and ranks."""

    vectors: FloatArray
    norms: FloatArray
    core: FloatArray
    rank: IntArray


class Points(NamedTuple):
    """The rows, in the order of the tree."""

    vectors: FloatArray
    core: FloatArray
    rank: IntArray


class Boxes(NamedTuple):
    """The nodes of the tree, those below node i being 2i + 1 and 2i + 2.

    `limit` is the weight beyond which no row of a box looks for an edge, for boxes with rows of several parts.
    """

    first: npt.NDArray[np.int64]
    stop: npt.NDArray[np.int64]
    is_leaf: npt.NDArray[np.bool_]
    low: Float64Array
    high: Float64Array
    core: FloatArray
    part: IntArray
    limit: FloatArray


class Stack(NamedTuple):
    """Pairs of boxes still to be compared, and their squared distances."""

    query: npt.NDArray[np.int64]
    other: npt.NDArray[np.int64]
    gap: Float64Array


class Walk(NamedTuple):
    """One round: the rows, their parts, the tree, what has been found, and what is still to be compared."""

    points: Points
    part: IntArray
    boxes: Boxes
    best: Lightest
    stack: Stack


class Side(NamedTuple):
    """Room for one of two pieces: where its rows lie along the line, and which of them are near the other's end."""

    along: Float64Array
    near: OffsetArray


class Boxed(NamedTuple):
    """Pieces, from row `first[i]` to `first[i + 1]`, their boxes, after these the boxes of parts, and their centres."""

    first: OffsetArray
    low: Float64Array
    high: Float64Array
    center: Float64Array


class Pieces(NamedTuple):
    """Rows arranged by piece, and pieces by part, those of part p from `of_part[p]` to `of_part[p + 1]`; and room."""

    vectors: FloatArray
    core: FloatArray
    rank: IntArray
    boxes: Boxed
    of_part: OffsetArray
    this: Side
    that: Side


class Faced(NamedTuple):
    """How many rows of two pieces are near each other."""

    this: Int
    that: Int
