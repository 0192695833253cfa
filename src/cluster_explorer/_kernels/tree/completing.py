"""From a kNN graph to its spanning tree: the forest, the edges that join it, and the proof of every edge."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer._kernels.tree.edges import Edges, ascending, no_edges
from cluster_explorer._kernels.tree.forest import bare_rows, spanning_forest
from cluster_explorer._kernels.tree.joining import join
from cluster_explorer._kernels.tree.single_linkage import merge_in_order
from cluster_explorer.errors import DataError
from cluster_explorer.values import part_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer._kernels.tree.forest import Forest
    from cluster_explorer._kernels.tree.joining import LeavingSearch
    from cluster_explorer.values import Dendrogram, FloatArray, IntArray, KnnGraph, OutsideSearch, ProgressCallback

#: Boxes of a k-d tree rule nothing out in more dimensions than this.
_TREE_DIMENSIONS = 10
#: Projections do for a while longer.
_PIECE_DIMENSIONS = 32
#: Parts of fewer rows than this are compared row by row as quickly as piece by piece.
_ROWS_FOR_PIECES = 8


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

    def of(self, rows: IntArray) -> Known:
        """Return what is known of some rows, whose vectors are held."""
        vectors = None if self.vectors is None else self.vectors[rows]
        return Known(self.core[rows], self.rank[rows], self.horizon[rows], vectors)


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


def complete(graph: KnnGraph, known: Known, first_copies: IntArray, on_progress: ProgressCallback | None) -> Tree:
    """Find the spanning tree of the graph, joining its components by the true shortest edges.

    `first_copies` are the rows left when of those at distance 0 of each other only the one of lowest rank is kept:
    of the edges that leave a component, the first is theirs.
    """
    forest = spanning_forest(graph, known.core, known.rank, part_of(on_progress, 0.0, 0.3))
    n_found = len(forest.edges)
    if forest.n_parts > 1:
        search, rest = _search_among(first_copies, known, forest), part_of(on_progress, 0.3, 1.0)
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


def _in_order(edges: Edges, proven: npt.NDArray[np.bool_], known: Known) -> Tree:
    edges = edges.pointing_up(known.rank)
    order = ascending(edges, known.rank)
    edges = edges.take(order)
    merges = merge_in_order(edges, known.horizon, proven[order])
    return Tree(edges, merges.proven, merges.dendrogram)


def _search_among(rows: IntArray, known: Known, forest: Forest) -> LeavingSearch:
    """Search only the edges between some rows, at least one of each part."""
    if known.vectors is None or len(rows) == len(known.core):
        return _search_for(known, forest)
    search = _search_for(known.of(rows), replace(forest, part=forest.part[rows]))

    def search_among(part: IntArray, largest: int, bound: FloatArray, on_progress: ProgressCallback | None) -> Edges:
        found = search(part[rows], largest, bound, on_progress)
        return Edges(rows[found.source], rows[found.target], found.weight, found.distance)

    return search_among


def _search_for(known: Known, forest: Forest) -> LeavingSearch:
    """Choose the search that is fastest for this many dimensions and parts."""
    from cluster_explorer._kernels.tree import leaving_blocks, leaving_callback, leaving_pieces, leaving_tree

    if known.vectors is None:
        if known.outside is None:
            raise DataError(
                f"The graph falls into {forest.n_parts} components, and the vectors that would join them are not held. "
                "Pass vectors= or search_outside=, or make the graph with more neighbours."
            )
        return leaving_callback.callback_search(known.outside, known.core, known.horizon)
    n, dimensions = known.vectors.shape
    few_parts = forest.n_parts <= leaving_pieces.MOST_PARTS
    if dimensions <= _TREE_DIMENSIONS and not few_parts:
        return leaving_tree.tree_search(known.vectors, known.core, known.rank)
    if dimensions <= _PIECE_DIMENSIONS and (few_parts or forest.n_parts * _ROWS_FOR_PIECES <= n):
        return leaving_pieces.piece_search(known.vectors, known.core, known.rank, forest.part)
    return leaving_blocks.block_search(known.vectors, known.core, known.rank, known.horizon)
