"""The widget's parts, with a recorded browser: what is sent to it, and what its messages do."""

from __future__ import annotations

import threading

import ipywidgets
import numpy as np
import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.values import Scope
from waiting import until


def test_the_map_is_one_webgl_trace_with_a_colour_for_each_row(explorer, shown):
    (trace,) = shown.scatter.figure.data
    assert trace.type == "scattergl"
    codes = np.asarray(trace.marker.color)
    assert ((codes == 0) == (explorer.attached_labels_ < 0)).all()
    # noise, four clusters, and what is attached to some of them
    pairs = set(zip(codes.tolist(), explorer.attached_labels_.tolist(), explorer.labels_.tolist(), strict=True))
    assert len({code for code, _, _ in pairs}) == len(pairs) > 5
    assert trace.hoverinfo == "none"
    assert trace.text is None


def test_closing_leaves_no_widget_in_the_registry(collection, browser, tmp_path):
    registry = ipywidgets.widgets.widget._instances
    before = set(registry)

    def use(explorer):
        explorer.widget
        path = explorer._view.scope._path
        until(lambda: explorer.status.state == "ready")
        # a path that is drawn anew while something else is selected, and is left by a click
        explorer.cluster_only(explorer.ids_[:130], "a part")
        explorer.select(cluster=0)
        until(lambda: len(path.children) == 3)
        path.children[0].click()
        until(lambda: not path.children)
        held = len(registry)
        explorer.save_html(tmp_path / "map.html")
        assert len(registry) == held > 20

    for _ in range(2):
        with ClusterExplorer(collection, "texts", params={"min_cluster_size": 20}) as explorer:
            use(explorer)
        assert [type(registry[key]).__name__ for key in set(registry) - before] == []


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
    # what is chosen automatically is shown as a number
    assert name == "min_cluster_size" or control.value == getattr(explorer.params, name)


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
    (detail,) = until(lambda: browser.custom(panel, "detail"))
    assert detail["text"] == "comet tail, item 61"
    assert {"name": "section", "value": "section 1"} in detail["fields"]
    assert [neighbor["row"] for neighbor in detail["neighbors"]] == explorer.knn_graph_.indices[61].tolist()
    assert panel.inspected == 61


def test_a_server_that_does_not_answer_holds_nothing_up(explorer, shown, browser, monkeypatch):
    """The row that was opened is read by another thread: meanwhile everything else goes on."""
    panel, library, gate = shown.panel.widget, explorer._session.library, threading.Event()
    fetch = library.fetch
    monkeypatch.setattr(library, "fetch", lambda *args: fetch(*args) if gate.wait(30) else None)
    try:
        browser.says(panel, {"type": "inspect", "row": 61})
        explorer.recluster(min_cluster_size=30)
        explorer.select(cluster=0)
        assert shown.controls.by_name["min_cluster_size"].value == 30
        assert browser.custom(panel, "page")[-1]["rows"]
        assert not browser.custom(panel, "detail")
    finally:
        gate.set()
    until(lambda: browser.custom(panel, "detail"))

    monkeypatch.setattr(library, "fetch", lambda *_args: 1 / 0)
    browser.says(panel, {"type": "inspect", "row": 62})
    until(lambda: "ZeroDivisionError" in str(browser.custom(panel, "error")))
    assert browser.custom(panel, "error")[-1]["of"] == "detail"


def test_a_part_that_fails_keeps_no_other_from_showing_the_change(explorer, shown, monkeypatch):
    monkeypatch.setattr(shown.panel, "_parts", (None,))
    explorer.recluster(min_cluster_size=30)
    assert shown.controls.by_name["min_cluster_size"].value == 30
    until(lambda: "A view failed" in shown.status._text.value)


def test_a_snippet_is_short_however_long_the_text(explorer, shown, browser):
    explorer._session.state.results.rows.texts[5] = "word " * 100_000
    browser.says(shown.panel.widget, {"type": "snippet", "request": 1, "row": 5})
    assert len(browser.custom(shown.panel.widget, "snippet")[-1]["text"]) <= 140


def test_a_message_that_cannot_be_answered_is_told_to_the_browser(shown, browser):
    browser.says(shown.panel.widget, {"type": "select_cluster", "label": 99, "mode": "replace", "request": 4})
    error = browser.custom(shown.panel.widget, "error")[-1]
    assert "no cluster 99" in error["message"]
    # the page matches it by these: other questions are still being answered
    assert (error["request"], error["of"]) == (4, "select_cluster")


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
    share = line.partition("% of the tree")[0].rpartition(" ")[2]
    assert 50 < float(share) <= 100
    # an embedding has distances of its own: it is still those between the texts that are proven
    explorer.recluster(space="graph")
    until(lambda: f"{share}% of the tree of distances proven exact" in shown.status._text.value)


def test_a_failure_is_told_in_the_widget_and_the_map_stays(explorer, shown):
    before = np.asarray(shown.scatter.figure.data[0].x)
    explorer.params = {"scope": Scope("four rows", np.arange(4, dtype=np.int32)), "min_cluster_size": 30}
    until(lambda: explorer.status.state == "failed")
    assert "4 texts are too few" in shown.status._text.value
    assert shown.status._retry.layout.display is None
    assert explorer.params.min_cluster_size == 20
    assert shown.controls.by_name["min_cluster_size"].value == 20
    assert np.array_equal(np.asarray(shown.scatter.figure.data[0].x), before)


def test_hostile_names_are_shown_as_text(shown, explorer):
    explorer._session.notify("<img src=x onerror=alert(1)>")
    assert "<img" not in shown.status._text.value
    assert "&lt;img" in shown.status._text.value


def test_a_lasso_over_empty_ground_is_cleared_as_any_other(explorer, shown, browser):
    panel = shown.panel.widget
    far = {"x": [900.0, 901.0, 901.0], "y": [900.0, 900.0, 901.0]}
    for clear in (lambda: browser.says(panel, {"type": "clear"}), explorer.clear_selection):
        browser.says(panel, {"type": "select_polygon", "mode": "replace", **far})
        assert (panel.selection["kind"], panel.selection["count"]) == ("polygon", 0)
        drawn = panel.selection
        clear()
        assert (panel.selection["kind"], panel.selection["outline"]) == ("none", None)
        assert panel.selection["revision"] > drawn["revision"]


def test_a_lasso_over_what_the_filter_left_out_and_noise_that_is_not_there_are_cleared(explorer, shown):
    panel = shown.panel.widget
    explorer.recluster(noise_threshold=0)
    explorer.select(cluster=-1)
    assert (panel.selection["kind"], panel.selection["count"]) == ("cluster", 0)
    explorer.clear_selection()
    assert panel.selection["kind"] == "none"

    explorer.filter_rows('section == "section 0"')
    x, y = explorer.positions_[1].tolist()
    explorer.select(polygon=[(x - 1e-4, y - 1e-4), (x + 1e-4, y - 1e-4), (x, y + 1e-4)])
    assert (panel.selection["kind"], panel.selection["count"]) == ("polygon", 0)
    explorer.clear_selection()
    assert (panel.selection["kind"], panel.selection["outline"]) == ("none", None)
