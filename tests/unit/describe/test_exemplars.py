"""Texts to read first: the middle and the border of a cluster."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer import Clustering, KnnGraph, knn_graph
from cluster_explorer.describe import border_rows, central_rows, centrality


def clustered(vectors, labels, k=6, ids=None):
    labels = np.asarray(labels, dtype=np.int32)
    clustering = Clustering(labels, (labels >= 0).astype(np.float32), n_clusters=int(labels.max()) + 1)
    return knn_graph(np.asarray(vectors, dtype=np.float32), k, "euclidean", ids), clustering


@pytest.fixture
def two_discs():
    """Two discs of 150 rows, the second touching the first."""
    rng = np.random.default_rng(5)
    disc = rng.normal(size=(150, 2))
    return np.concatenate([disc, rng.normal(loc=[4, 0], size=(150, 2))]), np.repeat([0, 1], 150)


def test_central_rows_lie_in_the_middle_and_border_rows_between_the_clusters(two_discs):
    vectors, labels = two_discs
    graph, clustering = clustered(vectors, labels, k=12)
    found = centrality(graph, clustering)
    middle = vectors[central_rows(found, clustering, 0, 8)]
    assert np.linalg.norm(middle, axis=1).mean() < 0.75 * np.linalg.norm(vectors[:150], axis=1).mean()
    border = border_rows(found, clustering, 0, 5)
    assert (border.toward == 1).all()
    assert vectors[border.rows, 0].min() > 0.8
    assert (np.diff(border.leaving) <= 0).all()


def test_copies_of_one_text_do_not_fill_the_list():
    rng = np.random.default_rng(1)
    copies = np.repeat(rng.normal(size=(1, 4)) * 0.01, 20, axis=0) + rng.normal(size=(20, 4)) * 1e-5
    others = rng.normal(size=(60, 4))
    graph, clustering = clustered(np.concatenate([copies, others]), np.zeros(80), k=25)
    chosen = central_rows(centrality(graph, clustering), clustering, 0, 5, graph)
    assert len(set(chosen.tolist())) == 5
    assert (chosen < 20).sum() <= 1


def test_a_cluster_that_nothing_leaves_has_no_border():
    vectors = np.concatenate([np.random.default_rng(2).normal(size=(20, 3)) + place for place in (0, 100)])
    graph, clustering = clustered(vectors, np.repeat([0, 1], 20), k=4)
    assert len(border_rows(centrality(graph, clustering), clustering, 0).rows) == 0


def test_rows_that_lean_to_noise_come_after_those_that_lean_to_a_cluster():
    line = np.arange(12, dtype=np.float32)[:, None]
    graph, clustering = clustered(line, [-1, -1, -1, 0, 0, 0, 0, 0, 1, 1, 1, 1], k=3)
    border = border_rows(centrality(graph, clustering), clustering, 0)
    assert border.toward.tolist()[0] == 1
    assert border.toward.tolist()[-1] == -1


@given(st.integers(0, 10_000), st.integers(2, 40), st.integers(1, 4))
@settings(max_examples=40)
def test_scores_are_within_their_range_and_do_not_depend_on_the_order_of_rows(seed, n, n_clusters):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(n, 3))
    labels = rng.integers(-1, n_clusters, size=n)
    labels[: min(n, n_clusters)] = np.arange(min(n, n_clusters))
    k = min(5, n - 1)
    graph, clustering = clustered(vectors, labels, k)
    found = centrality(graph, clustering)
    assert ((found.score >= 0) & (found.score <= 1)).all()
    assert (found.score[labels < 0] == 0).all()
    assert ((found.leaving >= 0) & (found.leaving <= 1 + 1e-6)).all()
    assert (found.toward != labels)[labels >= 0].all()
    for label in range(clustering.n_clusters):
        assert found.score[labels == label].max(initial=1) == pytest.approx(1)
    order = rng.permutation(n)
    graph_b, clustering_b = clustered(vectors[order], labels[order], k)
    shuffled = centrality(graph_b, clustering_b)
    assert np.allclose(shuffled.score, found.score[order], atol=1e-5)
    assert np.allclose(shuffled.leaving, found.leaving[order], atol=1e-5)


def test_rows_without_known_neighbours_do_no_harm():
    indices = np.array([[1, -1], [0, -1], [-1, -1]], dtype=np.int32)
    distances = np.where(indices >= 0, 0.0, np.inf).astype(np.float32)
    graph = KnnGraph(np.arange(3), indices, distances, "euclidean", n_components=2)
    clustering = Clustering(np.array([0, 0, -1], dtype=np.int32), np.ones(3, dtype=np.float32), 1)
    found = centrality(graph, clustering)
    assert found.score.tolist() == [1, 1, 0]
