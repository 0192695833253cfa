"""The panel in a real JupyterLab: any text is shown as text, and everything can be done by the keyboard and heard."""

from __future__ import annotations

import json
from pathlib import Path

import nbformat
import pytest

from lab import violations, wait_until

#: Every kind of text that a collection may hold, by what it is.
HOSTILE = {
    "html": '<b>bold</b> &amp; &lt;i&gt; <a href="javascript:window.hacked=1">link</a>',
    "script": "<script>window.hacked = 1</script><img src=x onerror='window.hacked = 1'><svg onload=window.hacked=1>",
    "markdown": "# heading\n**bold** [link](javascript:window.hacked=1) ![image](x) `code` $x^2$ \\(y\\)",
    "right to left": "\u0627\u0646\u062a\u062e\u0627\u0628 \u05e9\u05dc\u05d5\u05dd \u202eoverridden\u202c left",
    "emoji": "family \U0001f468\u200d\U0001f469\u200d\U0001f466 flag \U0001f1e8\U0001f1ed \U0001f44d\U0001f3fd",
    "zero width": "zero\u200bwidth\u200djoined\ufeffmark\u2060end",
    "control": "bell\x07 escape\x1b[31m vertical\x0btab form\x0cfeed delete\x7f unit\x1f",
    "quotes": "\"double\" 'single' `back` \\slash \\u0041 %41 {{template}} ${code} <!-- comment -->",
    "combining": "Z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031ealgo " * 4,
    "megabyte": "long " * 200_000 + "needle at the end",
}

SETUP = """
import json, numpy as np
from cluster_explorer import ClusterExplorer

hostile = json.load(open("hostile.json"))
rng = np.random.default_rng(0)
centres = 4 * np.eye(8)[:4]
labels = np.repeat(np.arange(4), 40)
vectors = (centres[labels] + rng.normal(0, 0.2, (160, 8))).astype(np.float32)
texts = [f"plain text {row} of harbour strikes" for row in range(160)]
texts[: len(hostile)] = [text[:60_000] for text in hostile.values()]
ex = ClusterExplorer.from_texts(texts, vectors=vectors, uri="panel.db", collection_name="texts")
ex.labels_

# Milvus holds texts of up to 65,535 bytes; the longest one stands for what another source may hold
whole = {text[:60_000]: text for text in hostile.values()}
held = ex._session.state.results.rows.texts
held[:] = [whole.get(text, text) for text in held]
fetch = ex._session.library.fetch

def fetched(ids, fields=None):
    frame = fetch(ids, fields)
    return frame.assign(text=[whole.get(text, text) for text in frame.text]) if "text" in frame else frame

ex._session.library.fetch = fetched
keys = ex.ids_[[text in set(whole.values()) for text in held]]
ex
"""


@pytest.fixture(scope="module")
def notebook(lab, browser):
    (lab.folder / "hostile.json").write_text(json.dumps(HOSTILE))
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP.strip())])
    content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, lab.folder / "panel.ipynb")
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    with lab.open(page, "panel.ipynb") as opened:
        opened.run_all()
        opened.wait_for_map()
        wait_until(lambda: opened.kernel.ask("ex.status.state") == "ready", "the first map")
        yield opened
    page.close()


def focused(notebook):
    return notebook.page.evaluate("() => document.activeElement.className")


def test_every_kind_of_text_is_shown_as_the_text_it_is(notebook):
    page, panel = notebook.page, notebook.panel
    notebook.kernel.run("ex.select(ids=keys)")
    texts = notebook.kernel.ask("[text for text in held if text in set(whole.values())]")
    assert sorted(texts) == sorted(HOSTILE.values())
    wait_until(lambda: f"{len(HOSTILE)} texts selected" in panel.inner_text(), "the selection in the panel")
    panel.get_by_label("Sort by").select_option("order")
    wait_until(lambda: notebook.kernel.ask("ex._session.state.listing.sort") == "order", "the sort in the kernel")
    by_cluster = panel.get_by_role("button", name="By cluster")
    was_pressed = by_cluster.get_attribute("aria-pressed")
    by_cluster.click()
    # the list that comes next begins anew, and no text of it is the present one yet
    wait_until(lambda: by_cluster.get_attribute("aria-pressed") != was_pressed, "the list without clusters")
    rows = panel.get_by_role("listbox").get_by_role("option")
    wait_until(lambda: texts[0][:20] in (rows.first.text_content() or ""), "the list in the order of its keys")
    for place, text in enumerate(texts):
        kind = next(kind for kind, each in HOSTILE.items() if each == text)
        row = panel.locator(f"[role=option][aria-posinset='{place + 1}']")
        panel.get_by_role("listbox").focus()
        page.keyboard.press("Home")
        for _ in range(place):
            page.keyboard.press("ArrowDown")
        row.wait_for()
        shown = row.locator(".ce-row-text").evaluate("node => node.textContent")
        assert shown.rstrip("\u2026")[:200] == text[: len(shown.rstrip("\u2026"))][:200], kind
        page.keyboard.press("Enter")
        whole = panel.locator(".ce-text")
        wait_until(
            lambda whole=whole, text=text: whole.evaluate("node => node.textContent.length") == len_in_page(text),
            kind,
        )
        assert whole.evaluate("node => node.textContent") == text, kind
        assert whole.evaluate("node => node.querySelectorAll(':not(strong, mark, .ce-text-part)').length") == 0, kind
        page.keyboard.press("Escape")
        panel.get_by_role("listbox").wait_for()
    assert page.evaluate("() => window.hacked") is None
    # the box of the text stays within the panel, whatever it holds
    assert panel.evaluate("node => node.scrollWidth <= node.clientWidth + 1")


