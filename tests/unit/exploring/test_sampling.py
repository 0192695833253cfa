"""Which rows a large map draws: nothing that matters is lost, and nothing vanishes when one looks closer."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cluster_explorer.errors import DataError
from cluster_explorer.exploring.sampling import OVERVIEW, Viewport, choose_rows, sample_index, whole_map

LIMIT = 4_000


def blobs(seed, n_rows=30_000, n_axes=2, n_clusters=40):
    """Clusters whose sizes differ a thousandfold, one spot that holds half of the rows, and noise all around."""
    rng = np.random.default_rng(seed)
    sizes = rng.dirichlet(np.full(n_clusters, 0.3))
    labels = rng.choice(n_clusters, n_rows, p=sizes).astype(np.int32)
    labels[: n_rows // 2] = 0
    labels[-n_rows // 20 :] = -1
    positions = rng.normal(0, 10, (n_clusters, n_axes))[labels] + rng.normal(0, 0.3, (n_rows, n_axes))
    positions[: n_rows // 2] *= 0.01
    positions[labels < 0] = rng.normal(0, 15, (int((labels < 0).sum()), n_axes))
    return positions.astype(np.float32), labels


views = st.builds(
    lambda x, y, w, h: Viewport(x - w, x + w, y - h, y + h),
    *(st.floats(-20, 20), st.floats(-20, 20), st.floats(0.05, 40), st.floats(0.05, 40)),
)


@pytest.fixture(scope="module")
def made():
    positions, labels = blobs(0)
    return sample_index(positions), labels


@settings(deadline=None, max_examples=60)
@given(view=views)
def test_every_cluster_in_view_is_drawn_and_the_number_of_points_is_limited(made, view):
    index, labels = made
    drawing = choose_rows(index, labels, view, limit=LIMIT)
    seen = view.rows_in(index.positions)
    drawn = np.intersect1d(seen, drawing.rows)
    assert set(labels[choose_rows(index, labels, None, limit=LIMIT).rows]) == set(labels)
    near = view.widened().rows_in(index.positions)
    in_view, shown = np.bincount(labels[near] + 1), np.bincount(labels[np.intersect1d(near, drawing.rows)] + 1)
    assert (shown[in_view > 0] >= np.minimum(in_view[in_view > 0], 12)).all()
    assert len(drawing.rows) <= LIMIT + OVERVIEW + 4 + 12 * (labels.max() + 2)
    assert (drawing.n_seen, drawing.n_drawn) == (len(seen), len(drawn))
    assert np.array_equal(drawing.rows, np.unique(drawing.rows))
    if len(near) <= LIMIT:
        assert len(drawn) == len(seen)


@settings(deadline=None, max_examples=60)
@given(view=views, into=st.floats(0.05, 0.95))
def test_zooming_in_takes_no_point_away(made, view, into):
    index, _ = made
    inner = view.widened(-(1 - into) / 2)
    before, after = (choose_rows(index, None, part, limit=LIMIT).rows for part in (view, inner))
    seen = inner.rows_in(index.positions)
    assert np.isin(np.intersect1d(before, seen), after).all()


def test_sparse_parts_stay_visible(made):
    """Every cell of a 32 x 32 grid that holds rows holds a drawn one, however crowded another cell is."""
    index, labels = made
    drawing = choose_rows(index, labels, limit=LIMIT)
    low, high = index.positions.min(axis=0), index.positions.max(axis=0)
    cells = ((index.positions - low) / (high - low) * 31.999).astype(int) @ [1, 32]
    assert set(cells[drawing.rows]) == set(cells)


def test_dense_parts_still_look_dense(made):
    index, labels = made
    rows = choose_rows(index, labels, limit=LIMIT).rows
    assert np.mean(labels[rows] == 0) > 0.2


def test_the_outermost_rows_are_always_drawn(made):
    index, labels = made
    rows = choose_rows(index, labels, Viewport(-0.1, 0.1, -0.1, 0.1), limit=LIMIT).rows
    positions = index.positions
    assert (positions[rows].min(axis=0) == positions.min(axis=0)).all()
    assert (positions[rows].max(axis=0) == positions.max(axis=0)).all()


def test_a_selection_that_is_not_too_large_is_drawn_whole(made):
    index, labels = made
    unlucky = np.setdiff1d(np.arange(len(index), dtype=np.int32), choose_rows(index, labels, limit=LIMIT).rows)[:2000]
    assert np.isin(unlucky, choose_rows(index, labels, None, unlucky, limit=LIMIT).rows).all()


def test_rows_that_pass_a_filter_are_drawn_before_others(made):
    index, labels = made
    kept = np.zeros(len(index), dtype=bool)
    kept[::10] = True
    drawing = choose_rows(index, labels, among=kept, limit=LIMIT)
    assert np.isin(np.flatnonzero(kept), drawing.rows).all()
    assert (drawing.n_seen, drawing.n_drawn) == (kept.sum(), kept.sum())


@pytest.mark.parametrize("n_axes", [2, 3])
def test_the_same_map_is_drawn_alike_every_time(n_axes):
    positions, labels = blobs(1, n_axes=n_axes)
    drawings = [choose_rows(sample_index(positions), labels, limit=LIMIT).rows for _ in range(2)]
    assert np.array_equal(*drawings)
    assert LIMIT <= len(drawings[0]) < 2 * LIMIT + OVERVIEW


@pytest.mark.parametrize("positions", [np.zeros((50, 2)), np.array([[0, 1e30], [1e-30, 0], [5, 5]]), np.ones((1, 3))])
def test_rows_in_one_place_and_extreme_positions_have_an_order(positions):
    index = sample_index(positions.astype(np.float32))
    for order in (index.even, index.random):
        assert sorted(order.tolist()) == list(range(len(positions)))


def test_few_rows_are_all_drawn(made):
    index, labels = made
    drawing = choose_rows(index, labels, Viewport(0, 1, 0, 1), limit=len(index))
    assert not drawing.is_sample
    assert len(drawing.rows) == drawing.n_rows == len(index)


@pytest.mark.parametrize("edges", [(1, 1, 0, 1), (0, np.nan, 0, 1), (0, 1, 3, 2), (0, np.inf, 0, 1)])
def test_a_view_that_shows_nothing_is_refused(edges):
    with pytest.raises(DataError, match="view"):
        Viewport(*edges)


def test_a_view_is_clipped_to_the_map():
    whole = whole_map(np.array([[0, 0], [1, 1]], dtype=np.float32))
    assert Viewport(5, 6, 5, 6).clipped_to(whole) is None
    clipped = Viewport(-10, 10, -10, 10, 1000, 1000).clipped_to(whole)
    assert clipped is not None
    assert (clipped.x0, clipped.x1) == (whole.x0, whole.x1)
    assert clipped.width == pytest.approx(1000 * (whole.x1 - whole.x0) / 20)
