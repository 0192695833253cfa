"""A part of a graph as a graph of its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer import knn_graph, spanning_tree
from cluster_explorer.errors import DataError
from cluster_explorer.stages.subgraph import restrict_graph


@st.composite
def parts(draw):
    n = draw(st.integers(5, 60))
    kept = draw(st.sets(st.integers(0, n - 1), min_size=2, max_size=n))
    # few places, so that there are copies and ties
    places = draw(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), min_size=n, max_size=n))
    return np.array(places, dtype=np.float32), np.array(sorted(kept), dtype=np.int32)


@given(parts(), st.integers(1, 20))
@settings(max_examples=60)
def test_with_vectors_it_is_the_graph_that_a_search_among_the_rows_gives(part, k):
    points, rows = part
    restricted = restrict_graph(knn_graph(points, k, "euclidean"), rows)
    searched = knn_graph(points[rows], min(k, len(rows) - 1), "euclidean", rows)
    width = restricted.n_neighbors
    assert width == min(k, len(points) - 1, len(rows) - 1)
    assert np.allclose(restricted.distances, searched.distances[:, :width])
    assert restricted.ids.tolist() == rows.tolist()
    assert restricted.exact


@given(parts(), st.integers(1, 20))
@settings(max_examples=60)
def test_without_vectors_neighbours_come_along_the_graph_and_no_nearer_than_they_are(part, k):
    points, rows = part
    graph = replace(knn_graph(points, k, "euclidean"), vectors=None)
    restricted = restrict_graph(graph, rows)
    held = restricted.indices >= 0
    lengths = np.linalg.norm(points[rows][restricted.indices] - points[rows][:, None], axis=2)
    assert (restricted.distances[held] >= lengths[held] - 1e-4).all()
    assert (np.sort(restricted.distances, axis=1) == restricted.distances).all()
    own = np.arange(len(rows))[:, None]
    assert not (restricted.indices == own).any()


def test_rows_far_from_each_other_can_still_be_clustered_without_vectors(blobs):
    # every eighth row: hardly any of the others are among its fifteen nearest
    graph = replace(knn_graph(blobs[:60], 15), vectors=None)
    rows = np.arange(0, 60, 5, dtype=np.int32)
    restricted = restrict_graph(graph, rows)
    assert (restricted.indices[:, :5] >= 0).all()
    assert np.isfinite(spanning_tree(restricted, 5).weight).all()


def test_one_row_is_refused():
    graph = knn_graph([[0.0], [1.0], [2.0]], metric="euclidean")
    with pytest.raises(DataError, match="at least 2"):
        restrict_graph(graph, np.array([1], dtype=np.int32))
