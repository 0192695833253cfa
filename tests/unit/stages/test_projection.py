"""The map: near rows near each other, the same map every time, and something to see long before it is finished."""

from __future__ import annotations

import threading
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_array_equal
from scipy.spatial.distance import cdist

from cluster_explorer._kernels.embedding import descent
from cluster_explorer._kernels.embedding.memberships import membership_graph
from cluster_explorer.errors import Cancelled, DataError, InvalidParameterError
from cluster_explorer.stages.projection import layout
from cluster_explorer.stages.trust import map_trust
from cluster_explorer.values import KnnGraph, Layout


def graph_of(vectors, n_neighbors=15):
    """Brute force: this is about the map, not about the search."""
    distances = cdist(vectors, vectors)
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1, kind="stable")[:, : min(n_neighbors, len(vectors) - 1)]
    return KnnGraph(
        np.arange(len(vectors)),
        nearest.astype(np.int32),
        np.take_along_axis(distances, nearest, axis=1).astype(np.float32),
        "euclidean",
        n_components=1,
    )


def with_gaps(graph, rows, kept):
    indices, distances = graph.indices.copy(), graph.distances.copy()
    indices[rows, kept:] = -1
    distances[rows, kept:] = np.inf
    return KnnGraph(graph.ids, indices, distances, graph.metric, graph.n_components)


@pytest.fixture(scope="module")
def graph(blobs):
    return graph_of(blobs)


