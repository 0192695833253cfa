"""Which rows a selection holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from cluster_explorer.errors import DataError
from cluster_explorer.exploring.selection import Polygon, Selection, rows_inside, seen_from

COORDINATES = st.floats(-100, 100, width=32)


def by_ray_casting(positions, polygon):
    """The textbook even-odd rule, a row at a time."""
    inside = []
    for row, (x, y) in enumerate(positions.astype(np.float64)):
        crossings = 0
        for i in range(len(polygon.x)):
            x0, y0 = polygon.x[i], polygon.y[i]
            x1, y1 = polygon.x[i - 1], polygon.y[i - 1]
            if (y0 > y) != (y1 > y) and x < x0 + (y - y0) * (x1 - x0) / (y1 - y0):
                crossings += 1
        if crossings % 2:
            inside.append(row)
    return inside


def test_a_concave_outline_leaves_its_bay_outside():
    positions = np.array([[1, 1], [5, 4], [9, 1], [5, 1]], dtype=np.float32)
    bay = Polygon(np.array([0, 10, 10, 5, 0]), np.array([0, 0, 2, 0.5, 2]))
    assert rows_inside(positions, bay).tolist() == [0, 2]


@given(
    hnp.arrays(np.float32, st.tuples(st.integers(0, 60), st.just(2)), elements=COORDINATES),
    hnp.arrays(np.float64, st.tuples(st.integers(3, 12), st.just(2)), elements=COORDINATES),
)
def test_the_rows_inside_any_outline_are_those_of_the_textbook(positions, corners):
    # a row exactly on an edge may fall on either side, in any implementation: keep rows off the edges
    polygon = Polygon(corners[:, 0] + 0.123456789, corners[:, 1] + 0.0987654321)
    assert rows_inside(positions, polygon).tolist() == by_ray_casting(positions, polygon)


def test_rows_without_a_position_are_never_inside():
    positions = np.array([[np.nan, 0.5], [0.5, 0.5]], dtype=np.float32)
    assert rows_inside(positions, Polygon(np.array([0, 1, 1, 0]), np.array([0, 0, 1, 1]))).tolist() == [1]


def test_what_is_behind_the_camera_is_not_seen():
    perspective = np.array([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, -1, 0], [0, 0, -1, 0]], dtype=float)
    seen = seen_from(np.array([[1, 1, -2], [1, 1, 2]], dtype=np.float32), perspective)
    assert seen[0].tolist() == [0.5, 0.5]
    assert np.isnan(seen[1]).all()


@pytest.mark.parametrize(("mode", "rows"), [("replace", [3, 4]), ("add", [1, 2, 3, 4]), ("subtract", [1, 2])])
def test_selections_combine(mode, rows):
    first = Selection(np.array([1, 2, 3], dtype=np.int32), "ids")
    second = Selection(np.array([3, 4], dtype=np.int32), "cluster")
    assert first.combined(second, mode).rows.tolist() == rows


def test_taking_everything_away_leaves_no_selection():
    selection = Selection(np.array([1, 2], dtype=np.int32), "ids")
    assert selection.combined(selection, "subtract").kind == "none"


@pytest.mark.parametrize("corners", [([0, 1], [0, 1]), ([0, 1, 2], [0, 1]), ([0, 1, np.nan], [0, 1, 2])])
def test_what_is_no_polygon_is_refused(corners):
    with pytest.raises(DataError, match="corner"):
        Polygon(np.array(corners[0]), np.array(corners[1]))


def test_adding_nothing_leaves_a_selection_what_it_was():
    selection = Selection(np.array([1, 2], dtype=np.int32), "cluster")
    added = selection.combined(Selection(), "add")
    assert (added.kind, added.rows.tolist()) == ("cluster", [1, 2])