def len_in_page(text):
    """Return the length of a text as the page counts it: in UTF-16 units."""
    return len(text.encode("utf-16-le")) // 2


def test_a_word_is_found_in_all_selected_texts_and_marked(notebook):
    page, panel = notebook.page, notebook.panel
    notebook.kernel.run("ex.select(ids=ex.ids_)")
    wait_until(lambda: "160 texts selected" in panel.inner_text(), "everything selected")
    panel.get_by_role("listbox").focus()
    page.keyboard.press("/")
    page.keyboard.type("needle END")
    wait_until(lambda: "1 of 160" in panel.inner_text(), "the one text that holds both words")
    marks = panel.locator(".ce-row .ce-mark")
    wait_until(lambda: marks.all_text_contents() == ["needle", "end"], "the words marked, from the end of a megabyte")
    page.keyboard.press("Escape")
    wait_until(lambda: notebook.kernel.ask("ex._session.state.listing.query") == "", "Escape to empty the box first")
    assert notebook.kernel.ask("len(ex.selected_ids)") == 160


def test_keys_pressed_in_the_panel_do_nothing_to_the_notebook_but_save_it(notebook):
    page, panel = notebook.page, notebook.panel
    cells = "() => window.jupyterapp.shell.currentWidget.content.widgets.length"
    runs = "() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.executionCount"
    dirty = "() => window.jupyterapp.shell.currentWidget.context.model.dirty"
    notebook.kernel.run("ex.select(ids=ex.ids_)")
    panel.get_by_role("listbox").wait_for()
    n_cells = page.evaluate(cells)
    n_runs = page.evaluate(runs)
    for element in (panel.get_by_role("listbox"), panel.locator(".ce-clear"), page.locator(".ce-legend select")):
        element.focus()
        for key in "abxddmy":
            page.keyboard.press(key)
    panel.get_by_role("listbox").focus()
    page.keyboard.press("Control+Enter")
    # a notebook whose last cell is deleted gets a new one: the explorer is what has to be there
    assert (page.evaluate(cells), page.evaluate(runs)) == (n_cells, n_runs)
    assert page.locator(".ce-root").count() == 1
    page.evaluate("() => { window.jupyterapp.shell.currentWidget.context.model.dirty = true }")
    panel.get_by_role("listbox").focus()
    page.keyboard.press("Control+s")
    wait_until(lambda: not page.evaluate(dirty), "Ctrl+S to save the notebook")


