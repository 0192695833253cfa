"""Near-duplicates: groups around representatives, never chains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer import ClusterExplorerError, knn_graph
from cluster_explorer.describe import duplicate_scale, near_duplicates


def graph_of(vectors, k=5, metric="euclidean", ids=None):
    return knn_graph(np.asarray(vectors, dtype=np.float32), min(k, len(vectors) - 1), metric, ids)


@given(st.integers(0, 10_000), st.integers(3, 60), st.floats(0, 2))
@settings(max_examples=80)
def test_every_row_is_near_its_representative_and_in_one_group(seed, n, threshold):
    vectors = np.random.default_rng(seed).integers(0, 12, size=(n, 2)) * 0.5
    graph = graph_of(vectors)
    found = near_duplicates(graph, threshold)
    rows = np.concatenate([*found.groups, np.empty(0, dtype=np.int32)])
    assert len(np.unique(rows)) == len(rows) == found.n_rows
    for group in found.groups:
        assert len(group) > 1
        assert np.linalg.norm(vectors[group] - vectors[group[0]], axis=1).max() <= threshold + 1e-4
    assert [len(group) for group in found.groups] == sorted((len(group) for group in found.groups), reverse=True)
    # a row with an edge that short is alone only if its neighbours are nearer to others
    near = graph.distances <= threshold
    alone = np.setdiff1d(np.flatnonzero(near.any(axis=1)), rows)
    for row in alone:
        assert np.isin(graph.indices[row][near[row]], rows).all()


@given(st.integers(0, 10_000), st.floats(0, 1), st.floats(0, 1))
@settings(max_examples=50)
def test_identical_rows_stay_together_at_every_threshold(seed, first, second):
    rng = np.random.default_rng(seed)
    vectors = np.repeat(rng.normal(size=(6, 3)), rng.integers(1, 9, size=6), axis=0)
    if len(vectors) < 4:
        return
    kind = np.unique(vectors, axis=0, return_inverse=True)[1]
    for threshold in (first, second):
        for group in near_duplicates(graph_of(vectors, 3), threshold).groups:
            inside = np.isin(np.arange(len(kind)), group)
            for one in np.unique(kind[group]):
                assert inside[kind == one].all()


def test_more_copies_than_neighbours_are_one_group():
    vectors = np.concatenate([np.zeros((40, 2)), np.random.default_rng(0).normal(size=(20, 2)) + 50])
    groups = near_duplicates(graph_of(vectors, 5), 0.0).groups
    assert [len(group) for group in groups] == [40]


def test_a_chain_falls_into_groups_around_representatives():
    chain = np.arange(30)[:, None] * 0.9
    groups = near_duplicates(graph_of(chain, 4), 1.0).groups
    assert max(len(group) for group in groups) == 3


def test_groups_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(8)
    vectors = rng.normal(size=(80, 2))
    order = rng.permutation(80)
    whole = {frozenset(group.tolist()) for group in near_duplicates(graph_of(vectors), 0.2).groups}
    again = near_duplicates(graph_of(vectors[order]), 0.2).groups
    assert {frozenset(order[group].tolist()) for group in again} == whole


def test_directions_that_differ_by_rounding_are_the_same():
    vectors = np.random.default_rng(3).normal(size=(30, 384)).astype(np.float32)
    graph = graph_of(np.concatenate([vectors, vectors * np.float32(1.7)]), metric="cosine")
    assert len(near_duplicates(graph, 0.0).groups) == 30


@pytest.mark.parametrize("threshold", [-1.0, float("nan"), float("inf")])
def test_a_threshold_that_is_no_distance_is_refused(threshold):
    with pytest.raises(ClusterExplorerError, match="threshold"):
        near_duplicates(graph_of([[0.0], [1.0], [3.0]]), threshold)


def test_the_suggested_threshold_is_within_the_scale():
    vectors = np.random.default_rng(3).normal(size=(50, 8))
    for metric in ("cosine", "euclidean"):
        scale = duplicate_scale(graph_of(vectors, metric=metric))
        assert 0 < scale.suggested <= scale.largest


@given(st.integers(0, 10_000))
@settings(max_examples=30)
def test_among_some_rows_groups_are_as_if_there_were_no_others(seed):
    rng = np.random.default_rng(seed)
    vectors, among = rng.integers(0, 8, size=(40, 2)) * 0.5, rng.random(40) < 0.6
    graph = graph_of(vectors, k=39)
    found = near_duplicates(graph, 0.6, among)
    rows = np.concatenate([*found.groups, np.empty(0, dtype=np.int32)])
    assert among[rows].all()
    assert all(len(group) > 1 for group in found.groups)
    for group in found.groups:
        assert np.linalg.norm(vectors[group] - vectors[group[0]], axis=1).max() <= 0.6 + 1e-4
    # whoever has a neighbour among them that near is in a group
    near = np.linalg.norm(vectors[:, None] - vectors, axis=2) <= 0.6
    np.fill_diagonal(near, val=False)
    for row in np.setdiff1d(np.flatnonzero(among), rows):
        assert np.isin(np.flatnonzero(near[row] & among), rows).all()
