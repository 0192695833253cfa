"""Rows that are equal: searched once, listed in the order of their row numbers, and embedded as one.

Real collections hold the same text many times. Left to a search engine, each copy's list fills with whichever copies
come first, and more copies than neighbours fall apart into groups that do not know of each other.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import compiled
from cluster_explorer._kernels.common.records import Kinds, Lists, Room
from cluster_explorer._kernels.common.union_find import connect
from cluster_explorer._kernels.neighbors.distances import first_copies

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class UniqueRows:
    """Which rows are the first of their kind, and which are copies of them.

    Attributes
    ----------
    rows : ndarray of shape (u,), int32
        The first row of each kind.
    kind : ndarray of shape (n,), int32
        Kind of each row: a place in `rows`.
    copies : ndarray of shape (n,), int32
        All rows, by kind and then in their order.
    start : ndarray of shape (u + 1,), int64
        Where each kind begins in `copies`.
    """

    rows: IntArray = field(repr=False)
    kind: IntArray = field(repr=False)
    copies: IntArray = field(repr=False)
    start: npt.NDArray[np.int64] = field(repr=False)


def unique_rows(vectors: FloatArray) -> UniqueRows:
    """Group the rows that are equal."""
    first = first_copies(vectors)
    rows = np.flatnonzero(first == np.arange(len(first), dtype=np.int32)).astype(np.int32)
    kind = np.searchsorted(rows, first).astype(np.int32)
    copies = np.argsort(kind, kind="stable").astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=len(rows)))])
    return UniqueRows(rows, kind, copies, start)


def rows_at_no_distance(indices: IntArray, distances: FloatArray, rank: IntArray) -> UniqueRows:
    """Group the rows that neighbour lists hold at distance 0 of each other, in however many steps.

    Kinds and their copies are in the order of `rank`; lists are nearest first.
    """
    n = len(indices)
    if not (distances[:, 0] == 0).any():
        rows = np.arange(n, dtype=np.int32)
        return UniqueRows(rows, rows, rows, np.arange(n + 1))
    room = np.empty((2, n), dtype=np.int32)
    n_kinds = connect(np.where(distances == 0, indices, np.int32(-1)), Room(room[0], room[1]))
    lowest = np.full(n_kinds, n, dtype=np.int32)
    np.minimum.at(lowest, room[1], rank)
    kind = np.argsort(np.argsort(lowest)).astype(np.int32)[room[1]]
    copies = np.lexsort((rank, kind)).astype(np.int32)
    start = np.concatenate([[0], np.cumsum(np.bincount(kind, minlength=n_kinds))])
    return UniqueRows(copies[start[:-1]], kind, copies, start)


def neighbors_of_kinds(indices: IntArray, distances: FloatArray, unique: UniqueRows) -> Lists:
    """Turn the neighbours of each kind's first row into kinds: each once, the kind itself left out."""
    shape = (len(unique.rows), indices.shape[1])
    lists = Lists(np.full(shape, -1, np.int32), np.full(shape, np.inf, np.float32))
    _contract(indices, distances, unique.rows, unique.kind, lists)
    return lists


@compiled
def _contract(indices: IntArray, distances: FloatArray, rows: IntArray, kind: IntArray, lists: Lists) -> None:
    for own in range(rows.shape[0]):
        held = 0
        for slot in range(indices.shape[1]):
            neighbor = indices[rows[own], slot]
            if neighbor < 0 or kind[neighbor] == own:
                continue
            at = 0
            while at < held and lists.indices[own, at] != kind[neighbor]:
                at += 1
            if at == held:
                lists.indices[own, held] = kind[neighbor]
                lists.distances[own, held] = distances[rows[own], slot]
                held += 1


def spread_to_copies(unique: UniqueRows, among: Lists, n_neighbors: int) -> Lists:
    """Turn the neighbours of unique rows into those of all: first a row's own copies, then its neighbours' copies."""
    n = len(unique.kind)
    lists = Lists(np.full((n, n_neighbors), -1, np.int32), np.full((n, n_neighbors), np.inf, np.float32))
    _spread(Kinds(unique.kind, unique.copies, unique.start), among, lists)
    return lists


@compiled
def _spread(kinds: Kinds, among: Lists, lists: Lists) -> None:
    wanted = lists.indices.shape[1]
    for row in range(kinds.kind.shape[0]):
        kind, held = kinds.kind[row], 0
        for slot in range(-1, among.indices.shape[1]):
            neighbor = kind if slot < 0 else among.indices[kind, slot]
            distance = np.float32(0) if slot < 0 else among.distances[kind, slot]
            for place in range(kinds.start[neighbor], kinds.start[neighbor + 1]):
                if held == wanted:
                    break
                if kinds.copies[place] != row:
                    lists.indices[row, held] = kinds.copies[place]
                    lists.distances[row, held] = distance
                    held += 1
            if held == wanted:
                break
