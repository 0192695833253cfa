"""Asking, filtering and colouring in a real JupyterLab: what the page shows, and what the kernel holds."""

from __future__ import annotations

from pathlib import Path

import nbformat
import pytest

from lab import violations, wait_until

RESULTS = Path(__file__).parents[2] / "test-results"

OPEN = """
import numpy as np
import pandas as pd
from cluster_explorer import ClusterExplorer

news = pd.read_csv("data/news_sample.csv")
vectors = np.load("data/news_sample.embeddings.npy").astype(np.float32)
news["author"] = [f"author {row % 150}" if row % 4 else "" for row in range(len(news))]
news["desk"] = [f"<img src=x onerror=alert({row % 3})>" for row in range(len(news))]
whole = (news.title + " " + news.description).str.lower()


def embed(texts):
    # a stand-in for a model: the mean of the items that hold the first word of the question
    return np.array([vectors[whole.str.contains(text.split()[0].lower())].mean(axis=0) for text in texts])


ClusterExplorer.from_texts(
    news, text_column=["title", "description"], vectors=vectors, uri="finding.db", collection_name="headlines"
).close()
ex = ClusterExplorer("finding.db", "headlines", embedding_function=embed)
ex
"""


@pytest.fixture
def notebook(lab, page):
    kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(OPEN)], metadata={"kernelspec": kernelspec})
    nbformat.write(book, lab.folder / "finding.ipynb")
    with lab.open(page, "finding.ipynb") as opened:
        opened.run_all()
        opened.wait_for_map()
        wait_until(lambda: opened.kernel.ask("'ex' in globals() and ex.status.state") == "ready", "the first map")
        opened.explorer.scroll_into_view_if_needed()
        yield opened


def shot(notebook, name):
    RESULTS.mkdir(exist_ok=True)
    notebook.explorer.screenshot(path=RESULTS / f"finding-{name}.png")


def test_a_question_lights_up_and_lists_its_hits_in_order(notebook):
    panel, kernel = notebook.panel, notebook.kernel
    panel.get_by_role("textbox", name="Question").fill("comet seen tonight")
    notebook.page.keyboard.press("Enter")
    wait_until(lambda: kernel.ask("len(ex.selected_ids)") == 50, "hits in the kernel")
    hits = "ex._session.state.finding.hits"
    texts = kernel.ask(f"[t.split('\\n')[0] for t in ex._session.texts({hits}.rows)]")
    scores = kernel.ask(f"{hits}.scores.tolist()")
    assert scores == sorted(scores, reverse=True)
    rows = panel.locator("[role=option]")
    wait_until(lambda: texts[0][:30] in rows.nth(0).inner_text(), "the best hit on top")
    wait_until(lambda: texts[1][:30] in rows.nth(1).inner_text(), "the second best after it")
    assert f"{scores[0]:.3f}" in rows.nth(0).inner_text()
    assert "cosine similarity" in panel.inner_text()
    assert violations(notebook.page, ".ce-panel") == []
    shot(notebook, "asked")

    # more like the ones that were found
    panel.get_by_role("button", name="Find the texts nearest").click()
    wait_until(lambda: "most like 50 selected texts" in panel.inner_text(), "similar texts")
    assert kernel.ask("ex._session.state.finding.hits.kind") == "similar"

    # words, with a character that means something in a pattern
    panel.get_by_role("combobox", name="How to look").select_option("words")
    panel.get_by_role("textbox", name="Question").fill("7.4%")
    panel.get_by_role("button", name="Find", exact=True).click()
    wait_until(lambda: "with “7.4%”" in panel.inner_text(), "texts with words")
    found = kernel.ask("int(ex.to_frame().text.str.contains('7.4%', regex=False).sum())")
    assert kernel.ask("len(ex.selected_ids)") == found


