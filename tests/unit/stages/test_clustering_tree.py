"""The spanning tree: that of the full distance matrix where it says so, whatever the order of the rows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.cluster.hierarchy import cophenet
from scipy.spatial.distance import squareform

from cluster_explorer import Cancelled, KnnGraph, knn_graph, spanning_tree
from cluster_explorer._kernels.tree import completing
from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.stages.graph import graph_from_neighbors, slice_graph
from cluster_explorer.values import NeighborLists


def all_distances(vectors):
    difference = vectors[:, None, :].astype(np.float64) - vectors[None, :, :].astype(np.float64)
    return np.sqrt((difference**2).sum(axis=2)).astype(np.float32).astype(np.float64)


def full_linkage(vectors, min_samples):
    """Single linkage of all mutual-reachability distances, by hdbscan."""
    from hdbscan._hdbscan_linkage import label, mst_linkage_core
    from hdbscan._hdbscan_reachability import mutual_reachability

    edges = mst_linkage_core(mutual_reachability(all_distances(vectors), min_samples))
    return label(edges[np.argsort(edges[:, 2], kind="stable")])


def islands(rng, dimensions, sizes=(40, 25, 8, 60), apart=30.0):
    """Groups so far apart that no neighbour list reaches from one to another."""
    centers = rng.normal(size=(len(sizes), dimensions)) * apart
    return np.vstack(
        [center + rng.normal(size=(size, dimensions)) for center, size in zip(centers, sizes, strict=True)]
    )


@given(
    arrays(np.int8, st.tuples(st.integers(2, 40), st.integers(1, 3)), elements=st.integers(-4, 4)), st.integers(1, 6)
)
@settings(max_examples=60, deadline=None)
def test_the_tree_of_a_complete_graph_is_that_of_the_full_matrix(vectors, min_samples):
    tree = spanning_tree(knn_graph(vectors, len(vectors), "euclidean"), min_samples)

    expected = full_linkage(vectors.astype(np.float32), min_samples)
    np.testing.assert_allclose(tree.weight, np.sort(expected[:, 2]), rtol=1e-6)
    np.testing.assert_allclose(cophenet(tree.linkage), cophenet(expected), rtol=1e-6)
    assert tree.certified == 1.0


@pytest.mark.parametrize("dimensions", [2, 6, 20, 60])
@pytest.mark.parametrize("n_neighbors", [2, 5])
def test_components_are_joined_by_the_true_shortest_edges(dimensions, n_neighbors):
    vectors = islands(np.random.default_rng(dimensions), dimensions)
    graph = knn_graph(vectors, n_neighbors, "euclidean")
    assert graph.n_components >= 4

    tree = spanning_tree(graph, 2)

    expected = full_linkage(graph.vectors, 2)
    assert np.isfinite(tree.weight).all()
    # the three longest edges are those between islands
    np.testing.assert_allclose(tree.weight[-3:], expected[-3:, 2], rtol=1e-6)
    assert tree.certified_edges[-3:].all()


@pytest.mark.parametrize(("dimensions", "n_neighbors"), [(2, 3), (6, 3), (20, 4), (60, 6)])
@pytest.mark.parametrize("min_samples", [1, 3])
def test_exact_gives_the_tree_of_the_full_matrix(dimensions, n_neighbors, min_samples):
    rng = np.random.default_rng(100 + dimensions)
    vectors = np.vstack([rng.normal(size=(250, dimensions)), islands(rng, dimensions, apart=3.0)])
    graph = knn_graph(vectors, n_neighbors, "euclidean")

    tree = spanning_tree(graph, min_samples, exact=True)

    expected = full_linkage(graph.vectors, min_samples)
    assert tree.certified == 1.0
    np.testing.assert_allclose(tree.weight, expected[:, 2], rtol=1e-6)
    np.testing.assert_allclose(cophenet(tree.linkage), cophenet(expected), rtol=1e-6)


@given(
    arrays(np.float32, st.tuples(st.integers(3, 80), st.integers(1, 12)), elements=st.floats(-9, 9, width=16)),
    st.integers(1, 3),
    st.integers(1, 3),
)
@settings(max_examples=60, deadline=None)
def test_exact_gives_the_weight_of_the_full_matrix_tree_for_any_points(vectors, n_neighbors, min_samples):
    n_neighbors = max(n_neighbors, min(min_samples, len(vectors) - 1))

    tree = spanning_tree(knn_graph(vectors, n_neighbors, "euclidean"), min_samples, exact=True)

    expected = full_linkage(vectors, min_samples)
    assert tree.certified == 1.0
    np.testing.assert_allclose(tree.weight, expected[:, 2], rtol=1e-6)


@pytest.mark.parametrize("most_parts", [0, 2000])
@pytest.mark.parametrize("turns", [1, 3])
def test_parts_that_wind_around_each_other_are_joined(most_parts, turns, monkeypatch):
    from cluster_explorer._kernels.tree import leaving_pieces

    # 0 parts at most: leave it to the search for many parts
    monkeypatch.setattr(leaving_pieces, "MOST_PARTS", most_parts)
    angle = np.sqrt(np.linspace(0.1, 1, 900)) * 2 * np.pi * turns
    arm = np.column_stack([np.cos(angle), np.sin(angle)]) * angle[:, None]
    vectors = np.vstack([arm, -arm]) + np.random.default_rng(0).normal(size=(1800, 2)) * 0.01
    graph = knn_graph(vectors, 8, "euclidean")
    assert graph.n_components == 2

    tree = spanning_tree(graph, 3)

    np.testing.assert_allclose(tree.weight[-1], full_linkage(graph.vectors, 3)[-1, 2], rtol=1e-6)


@pytest.mark.parametrize("dimensions", [2, 6, 30])
@pytest.mark.parametrize("seed", range(4))
def test_certified_edges_belong_to_the_tree_of_the_full_matrix(dimensions, seed):
    vectors = np.random.default_rng(seed).normal(size=(300, dimensions)).astype(np.float32)

    tree = spanning_tree(knn_graph(vectors, 5, "euclidean"), 3)

    # an edge belongs to a minimum spanning tree exactly if it is as long as the longest of the path between its ends
    together = squareform(cophenet(full_linkage(vectors, 3)))
    in_full_tree = np.isclose(tree.weight, together[tree.source, tree.target], rtol=1e-6)
    assert in_full_tree[tree.certified_edges].all()
    assert tree.certified > 0.3


def test_more_neighbours_certify_more():
    vectors = np.random.default_rng(3).normal(size=(500, 10))
    graph = knn_graph(vectors, 60, "euclidean")

    shares = [spanning_tree(slice_graph(graph, k), 5).certified for k in (5, 10, 20, 60)]

    assert shares == sorted(shares)
    assert shares[-1] > 0.97


@pytest.mark.parametrize(("dimensions", "width"), [(3, 0.0), (12, 0.0), (12, 0.01), (40, 0.0)])
def test_many_components_are_joined_as_in_the_full_matrix(dimensions, width, monkeypatch):
    from cluster_explorer._kernels.tree import leaving_pieces

    monkeypatch.setattr(leaving_pieces, "MOST_PARTS", 50)
    rng = np.random.default_rng(7)
    # more copies than neighbours, or groups as small: each of them is a component
    vectors = np.repeat(rng.normal(size=(100, dimensions)), 9, axis=0)
    vectors = (vectors + width * rng.normal(size=vectors.shape)).astype(np.float32)
    graph = knn_graph(vectors, 8, "euclidean", ids=rng.permutation(len(vectors)))
    assert graph.n_components == 100

    tree = spanning_tree(graph, 3)

    np.testing.assert_allclose(tree.weight, full_linkage(vectors, 3)[:, 2], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("engine", ["pieces", "tree", "blocks", "callback"])
@pytest.mark.parametrize("dimensions", [3, 9])
def test_every_search_finds_the_same_joins(engine, dimensions):
    rng = np.random.default_rng(11)
    # a lattice, so that many rows are equally far apart
    vectors = np.round(islands(rng, dimensions, sizes=(700, 40, 7, 300), apart=8.0) * 2) / 2
    graph = knn_graph(vectors, 3, "euclidean", ids=rng.permutation(len(vectors)))
    from cluster_explorer._kernels.common.by_id import rank_of_ids
    from cluster_explorer._kernels.tree import leaving_blocks, leaving_callback, leaving_pieces, leaving_tree
    from cluster_explorer._kernels.tree.edges import no_edges
    from cluster_explorer._kernels.tree.forest import spanning_forest
    from cluster_explorer._kernels.tree.joining import join

    core, rank, horizon = graph.distances[:, 1].copy(), rank_of_ids(graph.ids), completing.horizon_of(graph)
    forest = spanning_forest(graph, core, rank, None)
    search = {
        "pieces": lambda: leaving_pieces.piece_search(graph.vectors, core, rank, forest.part),
        "tree": lambda: leaving_tree.tree_search(graph.vectors, core, rank),
        "blocks": lambda: leaving_blocks.block_search(graph.vectors, core, rank, horizon),
        "callback": lambda: leaving_callback.callback_search(outside_of(graph.vectors), core, horizon),
    }[engine]()

    joins = join(forest, no_edges(), search, rank).edges

    reference = join(
        forest, no_edges(), leaving_blocks.block_search(graph.vectors, core, rank, horizon), rank
    ).edges.pointing_up(rank)
    found = joins.pointing_up(rank)
    ends = set(zip(found.source.tolist(), found.target.tolist(), strict=True))
    assert ends == set(zip(reference.source.tolist(), reference.target.tolist(), strict=True))


def outside_of(vectors):
    """An `OutsideSearch` by comparing all pairs: what a filtered Milvus search would answer."""
    distances = all_distances(vectors)

    def search(rows, component, n_neighbors):
        apart = np.where(component[rows][:, None] == component, np.inf, distances[rows])
        indices = np.argsort(apart, axis=1, kind="stable")[:, :n_neighbors].astype(np.int32)
        lengths = np.take_along_axis(apart, indices, axis=1).astype(np.float32)
        return NeighborLists(np.where(np.isfinite(lengths), indices, -1), lengths)

    return search


def without_vectors(graph: KnnGraph) -> KnnGraph:
    return KnnGraph(graph.ids, graph.indices, graph.distances, graph.metric, graph.n_components, exact=graph.exact)


def test_components_are_joined_by_somebody_else_where_vectors_are_not_held():
    vectors = islands(np.random.default_rng(12), 12)
    graph = knn_graph(vectors, 4, "euclidean")

    tree = spanning_tree(without_vectors(graph), 2, search_outside=outside_of(graph.vectors))

    held = spanning_tree(graph, 2)
    assert (tree.source == held.source).all()
    assert (tree.target == held.target).all()


def test_vectors_can_be_passed_to_a_graph_that_does_not_hold_them():
    vectors = islands(np.random.default_rng(13), 12)
    graph = knn_graph(vectors, 4)

    tree = spanning_tree(without_vectors(graph), 2, vectors=vectors)

    assert (tree.weight == spanning_tree(graph, 2).weight).all()


def test_joining_without_vectors_is_an_error_that_says_what_to_do():
    graph = knn_graph(islands(np.random.default_rng(14), 3), 4, "euclidean")

    with pytest.raises(DataError, match=f"{graph.n_components} components.*vectors=.*search_outside="):
        spanning_tree(without_vectors(graph), 2)


def test_a_search_that_finds_nothing_outside_is_an_error():
    graph = knn_graph(islands(np.random.default_rng(14), 3), 4, "euclidean")

    def nothing(rows, component, n_neighbors):
        return NeighborLists(np.full((len(rows), 1), -1, np.int32), np.full((len(rows), 1), np.inf, np.float32))

    with pytest.raises(DataError, match="found no row outside"):
        spanning_tree(without_vectors(graph), 2, search_outside=nothing)


@pytest.mark.parametrize("n_neighbors", [4, 15])
def test_the_order_of_rows_and_neighbours_changes_nothing(n_neighbors):
    rng = np.random.default_rng(15)
    # a lattice with copies: ties everywhere
    vectors = rng.integers(0, 5, size=(400, 3)).astype(np.float32)
    ids = rng.permutation(5000)[:400]
    tree = spanning_tree(knn_graph(vectors, n_neighbors, "euclidean", ids), 3)
    expected = list(zip(ids[tree.source].tolist(), ids[tree.target].tolist(), tree.weight.tolist(), strict=True))
    for _ in range(20):
        order = rng.permutation(400)
        shuffled = spanning_tree(knn_graph(vectors[order], n_neighbors, "euclidean", ids[order]), 3)
        names = ids[order]
        found = zip(
            names[shuffled.source].tolist(), names[shuffled.target].tolist(), shuffled.weight.tolist(), strict=True
        )
        assert list(found) == expected


def test_the_order_of_ties_in_neighbour_lists_changes_nothing():
    rng = np.random.default_rng(16)
    graph = knn_graph(rng.integers(0, 4, size=(200, 3)), 12, "euclidean")
    tree = spanning_tree(graph, 3)
    for _ in range(5):
        order = np.argsort(rng.random(graph.indices.shape), axis=1)
        indices = np.take_along_axis(graph.indices, order, axis=1)
        distances = np.take_along_axis(graph.distances, order, axis=1)
        again = spanning_tree(graph_from_neighbors(graph.ids, indices, distances, "euclidean", exact=True), 3)
        assert (again.source == tree.source).all()
        assert (again.target == tree.target).all()


def test_edges_in_one_list_only_are_read_in_both_directions():
    # row 3 is in nobody's list
    graph = graph_from_neighbors(
        [0, 1, 2, 3], [[1, 2], [0, 2], [1, 0], [2, 1]], [[1, 2], [1, 1], [1, 2], [5, 6]], "euclidean"
    )

    tree = spanning_tree(graph, 1)

    assert tree.weight.tolist() == [1, 1, 5]


@pytest.mark.parametrize("n", range(2, 21))
def test_few_rows(n):
    vectors = np.random.default_rng(n).normal(size=(n, 2))

    tree = spanning_tree(knn_graph(vectors, 15, "euclidean"))

    np.testing.assert_allclose(
        np.sort(tree.weight), full_linkage(vectors.astype(np.float32), min(5, n - 1))[:, 2], rtol=1e-6
    )
    assert tree.n_rows == n


def test_the_dendrogram_lists_the_rows_below_every_merge():
    tree = spanning_tree(knn_graph(np.random.default_rng(17).normal(size=(60, 2)), 8, "euclidean"), 2)
    from scipy.cluster.hierarchy import fcluster, is_valid_linkage

    merges = tree.dendrogram
    assert is_valid_linkage(tree.linkage)
    assert sorted(merges.order) == list(range(60))
    flat = fcluster(tree.linkage, tree.weight[40], "distance")
    below = merges.order[merges.start[40] : merges.start[40] + merges.size[40]]
    assert len(set(flat[below])) == 1
    assert tree.source[40] in below
    assert tree.target[40] in below


@pytest.mark.parametrize(
    ("min_samples", "says"),
    [(0, "at least 1"), (2.5, "whole number"), (True, "whole number"), (6, "n_neighbors of at least 6")],
)
def test_min_samples_out_of_range_is_named(min_samples, says):
    graph = knn_graph(np.random.default_rng(18).normal(size=(30, 2)), 5, "euclidean")

    with pytest.raises(InvalidParameterError, match=says):
        spanning_tree(graph, min_samples)


def test_rows_with_too_few_neighbours_are_named():
    graph = graph_from_neighbors(["a", "b", "c"], [[1, 2], [0, 2], [0, -1]], [[1, 2], [1, 2], [2, np.inf]], "euclidean")

    with pytest.raises(DataError, match=r"fewer than min_samples=2.*id 'c'"):
        spanning_tree(graph, 2)


def test_exact_needs_vectors():
    graph = without_vectors(knn_graph(np.random.default_rng(19).normal(size=(50, 2)), 5, "euclidean"))

    with pytest.raises(InvalidParameterError, match="vectors="):
        spanning_tree(graph, exact=True)


def test_nothing_is_certified_from_an_approximate_search_until_it_is_made_exact():
    vectors = np.random.default_rng(20).normal(size=(200, 4)).astype(np.float32)
    found = knn_graph(vectors, 8, "euclidean")
    # a neighbour was missed
    indices, distances = found.indices.copy(), found.distances.copy()
    indices[:, 2], distances[:, 2] = -1, np.inf
    graph = graph_from_neighbors(found.ids, indices, distances, "euclidean", vectors)

    assert spanning_tree(graph, 3).certified == 0.0
    exact = spanning_tree(graph, 3, exact=True)
    assert exact.certified == 1.0
    np.testing.assert_allclose(exact.weight, full_linkage(vectors, 3)[:, 2], rtol=1e-6)


def test_lists_that_hold_the_row_itself_are_not_taken_for_complete():
    # two of three rows each, the row itself among them
    graph = graph_from_neighbors([0, 1, 2], [[0, 1], [1, 0], [2, 0]], [[0, 1], [0, 1], [0, 3]], "euclidean", exact=True)

    assert completing.horizon_of(graph).tolist() == [1, 1, 3]


def test_progress_ends_at_one_and_cancel_stops():
    graph = knn_graph(islands(np.random.default_rng(21), 60, sizes=(900, 900)), 5, "euclidean")
    shares = []

    spanning_tree(graph, exact=True, on_progress=shares.append)

    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def cancel(share):
        if share > 0.4:
            raise Cancelled

    with pytest.raises(Cancelled):
        spanning_tree(graph, exact=True, on_progress=cancel)
