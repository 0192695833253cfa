"""The quickstart notebook in a real JupyterLab and a real Chromium: what the page shows, and what the kernel holds."""

from __future__ import annotations

import math
import re

import nbformat
import numpy as np
import pytest

from lab import violations, wait_until


@pytest.fixture
def notebook(lab, page):
    with lab.open(page, "quickstart.ipynb") as opened:
        opened.run_all()
        opened.wait_for_map()
        wait_until(lambda: opened.kernel.ask("'ex' in globals() and ex.status.state") == "ready", "the first map")
        # the notebook's last cells select a cluster: begin as a person does who has only looked
        wait_until(
            lambda: opened.page.locator(".jp-NotebookPanel .jp-InputPrompt", has_text="[*]").count() == 0, "cells"
        )
        opened.kernel.run("ex.clear_selection()")
        opened.explorer.scroll_into_view_if_needed()
        yield opened


def circle_around(notebook, label, spread=1.6):
    """Return pixels around a cluster on the screen, wide enough for most of its members."""
    x, y = notebook.kernel.ask(
        f"[float(v) for v in __import__('numpy').median(ex.positions_[ex.labels_ == {label}], axis=0)]"
    )
    radius = notebook.kernel.ask(
        f"float(__import__('numpy').median(__import__('numpy').abs(ex.positions_[ex.labels_ == {label}] - [{x}, {y}])))"
    )
    (cx, cy), (ex, ey) = (
        notebook.pixel_of(x, y),
        notebook.pixel_of(x + spread * radius + 0.2, y + spread * radius + 0.2),
    )
    wide, high = max(abs(ex - cx), 25), max(abs(ey - cy), 25)
    return [(cx + wide * math.cos(a), cy + high * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 16)]


def header(notebook):
    return notebook.panel.inner_text()


def test_a_lasso_selects_in_page_and_kernel_and_the_texts_can_be_read_to_the_last(notebook):
    notebook.drag(circle_around(notebook, 0))
    selected = wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)"), "a selection in the kernel")
    wait_until(lambda: f"{selected:,} text" in header(notebook), "the count in the panel")

    # exactly the rows inside the outline that was drawn, and most of them of the cluster that was meant
    outline = notebook.kernel.ask("(lambda p: [p.x.tolist(), p.y.tolist()])(ex._session.state.selection.outline)")
    drawn = np.array(circle_around(notebook, 0))
    corners = np.array([notebook.pixel_of(x, y) for x, y in zip(*outline, strict=True)])
    assert abs(corners.mean(axis=0) - drawn[:-1].mean(axis=0)).max() < 12
    clusters = notebook.kernel.ask("ex.selection.cluster.value_counts().to_dict()")
    assert max(clusters, key=clusters.get) == "0"

    # the list shows the texts that the kernel has selected, in its order
    texts = notebook.kernel.ask("ex.selection.text.tolist()")
    rows = notebook.panel.locator("[role=option]")
    rows.first.wait_for()
    assert texts[0].split("\n")[0][:40] in rows.first.inner_text()
    rows.first.click()
    notebook.panel.get_by_role("button", name="Back to the list").wait_for()
    notebook.page.keyboard.press("Escape")
    notebook.panel.get_by_role("listbox").focus()
    notebook.page.keyboard.press("End")
    last = notebook.panel.locator(f"[role=option][aria-posinset='{selected}']")
    last.wait_for()
    wait_until(lambda: texts[-1].split("\n")[0][:40] in last.inner_text(), "the last text")


def test_escape_clears_the_selection_in_both(notebook):
    notebook.drag(circle_around(notebook, 0))
    wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)"), "a selection in the kernel")
    wait_until(lambda: "selected" in header(notebook), "the selection in the panel")

    # a double click on empty ground shows all of the map again, and leaves the selection alone
    across = "() => document.querySelector('.ce-root .js-plotly-plot')._fullLayout.xaxis.range"
    whole, selected = notebook.page.evaluate(across), notebook.kernel.ask("len(ex.selected_ids)")
    notebook.kernel.run("ex.zoom(cluster=1)")
    wait_until(lambda: notebook.page.evaluate(across) != whole, "a part of the map")
    notebook.page.mouse.dblclick(*notebook.empty_place())
    wait_until(lambda: notebook.page.evaluate(across) == pytest.approx(whole), "the whole map")
    assert notebook.kernel.ask("len(ex.selected_ids)") == selected

    notebook.page.keyboard.press("Escape")
    wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)") == 0, "no selection in the kernel")
    wait_until(lambda: "selected" not in header(notebook), "no selection in the panel")