@pytest.fixture(scope="module")
def news(sample_folder):
    vectors = np.load(sample_folder / "news_sample.embeddings.npy").astype(np.float32)
    return graph_of(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


@pytest.fixture(scope="module")
def news_map(news):
    return layout(news)


def umap_positions(graph):
    import umap

    own = np.arange(len(graph), dtype=np.int32)[:, None]
    knn = (np.hstack([own, graph.indices]), np.hstack([np.zeros(own.shape, np.float32), graph.distances]), None)
    reducer = umap.UMAP(n_neighbors=graph.n_neighbors + 1, precomputed_knn=knn, random_state=42, n_jobs=1)
    return reducer.fit_transform(np.zeros((len(graph), 2), dtype=np.float32))


# umap-learn says that it cannot transform new rows without its own search index
@pytest.mark.filterwarnings("ignore:precomputed_knn:UserWarning")
def test_keeps_neighbours_together_as_well_as_umap_learn(news, news_map):
    ours = map_trust(news, news_map).mean()
    theirs = map_trust(news, Layout(umap_positions(news))).mean()
    assert ours >= theirs - 0.01


def test_groups_stay_apart(blobs, graph):
    positions = layout(graph).positions
    groups = positions[:240].reshape(4, 60, 2)
    centres = groups.mean(axis=1)
    nearest_centre = cdist(groups.reshape(-1, 2), centres).argmin(axis=1)
    assert (nearest_centre == np.repeat(np.arange(4), 60)).mean() > 0.98


def test_memberships_are_those_of_umap_learn(graph):
    from umap.umap_ import fuzzy_simplicial_set

    own = np.arange(len(graph), dtype=np.int32)[:, None]
    theirs = fuzzy_simplicial_set(
        np.zeros((len(graph), 1)),
        graph.n_neighbors + 1,
        np.random.RandomState(0),  # what umap-learn takes
        "euclidean",
        knn_indices=np.hstack([own, graph.indices]),
        knn_dists=np.hstack([np.zeros(own.shape, np.float32), graph.distances]),
    )[0]
    ours = membership_graph(graph.indices, graph.distances, on_progress=lambda _share: None)
    np.testing.assert_allclose(ours.toarray(), theirs.toarray(), atol=2e-4)


@pytest.mark.parametrize("n_components", [2, 3])
def test_shape_type_and_place(graph, n_components):
    placed = layout(graph, n_components=n_components)
    assert placed.positions.shape == (len(graph), n_components)
    assert placed.positions.dtype == np.float32
    assert placed.finished
    np.testing.assert_allclose(placed.positions.mean(axis=0), 0.0, atol=1e-4)
    # no axis is a line
    assert np.ptp(placed.positions, axis=0).min() > 1.0


def test_the_same_seed_gives_the_same_map_whether_watched_or_not(graph):
    steps = []
    unwatched = layout(graph)
    watched = layout(graph, on_step=steps.append, on_progress=lambda _share: None)
    assert_array_equal(unwatched.positions, watched.positions)
    assert not np.array_equal(unwatched.positions, layout(graph, random_state=7).positions)


def test_the_same_seed_gives_the_same_map_on_any_number_of_cores(graph, monkeypatch):
    alone = layout(graph)
    monkeypatch.setattr(descent, "_EDGES_PER_BLOCK", 300)
    for cores in (1, 4):
        monkeypatch.setattr(descent, "_usable_cores", lambda cores=cores: cores)
        assert_array_equal(layout(graph).positions, alone.positions)


def test_pictures_on_the_way_improve_up_to_the_finished_map(news, news_map):
    steps = []
    layout(news, on_step=steps.append)
    assert len(steps) >= 5
    assert not any(step.finished for step in steps)
    trust = [map_trust(news, step).mean() for step in [*steps, news_map]]
    # the first picture is worth drawing, and every later one is better, but for a little noise
    assert trust[0] > 0.4 * trust[-1]
    assert min(np.diff(trust)) > -0.01
    assert trust[-1] == max(trust)


def test_pictures_on_the_way_are_not_overwritten_and_do_not_jump(graph):
    steps, copies = [], []
    layout(graph, on_step=lambda step: (steps.append(step.positions), copies.append(step.positions.copy())))
    for step, copy in zip(steps, copies, strict=True):
        assert_array_equal(step, copy)
    size = np.ptp(steps[-1], axis=0).mean()
    moved = [np.median(np.linalg.norm(after - before, axis=1)) for before, after in pairwise(steps[1:])]
    assert max(moved) < 0.1 * size


def test_progress_goes_from_0_to_1_and_never_back(news):
    shares = []
    layout(news, on_progress=shares.append)
    assert shares[0] < 0.05
    assert shares[-1] == 1.0
    assert min(np.diff(shares)) >= 0.0
    assert len(shares) > 50


@pytest.mark.parametrize("where", [0.01, 0.1, 0.5, 0.99])
def test_cancelling_stops_the_work_and_leaves_no_thread(news, monkeypatch, where):
    monkeypatch.setattr(descent, "_EDGES_PER_BLOCK", 5_000)
    before = threading.active_count()
    seen = []

    def cancel(share):
        seen.append(share)
        if share >= where:
            raise Cancelled

    with pytest.raises(Cancelled):
        layout(news, on_progress=cancel)
    assert seen[-1] < where + 0.1
    assert threading.active_count() == before


def test_a_step_that_cannot_be_shown_leaves_no_thread_either(news, monkeypatch):
    monkeypatch.setattr(descent, "_EDGES_PER_BLOCK", 5_000)
    before = threading.active_count()
    shown = []

    def refuse(step):
        shown.append(step)
        if len(shown) == 3:
            raise Cancelled

    with pytest.raises(Cancelled) as caught:
        layout(news, on_step=refuse)
    # while the traceback still holds the frames
    assert caught.tb is not None
    assert threading.active_count() == before


@settings(max_examples=25)
@given(
    n_rows=st.integers(2, 20),
    n_neighbors=st.integers(1, 15),
    n_components=st.sampled_from([2, 3]),
    distinct=st.integers(1, 20),
    seed=st.integers(0, 2**32 - 1),
)
def test_few_rows_and_equal_rows_have_a_place(n_rows, n_neighbors, n_components, distinct, seed):
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(distinct, 3))[rng.integers(0, distinct, n_rows)]
    placed = layout(graph_of(vectors, n_neighbors), n_components=n_components, random_state=seed)
    assert placed.positions.shape == (n_rows, n_components)
    assert np.isfinite(placed.positions).all()


def test_identical_rows_do_not_fall_on_one_point():
    placed = layout(graph_of(np.ones((300, 4))))
    assert np.isfinite(placed.positions).all()
    assert len(np.unique(placed.positions, axis=0)) == 300


