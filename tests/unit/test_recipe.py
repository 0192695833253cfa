"""The default clustering: one call, any corpus, the same answer every time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from cluster_explorer import Cancelled, knn_graph
from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.recipe import cluster_graph

SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def mixture(sizes, dimensions=16, scale=1.5, seed=0):
    rng = np.random.default_rng(seed)
    group = np.repeat(np.arange(len(sizes)), sizes)
    return rng.normal(scale=scale, size=(len(sizes), dimensions))[group] + rng.normal(
        size=(len(group), dimensions)
    ), group


def test_groups_of_very_different_sizes_are_found():
    vectors, group = mixture([400, 200, 100, 50, 25, 25, 12, 12])
    found = cluster_graph(knn_graph(vectors, metric="euclidean"))
    assert adjusted_mutual_info_score(group, found.attached_labels) > 0.9
    assert found.n_clusters >= 8


def test_attached_labels_extend_the_strict_ones():
    vectors, _ = mixture([150, 100, 50], scale=1.0)
    found = cluster_graph(knn_graph(vectors, metric="euclidean"), space="distance", min_cluster_size=15)
    core = found.labels >= 0
    assert np.array_equal(found.attached_labels[core], found.labels[core])
    assert (found.attached_labels < 0).sum() < found.n_noise
    assert (found.confidence[core] == 1).all()


@pytest.mark.parametrize("space", ["graph", "distance"])
def test_shuffled_rows_give_shuffled_labels_exactly(space):
    vectors, _ = mixture([150, 100, 50, 30])
    ids = np.arange(len(vectors)) + 1000
    straight = cluster_graph(knn_graph(vectors, metric="euclidean", ids=ids), space=space)
    for seed in range(3):
        shuffle = np.random.default_rng(seed).permutation(len(vectors))
        shuffled = cluster_graph(knn_graph(vectors[shuffle], metric="euclidean", ids=ids[shuffle]), space=space)
        assert np.array_equal(shuffled.labels, straight.labels[shuffle])
        assert np.array_equal(shuffled.attached_labels, straight.attached_labels[shuffle])
        assert np.array_equal(shuffled.confidence, straight.confidence[shuffle])


def test_higher_resolution_gives_more_clusters():
    vectors, _ = mixture([100] * 6, scale=0.8)
    graph = knn_graph(vectors, metric="euclidean")
    counts = [cluster_graph(graph, resolution=resolution).n_clusters for resolution in (0.5, 3.0, 20.0)]
    assert counts == sorted(counts)
    assert counts[0] < counts[-1]


def test_min_cluster_size_holds():
    vectors, _ = mixture([100, 80, 40])
    found = cluster_graph(knn_graph(vectors, metric="euclidean"), min_cluster_size=30)
    assert np.bincount(found.labels[found.labels >= 0]).min() >= 30


@pytest.mark.parametrize("n", [2, 7, 20])
@pytest.mark.parametrize("space", ["graph", "distance"])
def test_few_rows(n, space):
    vectors = np.random.default_rng(n).normal(size=(n, 4))
    found = cluster_graph(knn_graph(vectors, metric="euclidean"), space=space)
    assert found.labels.shape == (n,)
    assert found.attached_labels.shape == (n,)


def test_thousands_of_duplicates():
    vectors = np.repeat(np.eye(3), [2000, 1000, 500], axis=0)
    found = cluster_graph(knn_graph(vectors))
    for start, stop in ((0, 2000), (2000, 3000), (3000, 3500)):
        assert len(set(found.attached_labels[start:stop])) >= 1
        # no two texts share a cluster that differ
        assert not set(found.labels[start:stop]) & (set(found.labels) - set(found.labels[start:stop]) - {-1})


def test_progress_and_cancel():
    graph = knn_graph(mixture([100, 80, 40])[0], metric="euclidean")
    shares = []
    cluster_graph(graph, on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def stop(share):
        if share > 0.3:
            raise Cancelled

    with pytest.raises(Cancelled):
        cluster_graph(graph, on_progress=stop)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"space": "vectors"}, "Available: 'graph', 'distance'"),
        ({"min_cluster_size": 1}, "at least 2, or 'auto'"),
        ({"min_cluster_size": "large"}, "at least 2, or 'auto'"),
        ({"resolution": 0}, "resolution"),
        ({"random_state": -1}, "random_state"),
    ],
)
def test_parameters_out_of_range_are_named(parameters, message):
    graph = knn_graph(np.arange(30.0)[:, None], metric="euclidean")
    with pytest.raises(InvalidParameterError, match=message):
        cluster_graph(graph, **parameters)


@pytest.mark.parametrize(("corpus", "least"), [("google_news", 0.9), ("banking77", 0.79)])
def test_real_corpora(corpus, least):
    if not (SHARED / f"{corpus}.embeddings.npy").exists():
        pytest.skip("the shared corpora are not here")
    import pandas as pd

    vectors = np.load(SHARED / f"{corpus}.embeddings.npy").astype(np.float32)
    topics = pd.read_parquet(SHARED / f"{corpus}.parquet")["label"]
    found = cluster_graph(knn_graph(vectors))
    assert adjusted_mutual_info_score(topics, found.attached_labels) > least