def test_clicking_a_point_shows_its_whole_text_and_its_nearest_neighbours(notebook):
    row = notebook.kernel.ask("int((ex.probabilities_ * (ex.labels_ == 1)).argmax())")
    x, y = notebook.kernel.ask(f"ex.positions_[{row}].tolist()")
    pixel = notebook.pixel_of(x, y)
    notebook.page.mouse.move(pixel[0] - 3, pixel[1] - 3)
    notebook.page.mouse.move(*pixel, steps=3)
    wait_until(lambda: notebook.page.locator(".ce-plot").count(), "the panel to have found the map")
    notebook.page.mouse.click(*pixel)
    inspected = wait_until(lambda: notebook.kernel.ask("ex._session.state.inspected + 1"), "a row to be open") - 1
    whole = notebook.kernel.ask(f"ex.to_frame().text[{inspected}]")
    wait_until(lambda: whole.split("\n")[-1] in header(notebook), "the whole text in the panel")
    nearest = notebook.kernel.ask(f"ex.to_frame().text[int(ex.knn_graph_.indices[{inspected}, 0])]")
    distance = notebook.kernel.ask(f"float(ex.knn_graph_.distances[{inspected}, 0])")
    wait_until(lambda: nearest.split("\n")[0][:40] in header(notebook), "the nearest neighbour")
    assert f"{distance:.3f}" in header(notebook)


def test_hovering_a_point_shows_a_snippet_and_never_a_whole_document(notebook):
    notebook.kernel.run(
        "row = int((ex.probabilities_ * (ex.labels_ == 1)).argmax())\n"
        # of the whole cluster, since another of its points may lie upon this one
        "ex._session.state.results.rows.texts[ex.labels_ == 1] = 'Whole document. ' + 'word ' * 5000"
    )
    x, y = notebook.kernel.ask("ex.positions_[row].tolist()")
    pixel = notebook.pixel_of(x, y)
    notebook.page.mouse.move(pixel[0] - 4, pixel[1] - 4)
    notebook.page.mouse.move(*pixel, steps=3)
    card = notebook.page.get_by_text("Whole document.").first
    card.wait_for()
    assert len(card.inner_text()) < 400


def test_hovering_a_text_lights_up_its_point_on_the_map(notebook):
    notebook.drag(circle_around(notebook, 0))
    rows = notebook.panel.locator("[role=option]")
    rows.nth(1).wait_for()
    wait_until(lambda: "selected" in header(notebook), "the selection in the panel")
    x, y = notebook.kernel.ask("ex.selection[['x', 'y']].iloc[1].tolist()")
    pixel = notebook.pixel_of(x, y)
    around = {"x": pixel[0] - 12, "y": pixel[1] - 12, "width": 24, "height": 24}
    notebook.page.mouse.move(5, 5)
    dark = notebook.page.screenshot(clip=around)
    rows.nth(1).hover()
    wait_until(lambda: notebook.page.screenshot(clip=around) != dark, "a ring around the point")


def test_the_map_can_be_turned_into_space_and_back(notebook):
    notebook.explorer.get_by_role("button", name="3-D", exact=True).click()
    wait_until(lambda: notebook.kernel.ask("ex.positions_.shape[1]") == 3, "three dimensions in the kernel")
    wait_until(lambda: notebook.drawn_type() == "scatter3d", "a map in space")
    lasso = notebook.page.locator(".ce-map-button")
    lasso.click()
    assert lasso.get_attribute("aria-pressed") == "true"
    with notebook.in_the_dark():
        assert violations(notebook.page, ".ce-map-button") == []
    lasso.click()
    notebook.explorer.get_by_role("button", name="2-D", exact=True).click()
    wait_until(lambda: notebook.drawn_type() == "scattergl", "a flat map again")