def test_thousands_of_duplicates_leave_room_for_the_others():
    rng = np.random.default_rng(0)
    others = rng.normal(size=(300, 5))
    # by hand, for brute force would take 2,300 x 2,300: the duplicates are each other's neighbours, at distance 0
    among = graph_of(others)
    copies = (np.arange(2000)[:, None] + np.arange(1, 16)) % 2000 + 300
    graph = KnnGraph(
        np.arange(2300),
        np.vstack([among.indices, copies.astype(np.int32)]),
        np.vstack([among.distances, np.zeros((2000, 15), np.float32)]),
        "euclidean",
        n_components=2,
    )
    placed = layout(graph)
    assert np.isfinite(placed.positions).all()
    assert map_trust(graph, placed)[:300].mean() > 0.7 * map_trust(among, layout(among)).mean()


def test_two_components_are_both_on_the_map_and_apart():
    rng = np.random.default_rng(1)
    vectors = np.vstack([rng.normal(size=(200, 4)), rng.normal(size=(100, 4)) + 100.0])
    positions = layout(graph_of(vectors)).positions
    assert np.isfinite(positions).all()
    own = np.repeat([0, 1], [200, 100])
    distances = cdist(positions, positions)
    np.fill_diagonal(distances, np.inf)
    assert (own[distances.argmin(axis=1)] == own).mean() > 0.97


def test_ragged_rows_and_rows_without_neighbours(blobs):
    ragged = with_gaps(with_gaps(graph_of(blobs), slice(0, None, 3), kept=4), [7, 8], kept=0)
    positions = layout(ragged).positions
    assert np.isfinite(positions).all()
    assert np.ptp(positions, axis=0).max() < 100.0


def test_a_graph_without_edges_is_spread_out_evenly():
    empty = with_gaps(graph_of(np.random.default_rng(0).normal(size=(200, 3))), slice(None), kept=0)
    positions = layout(empty).positions
    distances = cdist(positions, positions)
    np.fill_diagonal(distances, np.inf)
    assert distances.min() > 0.05


def test_fewer_neighbours_are_those_of_a_smaller_graph(blobs):
    assert_array_equal(layout(graph_of(blobs, 20), n_neighbors=10).positions, layout(graph_of(blobs, 10)).positions)


def test_a_larger_min_dist_keeps_points_further_apart(news, news_map):
    def spacing(positions):
        distances = cdist(positions, positions)
        np.fill_diagonal(distances, np.inf)
        return np.median(distances.min(axis=1)) / np.ptp(positions, axis=0).mean()

    assert spacing(layout(news, min_dist=0.8).positions) > 1.5 * spacing(news_map.positions)


def test_starting_from_the_present_map_changes_it_gently(news, news_map):
    steps = []
    morphed = layout(news, min_dist=0.5, init=news_map.positions, on_step=steps.append)
    size = np.ptp(news_map.positions, axis=0).mean()
    for step in [*steps, morphed]:
        moved = np.linalg.norm(step.positions - news_map.positions, axis=1)
        assert np.median(moved) < 0.15 * size
    assert map_trust(news, morphed).mean() > 0.85 * map_trust(news, news_map).mean()


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"n_components": 4}, "n_components=4 is not a whole number from 2 to 3"),
        ({"min_dist": 1.5}, "min_dist=1.5 is not a number from 0 to 1"),
        ({"min_dist": float("nan")}, "min_dist=nan"),
        ({"random_state": -1}, "random_state=-1"),
        ({"random_state": None}, "random_state=None"),
        ({"n_neighbors": 16}, "n_neighbors=16 is not a whole number from 1 to 15"),
        ({"n_neighbors": True}, "n_neighbors=True"),
    ],
)
def test_parameters_out_of_range_are_refused(graph, parameters, message):
    with pytest.raises(InvalidParameterError, match=message):
        layout(graph, **parameters)


def test_positions_to_start_from_must_fit(graph):
    with pytest.raises(DataError, match=r"init has the shape \(3, 2\), and the layout needs .* \(260, 2\)"):
        layout(graph, init=np.zeros((3, 2)))
    init = np.zeros((260, 2))
    init[5, 1] = np.nan
    with pytest.raises(DataError, match="for row 5"):
        layout(graph, init=init)


def test_one_row_stands_in_the_middle():
    one = KnnGraph(np.array([1]), np.empty((1, 0), np.int32), np.empty((1, 0), np.float32), "cosine", 1)
    assert layout(one).positions.tolist() == [[0.0, 0.0]]
    assert layout(one, n_components=3).positions.tolist() == [[0.0, 0.0, 0.0]]
