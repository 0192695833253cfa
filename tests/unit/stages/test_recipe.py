"""The default clustering: one call, any corpus, the same answer every time."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import adjusted_mutual_info_score

from cluster_explorer import Cancelled, attach_noise, cluster, graph_from_neighbors, knn_graph, spanning_tree
from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.stages.copies import distinct_rows
from cluster_explorer.stages.recipe import cluster_graph

SHARED = Path(__file__).parents[3].parent / "shared" / "data"


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


def test_the_way_to_select_clusters_may_be_named_in_either_space():
    # three groups of three
    rng = np.random.default_rng(3)
    centers = np.repeat(rng.normal(size=(3, 8)) * 6, 3, axis=0) + rng.normal(size=(9, 8)) * 1.5
    graph = knn_graph(np.repeat(centers, 40, axis=0) + rng.normal(size=(360, 8)) * 0.6, metric="euclidean")
    for space, own, other in (("graph", "modularity", "leaf"), ("distance", "eom", "modularity")):
        found = {
            method: cluster_graph(graph, space=space, cluster_selection_method=method, min_cluster_size=8).labels
            for method in (None, "modularity", "eom", "leaf")
        }
        assert np.array_equal(found[None], found[own])
        assert not np.array_equal(found[own], found[other])
        assert not np.array_equal(found["eom"], found["leaf"])
    tree = spanning_tree(graph)
    merged = cluster_graph(
        graph, space="distance", cluster_selection_method="leaf", cluster_selection_epsilon=3.0, min_cluster_size=8
    )
    assert np.array_equal(merged.labels, cluster(tree, 8, "leaf", 3.0).labels)
    assert merged.n_clusters < cluster(tree, 8, "leaf").n_clusters


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


def labels_of(found, rows):
    return set(found.labels[rows]), set(found.attached_labels[rows])


@pytest.mark.parametrize("seed", [42, 1, 2])
def test_thousands_of_copies_of_three_texts_are_three_clusters(seed):
    vectors = np.repeat(np.eye(3), [2000, 1000, 500], axis=0)
    found = cluster_graph(knn_graph(vectors), random_state=seed)
    for label, copies in enumerate((slice(2000), slice(2000, 3000), slice(3000, 3500))):
        assert labels_of(found, copies) == ({label}, {label})


@pytest.mark.parametrize("space", ["graph", "distance"])
@pytest.mark.parametrize("n_copies", [2, 6, 20, 3000])
def test_all_copies_of_a_text_have_its_labels(n_copies, space):
    vectors, _ = mixture([100, 80, 60, 40])
    rng = np.random.default_rng(0)
    # in no order, so that copies are not neighbours by their ids
    copied = rng.permutation(np.concatenate([np.arange(len(vectors)), np.repeat([3, 150], n_copies)]))
    graph = knn_graph(vectors[copied], metric="euclidean")
    for seed in (42, 1, 2):
        found = cluster_graph(graph, space=space, random_state=seed)
        for text in (3, 150):
            strict, attached = labels_of(found, copied == text)
            assert len(strict) == len(attached) == 1
            assert len(set(found.confidence[copied == text])) == 1


def test_copies_of_a_text_do_not_change_the_clusters_of_the_others():
    vectors, group = mixture([100] * 8)
    alone = cluster_graph(knn_graph(vectors, metric="euclidean"))
    copied = np.concatenate([np.arange(len(vectors)), np.zeros(4000, dtype=int)])
    found = cluster_graph(knn_graph(vectors[copied], metric="euclidean"))
    assert found.n_clusters == alone.n_clusters
    assert adjusted_mutual_info_score(alone.attached_labels, found.attached_labels[: len(vectors)]) > 0.99
    # a text among others of its kind stays among them
    assert set(found.attached_labels[group[copied] == 0]) == {found.attached_labels[0]}


def copies_unlike_the_rest(n_copies, n_groups, seed):
    """Return copies of one text, followed by groups of 150 that lie in other directions."""
    rng = np.random.default_rng(seed)
    directions = rng.normal(size=(1 + n_groups, 32))
    vectors = np.repeat(directions / np.linalg.norm(directions, axis=1)[:, None], [n_copies] + [150] * n_groups, axis=0)
    vectors[n_copies:] += rng.normal(scale=0.3 / 32**0.5, size=(150 * n_groups, 32))
    return vectors


@pytest.mark.parametrize("n_copies", [9, 14, 40, 1000])
@pytest.mark.parametrize("n_groups", [1, 3])
@pytest.mark.parametrize("seed", range(3))
def test_copies_of_a_text_that_is_like_no_other_are_a_cluster_of_their_own(n_copies, n_groups, seed):
    graph = knn_graph(copies_unlike_the_rest(n_copies, n_groups, seed), 15, "cosine")
    found = cluster_graph(graph)
    assert found.n_clusters == n_groups + 1
    own = set(found.attached_labels[:n_copies])
    assert len(own) == 1
    assert not own & set(found.attached_labels[n_copies:])
    # whether the vectors are held makes no difference
    without = cluster_graph(replace(graph, vectors=None))
    assert np.array_equal(without.attached_labels, found.attached_labels)


def test_texts_that_have_as_many_copies_as_each_other_are_neighbours_as_without():
    vectors, _ = mixture([250] * 2)
    copied = np.repeat(np.arange(len(vectors)), 17)
    found = distinct_rows(knn_graph(vectors[copied], metric="euclidean"))
    assert np.array_equal(found.graph.indices, knn_graph(vectors, metric="euclidean").indices)


def test_shuffled_copies_have_shuffled_labels_exactly():
    vectors, _ = mixture([60, 50, 40])
    # as many copies as neighbours and more, fewer, and of a text that is like no other
    vectors = np.concatenate([vectors, [np.full(16, 9.0)]])
    copied = np.concatenate([np.arange(151), np.repeat([3, 70, 100, 150], [30, 11, 4, 20])])
    ids = np.arange(len(copied)) + 1000
    straight = cluster_graph(knn_graph(vectors[copied], metric="euclidean", ids=ids))
    for seed in range(3):
        shuffle = np.random.default_rng(seed).permutation(len(copied))
        shuffled = cluster_graph(knn_graph(vectors[copied][shuffle], metric="euclidean", ids=ids[shuffle]))
        assert np.array_equal(shuffled.labels, straight.labels[shuffle])
        assert np.array_equal(shuffled.confidence, straight.confidence[shuffle])


def test_copies_that_an_incomplete_search_knows_only_in_part_stay_together():
    vectors, _ = mixture([100, 80, 60])
    copied = np.concatenate([np.arange(len(vectors)), np.full(4, 3)])
    graph = knn_graph(vectors[copied], metric="euclidean")
    # each of the copies has lost neighbours of its own
    indices, distances = graph.indices.copy(), graph.distances.copy()
    for place, row in enumerate([3, *range(len(vectors), len(copied))]):
        indices[row, 4 + place : 6 + place] = -1
    whole = graph_from_neighbors(graph.ids, indices, distances, "euclidean", graph.vectors)
    for space in ("graph", "distance"):
        found = cluster_graph(whole, space=space)
        assert [len(labels) for labels in labels_of(found, copied == 3)] == [1, 1]


def test_copies_are_kept_together_without_vectors():
    vectors, _ = mixture([100, 80, 60])
    copied = np.concatenate([np.arange(len(vectors)), np.full(50, 3), np.full(50, 150)])
    graph = replace(knn_graph(vectors[copied], metric="euclidean"), vectors=None)
    found = cluster_graph(graph)
    for text in (3, 150):
        assert [len(labels) for labels in labels_of(found, copied == text)] == [1, 1]


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


def test_cancel_reaches_the_search_for_what_is_near_to_copies():
    vectors, _ = mixture([100, 80, 40])
    graph = knn_graph(np.repeat(vectors, 17, axis=0), metric="euclidean")
    shares = []
    cluster_graph(graph, on_progress=shares.append)
    assert shares == sorted(shares)

    def stop(_share):
        raise Cancelled

    clustering = cluster_graph(graph)
    for work in (cluster_graph, partial(attach_noise, clustering=clustering)):
        with pytest.raises(Cancelled) as stopped:
            work(graph, on_progress=stop)
        assert "nearest_rows" in [entry.name for entry in stopped.traceback]


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"space": "vectors"}, "Available: 'graph', 'distance'"),
        ({"min_cluster_size": 1}, "2 or more, or 'auto'"),
        ({"min_cluster_size": "large"}, "2 or more, or 'auto'"),
        ({"noise_threshold": 1.5}, "noise_threshold"),
        ({"resolution": 0}, "resolution"),
        ({"random_state": -1}, "random_state"),
        ({"cluster_selection_method": "dbscan"}, "Available: 'modularity', 'eom', 'leaf'"),
        ({"cluster_selection_epsilon": -1}, "cluster_selection_epsilon"),
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


def far_apart_without_vectors():
    """Return a graph of two components that does not hold its vectors, and the vectors."""
    vectors = np.concatenate([mixture([60, 40], seed=1)[0], mixture([50], seed=2)[0] + 50])
    graph = knn_graph(vectors, metric="euclidean")
    assert graph.n_components > 1
    return replace(graph, vectors=None), vectors


def test_components_are_joined_by_vectors_that_the_graph_does_not_hold():
    graph, vectors = far_apart_without_vectors()
    with pytest.raises(DataError, match="vectors="):
        cluster_graph(graph, space="distance")
    found = cluster_graph(graph, space="distance", vectors=vectors)
    expected = cluster_graph(replace(graph, vectors=vectors), space="distance")
    assert np.array_equal(found.labels, expected.labels)
    # in the other space there is nothing to join by vectors
    assert np.array_equal(cluster_graph(graph, vectors=vectors).labels, cluster_graph(graph).labels)


def test_the_threshold_goes_from_strict_to_all():
    graph = knn_graph(mixture([150, 100, 50], scale=1.0)[0], metric="euclidean")
    strict, dialled, everything = (
        cluster_graph(graph, space="distance", min_cluster_size=15, noise_threshold=threshold)
        for threshold in (1.0, 0.95, 0.0)
    )
    assert np.array_equal(strict.attached_labels, strict.labels)
    n_noise = [int((found.attached_labels < 0).sum()) for found in (strict, dialled, everything)]
    assert n_noise[0] > n_noise[1] > n_noise[2]
    assert np.array_equal(strict.confidence, everything.confidence)