def test_a_moved_slider_reclusters_and_the_map_and_panel_follow(notebook):
    before = notebook.drawn_colors()
    positions = notebook.drawn_positions()
    slider = notebook.explorer.locator(".widget-slider", has_text="min_cluster_size").get_by_role("slider")
    size = notebook.kernel.ask("ex.params.min_cluster_size")
    slider.focus()
    for _ in range(12):
        notebook.page.keyboard.press("ArrowRight")
    wait_until(lambda: notebook.kernel.ask("ex.params.min_cluster_size") == size + 12, "the parameter in the kernel")
    n_clusters = notebook.kernel.ask("int(ex.labels_.max()) + 1")
    wait_until(lambda: notebook.drawn_colors() != before, "other colours on the map")
    wait_until(lambda: f"{n_clusters:,} cluster" in header(notebook), "the number of clusters in the panel")
    labels = np.array(notebook.kernel.ask("ex.labels_.tolist()"))
    shown = np.array(notebook.kernel.ask("ex.attached_labels_.tolist()"))
    codes = np.array(notebook.drawn_colors())
    assert ((codes == 0) == (shown == -1)).all()
    # members have their cluster's colour, noise that is attached to it a lighter one
    pairs = {(label, attached, code) for label, attached, code in zip(labels, shown, codes, strict=True)}
    assert len({code for _, _, code in pairs}) == len(pairs)
    assert notebook.drawn_positions() == positions


def test_landscape_levels_and_the_noise_dial_steer_the_map(notebook):
    peak = notebook.explorer.locator(".ce-landscape-peak").first
    peak.wait_for()
    caption = notebook.explorer.locator(".ce-landscape-caption")
    assert "leaf clusters" in caption.inner_text()
    assert caption.evaluate("element => element.scrollWidth <= element.clientWidth"), "the caption is cut off"
    size = notebook.kernel.ask("int(min(ex.landscape_.levels))")
    peak.hover()
    assert re.fullmatch(rf"size {size}: \d+ leaf clusters, \d+% noise", caption.inner_text())
    peak.click()
    wait_until(lambda: notebook.kernel.ask("ex.params.min_cluster_size") == size, "the size that was clicked")
    assert notebook.kernel.ask("ex.params.cluster_selection_method") == "leaf"
    wait_until(lambda: peak.get_attribute("aria-pressed") == "true", "the peak to be marked")
    n_levels = notebook.kernel.ask("len(ex.landscape_.levels)")
    notebook.explorer.get_by_text(f"{n_levels} of {n_levels}").wait_for()

    dial = notebook.explorer.locator(".widget-slider", has_text="noise_threshold").get_by_role("slider")
    dial.focus()
    notebook.page.keyboard.press("Home")
    wait_until(lambda: notebook.kernel.ask("int((ex.attached_labels_ < 0).sum())") == 0, "all noise to be attached")
    assert notebook.kernel.ask("int((ex.labels_ < 0).sum())") > 0
    wait_until(lambda: min(notebook.drawn_colors()) > 0, "no grey point on the map")
    notebook.page.keyboard.press("End")
    wait_until(lambda: notebook.kernel.ask("bool((ex.attached_labels_ == ex.labels_).all())"), "the strict labels")

    auto = notebook.explorer.get_by_role("button", name="auto", exact=True)
    auto.click()
    wait_until(lambda: notebook.kernel.ask("ex.params.min_cluster_size") == "auto", "the automatic size")


def test_a_drill_down_clusters_the_selection_alone_and_the_breadcrumb_leads_back(notebook):
    before = notebook.drawn_colors()
    notebook.drag(circle_around(notebook, 0))
    selected = wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)"), "a selection in the kernel")
    button = notebook.explorer.get_by_role("button", name="Cluster selection")
    wait_until(button.is_enabled, "the button to be there")
    button.click()
    wait_until(lambda: notebook.kernel.ask("len(ex.params.scope or [])") == selected, "the scope in the kernel")
    wait_until(lambda: notebook.kernel.ask("ex.status.state") == "ready", "the clusters of the selection")
    notebook.explorer.get_by_text(f"{selected:,} of 1,219 texts").wait_for()
    wait_until(lambda: notebook.drawn_colors() != before, "other colours on the map")
    codes = np.array(notebook.drawn_colors())
    outside = np.array(notebook.kernel.ask("(~ex._session.state.results.members.inside).tolist()"))
    assert len(set(codes[outside])) == 1
    assert not set(codes[outside]) & set(codes[~outside])
    notebook.explorer.get_by_role("button", name="All texts (1,219)").click()
    wait_until(lambda: notebook.drawn_colors() == before, "the colours from before")
    assert notebook.kernel.ask("ex.params.scope") is None