def test_a_filter_and_colours_change_map_list_and_kernel(notebook):
    page, panel, kernel = notebook.page, notebook.panel, notebook.kernel
    panel.get_by_role("button", name="Filter", exact=True).click()
    expression = panel.get_by_role("textbox", name="Filter expression")
    expression.fill('section == "Science"')
    page.keyboard.press("Enter")
    science = kernel.ask("int((news.section == 'Science').sum())")
    wait_until(lambda: f"{science} of 1,219 texts left" in panel.inner_text(), "the count of what is left")

    def n_bright():
        drawn = notebook.drawn_colors()
        return sum(code < max(drawn) for code in drawn)

    wait_until(lambda: n_bright() == science, "the others grey on the map")
    expression.fill("section ==")
    page.keyboard.press("Enter")
    wait_until(lambda: "not an expression that Milvus can run" in panel.inner_text(), "why it cannot run")
    assert kernel.ask("int(ex._session.state.finding.filter.kept.sum())") == science
    panel.get_by_role("button", name="Clear the filter").click()
    wait_until(lambda: kernel.ask("ex._session.state.finding.filter.kept is None"), "no filter")

    # check boxes; hostile values are texts
    panel.locator("summary", has_text="section").click()
    only = panel.get_by_role("button", name="Only Business", exact=True)
    only.hover()
    shot(notebook, "filter")
    assert violations(page, ".ce-panel") == []
    only.click()
    business = kernel.ask("int((news.section == 'Business').sum())")
    wait_until(lambda: f"{business} of 1,219 texts left" in panel.inner_text(), "one section left")
    panel.locator("summary", has_text="desk").click()
    panel.get_by_text("<img src=x onerror=alert(1)>").first.wait_for()
    assert panel.get_by_text("<img src=x onerror=alert(1)>").first.is_visible()
    assert page.locator(".ce-root img").count() == 0

    # more values than can be listed are found by their letters; rows without one have a box of their own
    panel.locator("summary", has_text="author").click()

    # what was unfolded is in sight, and the texts have kept their room
    def is_in_sight():
        finder = panel.get_by_role("textbox", name="Find a value of author").bounding_box()
        around = panel.locator(".ce-filter").bounding_box()
        return around["y"] <= finder["y"] < finder["y"] + finder["height"] <= around["y"] + around["height"] + 1

    panel.get_by_role("textbox", name="Find a value of author").wait_for()
    wait_until(is_in_sight, "the box to find a value in sight")
    assert panel.locator(".ce-views").bounding_box()["height"] >= 179
    panel.get_by_role("textbox", name="Find a value of author").fill("author 14")
    found = panel.get_by_role("checkbox", name="author 149")
    found.wait_for()
    shot(notebook, "values")
    assert violations(page, ".ce-panel") == []
    panel.get_by_role("textbox", name="Find a value of author").fill("")
    assert panel.get_by_role("checkbox", name="no value").is_checked()
    panel.locator("summary", has_text="author").click()

    # others clustered anew
    panel.get_by_role("combobox", name="The other texts").select_option("anew")
    wait_until(lambda: kernel.ask("ex.params.scope is not None and len(ex.params.scope)") == business, "a scope")
    panel.get_by_role("button", name="Clear the filter").click()
    wait_until(lambda: kernel.ask("ex.params.scope is None"), "the whole map again")
    panel.get_by_role("button", name="Filter", exact=True).click()

    # colours and the legend
    legend = page.locator(".ce-legend")
    legend.get_by_role("combobox").select_option(label="section")
    wait_until(lambda: kernel.ask("ex._session.state.coloring.by") == "section", "colours by section")
    entry = legend.get_by_role("button").filter(has_text="Science").first
    entry.wait_for()
    wait_until(lambda: notebook.drawn_colors() == kernel.ask("ex._session.state.coloring.codes.tolist()"), "colours")
    shot(notebook, "section")
    assert violations(page, ".ce-legend") == []
    entry.click()
    wait_until(lambda: kernel.ask("len(ex.selected_ids)") == science, "one colour selected")
    page.keyboard.press("Escape")
    legend.get_by_role("combobox").select_option(label="published")
    slider = legend.get_by_role("slider", name="published, from")
    slider.wait_for()
    slider.focus()
    # an arrow key moves it, and not the cursor of the notebook
    page.keyboard.press("ArrowRight")
    assert slider.input_value() == "1"
    for _ in range(5):
        page.keyboard.press("PageUp")
    kept = wait_until(
        lambda: (
            kernel.ask("ex._session.state.finding.filter.kept is not None")
            and kernel.ask("int(ex._session.state.finding.filter.kept.sum())")
        ),
        "dates narrowed",
    )
    wait_until(
        lambda: f"{kernel.ask('int(ex._session.state.finding.filter.kept.sum())'):,} of" in panel.inner_text(), "dates"
    )
    assert 0 < kept < 1219
    shot(notebook, "dates")
    assert violations(page, ".ce-legend") == []
    legend.get_by_role("combobox").select_option(label="trust in the map")
    wait_until(lambda: kernel.ask("ex._session.state.coloring.by") == "trust", "trust measured in the background")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Dark' })")
    page.wait_for_function("() => document.body.dataset.jpThemeLight === 'false'")
    shot(notebook, "trust-dark")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', { theme: 'JupyterLab Light' })")
