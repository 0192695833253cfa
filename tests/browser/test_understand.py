"""Understanding in a real JupyterLab: about a cluster and a selection, near-duplicates, titles from an endpoint."""

from __future__ import annotations

from pathlib import Path

import pytest

from endpoint import saying, serving
from lab import violations, wait_until

RESULTS = Path(__file__).parents[2] / "test-results"
KEY = "sk-browser-test-secret"


@pytest.fixture
def notebook(lab, page):
    with lab.open(page, "quickstart.ipynb") as opened:
        opened.run_all()
        opened.wait_for_map()
        wait_until(lambda: opened.kernel.ask("'ex' in globals() and ex.status.state") == "ready", "the first map")
        wait_until(
            lambda: opened.page.locator(".jp-NotebookPanel .jp-InputPrompt", has_text="[*]").count() == 0, "cells"
        )
        opened.kernel.run("ex.clear_selection()")
        opened.explorer.scroll_into_view_if_needed()
        yield opened


def look_at(notebook, name):
    """Take a picture, and let axe look at all of the explorer: the view, the controls, the map's legend."""
    RESULTS.mkdir(exist_ok=True)
    notebook.page.mouse.move(5, 5)
    notebook.explorer.screenshot(path=RESULTS / f"understand-{name}.png")
    assert violations(notebook.page, ".ce-root") == []


def press(notebook, name):
    notebook.panel.get_by_role("button", name=name, exact=True).click()


def see_about_a_cluster(notebook):
    notebook.panel.locator(".ce-cluster").first.click()
    press(notebook, "About this cluster")
    about = notebook.panel.get_by_role("region", name="About the selection")
    report = notebook.kernel.ask(
        "(lambda r: [list(r.keywords), r.central.text.tolist(), r.metadata.field.unique().tolist(), r.size])"
        "(ex.describe(int(ex.select(ids=ex.selected_ids).attached_cluster.mode()[0])))"
    )
    keywords, central, fields, size = report
    about.get_by_text("What sets it apart").wait_for()
    assert about.get_by_label("Keywords").locator("li").all_inner_texts() == keywords
    shown = about.get_by_label("Most central texts").get_by_role("button")
    assert shown.count() == len(central)
    assert central[0].split("\n")[0][:30] in shown.first.inner_text()
    assert f"{size:,} texts" in about.inner_text()
    for name in fields:
        about.get_by_role("table", name=name, exact=True).wait_for()
    look_at(notebook, "cluster")
    about.locator(".ce-view-body").evaluate("body => { body.scrollTop = body.scrollHeight }")
    look_at(notebook, "cluster-end")

    # one of its texts is opened and left again: the reader is back where the reading began
    shown.first.click()
    wait_until(lambda: notebook.kernel.ask("ex._session.state.inspected") >= 0, "the text in the kernel")
    notebook.panel.get_by_role("button", name="Back to the list").click()
    about.get_by_text("What sets it apart").wait_for()
    notebook.page.keyboard.press("Escape")
    notebook.panel.get_by_role("listbox").wait_for()
    notebook.page.keyboard.press("Escape")
    wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)") == 0, "an empty selection")


def see_what_sets_a_selection_apart(notebook):
    notebook.kernel.run("ex.select(ids=ex.ids_[::9]); ex.select(cluster=1, mode='add')")
    press(notebook, "What sets these apart")
    about = notebook.panel.get_by_role("region", name="About the selection")
    found = notebook.kernel.ask("ex.describe_selection().value.tolist()")
    about.get_by_role("rowheader").first.wait_for()
    assert [name.split(": ")[-1] for name in about.get_by_role("rowheader").all_inner_texts()] == found[:24]
    look_at(notebook, "selection")
    notebook.kernel.run("ex.clear_selection()")


def see_near_duplicates(notebook):
    press(notebook, "Near-duplicates")
    view = notebook.panel.get_by_role("region", name="Near-duplicates")
    slider = view.get_by_role("slider", name="How near")
    wait_until(slider.is_enabled, "the slider")
    slider.focus()
    notebook.page.keyboard.press("End")
    wait_until(lambda: view.get_by_label("Groups of near-duplicates").get_by_role("button").count() > 0, "groups")
    sizes = notebook.kernel.ask(
        "ex.near_duplicates(ex._session.describing.duplicate_scale().largest).groupby('group').size().tolist()"
    )
    wait_until(lambda: f"in {len(sizes)} group" in view.inner_text(), "all groups at the widest threshold")
    look_at(notebook, "duplicates")
    view.get_by_label("Groups of near-duplicates").get_by_role("button").first.click()
    wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)") == sizes[0], "the group selected")
    notebook.panel.get_by_role("button", name="‹ Near-duplicates").click()
    view.get_by_label("Groups of near-duplicates").wait_for()
    press(notebook, "Back")
    notebook.kernel.run("ex.clear_selection()")


def see_titles(notebook, endpoint):
    notebook.kernel.run(
        "from cluster_explorer import ChatTitles\n"
        f"ex.titles = ChatTitles(base_url={endpoint.base_url!r}, model='small', api_key={KEY!r}, max_retries=0)"
    )
    press(notebook, "Titles…")
    view = notebook.panel.get_by_role("region", name="Titles for clusters")
    n_clusters = notebook.kernel.ask("int(ex.labels_.max() + 1)")
    view.get_by_text(f"{n_clusters} requests, roughly").wait_for()
    assert "Nothing is sent before you press the button." in view.inner_text()
    assert endpoint.requests == []
    look_at(notebook, "titles-estimate")
    with notebook.in_the_dark():
        look_at(notebook, "titles-dark")
    view.get_by_role("button", name=f"Send {n_clusters} requests").click()
    view.get_by_text(f"{n_clusters - 1} titles came. 1 cluster kept the keywords").wait_for()
    look_at(notebook, "titles")
    assert len(endpoint.requests) == n_clusters
    press(notebook, "Back")
    names = notebook.panel.locator(".ce-cluster-name", has_text="About <b>")
    wait_until(lambda: names.count() == n_clusters - 1, "the titles in the list of clusters")
    assert KEY not in notebook.page.content()
    assert KEY not in notebook.kernel.ask("repr(ex) + repr(ex.titles) + repr(ex.widget.get_state())")
    look_at(notebook, "titled")


def test_a_collection_is_understood_from_the_panel(notebook):
    see_about_a_cluster(notebook)
    see_what_sets_a_selection_apart(notebook)
    see_near_duplicates(notebook)
    failed = []

    def script(asked, _attempt):
        if not failed or failed == [asked]:
            failed[:] = [asked]
            return saying("")
        return saying(f"About <b>{asked['keywords'][0]}</b>")

    with serving(script) as endpoint:
        see_titles(notebook, endpoint)