def test_parameters_set_from_python_move_the_controls(notebook):
    notebook.kernel.run("ex.recluster(min_cluster_size=30, cluster_selection_method='leaf')")
    slider = notebook.explorer.locator(".widget-slider", has_text="min_cluster_size")
    wait_until(lambda: slider.locator(".widget-readout").inner_text() == "30", "the slider to follow")
    leaf = notebook.explorer.get_by_role("button", name="leaf", exact=True)
    wait_until(lambda: "mod-active" in (leaf.get_attribute("class") or ""), "the switch to follow")


LARGE = """
import numpy as np
from cluster_explorer import ClusterExplorer

rng = np.random.default_rng(0)
small = np.load("data/news_sample.embeddings.npy").astype(np.float32)
vectors = np.repeat(small, 10, axis=0) + rng.normal(0, 0.1, (10 * len(small), small.shape[1])).astype(np.float32)
ex = ClusterExplorer.from_texts(
    [f"text {row}" for row in range(len(vectors))], vectors=vectors, uri="large.db", collection_name="texts"
)
ex
"""


def test_a_long_job_can_be_cancelled_and_leaves_the_map_and_its_parameters(lab, page):
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(LARGE.strip())])
    content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, lab.folder / "large.ipynb")
    with lab.open(page, "large.ipynb") as notebook:
        notebook.run_all()
        notebook.wait_for_map()
        wait_until(lambda: notebook.kernel.ask("ex.status.state") == "ready", "the first map", seconds=120)
        notebook.kernel.run(
            "before = ex.positions_\n"
            "seen = []\n"
            "ex._session.store.subscribe(lambda old, new: seen.append(new.results.layout.positions is before)"
            " if new.results.clustering is not old.results.clustering else None)"
        )
        codes = notebook.drawn_colors()
        slider = notebook.explorer.locator(".widget-slider", has_text="layout_n_neighbors").get_by_role("slider")
        slider.focus()
        page.keyboard.press("End")
        cancel = notebook.explorer.get_by_role("button", name="Cancel")
        cancel.wait_for()

        # the old map is there meanwhile, and a quick change is answered on it
        assert notebook.drawn_points() == 10 * 1219
        notebook.explorer.get_by_role("button", name="leaf", exact=True).click()
        wait_until(lambda: notebook.drawn_colors() != codes, "other colours while the job runs")
        assert notebook.kernel.ask("seen") == [True]

        cancel.click()
        wait_until(lambda: notebook.kernel.ask("ex.status.state") == "cancelled", "the job to be cancelled")
        assert notebook.kernel.ask("ex.params.layout_n_neighbors") == 15
        assert notebook.kernel.ask("ex.params.cluster_selection_method") == "leaf"
        assert notebook.kernel.ask("ex.positions_ is before")
        notebook.explorer.get_by_text("Cancelled; the map is as it was before.").wait_for()
        wait_until(lambda: float(slider.get_attribute("aria-valuenow")) == 15, "the slider to go back")


def test_a_failed_job_says_why_and_leaves_the_map(notebook):
    notebook.kernel.run(
        "import numpy as np\nfrom cluster_explorer.values import Scope\nbefore = ex.positions_\n"
        "ex.params = {'scope': Scope('four rows', np.arange(4, dtype=np.int32))}"
    )
    notebook.explorer.get_by_text("4 texts are too few").wait_for()
    notebook.explorer.get_by_role("button", name="Try again").wait_for()
    assert notebook.kernel.ask("ex.positions_ is before and ex.params.scope is None")


def test_every_control_has_a_name(notebook):
    nameless = notebook.page.evaluate(
        """() => Array.from(document.querySelectorAll(
            '.ce-root button, .ce-root [role=slider], .ce-root [role=listbox], .ce-root input'
        )).filter(node => node.offsetParent && !(
            node.getAttribute('aria-label') || node.getAttribute('title') || node.textContent.trim()
            || node.closest('.widget-inline-hbox')?.querySelector('label')?.textContent
        )).map(node => node.outerHTML.slice(0, 120))"""
    )
    assert nameless == []


def test_no_button_of_the_map_sends_it_away(notebook):
    buttons = notebook.page.locator(".ce-root .modebar-btn")
    titles = buttons.evaluate_all("nodes => nodes.map(node => node.dataset.title)")
    assert "Lasso Select" in titles
    assert not [title for title in titles if "share" in title.lower() or "cloud" in title.lower()]