def test_stars_names_and_selections_by_the_keyboard_reach_the_kernel(notebook):
    page, panel = notebook.page, notebook.panel
    panel.get_by_role("listbox").focus()
    page.keyboard.press("Home")
    page.keyboard.press("s")
    wait_until(lambda: notebook.kernel.ask("len(ex.starred)") == 1, "a star in the kernel")
    panel.get_by_role("button", name="Saved selections").click()
    page.keyboard.type("everything")
    page.keyboard.press("Enter")
    wait_until(lambda: notebook.kernel.ask("list(ex.saved_selections)") == ["everything"], "a saved selection")
    page.keyboard.press("Escape")
    panel.get_by_role("listbox").focus()
    page.keyboard.press("Escape")
    wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)") == 0, "the selection cleared")

    table = panel.get_by_role("grid", name="Clusters")
    table.wait_for()
    # the keyboard goes along: from the texts that are left to the clusters
    assert "ce-cluster" in focused(notebook)
    name = table.locator(".ce-cluster").first
    label = int(name.get_attribute("data-label"))
    name.focus()
    page.keyboard.press("F2")
    page.keyboard.press("Control+a")
    page.keyboard.type("<i>mine</i>")
    page.keyboard.press("Enter")
    wait_until(lambda: notebook.kernel.ask(f"ex.cluster_names.get({label})") == "<i>mine</i>", "the name in the kernel")
    wait_until(lambda: "<i>mine</i>" in table.inner_text(), "the name in the table")
    table.get_by_role("button", name="Cluster", exact=True).click()
    assert table.locator(".ce-column-name").get_attribute("aria-sort") == "ascending"

    before = notebook.page.evaluate("() => document.querySelector('.ce-root .js-plotly-plot')._fullLayout.xaxis.range")
    table.locator(f".ce-cluster[data-label='{label}']").dblclick()
    wait_until(
        lambda: (
            page.evaluate("() => document.querySelector('.ce-root .js-plotly-plot')._fullLayout.xaxis.range") != before
        ),
        "the map to zoom to the cluster",
    )
    wait_until(lambda: notebook.kernel.ask("len(ex.selected_ids)") == 40, "the cluster selected")


def test_axe_finds_nothing_wrong_in_any_view_light_or_dark(notebook):
    page, panel = notebook.page, notebook.panel
    for theme in ("JupyterLab Light", "JupyterLab Dark"):
        page.evaluate(f"() => window.jupyterapp.commands.execute('apputils:change-theme', {{theme: '{theme}'}})")
        is_light = str(theme.endswith("Light")).lower()
        page.locator(f"body[data-jp-theme-light={is_light}]").wait_for(state="attached")
        notebook.kernel.run("ex.clear_selection(); ex._session.inspect(-1)")
        panel.get_by_role("grid", name="Clusters").wait_for()
        assert violations(page, ".ce-root") == []
        notebook.kernel.run("ex.select(ids=ex.ids_[:50])")
        panel.get_by_role("listbox").get_by_role("option").first.wait_for()
        assert violations(page, ".ce-root") == []
        panel.get_by_role("listbox").get_by_role("option").first.click()
        panel.locator(".ce-neighbor").first.wait_for()
        assert violations(page, ".ce-root") == []
        panel.get_by_role("button", name="Keyboard and mouse").click()
        panel.get_by_role("dialog", name="Keyboard and mouse").wait_for()
        assert violations(page, ".ce-root") == []
        page.screenshot(path=Path("test-results") / f"panel-{is_light}.png") if Path("test-results").exists() else None
        page.keyboard.press("Escape")
        panel.get_by_role("button", name="Saved selections").click()
        panel.get_by_role("dialog", name="Saved selections").wait_for()
        assert violations(page, ".ce-root") == []
        page.keyboard.press("Escape")


def test_full_screen_and_a_narrow_column_keep_everything_within_reach(notebook):
    page, panel = notebook.page, notebook.panel
    button = panel.get_by_role("button", name="Full screen")
    button.click()
    wait_until(
        lambda: page.evaluate(
            "() => document.querySelector('.ce-root').getBoundingClientRect().width >= innerWidth - 2"
        ),
        "the whole screen",
    )
    button.click()
    wait_until(lambda: page.locator(".ce-full-screen").count() == 0, "the notebook again")
    page.set_viewport_size({"width": 560, "height": 1000})
    wait_until(
        lambda: panel.evaluate("node => node.getBoundingClientRect().right <= innerWidth + 1"), "a narrow column"
    )
    hidden = panel.evaluate(
        """node => {
            const end = each => each.getBoundingClientRect().right
            return [...node.querySelectorAll('.ce-panel button, .ce-panel input, .ce-panel select')]
                .filter(each => each.offsetParent && end(each) > end(node) + 1)
                .map(each => each.outerHTML.slice(0, 100))
        }"""
    )
    assert hidden == []
    # however long an error is, there is room for the texts, and for what is asked
    notebook.kernel.run("ex._view.panel.widget.send({'type': 'error', 'message': 'It did not work out. ' * 200})")
    panel.locator(".ce-problem").wait_for()
    notebook.kernel.run("ex._session.inspect(-1); ex.select(ids=ex.ids_)")
    panel.get_by_role("listbox").wait_for()
    assert panel.locator(".ce-views").bounding_box()["height"] >= 179
    assert panel.locator(".ce-ask-input").bounding_box()["width"] >= 139
    assert violations(page, ".ce-panel") == []
    panel.get_by_role("button", name="Dismiss").click()
    page.set_viewport_size({"width": 1400, "height": 1000})
