"""The space made from a neighbour graph: groups contract, chance and order of rows do not matter."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer import Cancelled, knn_graph
from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.stages.graph_embedding import embed_graph, measure_in_embedding


def mixture(sizes=(60, 40, 25), dimensions=8, seed=0):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    centres = rng.normal(scale=3, size=(len(sizes), dimensions))
    return centres[group] + rng.normal(size=(len(group), dimensions)), group


def distance(positions, a, b):
    return np.linalg.norm(positions[a] - positions[b], axis=1)


def test_rows_of_one_group_lie_nearer_than_rows_of_two():
    vectors, group = mixture()
    positions = embed_graph(knn_graph(vectors, 10, "euclidean")).positions
    a, b = np.random.default_rng(1).integers(len(group), size=(2, 2000))
    same = group[a] == group[b]
    assert np.median(distance(positions, a, b)[same]) < 0.5 * np.median(distance(positions, a, b)[~same])


def test_same_seed_same_positions_and_other_seed_others():
    graph = knn_graph(mixture()[0], 10, "euclidean")
    first = embed_graph(graph, n_epochs=10).positions
    assert first.dtype == np.float32
    assert first.shape == (125, 15)
    assert np.array_equal(first, embed_graph(graph, n_epochs=10).positions)
    assert not np.array_equal(first, embed_graph(graph, n_epochs=10, random_state=7).positions)


def test_order_of_rows_changes_nothing_but_the_order_of_positions():
    vectors, _ = mixture()
    ids = np.array([f"key {row:03d}" for row in range(len(vectors))], dtype=object)
    straight = embed_graph(knn_graph(vectors, 10, "euclidean", ids), n_epochs=20).positions
    for seed in range(3):
        shuffle = np.random.default_rng(seed).permutation(len(vectors))
        shuffled = embed_graph(knn_graph(vectors[shuffle], 10, "euclidean", ids[shuffle]), n_epochs=20).positions
        assert np.array_equal(shuffled, straight[shuffle])


def test_measured_graph_keeps_the_neighbours_and_holds_their_distances():
    graph = knn_graph(mixture()[0], 10, "euclidean")
    embedding = embed_graph(graph, n_epochs=10)
    measured = measure_in_embedding(graph, embedding)
    assert np.array_equal(np.sort(measured.indices, axis=1), np.sort(graph.indices, axis=1))
    assert (np.diff(measured.distances, axis=1) >= 0).all()
    expected = np.linalg.norm(embedding.positions[:, None] - embedding.positions[measured.indices], axis=2)
    np.testing.assert_allclose(measured.distances, expected, rtol=1e-5)


@pytest.mark.parametrize("n", [2, 3, 20])
def test_few_rows(n):
    vectors = np.random.default_rng(n).normal(size=(n, 3))
    embedding = embed_graph(knn_graph(vectors, 5, "euclidean"))
    assert np.isfinite(embedding.positions).all()
    assert len(embedding) == n


def test_identical_rows_and_far_groups():
    twins = np.repeat(np.array([[0.0, 0.0], [1e6, 0.0]]), 40, axis=0)
    assert np.isfinite(embed_graph(knn_graph(twins, 5, "euclidean")).positions).all()


def test_progress_ascends_to_one_and_cancelling_stops_at_once():
    graph = knn_graph(mixture()[0], 10, "euclidean")
    shares = []
    embed_graph(graph, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    assert len(shares) > 50

    def stop_in_the_middle(share):
        if share > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        embed_graph(graph, on_progress=stop_in_the_middle)


@pytest.mark.parametrize(
    ("parameters", "named"),
    [({"n_components": 1}, "n_components"), ({"n_epochs": 0}, "n_epochs"), ({"random_state": True}, "random_state")],
)
def test_parameters_out_of_range_are_named(parameters, named):
    graph = knn_graph(mixture()[0], 5, "euclidean")
    with pytest.raises(InvalidParameterError, match=named):
        embed_graph(graph, **parameters)
