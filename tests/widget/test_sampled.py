"""A map of more rows than are drawn: what is sent, what is selected, and what a closer look brings."""

from __future__ import annotations

import numpy as np
import pytest

from cluster_explorer.widget.later import Later
from cluster_explorer.widget.scatter import _looks_different
from many_rows import ManyRows, explorer_of
from waiting import until

N_ROWS = 40_000


@pytest.fixture
def large(browser):
    with explorer_of(N_ROWS) as explorer:
        explorer.widget
        until(lambda: explorer.status.state == "ready")
        explorer._session.store.apply(lambda state: state)
        wait_for_drawing(explorer)
        yield explorer


def wait_for_drawing(explorer):
    """Wait until the map shows the state: samples are drawn on a thread of their own."""

    def is_drawn():
        with explorer._view.scatter._painting:
            return not _looks_different(explorer._view.scatter._painted, explorer._session.state)

    until(is_drawn)


def rows_drawn(explorer):
    return np.asarray(explorer._view.scatter.figure.data[0].customdata)


def note(explorer):
    return explorer._view.scatter.figure.layout.annotations[0].text


def look_at(explorer, browser, x, y, spread):
    browser.says(
        explorer._view.panel.widget,
        {
            "type": "viewport",
            "x": [x - spread, x + spread],
            "y": [y - spread, y + spread],
            "width": 800,
            "height": 560,
        },
    )


def test_a_sample_is_drawn_with_its_row_numbers_colours_and_the_density_beneath(large):
    figure = large._view.scatter.figure
    trace, rows = figure.data[0], rows_drawn(large)
    assert 20_000 <= len(rows) < N_ROWS
    assert np.array_equal(np.c_[trace.x, trace.y], large.positions_[rows])
    codes = np.asarray(trace.marker.color)
    assert ((codes == 0) == (large.attached_labels_[rows] < 0)).all()
    members = large.labels_[rows] >= 0
    pairs = {*zip(codes[members].tolist(), large.labels_[rows][members].tolist(), strict=True)}
    assert len(pairs) == len({*large.labels_.tolist()} - {-1})
    assert figure.layout.images[0].source.startswith("data:image/png;base64,")
    assert note(large) == f"{len(rows):,} of {N_ROWS:,} drawn"


def test_a_closer_look_draws_the_rows_there_and_a_new_map_is_seen_whole(large, browser):
    x, y = np.median(large.positions_[large.labels_ == 0], axis=0).tolist()
    look_at(large, browser, x, y, 0.5)
    wait_for_drawing(large)
    seen = np.flatnonzero((np.abs(large.positions_ - [x, y]) <= 0.5).all(axis=1))
    assert np.isin(seen, rows_drawn(large)).all()
    assert note(large) == f"{len(seen):,} of {len(seen):,} drawn here"
    assert large._view.scatter.figure.layout.images == ()
    large.recluster(n_components=3)
    until(lambda: large.status.state == "ready")
    assert large._session.state.viewport is None


def test_a_lasso_takes_all_rows_inside_and_lights_those_drawn(large, browser):
    low, high = large.positions_.min(axis=0) - 1, large.positions_.max(axis=0) + 1
    panel = large._view.panel.widget
    x, y = [low[0], 0, 0, low[0]], [low[1], low[1], high[1], high[1]]
    browser.says(
        panel, {"type": "select_polygon", "mode": "replace", "x": [float(v) for v in x], "y": [float(v) for v in y]}
    )
    inside = np.flatnonzero(large.positions_[:, 0] < 0)
    assert panel.selection["count"] == len(large.selected_ids) == len(inside)
    wait_for_drawing(large)
    rows = rows_drawn(large)
    lit = rows[np.asarray(large._view.scatter.figure.data[0].selectedpoints)]
    assert np.array_equal(lit, rows[large.positions_[rows, 0] < 0])
    page = browser.custom(panel, "page")[-1]
    assert [row["text"] for row in page["rows"]] == [ManyRows.text(row["row"]) for row in page["rows"]]


def test_the_panel_is_told_in_how_many_texts_words_were_counted(large, browser):
    panel = large._view.panel.widget
    large.select(ids=large.ids_[3:1000:10])
    browser.says(panel, {"type": "about", "revision": panel.selection["revision"]})
    about = until(lambda: browser.custom(panel, "about"))[-1]
    assert (about["n_rows"], about["n_read"], about["terms"][0]["share_inside"]) == (100, 100, 1)
    assert about["n_others"] == N_ROWS - 100
    assert 19_900 <= about["n_others_read"] < 20_000


def test_selected_rows_that_were_not_drawn_are_added(large):
    missing = np.setdiff1d(np.arange(N_ROWS), rows_drawn(large))[:50]
    large.select(ids=large.ids_[missing])
    wait_for_drawing(large)
    rows = rows_drawn(large)
    assert np.isin(missing, rows).all()
    assert np.array_equal(rows[np.asarray(large._view.scatter.figure.data[0].selectedpoints)], missing)


def test_of_many_views_in_a_row_the_last_is_drawn(large, browser):
    scatter, shown = large._view.scatter, []
    show = scatter._show
    scatter._show = lambda before, after, layout: (shown.append(after.viewport), show(before, after, layout))
    with scatter._painting:
        for spread in (8, 4, 2, 1):
            look_at(large, browser, 0, 0, spread)
    wait_for_drawing(large)
    assert len(shown) <= 2
    assert shown[-1] == large._session.state.viewport


def test_a_map_that_cannot_be_drawn_says_so(large, browser):
    scatter = large._view.scatter

    def broken(*_):
        raise ValueError("no ink")

    scatter._show = broken
    look_at(large, browser, 0, 0, 1)
    until(lambda: "no ink" in large._session.state.notice)


def test_what_waits_is_done_once_and_not_at_all_when_closed():
    done = []
    later = Later(lambda: done.append(1))
    for _ in range(5):
        later.ask(0.02)
    until(lambda: done)
    later.ask(30.0)
    later.close()
    later._thread.join(5)
    assert not later._thread.is_alive()
    later.ask(0.0)
    assert done == [1]


@pytest.mark.parametrize("x", [[0, 0], [0, None], ["a", "b"]])
def test_a_view_that_cannot_be_read_changes_nothing_and_is_told(large, browser, x):
    before = rows_drawn(large)
    message = {"type": "viewport", "x": x, "y": [0, 1], "width": 800, "height": 560}
    browser.says(large._view.panel.widget, message)
    assert browser.custom(large._view.panel.widget, "error")
    assert np.array_equal(rows_drawn(large), before)


def test_in_space_what_is_not_selected_fades(explorer, shown):
    explorer.recluster(n_components=3)
    until(lambda: explorer.status.state == "ready" and shown.scatter.figure.data[0].type == "scatter3d")
    wait_for_drawing(explorer)
    before = np.asarray(shown.scatter.figure.data[0].marker.color)
    explorer.select(cluster=1)
    wait_for_drawing(explorer)
    marker = shown.scatter.figure.data[0].marker
    codes, members = np.asarray(marker.color), explorer.labels_ == 1
    assert np.array_equal(codes[members], before[members])
    assert len(set(codes[~members])) == 1
    assert marker.colorscale[-1][1].startswith("rgba")
    assert codes[~members][0] == marker.cmax - 0.5
    assert explorer._session.state.notice == ""
