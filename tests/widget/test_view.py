"""The widget's parts, with a recorded browser: what is sent to it, and what its messages do."""

from __future__ import annotations

import numpy as np
import pytest

from conftest import until


def test_the_map_is_one_webgl_trace_with_a_colour_for_each_row(explorer, shown):
    (trace,) = shown.scatter.figure.data
    assert trace.type == "scattergl"
    codes = np.asarray(trace.marker.color)
    assert ((codes == 0) == (explorer.labels_ < 0)).all()
    assert len(set(zip(codes.tolist(), explorer.labels_.tolist(), strict=True))) == 5
    assert trace.hoverinfo == "none"
    assert trace.text is None


def test_recolouring_moves_no_point_and_keeps_the_zoom(explorer, shown):
    figure = shown.scatter.figure
    before = (np.asarray(figure.data[0].x), figure.layout.uirevision)
    explorer.recluster(min_cluster_size=70)
    until(lambda: explorer.status.state == "ready")
    assert np.array_equal(before[0], np.asarray(figure.data[0].x))
    assert figure.layout.uirevision == before[1]


def test_three_dimensions_and_back(explorer, shown):
    explorer.recluster(n_components=3)
    until(lambda: explorer.status.state == "ready")
    assert shown.scatter.figure.data[0].type == "scatter3d"
    assert shown.panel.widget.n_components == 3
    assert explorer.positions_.shape == (260, 3)
    assert "z" in explorer.to_frame()
    explorer.recluster(n_components=2)
    until(lambda: explorer.status.state == "ready")
    assert shown.scatter.figure.data[0].type == "scattergl"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("min_cluster_size", 33),
        ("min_samples", 3),
        ("cluster_selection_method", "leaf"),
        ("cluster_selection_epsilon", 0.25),
        ("n_neighbors", 20),
        ("layout_n_neighbors", 10),
        ("min_dist", 0.5),
        ("n_components", 3),
        ("space", "graph"),
    ],
)
def test_each_control_wishes_for_its_parameter_and_follows_it(explorer, shown, name, value):
    control = shown.controls.by_name[name]
    control.value = value
    assert getattr(explorer.params, name) == value
    until(lambda: explorer.status.state == "ready")
    explorer.params = {name: getattr(type(explorer.params)(), name)}
    assert control.value == getattr(explorer.params, name)


def test_fewer_neighbours_than_samples_takes_the_samples_along(explorer, shown):
    shown.controls.by_name["n_neighbors"].value = 3
    assert explorer.params.min_samples == 3
    assert shown.controls.by_name["min_samples"].value == 3


def test_a_lasso_in_the_browser_selects_and_its_texts_come_page_by_page(explorer, shown, browser):
    panel = shown.panel.widget
    low, high = explorer.positions_.min(axis=0) - 1, explorer.positions_.max(axis=0) + 1
    browser.says(
        panel,
        {
            "type": "select_polygon",
            "mode": "replace",
            "x": [float(low[0]), float(high[0]), float(high[0]), float(low[0])],
            "y": [float(low[1]), float(low[1]), float(high[1]), float(high[1])],
        },
    )
    assert len(explorer.selected_ids) == 260
    assert panel.selection["count"] == 260
    assert panel.selection["kind"] == "polygon"
    assert sum(cluster["count"] for cluster in panel.selection["clusters"]) == 260
    read = []
    for request, start in enumerate(range(0, 300, 50)):
        message = {"type": "page", "request": request, "start": start, "stop": start + 50}
        browser.says(panel, {**message, "revision": panel.selection["revision"]})
        page = browser.custom(panel, "page")[-1]
        assert page["request"] == request
        read += page["rows"]
    assert [row["text"] for row in read] == explorer.selection.text.tolist()
    assert [int(row["id"]) for row in read] == explorer.selection.id.tolist()
    assert all(isinstance(row["id"], str) for row in read)


def test_a_row_is_opened_with_text_fields_and_neighbours(explorer, shown, browser):
    panel = shown.panel.widget
    browser.says(panel, {"type": "inspect", "row": 61})
    detail = browser.custom(panel, "detail")[-1]
    assert detail["text"] == "comet tail, item 61"
    assert {"name": "section", "value": "section 1"} in detail["fields"]
    assert [neighbor["row"] for neighbor in detail["neighbors"]] == explorer.knn_graph_.indices[61].tolist()
    assert panel.inspected == 61


def test_a_snippet_is_short_however_long_the_text(explorer, shown, browser):
    explorer._session.state.results.rows.texts[5] = "word " * 100_000
    browser.says(shown.panel.widget, {"type": "snippet", "request": 1, "row": 5})
    assert len(browser.custom(shown.panel.widget, "snippet")[-1]["text"]) <= 140


def test_a_message_that_cannot_be_answered_is_told_to_the_browser(shown, browser):
    browser.says(shown.panel.widget, {"type": "select_cluster", "label": 99, "mode": "replace", "request": 4})
    error = browser.custom(shown.panel.widget, "error")[-1]
    assert "no cluster 99" in error["message"]


def test_in_space_the_outline_selects_what_is_seen_inside(explorer, shown, browser):
    explorer.recluster(n_components=3)
    until(lambda: explorer.status.state == "ready")
    positions = explorer.positions_
    flat = np.diag([1 / 100, 1 / 100, 1, 1]).astype(float)
    left = positions[:, 0] < np.median(positions[:, 0])
    edge = float(np.median(positions[:, 0]) / 100)
    browser.says(
        shown.panel.widget,
        {
            "type": "select_polygon",
            "mode": "replace",
            "x": [-1, edge, edge, -1],
            "y": [-1, -1, 1, 1],
            "matrix": flat.ravel().tolist(),
        },
    )
    assert set(explorer.selected_ids) == set(explorer.ids_[left].tolist())


def test_plotlys_own_lasso_works_where_the_panels_is_missing(explorer, shown):
    from plotly.callbacks import BoxSelector, Points

    low, high = explorer.positions_.min(axis=0) - 1, explorer.positions_.max(axis=0) + 1
    everything = BoxSelector(type="box", xrange=(low[0], high[0]), yrange=(low[1], high[1]))
    shown.scatter.figure.data[0]._dispatch_on_selection(Points(), everything)
    assert len(explorer.selected_ids) == 260


def test_the_line_below_the_controls_says_what_is_shown(explorer, shown):
    line = shown.status._text.value
    assert "260 texts, 4 clusters" in line
    assert "15 neighbours, " in line
    assert "% of the tree proven exact" in line
    explorer.recluster(space="graph")  # of distances in an embedding nothing is proven
    until(lambda: "texts" in shown.status._text.value and "proven exact" not in shown.status._text.value)


def test_a_failure_is_told_in_the_widget_and_the_map_stays(explorer, shown):
    before = np.asarray(shown.scatter.figure.data[0].x)
    explorer.params = {"n_neighbors": 300}
    until(lambda: explorer.status.state == "failed")
    assert "260 rows, too few for 300 neighbours" in shown.status._text.value
    assert shown.status._retry.layout.display is None
    assert explorer.params.n_neighbors == 15
    assert shown.controls.by_name["n_neighbors"].value == 15
    assert np.array_equal(np.asarray(shown.scatter.figure.data[0].x), before)


def test_hostile_names_are_shown_as_text(shown, explorer):
    explorer._session.notify("<img src=x onerror=alert(1)>")
    assert "<img" not in shown.status._text.value
    assert "&lt;img" in shown.status._text.value
