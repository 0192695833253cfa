"""The lightest edges that leave the parts of a forest, when somebody else holds the vectors: a Milvus server, say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.tree.edges import Edges, concatenate, no_edges
from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    from cluster_explorer._kernels.tree.joining import LeavingSearch
    from cluster_explorer.values import FloatArray, IntArray, OutsideSearch, ProgressCallback

#: Neighbours asked for at first; four times as many each time that the answer leaves a lighter edge possible, up to
#: what Milvus returns for one row.
_FIRST_ASKED, _MOST_ASKED = 4, 16384
_ROWS = 256


def callback_search(outside: OutsideSearch, core: FloatArray, horizon: FloatArray) -> LeavingSearch:
    """Ask for the nearest rows outside a row's part until nothing unseen can be lighter than what was found."""

    def search(part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        limit = bound.copy()
        waiting = np.flatnonzero(part != largest).astype(np.int32)
        # part by part: whoever filters by part is asked for few parts at once
        waiting = waiting[np.lexsort((-horizon[waiting], part[waiting]))]
        found = [no_edges()]
        for first in range(0, len(waiting), _ROWS):
            rows = waiting[first : first + _ROWS]
            unseen, asked = np.maximum(horizon[rows], core[rows]), _FIRST_ASKED
            while asked <= _MOST_ASKED and len(rows := rows[unseen <= limit[part[rows]]]):
                edges = _ask(outside, rows, part, asked, core)
                if len(edges) == 0:
                    raise DataError(
                        "search_outside found no row outside of a component. It must find the nearest rows of other "
                        "components; leave it out, and hold the vectors, to let them be searched here."
                    )
                np.minimum.at(limit, part[edges.source], edges.weight)
                found.append(edges)
                reached = np.full(len(part), np.inf, dtype=np.float32)
                full = np.bincount(edges.source, minlength=len(part)) >= asked
                furthest = np.zeros(len(part), dtype=np.float32)
                np.maximum.at(furthest, edges.source, edges.distance)
                reached[full] = furthest[full]
                unseen, asked = np.maximum(reached, core)[rows], asked * 4
            if on_progress is not None:
                on_progress(min(1.0, (first + _ROWS) / len(waiting)))
        return concatenate(found)

    return search


def _ask(outside: OutsideSearch, rows: IntArray, part: IntArray, asked: int, core: FloatArray) -> Edges:
    answer = outside(rows, part, asked)
    held = answer.indices >= 0
    source = np.repeat(rows, held.sum(axis=1)).astype(np.int32)
    target, distance = answer.indices[held].astype(np.int32), answer.distances[held].astype(np.float32)
    if (part[source] == part[target]).any():
        raise DataError(
            "search_outside returned rows of the component itself; it must return rows of other components."
        )
    weight = np.maximum(distance, np.maximum(core[source], core[target]))
    return Edges(source, target, weight, distance)
