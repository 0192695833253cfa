"""The kNN graph: true distances, ties by id, and errors that say what to do."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from cluster_explorer import Cancelled, knn_graph
from cluster_explorer._kernels.common.by_id import rank_of_ids
from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.stages.graph import graph_from_neighbors, slice_graph


def all_distances(vectors):
    difference = vectors[:, None, :].astype(np.float64) - vectors[None, :, :].astype(np.float64)
    return np.sqrt((difference**2).sum(axis=2))


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def nearest(vectors, k):
    """Indices and distances by comparing every pair, ties by row number."""
    distances = all_distances(vectors).astype(np.float32)
    np.fill_diagonal(distances, np.inf)
    order = np.argsort(distances, axis=1, kind="stable")[:, :k]
    return order, np.take_along_axis(distances, order, axis=1)


@pytest.mark.parametrize("dimensions", [2, 8, 40])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_neighbours_are_those_of_the_full_matrix(dimensions, dtype):
    vectors = np.random.default_rng(1).normal(size=(400, dimensions)).astype(dtype)

    graph = knn_graph(vectors, 12, "euclidean")

    indices, distances = nearest(vectors.astype(np.float32), 12)
    np.testing.assert_allclose(graph.distances, distances, rtol=1e-6)
    assert (graph.indices == indices).mean() > 0.999  # float32 may order two distances that agree in all its digits
    assert graph.indices.dtype == np.int32
    assert graph.distances.dtype == np.float32


def test_cosine_distance_is_that_of_the_unit_vectors():
    vectors = np.random.default_rng(2).normal(size=(200, 30)) * np.linspace(0.1, 50, 200)[:, None]

    graph = knn_graph(vectors, 5)

    similarity = unit(vectors) @ unit(vectors).T
    of_neighbours = np.take_along_axis(similarity, graph.indices, axis=1)
    np.testing.assert_allclose(graph.distances, np.sqrt(2 - 2 * of_neighbours), rtol=1e-5)
    np.testing.assert_allclose(np.linalg.norm(graph.vectors, axis=1), 1, rtol=1e-6)


def test_inner_product_of_unit_vectors_orders_like_cosine():
    vectors = unit(np.random.default_rng(3).normal(size=(100, 20)))

    assert (knn_graph(vectors, 5, "ip").indices == knn_graph(vectors, 5, "cosine").indices).all()


@pytest.mark.parametrize("spelling", ["COSINE", "L2", "IP", "l2"])
def test_the_spellings_of_milvus_are_understood(spelling):
    graph = knn_graph(unit(np.random.default_rng(4).normal(size=(20, 4))), 3, spelling)

    assert graph.metric == {"COSINE": "cosine", "L2": "euclidean", "IP": "ip", "l2": "euclidean"}[spelling]


@pytest.mark.parametrize("n", range(2, 21))
def test_few_rows_are_all_neighbours_of_each_other(n):
    vectors = np.random.default_rng(n).normal(size=(n, 3))

    graph = knn_graph(vectors, 15, "euclidean")

    assert graph.indices.shape == (n, min(15, n - 1))
    assert not (graph.indices == np.arange(n)[:, None]).any()
    assert (np.diff(graph.distances, axis=1) >= 0).all()
    assert graph.n_components == 1


def test_rows_in_another_order_have_the_same_neighbours():
    rng = np.random.default_rng(5)
    # a grid: nearly all distances are ties
    vectors = rng.integers(0, 4, size=(300, 3)).astype(np.float32)
    ids = rng.permutation(1000)[:300]
    graph = knn_graph(vectors, 10, "euclidean", ids)
    order = rng.permutation(300)

    shuffled = knn_graph(vectors[order], 10, "euclidean", ids[order])

    assert (shuffled.ids[shuffled.indices] == graph.ids[graph.indices][order]).all()
    assert (shuffled.distances == graph.distances[order]).all()


def test_ties_are_broken_by_id():
    # row 0 is as far from all others; the others are a distance of sqrt(2) apart
    vectors = np.vstack([np.zeros(6), np.eye(6)])

    graph = knn_graph(vectors, 3, "euclidean", ids=["z", "f", "e", "d", "c", "b", "a"])

    assert graph.ids[graph.indices[0]].tolist() == ["a", "b", "c"]


def test_thousands_of_copies_are_neighbours_at_distance_zero_and_connected():
    rng = np.random.default_rng(6)
    distinct = rng.normal(size=(200, 16)).astype(np.float32)
    vectors = np.vstack([distinct, np.repeat(distinct[:2], 1500, axis=0)])

    graph = knn_graph(vectors, 15)

    copies_of_first = np.flatnonzero((vectors == vectors[0]).all(axis=1))
    assert (graph.distances[copies_of_first] == 0).all()
    assert (graph.indices[0] == copies_of_first[1:16]).all()
    assert (graph.indices[copies_of_first[50]] == copies_of_first[:15]).all()
    assert len(set(graph.indices[5])) == 15
    assert graph.n_components <= 3  # each group of copies is one component, not a hundred


def test_all_rows_identical():
    graph = knn_graph(np.ones((40, 8)), 5, "euclidean")

    assert (graph.distances == 0).all()
    assert graph.n_components == 1


@pytest.mark.parametrize("offset", [1e3, 1e6, 1e9])
def test_small_distances_survive_far_from_the_origin(offset):
    vectors = offset + np.random.default_rng(7).normal(size=(100, 12))

    graph = knn_graph(vectors, 4, "euclidean")

    np.testing.assert_allclose(graph.distances, nearest(vectors - offset, 4)[1], rtol=1e-4)


@given(
    arrays(np.int8, st.tuples(st.integers(2, 30), st.integers(1, 3)), elements=st.integers(-3, 3)), st.integers(1, 40)
)
@settings(max_examples=60, deadline=None)
def test_distances_are_those_of_the_full_matrix_whatever_the_ties(vectors, k):
    graph = knn_graph(vectors, k, "euclidean")

    expected = nearest(vectors.astype(np.float32), min(k, len(vectors) - 1))[1]
    assert (graph.distances == expected).all()
    measured = np.take_along_axis(all_distances(vectors), graph.indices, axis=1).astype(np.float32)
    assert (graph.distances == measured).all()


@pytest.mark.parametrize(
    ("vectors", "options", "error", "says"),
    [
        (np.zeros((0, 3)), {}, DataError, "no rows"),
        (np.ones((1, 3)), {}, DataError, "1 row"),
        (np.ones(5), {}, DataError, r"shape \(5,\)"),
        (np.ones((5, 0)), {}, DataError, r"shape \(5, 0\)"),
        ([[1.0, 2.0], [1.0]], {}, DataError, r"\[1, 2\]"),
        ([[1.0, 2.0], None], {}, DataError, r"\[0, 2\]"),
        ([["a"], ["b"]], {}, DataError, "numbers"),
        (None, {}, DataError, "shape"),
        (np.array([[True], [False]]), {}, DataError, "numbers"),
        ([[1.0, 1.0], [np.nan, 0.0], [np.inf, 0.0]], {"ids": [7, 8, 9]}, DataError, r"2 found \(ids 8, 9\)"),
        ([[1.0, 1.0], [0.0, 0.0]], {}, DataError, r"Zero vectors .* \(row 1\)"),
        ([[1.0, 1.0], [1e39, 0.0]], {"metric": "euclidean"}, DataError, "float32"),
        ([[1.0, 0.0], [3.0, 0.0]], {"metric": "ip"}, InvalidParameterError, "length 3.*cosine"),
        (np.eye(3), {"metric": "manhattan"}, InvalidParameterError, "'cosine', 'euclidean', 'ip'"),
        (np.eye(3), {"n_neighbors": 0}, InvalidParameterError, "at least 1"),
        (np.eye(3), {"n_neighbors": 2.5}, InvalidParameterError, "whole number"),
        (np.eye(3), {"n_neighbors": True}, InvalidParameterError, "whole number"),
        (np.eye(3), {"ids": [1, 2]}, DataError, "3 rows"),
        (np.eye(3), {"ids": [1, 2, 2]}, DataError, "unique"),
        (np.eye(3), {"ids": [1.5, 2.5, 3.5]}, DataError, "whole numbers"),
        (np.eye(3), {"ids": np.array(["a", 1, "b"], dtype=object)}, DataError, "whole numbers"),
    ],
)
def test_bad_input_is_named(vectors, options, error, says):
    with pytest.raises(error, match=says):
        knn_graph(vectors, **options)


@pytest.mark.parametrize("dtype", [">f4", np.longdouble, np.float16, np.int64])
def test_any_real_numbers_will_do(dtype):
    vectors = np.asfortranarray(np.random.default_rng(24).integers(-50, 50, size=(60, 12)).astype(dtype))

    graph = knn_graph(vectors, 4)

    assert (graph.indices == knn_graph(vectors.astype(np.float64), 4).indices).all()
    assert graph.vectors.dtype == np.float32


def test_progress_ends_at_one_and_cancel_stops_the_search():
    vectors = np.random.default_rng(8).normal(size=(20000, 4)).astype(np.float32)
    shares = []

    knn_graph(vectors, 5, "euclidean", on_progress=shares.append)

    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) >= 3

    def cancel(share):
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        knn_graph(vectors, 5, "euclidean", on_progress=cancel)


def test_neighbours_found_elsewhere_are_put_in_order():
    indices = np.array([[2, 0, 1], [0, -1, 2], [1, 0, -1]])
    distances = np.array([[1.0, 0.0, 1.0], [1.0, np.nan, 5.0], [5.0, 1.0, np.inf]])

    graph = graph_from_neighbors([30, 20, 10], indices, distances, "L2")

    assert graph.ids[graph.indices[0, :2]].tolist() == [10, 20]
    assert graph.indices[0, 2] == -1  # the row itself was among its neighbours
    assert graph.distances[1].tolist() == [1.0, 5.0, np.inf]
    assert graph.n_components == 1
    assert not graph.exact


def test_distances_found_elsewhere_are_measured_again_where_vectors_are_held():
    vectors = np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 2.0]], dtype=np.float32)

    graph = graph_from_neighbors([1, 2, 3], [[1], [0], [0]], [[4e-4], [3e-4], [1.4]], "cosine", vectors)

    np.testing.assert_allclose(graph.distances.ravel(), [0, 0, np.sqrt(2)], rtol=1e-6)


@pytest.mark.parametrize(
    ("indices", "distances", "says"),
    [
        ([[1], [0]], [[1.0, 2.0], [1.0, 2.0]], "do not fit"),
        ([[1], [2]], [[1.0], [1.0]], "0 to 1"),
        ([[1], [0]], [[1.0], [-0.5]], r"Negative.*row 1"),
        ([[1], [0]], [[np.nan], [0.5]], r"NaN.*row 0"),
        ([[1.0], [0.0]], [[1.0], [1.0]], "whole numbers"),
    ],
)
def test_bad_neighbours_are_named(indices, distances, says):
    with pytest.raises(DataError, match=says):
        graph_from_neighbors([1, 2], np.array(indices), np.array(distances), "euclidean")


def test_fewer_neighbours_are_a_slice():
    vectors = np.random.default_rng(9).normal(size=(300, 5))
    graph = knn_graph(vectors, 20, "euclidean")

    sliced = slice_graph(graph, 3)

    searched = knn_graph(vectors, 3, "euclidean")
    assert (sliced.indices == searched.indices).all()
    assert (sliced.distances == searched.distances).all()
    assert sliced.n_components == searched.n_components
    with pytest.raises(InvalidParameterError, match="the 20 that the graph holds"):
        slice_graph(graph, 21)


def test_a_complete_graph_needs_no_more_neighbours():
    graph = knn_graph(np.eye(4), 15, "euclidean")

    assert slice_graph(graph, 10) is graph


def test_rank_is_the_place_among_ascending_ids():
    assert rank_of_ids(np.array(["c", "a", "b"], dtype=object)).tolist() == [2, 0, 1]


def test_an_approximate_search_says_what_it_missed():
    rng = np.random.default_rng(22)
    vectors = (rng.normal(size=(60, 24))[rng.integers(0, 60, 4000)] + 0.4 * rng.normal(size=(4000, 24))).astype(
        np.float32
    )

    graph = knn_graph(vectors, 10, "euclidean", exact=False)

    true = knn_graph(vectors, 10, "euclidean")
    found = np.mean([np.isin(a, b).mean() for a, b in zip(true.indices, graph.indices, strict=True)])
    assert not graph.exact
    assert true.exact
    assert true.recall == 1.0
    assert graph.recall >= 0.98
    assert found == pytest.approx(graph.recall, abs=0.02)
    again = knn_graph(vectors, 10, "euclidean", exact=False)
    assert (again.indices == graph.indices).all()


def test_groups_far_apart_keep_their_small_distances():
    # in float32 the squares of these rows have no digits left for the distances inside a group
    rng = np.random.default_rng(23)
    vectors = np.vstack([rng.normal(size=(150, 20)), 3e4 + rng.normal(size=(150, 20))]).astype(np.float32)

    graph = knn_graph(vectors, 10, "euclidean")

    indices, distances = nearest(vectors, 10)
    assert (graph.distances == distances).all()
    assert (graph.indices == indices).all()
