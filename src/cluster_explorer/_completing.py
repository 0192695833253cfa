"""From a kNN graph to its spanning tree: the forest, the edges that join it, and the proof of every edge."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._edges import Edges, ascending, no_edges
from cluster_explorer._forest import bare_rows, spanning_forest
from cluster_explorer._joining import join
from cluster_explorer._single_linkage import merge_in_order
from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._forest import Forest
    from cluster_explorer._joining import LeavingSearch
    from cluster_explorer.values import Dendrogram, FloatArray, IntArray, KnnGraph, OutsideSearch, ProgressCallback

#: Boxes of a k-d tree rule nothing out in more dimensions than this.
_TREE_DIMENSIONS = 10
#: Projections do for a while longer.
_PIECE_DIMENSIONS = 32


@dataclass(frozen=True, eq=False)
class Known:
    """What is known of the rows when edges are searched.

    Attributes
    ----------
    core : ndarray of shape (n,), float32
        Core distances.
    rank : ndarray of shape (n,), int32
        Places in the order of ids, to break ties.
    horizon : ndarray of shape (n,), float32
        Distance up to which all neighbours are known.
    vectors : ndarray of shape (n, d), float32, or None
        What distances are computed from.
    outside : OutsideSearch or None
        Who searches where there are no vectors.
    """

    core: FloatArray = field(repr=False)
    rank: IntArray = field(repr=False)
    horizon: FloatArray = field(repr=False)
    vectors: FloatArray | None = field(default=None, repr=False)
    outside: OutsideSearch | None = field(default=None, repr=False)


@dataclass(frozen=True, eq=False)
class Tree:
    """A spanning tree.

    Attributes
    ----------
    edges : Edges
        In order, each pointing to the row of higher rank.
    proven : ndarray of shape (n - 1,), bool
        Whether each belongs to the tree of the full distance matrix.
    dendrogram : Dendrogram
        Its hierarchy.
    """

    edges: Edges = field(repr=False)
    proven: npt.NDArray[np.bool_] = field(repr=False)
    dendrogram: Dendrogram = field(repr=False)


def complete(graph: KnnGraph, known: Known, on_progress: ProgressCallback | None) -> Tree:
    """Find the spanning tree of the graph, joining its components by the true shortest edges."""
    forest = spanning_forest(graph, known.core, known.rank, part_of(on_progress, 0.0, 0.3))
    n_found = len(forest.edges)
    if forest.n_parts > 1:
        search, rest = _search_for(known, forest), part_of(on_progress, 0.3, 1.0)
        forest = join(forest, no_edges(), search, known.rank, on_progress=rest)
    # what joins components is the lightest of all edges that leave one, if core distances are true
    proven = (np.arange(len(graph) - 1) >= n_found) & graph.exact
    return _in_order(forest.edges, proven, known)


def prove(tree: Tree, known: Known, on_progress: ProgressCallback | None) -> Tree:
    """Replace the edges that are not proven by those of the full distance matrix's tree."""
    if tree.proven.all():
        return tree
    forest = bare_rows(len(known.core)).joined(tree.edges.take(tree.proven))
    unproven = tree.edges.take(~tree.proven)
    forest = join(forest, unproven, _search_for(known, forest), known.rank, on_progress=on_progress)
    return _in_order(forest.edges, np.ones(len(tree.edges), dtype=np.bool_), known)


def horizon_of(graph: KnnGraph) -> FloatArray:
    """Distance of each row up to which all neighbours are known: that of its last one, if the search was exhaustive."""
    n = len(graph)
    if not graph.exact:
        return np.full(n, -1.0, dtype=np.float32)
    listed = graph.indices >= 0
    furthest = graph.distances.max(axis=1, initial=0.0, where=listed)
    return np.where(listed.sum(axis=1) >= n - 1, np.float32(np.inf), furthest).astype(np.float32)


def part_of(on_progress: ProgressCallback | None, first: float, last: float) -> ProgressCallback | None:
    """Turn the progress of a part of the work, 0 to 1, into that of the whole."""
    if on_progress is None:
        return None
    return lambda share: on_progress(first + share * (last - first))


def _in_order(edges: Edges, proven: npt.NDArray[np.bool_], known: Known) -> Tree:
    edges = edges.pointing_up(known.rank)
    order = ascending(edges, known.rank)
    edges = edges.take(order)
    merges = merge_in_order(edges, known.horizon, proven[order])
    return Tree(edges, merges.proven, merges.dendrogram)


def _search_for(known: Known, forest: Forest) -> LeavingSearch:
    """Choose the search that is fastest for this many dimensions and parts."""
    from cluster_explorer import _leaving_blocks, _leaving_callback, _leaving_pieces, _leaving_tree

    if known.vectors is None:
        if known.outside is None:
            raise DataError(
                f"The graph falls into {forest.n_parts} components, and the vectors that would join them are not held. "
                "Pass vectors= or search_outside=, or make the graph with more neighbours."
            )
        return _leaving_callback.callback_search(known.outside, known.core, known.horizon)
    dimensions = known.vectors.shape[1]
    if dimensions <= _PIECE_DIMENSIONS and forest.n_parts <= _leaving_pieces.MOST_PARTS:
        return _leaving_pieces.piece_search(known.vectors, known.core, known.rank, forest.part)
    if dimensions <= _TREE_DIMENSIONS:
        return _leaving_tree.tree_search(known.vectors, known.core, known.rank)
    return _leaving_blocks.block_search(known.vectors, known.core, known.rank, known.horizon)
