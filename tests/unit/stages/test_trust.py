"""Where the map can be believed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster_explorer.errors import Cancelled, DataError, InvalidParameterError
from cluster_explorer.stages.trust import map_trust
from cluster_explorer.values import KnnGraph, Layout


def graph_of(indices):
    indices = np.asarray(indices, dtype=np.int32)
    distances = np.where(indices >= 0, np.arange(1.0, indices.shape[1] + 1), np.inf).astype(np.float32)
    return KnnGraph(np.arange(len(indices)), indices, distances, "euclidean", n_components=1)


def on_a_line(*places):
    return Layout(np.array([[place, 0.0] for place in places], dtype=np.float32))


CHAIN = graph_of([[1, 2], [0, 2], [1, 3], [2, 1]])


def test_a_faithful_map_is_trusted_everywhere():
    assert map_trust(CHAIN, on_a_line(0.0, 1.0, 2.1, 3.3)).tolist() == [1.0, 1.0, 1.0, 1.0]


def test_a_row_in_a_wrong_place_is_not_trusted():
    trust = map_trust(CHAIN, on_a_line(0.0, 1.0, 2.1, -5.0), n_neighbors=1)
    assert trust.dtype == np.float32
    assert trust.tolist() == [1.0, 1.0, 1.0, 0.0]


def test_missing_neighbours_are_not_held_against_a_row():
    ragged = graph_of([[1, -1], [0, 2], [1, 3], [-1, -1]])
    assert map_trust(ragged, on_a_line(0.0, 1.0, 2.1, 3.3)).tolist() == [1.0, 1.0, 1.0, 0.0]


def test_more_neighbours_than_are_held_means_all_of_them():
    line = on_a_line(0.0, 1.0, 2.1, 3.3)
    assert map_trust(CHAIN, line, n_neighbors=50).tolist() == map_trust(CHAIN, line, n_neighbors=2).tolist()


@given(seed=st.integers(0, 1000), k=st.integers(1, 10))
def test_equals_the_definition(seed, k):
    rng = np.random.default_rng(seed)
    positions = rng.normal(size=(60, 2)).astype(np.float32)
    indices = np.array([rng.permutation(np.delete(np.arange(60), row))[:10] for row in range(60)])
    distances = np.linalg.norm(positions[:, None] - positions[None], axis=2)
    np.fill_diagonal(distances, np.inf)
    on_map = np.argsort(distances, axis=1)[:, :k]
    expected = [len(set(near) & set(here)) / k for near, here in zip(indices[:, :k], on_map, strict=True)]
    np.testing.assert_allclose(map_trust(graph_of(indices), Layout(positions), n_neighbors=k), expected, rtol=1e-6)


def test_many_rows_in_one_place_are_compared_all_the_same():
    indices = (np.arange(100)[:, None] + np.arange(1, 6)) % 100
    trust = map_trust(graph_of(indices), Layout(np.zeros((100, 2), dtype=np.float32)))
    assert ((trust >= 0) & (trust <= 1)).all()


def test_can_be_cancelled():
    def cancel(_share):
        raise Cancelled

    with pytest.raises(Cancelled):
        map_trust(CHAIN, on_a_line(0.0, 1.0, 2.0, 3.0), on_progress=cancel)


def test_a_layout_of_other_rows_is_refused():
    with pytest.raises(DataError, match="3 positions and the graph 4 rows"):
        map_trust(CHAIN, on_a_line(0.0, 1.0, 2.0))


@pytest.mark.parametrize("n_neighbors", [0, -1, 2.5, True, None])
def test_a_count_that_is_none_is_refused(n_neighbors):
    with pytest.raises(InvalidParameterError, match="n_neighbors"):
        map_trust(CHAIN, on_a_line(0.0, 1.0, 2.0, 3.0), n_neighbors=n_neighbors)
