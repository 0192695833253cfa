"""A graph and a map that changes were taken into, against those made anew."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import adjusted_rand_score

from cluster_explorer import Params, graph_from_neighbors, knn_graph
from cluster_explorer.errors import Cancelled
from cluster_explorer.stages.patching import compare_rows, patch_graph, patch_searched_graph
from cluster_explorer.stages.placing import patch_layout
from cluster_explorer.stages.projection import layout
from cluster_explorer.stages.recipe import cluster_graph
from cluster_explorer.values import Layout, NeighborLists, Rows
from cluster_explorer.vectors import digests_of


def changed(n, dim, seed, *, n_removed, n_added, n_moved, grid=False):
    """Rows before and after: some removed, added and moved, with keys in any order."""
    rng = np.random.default_rng(seed)

    def points(m):
        # on a coarse grid there are ties and duplicates
        return (rng.integers(1, 4, (m, dim)) if grid else rng.normal(size=(m, dim))).astype(np.float32)

    keys = rng.permutation(n + n_added) * 3
    before_order = np.argsort(keys[:n])
    before = Rows(keys[:n][before_order], points(n)[before_order])
    stays = np.sort(rng.permutation(n)[n_removed:])
    vectors = before.vectors[stays].copy()
    moved = rng.permutation(len(stays))[:n_moved]
    vectors[moved] = points(len(moved))
    ids = np.concatenate([before.ids[stays], keys[n:]])
    order = np.argsort(ids)
    return before, Rows(ids[order], np.concatenate([vectors, points(n_added)])[order])


@given(
    st.integers(5, 60),
    st.integers(1, 5),
    st.integers(0, 2**20),
    st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 2)),
    st.sampled_from(["cosine", "euclidean", "grid"]),
)
def test_a_patched_graph_is_the_graph_made_anew(n, k, seed, counts, kind):
    n_removed, n_added, n_moved = counts
    metric, grid = ("cosine", False) if kind == "cosine" else ("euclidean", kind == "grid")
    before, after = changed(n, 3, seed, n_removed=n_removed, n_added=n_added, n_moved=n_moved, grid=grid)
    changes = compare_rows(before, after)
    graph = knn_graph(before.vectors, k, metric, before.ids)
    anew = knn_graph(after.vectors, k, metric, after.ids)
    patched = patch_graph(graph, after.ids, after.vectors, changes)
    k = min(k, graph.n_neighbors)
    # which of several equally near rows are in a list may differ; how near they are may not
    np.testing.assert_allclose(patched.distances[:, :k], anew.distances[:, :k], atol=2e-6)
    assert (patched.indices != np.arange(len(after))[:, None]).all()
    assert all(len(set(row)) == len(row) for row in patched.indices.tolist())
    if not grid:
        np.testing.assert_array_equal(patched.indices[:, :k], anew.indices[:, :k])
        assert patched.n_components == anew.n_components or k < anew.n_neighbors
    assert (patched.exact, patched.metric) == (anew.exact, anew.metric)


class Searching:
    """Finds neighbours among vectors that the graph does not hold, and counts the rows it was asked for."""

    def __init__(self, vectors, most=None):
        self.most = most
        self.whole = knn_graph(vectors, len(vectors) - 1, "cosine")
        self.n_rows = 0

    def __call__(self, rows, n_neighbors, *, on_progress=None):
        assert self.most is None or n_neighbors <= self.most
        self.n_rows += len(rows)
        return NeighborLists(self.whole.indices[rows, :n_neighbors], self.whole.distances[rows, :n_neighbors])


def left_in_milvus(rows):
    return Rows(rows.ids, None, digests=digests_of(rows.vectors))


def without_vectors(rows, k):
    graph = knn_graph(rows.vectors, k, "cosine", rows.ids)
    return graph_from_neighbors(rows.ids, graph.indices, graph.distances, "cosine")


@given(
    st.integers(6, 60),
    st.integers(1, 5),
    st.integers(0, 2**20),
    st.tuples(st.integers(0, 2), st.integers(0, 6), st.integers(0, 2)),
)
def test_a_graph_without_vectors_is_patched_by_searching_what_is_touched(n, k, seed, counts):
    n_removed, n_added, n_moved = counts
    before, after = changed(n, 3, seed, n_removed=n_removed, n_added=n_added, n_moved=n_moved)
    changes = compare_rows(left_in_milvus(before), left_in_milvus(after))
    np.testing.assert_array_equal(changes.old_of, compare_rows(before, after).old_of)
    graph, search = without_vectors(before, k), Searching(after.vectors)
    patched = patch_searched_graph(graph, after.ids, changes, search)
    k = min(k, len(before) - 1, len(after) - 1)
    anew = without_vectors(after, k)
    assert (patched.indices != np.arange(len(after))[:, None]).all()
    assert all(len(set(row)) == len(row) for row in patched.indices.tolist())
    # never nearer than the nearest; and what was searched, and what had the new rows in reach, is as if made anew
    assert (patched.distances[:, :k] >= anew.distances - 2e-6).all()
    touched = changes.old_of < 0
    np.testing.assert_allclose(patched.distances[touched, :k], anew.distances[touched], atol=2e-6)
    if 4 * k >= len(after) - 1:
        np.testing.assert_allclose(patched.distances[:, :k], anew.distances, atol=2e-6)
    if not counts[0] and not counts[2]:
        assert search.n_rows == n_added


@pytest.mark.parametrize("most", [12, 5])
def test_no_more_neighbours_are_asked_for_than_can_be_searched(most):
    before, after = changed(60, 3, 1, n_removed=2, n_added=6, n_moved=0)
    changes = compare_rows(left_in_milvus(before), left_in_milvus(after))
    search = Searching(after.vectors, most=most)
    patched = patch_searched_graph(without_vectors(before, 5), after.ids, changes, search, most_neighbors=most)
    anew = without_vectors(after, 5)
    added = changes.old_of < 0
    np.testing.assert_allclose(patched.distances[added], anew.distances[added], atol=2e-6)
    assert (patched.distances >= anew.distances - 2e-6).all()


def test_changes_are_found_when_vectors_are_held_no_longer():
    before, after = changed(50, 4, 1, n_removed=5, n_added=7, n_moved=3)
    expected = compare_rows(before, after)
    for rows in [(before, left_in_milvus(after)), (left_in_milvus(before), after)]:
        found = compare_rows(*rows)
        np.testing.assert_array_equal(found.old_of, expected.old_of)
        assert found.sentence == expected.sentence


def test_what_changed_is_counted():
    before, after = changed(50, 4, 1, n_removed=5, n_added=7, n_moved=3)
    changes = compare_rows(before, after)
    assert (changes.n_added, changes.n_removed, changes.n_changed) == (7, 5, 3)
    assert changes.sentence == "7 rows added, 3 changed, 5 deleted."
    texts = np.array(["a"] * 50, dtype=object)
    other = texts.copy()
    other[3] = "b"
    reworded = compare_rows(Rows(before.ids, before.vectors, texts), Rows(before.ids, before.vectors, other))
    assert (reworded.n_changed, reworded.n_added, (reworded.old_of >= 0).all()) == (1, 0, True)
    assert compare_rows(before, before).sentence == "Nothing has changed in the collection."


def test_string_keys():
    ids = np.array(["a", "b", "c", "d", "e"], dtype=object)
    vectors = np.random.default_rng(0).normal(size=(5, 3)).astype(np.float32)
    before, after = Rows(ids[[0, 2, 4]], vectors[[0, 2, 4]]), Rows(ids[1:], vectors[1:])
    changes = compare_rows(before, after)
    assert (changes.n_added, changes.n_removed) == (2, 1)
    patched = patch_graph(knn_graph(before.vectors, 2, "cosine", before.ids), after.ids, after.vectors, changes)
    np.testing.assert_array_equal(patched.indices, knn_graph(after.vectors, 2, "cosine", after.ids).indices)


@pytest.fixture(scope="module")
def grown():
    """Fifteen clusters that grew by 5 %, lost 1 %, and where 1 % moved; the last cluster is new altogether."""
    rng = np.random.default_rng(5)
    centres = rng.normal(size=(16, 24)) * 3
    vectors = np.concatenate([centre + rng.normal(size=(100, 24)) for centre in centres]).astype(np.float32)
    labels = np.repeat(np.arange(16), 100)
    old = np.flatnonzero(labels < 15)
    late = rng.choice(old, 45, replace=False)
    new_cluster = np.flatnonzero(labels == 15)[:30]
    before = np.setdiff1d(old, late)
    gone = rng.choice(before, 15, replace=False)
    after = np.sort(np.concatenate([np.setdiff1d(before, gone), late, new_cluster]))
    now = vectors.copy()
    moved = rng.choice(np.setdiff1d(before, gone), 15, replace=False)
    now[moved] = centres[(labels[moved] + 1) % 15] + rng.normal(size=(15, 24))
    return Rows(before, vectors[before]), Rows(after, now[after]), moved


def test_after_growth_clusters_are_those_of_starting_over(grown):
    before, after, _ = grown
    changes = compare_rows(before, after)
    patched = patch_graph(knn_graph(before.vectors, 15, "cosine", before.ids), after.ids, after.vectors, changes)
    params = Params()
    found = cluster_graph(patched, min_cluster_size=20, random_state=params.random_state)
    anew = cluster_graph(
        knn_graph(after.vectors, 15, "cosine", after.ids), min_cluster_size=20, random_state=params.random_state
    )
    assert adjusted_rand_score(found.labels, anew.labels) >= 0.98


def test_after_growth_without_vectors_clusters_are_those_of_starting_over(grown):
    before, after, _ = grown
    changes = compare_rows(left_in_milvus(before), left_in_milvus(after))
    search = Searching(after.vectors)
    patched = patch_searched_graph(without_vectors(before, 15), after.ids, changes, search)
    anew = without_vectors(after, 15)
    assert search.n_rows < 0.4 * len(after)
    assert (np.isclose(patched.distances, anew.distances, atol=2e-6)).mean() > 0.99
    found, expected = (cluster_graph(graph, min_cluster_size=20, random_state=42) for graph in (patched, anew))
    assert adjusted_rand_score(found.labels, expected.labels) >= 0.98


def test_new_points_go_to_their_neighbours_and_old_ones_stay(grown):
    before, after, moved = grown
    changes = compare_rows(before, after)
    graph = knn_graph(before.vectors, 15, "cosine", before.ids)
    drawn = layout(graph, random_state=1, min_dist=0.1)
    patched_graph = patch_graph(graph, after.ids, after.vectors, changes)
    patched = patch_layout(drawn, patched_graph, changes)
    kept = changes.old_of >= 0
    np.testing.assert_array_equal(patched.positions[kept], drawn.positions[changes.old_of[kept]])
    assert set(after.ids[~kept]) >= set(moved)
    # each new point of an old cluster is nearer to that cluster's middle than to any other's
    cluster = after.ids // 100
    middles = np.array([np.median(patched.positions[kept & (cluster == label)], axis=0) for label in range(15)])
    for row in np.flatnonzero(~kept & (cluster < 15)):
        own = (cluster[row] + 1) % 15 if after.ids[row] in moved else cluster[row]
        assert np.argmin(np.linalg.norm(middles - patched.positions[row], axis=1)) == own
    assert np.isfinite(patched.positions).all()


def test_a_group_that_is_linked_to_nothing_goes_beside_the_map():
    vectors = np.concatenate([np.eye(4)[[0, 0, 0, 1, 1, 1]], 50 + np.eye(4)[[2, 2, 2]]]).astype(np.float32)
    before, after = Rows(np.arange(6), vectors[:6]), Rows(np.arange(9), vectors)
    changes = compare_rows(before, after)
    graph = patch_graph(knn_graph(before.vectors, 2, "euclidean", before.ids), after.ids, after.vectors, changes)
    positions = patch_layout(
        Layout(np.random.default_rng(0).random((6, 3), dtype=np.float32)), graph, changes
    ).positions
    assert (positions[6:, 0] > positions[:6, 0].max()).all()
    assert len(np.unique(positions[6:], axis=0)) == 3


def test_it_can_be_stopped(grown):
    before, after, _ = grown

    def stop(share):
        raise Cancelled("stop")

    graph = knn_graph(before.vectors, 5, "cosine", before.ids)
    with pytest.raises(Cancelled):
        patch_graph(graph, after.ids, after.vectors, compare_rows(before, after), on_progress=stop)
