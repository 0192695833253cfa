"""Noise on a dial: what is attached to what, how surely, and how the threshold changes it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer import Cancelled, Clustering, cluster, knn_graph, spanning_tree
from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.exploring.members import members_at
from cluster_explorer.stages.attach import attach_noise


def labelled(labels):
    labels = np.asarray(labels, dtype=np.int32)
    return Clustering(labels, (labels >= 0).astype(np.float32), int(labels.max(initial=-1)) + 1)


def two_groups_with_noise(seed=0):
    """Two groups of 40 rows, the outer ones of each without a label, and two far outliers."""
    rng = np.random.default_rng(seed)
    points = np.concatenate([rng.normal(size=(40, 2)), rng.normal((12, 0), size=(40, 2)), [[6.0, 40], [6.5, 40]]])
    group = np.repeat([0, 1, 2], [40, 40, 2])
    centre = np.array([[0, 0], [12, 0], [6, 40]])[group]
    core = (np.linalg.norm(points - centre, axis=1) < 1) & (group < 2)
    return points, group, np.where(core, group, -1)


def test_noise_joins_the_group_it_lies_in():
    points, group, labels = two_groups_with_noise()
    attached = attach_noise(knn_graph(points, 8, "euclidean"), labelled(labels), 0.0)
    inside = group < 2
    assert np.array_equal(attached.labels[inside], group[inside])
    assert attached.labels.dtype == np.int32
    assert attached.confidence.dtype == np.float32


def test_rows_of_clusters_keep_their_label_and_are_certain():
    points, _, labels = two_groups_with_noise()
    attached = attach_noise(knn_graph(points, 8, "euclidean"), labelled(labels), threshold=1.0)
    core = labels >= 0
    assert np.array_equal(attached.labels[core], labels[core])
    assert (attached.confidence[core] == 1).all()


def test_rows_between_groups_are_less_certain_than_rows_at_one():
    line = np.concatenate([np.linspace(0, 1, 10), [3.0], np.linspace(5, 6, 10)])[:, None]
    labels = np.repeat([0, -1, 1], [9, 3, 9])
    attached = attach_noise(knn_graph(line, 6, "euclidean"), labelled(labels), 0.0)
    assert attached.confidence[10] < 0.7 < attached.confidence[9]


def test_raising_the_threshold_only_takes_rows_away():
    points, _, labels = two_groups_with_noise()
    whole = attach_noise(knn_graph(points, 8, "euclidean"), labelled(labels), 0.0)
    before = whole
    for threshold in (0.2, 0.5, 0.9, 1.0):
        after = whole.at(threshold)
        kept = after.labels >= 0
        assert np.array_equal(after.labels[kept], whole.labels[kept])
        assert after.n_noise >= before.n_noise
        assert (after.confidence[kept] >= threshold).all()
        before = after


def test_threshold_given_first_or_later_is_the_same():
    points, _, labels = two_groups_with_noise()
    graph = knn_graph(points, 8, "euclidean")
    at_once = attach_noise(graph, labelled(labels), threshold=0.6)
    later = attach_noise(graph, labelled(labels)).at(0.6)
    assert np.array_equal(at_once.labels, later.labels)
    assert np.array_equal(at_once.at(0.0).labels, later.at(0.0).labels)


def test_what_no_cluster_reaches_stays_noise():
    points = np.concatenate([np.arange(10.0), 1e4 + np.arange(10.0)])[:, None]
    labels = np.where(np.arange(20) < 5, 0, -1)
    attached = attach_noise(knn_graph(points, 3, "euclidean"), labelled(labels), 0.0)
    assert (attached.labels[:10] == 0).all()
    assert (attached.labels[10:] == -1).all()
    assert (attached.confidence[10:] == 0).all()


def test_a_threshold_of_one_leaves_all_noise_even_within_a_cluster():
    points = np.random.default_rng(0).normal(size=(60, 2))
    labels = np.where(np.arange(60) == 7, -1, 0)
    clustering = labelled(labels)
    attached = attach_noise(knn_graph(points, 8, "euclidean"), clustering, 1.0)
    assert np.array_equal(attached.labels, labels)
    assert attached.at(0.99).labels[7] == 0
    # the slider of the widget ends where this function does
    completed = replace(clustering, attached_labels=attached.nearest, confidence=attached.confidence)
    for threshold in (0.0, 0.99, 1.0):
        assert np.array_equal(members_at(completed, threshold).labels, attached.at(threshold).labels)


def test_a_threshold_of_zero_attaches_all_that_can_be_reached_however_far():
    chain = np.arange(500.0)[:, None]
    labels = np.where(np.arange(500) < 5, 0, np.where(np.arange(500) > 495, 1, -1))
    graph = knn_graph(chain, 2, "euclidean")
    assert graph.n_components == 1
    attached = attach_noise(graph, labelled(labels), 0.0)
    assert attached.n_noise == 0
    # the nearer end of the chain, and the further away the less surely
    assert (attached.labels[:250] == 0).all()
    assert (attached.labels[251:] == 1).all()
    noise = attached.confidence[5:496]
    assert (noise > 0).all()
    assert (np.diff(noise[:245]) <= 0).all()
    assert attached.at(0.01).n_noise > 300


def test_no_clusters_at_all():
    graph = knn_graph(np.arange(10.0)[:, None], 3, "euclidean")
    attached = attach_noise(graph, labelled([-1] * 10), 0.0)
    assert attached.n_noise == 10


def test_order_of_rows_does_not_matter():
    points, _, labels = two_groups_with_noise()
    ids = np.arange(len(points)) * 3 + 7
    straight = attach_noise(knn_graph(points, 8, "euclidean", ids), labelled(labels), 0.0)
    shuffle = np.random.default_rng(3).permutation(len(points))
    shuffled = attach_noise(knn_graph(points[shuffle], 8, "euclidean", ids[shuffle]), labelled(labels[shuffle]), 0.0)
    assert np.array_equal(shuffled.labels, straight.labels[shuffle])
    assert np.array_equal(shuffled.confidence, straight.confidence[shuffle])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000), st.integers(2, 5))
def test_likelihoods_are_those_of_the_dense_random_walk(seed, n_clusters):
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(40, 2))
    labels = np.where(rng.uniform(size=40) < 0.4, rng.integers(n_clusters, size=40), -1)
    labels[:n_clusters] = np.arange(n_clusters)
    graph = knn_graph(points, 5, "euclidean")

    scale = graph.distances.mean(axis=1)
    affinity = np.zeros((40, 40))
    row = np.repeat(np.arange(40), 5)
    other, length = graph.indices.ravel(), graph.distances.ravel()
    np.add.at(affinity, (row, other), np.exp(-(length**2) / (scale[row] * scale[other])))
    affinity += affinity.T
    walk = affinity / affinity.sum(axis=1, keepdims=True)
    ends = np.zeros((40, n_clusters))
    noise = labels < 0
    ends[~noise, labels[~noise]] = 1
    for _ in range(50):
        ends[noise] = walk[noise] @ ends
    # the sweeps stop when none changes a likelihood by more than 0.001
    attached = attach_noise(graph, labelled(labels), 0.0)
    np.testing.assert_allclose(attached.confidence, ends.max(axis=1), atol=0.03)
    clear = np.sort(ends, axis=1)[:, -1] - np.sort(ends, axis=1)[:, -2] > 0.06
    assert np.array_equal(attached.labels[clear], ends.argmax(axis=1)[clear])


def test_it_takes_the_clustering_of_another_stage():
    points, group, _ = two_groups_with_noise()
    graph = knn_graph(points, 8, "euclidean")
    strict = cluster(spanning_tree(graph, 5), 10, "leaf")
    attached = attach_noise(graph, strict, 0.0)
    assert attached.n_noise < strict.n_noise or strict.n_noise == 0
    assert len(set(attached.labels[group == 0])) == 1


def test_cancel_and_progress():
    points, _, labels = two_groups_with_noise()
    graph, shares = knn_graph(points, 8, "euclidean"), []
    attach_noise(graph, labelled(labels), on_progress=shares.append)
    assert shares == sorted(shares)
    assert shares[-1] == 1.0

    def stop(_share):
        raise Cancelled

    with pytest.raises(Cancelled):
        attach_noise(graph, labelled(labels), on_progress=stop)


@pytest.mark.parametrize("threshold", [-0.1, 1.5, float("nan"), "high", True])
def test_thresholds_out_of_range_are_refused(threshold):
    graph = knn_graph(np.arange(10.0)[:, None], 3, "euclidean")
    with pytest.raises(InvalidParameterError, match="threshold"):
        attach_noise(graph, labelled([0] * 10), threshold)


def test_labels_of_other_rows_are_refused():
    graph = knn_graph(np.arange(10.0)[:, None], 3, "euclidean")
    with pytest.raises(DataError, match="9 labels"):
        attach_noise(graph, labelled([0] * 9))
