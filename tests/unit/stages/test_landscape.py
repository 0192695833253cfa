"""The landscape agrees with clustering at every size, and its persistence with PLSCAN's own."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer import cluster, knn_graph, spanning_tree
from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.stages.persistence import landscape


def tree_of(seed, n=120, n_groups=6):
    rng = np.random.default_rng(seed)
    centres = rng.normal(scale=4, size=(n_groups, 2))
    points = centres[rng.integers(n_groups, size=n) ** 2 // n_groups] + rng.normal(size=(n, 2))
    return spanning_tree(knn_graph(points, 10, "euclidean"), 3)


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 10_000))
def test_every_size_says_what_clustering_at_that_size_finds(seed):
    tree = tree_of(seed)
    found = landscape(tree, 2)
    for size in range(2, 60):
        place = np.searchsorted(found.min_cluster_size, size)
        clustering = cluster(tree, size, "leaf")
        if place == len(found.min_cluster_size):
            assert clustering.n_clusters == 0
            continue
        assert clustering.n_clusters == found.n_clusters[place]
        assert clustering.n_noise == pytest.approx(found.noise_share[place] * tree.n_rows)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_persistence_is_that_of_plscan(seed):
    from fast_plscan.api import SpanningTree, clusters_from_spanning_forest

    tree = tree_of(seed)
    edges = SpanningTree(tree.source.astype(np.uint32), tree.target.astype(np.uint32), tree.weight.astype(np.float32))
    trace = clusters_from_spanning_forest(edges, tree.n_rows, min_cluster_size=2)[2]
    found = landscape(tree, 2)
    # PLSCAN names each stretch by the size before its first, we by its last
    place = np.searchsorted(found.min_cluster_size, np.asarray(trace.min_size), side="right")
    inside = place < len(found.persistence)
    np.testing.assert_allclose(found.persistence[place[inside]], np.asarray(trace.persistence)[inside])


def test_peaks_of_nested_groups_are_levels_from_coarse_to_fine():
    rng = np.random.default_rng(0)
    coarse = np.repeat(np.array([[0.0, 0], [400, 0], [0, 400]]), 160, axis=0)
    # each large group holds one of 100 rows and three of 20
    fine = np.tile(np.repeat(np.array([[0.0, 0], [20, 0], [0, 20], [20, 20]]), [100, 20, 20, 20], axis=0), (3, 1))
    tree = spanning_tree(knn_graph(coarse + fine + rng.normal(size=coarse.shape), 15, "euclidean"), 5)
    found = landscape(tree)
    counts = [cluster(tree, size, "leaf").n_clusters for size in found.levels]
    assert {3, 12} <= set(counts)
    assert counts == sorted(counts)
    assert cluster(tree, found.best, "leaf").n_clusters in counts


def test_one_group_has_no_peaks():
    points = np.random.default_rng(0).uniform(size=(9, 1))
    found = landscape(spanning_tree(knn_graph(points, 5, "euclidean"), 3))
    assert found.levels == ()
    assert found.n_clusters.tolist() == [0]
    assert found.best == 5


def test_sizes_below_two_are_refused():
    with pytest.raises(InvalidParameterError, match="min_cluster_size"):
        landscape(tree_of(0), 1)
