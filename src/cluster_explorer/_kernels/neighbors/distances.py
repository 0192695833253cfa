"""True distances between rows, and rows that are equal to the last bit."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import Float, Int, compiled, compiled_sum

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.common.records import Lists
    from cluster_explorer.values import FloatArray, IntArray


@compiled_sum
def pair_distance(vectors: FloatArray, i: Int, j: Int) -> np.float32:
    """Euclidean distance of two rows, summed in float64: exact for duplicates, and the same from both ends."""
    total = 0.0
    for column in range(vectors.shape[1]):
        difference = np.float64(vectors[i, column]) - np.float64(vectors[j, column])
        total += difference * difference
    return np.float32(np.sqrt(total))


@compiled_sum
def measure_lengths(vectors: npt.NDArray[np.floating], lengths: npt.NDArray[np.float64]) -> None:
    """Write the Euclidean length of every row, summed in float64: the same for equal rows, wherever they stand."""
    for i in range(vectors.shape[0]):
        total = 0.0
        for column in range(vectors.shape[1]):
            total += np.float64(vectors[i, column]) * np.float64(vectors[i, column])
        lengths[i] = np.sqrt(total)


@compiled
def refine(vectors: FloatArray, rows: IntArray, candidates: npt.NDArray[np.int64], lists: Lists) -> None:
    """Fill the lists of some rows with the nearest of each row's candidates, ties by row number."""
    for place in range(candidates.shape[0]):
        i = rows[place]
        held: Int = 0
        for j in candidates[place]:
            if j >= 0 and j != i:
                held = keep_nearest(lists, i, held, j, pair_distance(vectors, i, j))


@compiled
def search_through(vectors: FloatArray, rows: IntArray, lists: Lists) -> None:
    """Fill the lists of some rows with their nearest of all rows."""
    for i in rows:
        held: Int = 0
        for j in range(vectors.shape[0]):
            if j != i:
                held = keep_nearest(lists, i, held, j, pair_distance(vectors, i, j))


@compiled
def keep_nearest(lists: Lists, i: Int, held: Int, j: Int, distance: Float) -> Int:
    """Put a row in its place in the list of another, which holds `held`; return how many it holds then."""
    indices, distances = lists.indices[i], lists.distances[i]
    place = held
    while place > 0 and (
        distance < distances[place - 1] or (distance == distances[place - 1] and j < indices[place - 1])
    ):
        place -= 1
    if place == indices.shape[0]:
        return held
    last = min(held, indices.shape[0] - 1)
    for moved in range(last, place, -1):
        indices[moved], distances[moved] = indices[moved - 1], distances[moved - 1]
    indices[place], distances[place] = j, distance
    return int(last + 1)


@compiled
def measure(vectors: FloatArray, indices: IntArray, distances: FloatArray) -> None:
    """Fill `distances` with the true distance of each listed neighbour; +inf where there is none."""
    for i in range(indices.shape[0]):
        for slot in range(indices.shape[1]):
            j = indices[i, slot]
            distances[i, slot] = np.inf if j < 0 else pair_distance(vectors, i, j)


@compiled
def _hash_rows(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint64]:
    hashes = np.empty(words.shape[0], dtype=np.uint64)
    for row in range(words.shape[0]):
        value = np.uint64(0xCBF29CE484222325)
        for column in range(words.shape[1]):
            value = (value ^ np.uint64(words[row, column])) * np.uint64(0x100000001B3)
            value ^= value >> np.uint64(29)
        hashes[row] = value
    return hashes


@compiled
def _first_equal_row(
    words: npt.NDArray[np.uint32], hashes: npt.NDArray[np.uint64], order: npt.NDArray[np.int64]
) -> IntArray:
    first = np.empty(words.shape[0], dtype=np.int32)
    leader = order[0]
    for place in range(order.shape[0]):
        row = order[place]
        if place == 0 or hashes[row] != hashes[leader]:
            leader = row
        first[row] = leader
        for column in range(words.shape[1]):
            if words[row, column] != words[leader, column]:
                first[row] = row
                break
    return first


def first_copies(vectors: FloatArray) -> IntArray:
    """Find, for every row, the first row that equals it to the last bit (itself, where there is no earlier one)."""
    words = (vectors + np.float32(0)).view(np.uint32) if (vectors == 0).any() else vectors.view(np.uint32)
    hashes = _hash_rows(words)
    order = np.argsort(hashes, kind="stable")
    return _first_equal_row(words, hashes, order)


def near_origin(vectors: FloatArray) -> FloatArray:
    """Move the rows around the origin if they lie far from it, where float32 has no digits left for small distances."""
    center = vectors.mean(axis=0, dtype=np.float64)
    square = float(np.einsum("ij,ij->", vectors, vectors, dtype=np.float64)) / len(vectors)
    return vectors - center.astype(np.float32) if float(center @ center) > 0.5 * square else vectors
