"""The cut by modularity is the best there is in the hierarchy, and its labels follow hdbscan's rules."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer import cluster, knn_graph, spanning_tree
from cluster_explorer._kernels.embedding.spread import local_affinities, spread
from cluster_explorer._kernels.hierarchy.modular_cut import (
    Parts,
    Shares,
    merge_parts,
    select_most_modular,
    shares_of_clusters,
)
from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.stages.affinities import graph_affinities
from cluster_explorer.stages.copies import distinct_rows
from cluster_explorer.stages.graph_embedding import embed_graph, measure_in_embedding
from cluster_explorer.stages.modularity import finest_groups


def modular_hierarchy(graph, tree, size=5):
    return finest_groups(graph_affinities(distinct_rows(graph)), tree).hierarchy(size)


def random_binary_tree(rng, n_splits):
    parent, leaves = [-1], [0]
    for _ in range(n_splits):
        split = leaves.pop(rng.integers(len(leaves)))
        leaves += [len(parent), len(parent) + 1]
        parent += [split, split]
    return np.array(parent, dtype=np.int32)


def is_a_cover(parent, chosen):
    """Every path from a leaf to the root meets exactly one chosen cluster."""
    leaves = set(range(len(parent))) - set(parent.tolist())
    for leaf in leaves:
        met, at = 0, leaf
        while at >= 0:
            met += chosen[at]
            at = parent[at]
        if met != 1:
            return False
    return True


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 5), st.sampled_from([0.5, 1.0, 3.0]))
def test_no_other_choice_in_the_hierarchy_has_a_greater_modularity(seed, n_splits, resolution):
    rng = np.random.default_rng(seed)
    parent = random_binary_tree(rng, n_splits)
    # shares so small that no group is a large one, whose splits are judged by the group alone
    shares = Shares(rng.uniform(size=len(parent)), 0.01 * rng.uniform(size=len(parent)))
    for split in reversed(range(len(parent))):
        children = [c for c in range(len(parent)) if parent[c] == split]
        if children:
            shares.touching[split] = shares.touching[children].sum()
    modularity = shares.inside - resolution * shares.touching**2
    chosen = select_most_modular(parent, shares, resolution)
    # the root is a cover as well: all rows may be one cluster
    covers = [np.array(c) for c in product([False, True], repeat=len(parent)) if is_a_cover(parent, c)]
    assert is_a_cover(parent, chosen)
    assert modularity[chosen].sum() == pytest.approx(max(modularity[c].sum() for c in covers))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 30), st.floats(0.1, 10), st.floats(1, 10))
def test_a_higher_resolution_only_splits_clusters(seed, n_splits, resolution, factor):
    rng = np.random.default_rng(seed)
    parent = random_binary_tree(rng, n_splits)
    shares = Shares(rng.uniform(size=len(parent)), rng.uniform(size=len(parent)))
    coarse = select_most_modular(parent, shares, resolution)
    fine = select_most_modular(parent, shares, resolution * factor)
    for one in np.flatnonzero(fine):
        assert sum(is_below(parent, one, other) for other in np.flatnonzero(coarse)) == 1


def test_a_large_group_without_parts_is_not_cut():
    vectors = np.random.default_rng(0).normal(size=(1200, 16))
    vectors[900:] += 8
    graph = knn_graph(vectors, 15, "euclidean")
    embedded = measure_in_embedding(graph, embed_graph(graph))
    assert modular_hierarchy(graph, spanning_tree(embedded)).cut().n_clusters == 2


def test_shares_are_those_counted_edge_by_edge():
    rng = np.random.default_rng(5)
    points = np.concatenate([rng.normal(size=(20, 2)) + centre for centre in ([0, 0], [6, 0], [30, 0], [36, 0])])
    graph = knn_graph(points, 6, "euclidean")
    affinities = local_affinities(graph.indices, graph.distances)
    hierarchy = cluster(spanning_tree(graph, 3), 5, "leaf").hierarchy
    leaf = hierarchy.row_cluster
    degree = np.asarray(affinities.sum(axis=1), dtype=np.float64).ravel()
    rows = Parts(affinities, np.zeros(len(leaf)), degree)
    dense = affinities.toarray().astype(float)
    # rows one by one, and the rows of each leaf as one
    clusters, leaf_of_row = np.unique(leaf, return_inverse=True)
    groups = merge_parts(rows, leaf_of_row.astype(np.int32), len(clusters))
    for parts, cluster_of_part in ((rows, leaf), (groups, clusters)):
        found = shares_of_clusters(hierarchy.parent, cluster_of_part.astype(np.int32), parts, float(degree.sum()))
        for number in range(len(hierarchy.parent)):
            below = np.array([is_below(hierarchy.parent, one, number) for one in leaf])
            assert found.inside[number] == pytest.approx(dense[np.ix_(below, below)].sum() / dense.sum(), rel=1e-5)
            assert found.touching[number] == pytest.approx(dense[below].sum() / dense.sum(), rel=1e-5)


def is_below(parent, cluster_number, ancestor):
    while cluster_number >= 0:
        if cluster_number == ancestor:
            return True
        cluster_number = parent[cluster_number]
    return False


def nested_groups():
    """Three pairs of groups; the two of a pair touch, the pairs are apart."""
    rng = np.random.default_rng(0)
    centres = [[x + side, 0] for x in (0, 60, 120) for side in (0, 3)]
    return np.concatenate([rng.normal(size=(40, 2)) + centre for centre in centres])


def test_resolution_goes_from_coarse_to_fine():
    graph = knn_graph(nested_groups(), 10, "euclidean")
    groups = modular_hierarchy(graph, spanning_tree(graph, 5))
    counts = [groups.cut(resolution).n_clusters for resolution in (0.01, 0.3, 1.0, 3.0)]
    assert counts == sorted(counts)
    assert counts[0] == 3
    assert counts[-1] > 3


@pytest.mark.parametrize("size", [2, 5, 12, 30, 100])
def test_a_hierarchy_from_the_finest_groups_is_that_of_its_size(size):
    graph = knn_graph(nested_groups(), 10, "euclidean")
    tree = spanning_tree(graph, 5)
    affinities = graph_affinities(distinct_rows(graph))
    at_once = finest_groups(affinities, tree).hierarchy(size).cut()
    from_this_size = finest_groups(affinities, tree, size).hierarchy(size).cut()
    assert np.array_equal(at_once.labels, from_this_size.labels)
    assert np.bincount(at_once.labels + 1)[1:].min(initial=size) >= size


def test_labels_are_numbered_by_size_and_strengths_are_hdbscans():
    graph = knn_graph(np.concatenate([nested_groups(), nested_groups()[:30] + 500]), 10, "euclidean")
    tree = spanning_tree(graph, 5)
    groups = modular_hierarchy(graph, tree)
    found = groups.cut()
    sizes = np.bincount(found.labels[found.labels >= 0])
    assert (np.diff(sizes) <= 0).all()
    assert len(sizes) == found.n_clusters
    assert ((found.probabilities > 0) == (found.labels >= 0)).all()
    assert found.probabilities.max() == 1.0
    assert found.probabilities.dtype == np.float32
    # where both select the same clusters, rows have the same strength
    leaves = cluster(tree, 5, "leaf")
    finest = groups.cut(1e9)
    assert np.array_equal(finest.labels, leaves.labels)
    np.testing.assert_allclose(finest.probabilities, leaves.probabilities, rtol=1e-6)


@pytest.mark.parametrize("rows", [np.zeros((30, 2)), np.random.default_rng(0).normal(size=(1000, 32))])
def test_rows_without_parts_are_one_cluster(rows):
    graph = knn_graph(rows, 15, "euclidean")
    distinct = distinct_rows(graph)
    embedding = embed_graph(distinct.graph).of_copies(graph.ids, distinct.kind)
    found = modular_hierarchy(graph, spanning_tree(measure_in_embedding(graph, embedding))).cut()
    assert found.n_clusters == 1
    assert (found.labels == 0).all()


def test_fewer_rows_than_the_smallest_cluster_are_noise():
    graph = knn_graph(np.zeros((30, 2)), 5, "euclidean")
    found = modular_hierarchy(graph, spanning_tree(graph, 5), 31).cut()
    assert found.n_clusters == 0
    assert (found.labels == -1).all()


def test_spreading_prefers_the_lower_label_on_a_tie():
    graph = knn_graph(np.array([[0.0], [1.0], [2.0]]), 2, "euclidean")
    affinities = local_affinities(graph.indices, graph.distances)
    nearest, likelihood = spread(affinities, np.array([1, -1, 0], dtype=np.int32), 10)
    assert nearest.tolist() == [1, 0, 0]
    assert likelihood[1] == pytest.approx(0.5)


def test_a_resolution_of_zero_is_refused():
    graph = knn_graph(nested_groups(), 10, "euclidean")
    with pytest.raises(InvalidParameterError, match="resolution"):
        modular_hierarchy(graph, spanning_tree(graph, 5)).cut(0)
