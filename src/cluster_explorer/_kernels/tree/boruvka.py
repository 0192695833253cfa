"""Borůvka's method [1]_ on neighbour lists as they are: the lightest edge that leaves every part of a forest.

Every edge is read in both directions, so the lists need not be made symmetric first. Edges are ordered by
mutual-reachability distance, then by plain distance, then by the ranks of their ends: an order without ties, under
which there is exactly one minimum spanning forest, however the rows are arranged.

.. [1] Borůvka: O jistém problému minimálním. 1926.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.common.compiled import Int, compiled
from cluster_explorer._kernels.common.records import Edge, Lightest

if TYPE_CHECKING:
    from cluster_explorer._kernels.common.records import OpenPlaces, WeightedLists
    from cluster_explorer._kernels.tree.edges import Edges
    from cluster_explorer.values import FloatArray, IntArray


def nothing_lighter_than(bound: FloatArray) -> Lightest:
    """Begin a search for edges that weigh no more than a bound, one for each part."""
    n = len(bound)
    return Lightest(
        np.full(n, -1, dtype=np.int32), np.full(n, -1, dtype=np.int32), bound.copy(), np.full(n, np.inf, np.float32)
    )


@compiled
def offer(best: Lightest, part: Int, edge: Edge, rank: IntArray) -> None:
    """Keep an edge if it comes before the one that is held for its part."""
    held = best.source[part]
    if edge.weight > best.weight[part]:
        return
    if edge.weight == best.weight[part] and held >= 0:
        if edge.distance > best.distance[part]:
            return
        if edge.distance == best.distance[part]:
            other = best.target[part]
            if edge.source == other and edge.target == held:
                return
            low, high = min(rank[edge.source], rank[edge.target]), max(rank[edge.source], rank[edge.target])
            low_held, high_held = min(rank[held], rank[other]), max(rank[held], rank[other])
            if low > low_held or (low == low_held and high >= high_held):
                return
    best.source[part] = edge.source
    best.target[part] = edge.target
    best.weight[part] = edge.weight
    best.distance[part] = edge.distance


@compiled
def lightest_of_rows(lists: WeightedLists, best: Lightest) -> None:
    """Find the first edge of every row, listed by the row itself or by its neighbour: the first round."""
    indices, distances, core = lists.indices, lists.distances, lists.core
    for i in range(indices.shape[0]):
        target, lightest, nearest = -1, np.float32(np.inf), np.float32(np.inf)
        for place in range(indices.shape[1]):
            j = indices[i, place]
            if j < 0:
                continue
            weight = max(distances[i, place], core[i], core[j])
            # of equal weight, the first in the list comes first
            if weight < lightest:
                target, lightest, nearest = j, weight, distances[i, place]
        best.source[i] = i if target >= 0 else -1
        best.target[i], best.weight[i], best.distance[i] = target, lightest, nearest
    for i in range(indices.shape[0]):
        for place in range(indices.shape[1]):
            j, distance = indices[i, place], distances[i, place]
            # most edges end here, without a look at the neighbour's core distance
            if j < 0 or max(distance, core[i]) > best.weight[j]:
                continue
            weight = max(distance, core[i], core[j])
            # and most of the others here: as heavy but longer, or the same edge seen from its other end
            if weight == best.weight[j] and (
                distance > best.distance[j] or (distance == best.distance[j] and best.target[j] == i)
            ):
                continue
            offer(best, j, Edge(i, j, weight, distance), lists.rank)


@compiled
def lightest_of_parts(lists: WeightedLists, part: IntArray, open_: OpenPlaces, best: Lightest) -> None:
    """Find the first edge that leaves each part; places found to lie inside a part are closed."""
    for i in range(lists.indices.shape[0]):
        kept = 0
        for read in range(open_.held[i]):
            place = open_.slots[i, read]
            j = lists.indices[i, place]
            if part[i] == part[j]:
                continue
            open_.slots[i, kept] = place
            kept += 1
            distance = lists.distances[i, place]
            weight = max(distance, lists.core[i], lists.core[j])
            if weight <= best.weight[part[i]]:
                offer(best, part[i], Edge(i, j, weight, distance), lists.rank)
            if weight <= best.weight[part[j]]:
                offer(best, part[j], Edge(i, j, weight, distance), lists.rank)
        open_.held[i] = kept


@compiled
def open_between(indices: IntArray, part: IntArray, open_: OpenPlaces) -> None:
    """List the places of each row whose neighbour lies in another part."""
    for i in range(indices.shape[0]):
        count = 0
        for place in range(indices.shape[1]):
            j = indices[i, place]
            if j >= 0 and part[j] != part[i]:
                open_.slots[i, count] = place
                count += 1
        open_.held[i] = count


def lightest_among(edges: Edges, part: IntArray, n_parts: int, rank: IntArray) -> Lightest:
    """Find the first of some edges that leaves each part; those inside a part do not count."""
    best = nothing_lighter_than(np.full(n_parts, np.inf, dtype=np.float32))
    offer_all(Lightest(edges.source, edges.target, edges.weight, edges.distance), part, best, rank)
    return best


@compiled
def offer_all(edges: Lightest, part: IntArray, best: Lightest, rank: IntArray) -> None:
    """Offer every edge to the parts of both its ends."""
    for place in range(edges.source.shape[0]):
        i, j = edges.source[place], edges.target[place]
        if part[i] != part[j]:
            edge = Edge(i, j, edges.weight[place], edges.distance[place])
            offer(best, part[i], edge, rank)
            offer(best, part[j], edge, rank)
