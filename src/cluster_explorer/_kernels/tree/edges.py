"""Edges with mutual-reachability weights, and their order without ties."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cluster_explorer.values import FloatArray, IntArray


@dataclass(frozen=True, eq=False)
class Edges:
    """Edges between rows, one to a place.

    Attributes
    ----------
    source, target : ndarray of shape (m,), int32
        Row numbers of the ends.
    weight : ndarray of shape (m,), float32
        Mutual-reachability distances.
    distance : ndarray of shape (m,), float32
        Plain distances: they order edges of equal weight, so that a row that several clusters could claim goes to the
        nearest.
    """

    source: IntArray = field(repr=False)
    target: IntArray = field(repr=False)
    weight: FloatArray = field(repr=False)
    distance: FloatArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.source)

    def take(self, places: npt.NDArray[np.integer] | npt.NDArray[np.bool_] | slice) -> Edges:
        """Pick edges by their places, by a mask, or a stretch of them."""
        return Edges(self.source[places], self.target[places], self.weight[places], self.distance[places])

    def pointing_up(self, rank: IntArray) -> Edges:
        """Turn every edge so that its source has the lower rank."""
        turned = rank[self.source] > rank[self.target]
        return Edges(
            np.where(turned, self.target, self.source),
            np.where(turned, self.source, self.target),
            self.weight,
            self.distance,
        )


def no_edges() -> Edges:
    """Return an empty list of edges."""
    rows, lengths = np.empty(0, dtype=np.int32), np.empty(0, dtype=np.float32)
    return Edges(rows, rows, lengths, lengths)


def concatenate(parts: Sequence[Edges]) -> Edges:
    """Put edges one after the other."""
    return Edges(
        np.concatenate([part.source for part in parts]),
        np.concatenate([part.target for part in parts]),
        np.concatenate([part.weight for part in parts]),
        np.concatenate([part.distance for part in parts]),
    )


def ascending(edges: Edges, rank: IntArray) -> npt.NDArray[np.intp]:
    """Order edges by weight, then distance, then the ranks of their ends (turned to point up before).

    The bits of floats that are not negative sort like the floats themselves, so that one sort of whole numbers does
    for weight and distance; ends are compared only where both are equal.
    """
    key = edges.weight.view(np.uint32).astype(np.uint64) << np.uint64(32)
    key |= edges.distance.view(np.uint32)
    order = np.argsort(key)
    ordered = key[order]
    same = ordered[1:] == ordered[:-1]
    tied = np.flatnonzero(np.concatenate([same, [False]]) | np.concatenate([[False], same]))
    if len(tied):
        among = order[tied]
        ends = rank[edges.source[among]].astype(np.uint64) << np.uint64(32)
        ends |= rank[edges.target[among]].astype(np.uint64)
        order[tied] = among[np.lexsort((ends, ordered[tied]))]
    return order
