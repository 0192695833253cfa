"""What is said of an index that misses neighbours, against all distances computed one by one."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer import graph_from_neighbors, knn_graph
from cluster_explorer.stages.index_health import IndexHealth, index_health, sampled_rows, searched_health

N, K = 2_000, 10


@pytest.fixture(scope="module")
def vectors():
    return np.random.default_rng(0).normal(size=(N, 12)).astype(np.float32)


def worse(vectors, share):
    """A graph in which a share of the neighbours was missed, as an index misses them: farther ones take their place."""
    longer = knn_graph(vectors, 4 * K, "euclidean")
    rng = np.random.default_rng(1)
    indices, distances = np.empty((N, K), np.int32), np.empty((N, K), np.float32)
    for row in range(N):
        kept = np.flatnonzero(rng.random(4 * K) >= share)[:K]
        indices[row], distances[row] = longer.indices[row, kept], longer.distances[row, kept]
    return graph_from_neighbors(np.arange(N), indices, distances, "euclidean")


@pytest.mark.parametrize("share", [0.0, 0.1, 0.3])
@pytest.mark.parametrize("n_candidates", [N, 500])
def test_recall_is_measured(vectors, share, n_candidates):
    graph = worse(vectors, share)
    sample, candidates = sampled_rows(N, 200), sampled_rows(N, n_candidates, seed=1)
    health = index_health(graph, sample, vectors[sample], candidates, vectors[candidates])
    assert health.recall == pytest.approx(1 - share, abs=0.02 if n_candidates == N else 0.05)
    assert abs(health.recall - (1 - share)) <= 1.5 * max(health.recall_error, 0.005)
    assert (health.n_sampled, health.n_compared) == (200, n_candidates)
    assert any("rebuild" in sentence for sentence in health.advice) == (share > 0.05)


def test_rows_in_nobodys_list_short_lists_and_components_are_counted():
    indices = np.array([[1, 2], [0, 2], [0, 1], [4, -1], [3, -1], [0, 1]])
    distances = np.where(indices < 0, np.inf, 1.0)
    graph = graph_from_neighbors(np.arange(6), indices, distances, "euclidean")
    health = searched_health(graph)
    assert (health.n_unlisted, health.n_short, health.n_components) == (1, 2, 2)
    for words in ("fewer neighbours", "nobody's list", "2 components"):
        assert words in " ".join(health.advice)
    assert len(health.advice) == 3


def test_an_exhaustive_search_needs_no_measuring(vectors):
    health = searched_health(knn_graph(vectors, 15, "cosine"))
    assert (health.recall, health.n_sampled) == (1.0, 0)
    assert "100% of the neighbours found" in health.sentence


def test_the_error_that_is_told_covers_the_truth(vectors):
    graph = worse(vectors, 0.1)
    everything = np.arange(N, dtype=np.int32)
    truth = index_health(graph, everything, vectors, everything, vectors).recall
    covered = []
    for seed in range(40):
        sample, candidates = sampled_rows(N, 100, seed=seed), sampled_rows(N, 200, seed=1_000 + seed)
        health = index_health(graph, sample, vectors[sample], candidates, vectors[candidates])
        assert "±" in health.share
        covered.append(abs(health.recall - truth) <= health.recall_error)
    assert np.mean(covered) > 0.85


def test_who_is_told_to_search_here_is_told_what_that_needs():
    (advice,) = IndexHealth(0.8, 200, 1000, 0, 0, 1, 1000).advice
    assert 'neighbors="faiss"' in advice
    assert "hold_vectors=True" in advice


def test_a_recall_that_may_be_good_is_no_reason_to_rebuild():
    unsure = IndexHealth(0.94, 200, 20_000, 0, 0, 1, 1_000_000, recall_error=0.03)
    assert unsure.advice == ()
    assert unsure.sentence == "94% ± 3% of the neighbours found, measured on 200 texts against 20,000 of 1,000,000"
