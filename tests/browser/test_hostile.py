"""Everything from a database is hostile: it ends in every part of the page as text, and does nothing there."""

from __future__ import annotations

import csv
from contextlib import suppress
from pathlib import Path

import nbformat
import pytest

from lab import wait_until

#: Each would set a mark in the page, ask for something from a host that does not exist, or be a formula in a table.
STRINGS = [
    "<script>window.__pwned = 1</script>",
    "<img src=x onerror='window.__pwned = 2'>",
    '"><svg onload=window.__pwned=3>',
    "javascript:window.__pwned=4",
    "<iframe srcdoc='<script>parent.__pwned=5</script>'></iframe>",
    "<a href='javascript:window.__pwned=6'>link</a>",
    "</title></style></textarea><script>window.__pwned=7</script>",
    "<b onmouseover=window.__pwned=8>bold</b>",
    "{{constructor.constructor('window.__pwned=9')()}}",
    "%{customdata}<extra><img src=x onerror=window.__pwned=10></extra>",
    "$\\href{javascript:window.__pwned=11}{x}$",
    "<img src='http://hostile.invalid/track.png'>",
    "<style>@import 'http://hostile.invalid/style.css';</style>",
    '=HYPERLINK("http://hostile.invalid","x")',
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(1)",
    "\t=1",
    "\r=1",
    "\u202egnp.exe",
    "\x00nul",
]

SETUP = f"""
import shutil
import numpy as np, pandas as pd
from cluster_explorer import ClusterExplorer
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus.connection import connect
hostile = {STRINGS!r}
shutil.rmtree("hostile.db", ignore_errors=True)  # of a run that failed
rng = np.random.default_rng(0)
vectors = np.concatenate([centre + 0.1 * rng.normal(size=(66, 8)) for centre in np.eye(8)[:4] * 3])
n = len(vectors)
frame = pd.DataFrame({{
    "id": [f"{{hostile[row % len(hostile)]}} {{row}}" for row in range(n)],
    "text": [f"{{hostile[row % len(hostile)]}} {{hostile[row // 66]}} text {{row}}" for row in range(n)],
    "section": [hostile[row % len(hostile)] for row in range(n)],
    "nested": [{{"<script>": hostile[row % len(hostile)]}} for row in range(n)],
}})
ingest(frame, vectors=vectors, id_column="id", uri="hostile.db", collection_name="hostile")
# fields that other programs added beside the schema have any name they like
connection = connect("hostile.db", token=None, db_name="", timeout=30)
rows = [{{"id": key, "<img src=x onerror=window.__pwned=20>": hostile[1]}} for key in frame.id]
connection.run("write", lambda client: client.upsert("hostile", rows, partial_update=True))
ex = ClusterExplorer("hostile.db", "hostile", params={{"min_cluster_size": 20}})
ex
"""


@pytest.fixture
def notebook(lab, page):
    dialogs, requests = [], []
    page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    page.on("request", lambda request: requests.append(request.url))
    kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(SETUP)], metadata=kernel)
    nbformat.write(book, lab.folder / "hostile.ipynb")
    with lab.open(page, "hostile.ipynb") as opened:
        opened.run_all()
        opened.wait_for_map()
        wait_until(lambda: opened.kernel.ask("'ex' in globals() and ex.status.state") == "ready", "the first map")
        opened.requests, opened.dialogs = requests, dialogs
        yield opened


def assert_unharmed(notebook, where):
    assert notebook.page.evaluate("window.__pwned") is None, where
    assert not notebook.dialogs, where
    assert not [url for url in notebook.requests if "hostile.invalid" in url or url.endswith("/x")], where
    elements = notebook.page.locator(
        ".ce-root script, .ce-root iframe, .ce-root img[src='x'], .ce-root a[href^='javascript'], .ce-root svg[onload],"
        " .ce-root [onmouseover], .ce-root [onerror]"
    )
    assert elements.count() == 0, where


def test_hostile_strings_are_text_in_map_panel_list_detail_legend_and_form(notebook):
    page, kernel = notebook.page, notebook.kernel
    assert_unharmed(notebook, "the first map")
    # titles that a model gives: in the list of clusters, which is their legend, and on the map
    kernel.run("""
given = iter(hostile[:4])
titled = ex.title_clusters(titles=lambda _sample: next(given))
""")
    titles = kernel.ask("list(titled.titles.items())")
    assert len(titles) == 4
    for label, title in titles:
        wait_until(lambda title=title: title in notebook.panel.inner_text(), f"the title {title!r}, shown as text")
        points = kernel.ask(f"ex.positions_[ex.labels_ == {label}][:9].tolist()")
        assert is_on_a_card(title, notebook, points)
    assert_unharmed(notebook, "titles by a model")
    # names of clusters, given by a person or a model, on the map, in lists and in the header
    kernel.run("""
for label in range(4):
    ex.rename_cluster(label, hostile[label + 1])
ex.selected_ids = tuple(ex.ids_.tolist())
""")
    rows = notebook.panel.locator("[role=option]")
    rows.first.wait_for()
    wait_until(lambda: "<img src=x onerror" in notebook.panel.inner_text(), "a hostile text, shown as text")
    assert_unharmed(notebook, "the list of texts")
    for _ in range(6):
        rows.first.hover()
        page.mouse.wheel(0, 900)
    assert_unharmed(notebook, "hovered texts")
    # every string as a whole text, with its fields and neighbours
    for row in range(len(STRINGS)):
        kernel.run(f"ex._session.inspect({row})")
        text = kernel.ask(f"ex._session.detail({row}).text")
        wait_until(lambda text=text: text.split("\n")[0].strip()[:12] in notebook.panel.inner_text(), f"row {row}")
    assert_unharmed(notebook, "whole texts")
    kernel.run("ex._session.inspect(-1)\nex.clear_selection()")
    # the points under the mouse
    for x, y in kernel.ask("ex.positions_[:40].tolist()"):
        page.mouse.move(*notebook.pixel_of(x, y))
    assert_unharmed(notebook, "hovered points")
    # fields as colours, with a legend
    kernel.run("ex.color_by('section')")
    wait_until(lambda: kernel.ask("ex._session.state.coloring.by") == "section", "colours")
    assert_unharmed(notebook, "colours")
    kernel.run("ex._session.notify(hostile[1])")
    assert_unharmed(notebook, "the notice")
    # labels written back: under a hostile name, which is refused, and with hostile names
    page.get_by_role("button", name="Write back…").click()
    field = page.locator(".ce-write input[type=text]").first
    for name in ("<img src=x onerror=window.__pwned=30>", "topic"):
        field.fill(name)
        field.press("Enter")
        wait_until(lambda name=name: name in page.locator(".ce-write-said").inner_text(), f"a sentence about {name}")
    page.locator(".ce-write").get_by_label("names").check()
    page.locator(".ce-write").get_by_role("button", name="Write", exact=True).click()
    wait_until(lambda: "Wrote" in page.locator(".ce-write-said").inner_text(), "written")
    assert kernel.ask("ex._session.metadata.read(['topic'])['topic'].tolist() == ex.labels_.tolist()")
    page.locator(".ce-write").get_by_role("button", name="Undo").click()
    wait_until(lambda: "Restored" in page.locator(".ce-write-said").inner_text(), "undone")
    assert_unharmed(notebook, "the form")
    # what others wrote meanwhile comes in by the button
    kernel.run("""
new = "new <img src=x onerror=window.__pwned=31>"
more = pd.DataFrame({"id": [new], "text": [hostile[0]], "section": [hostile[2]]})
ingest(more, vectors=vectors[:1], id_column="id", uri="hostile.db", collection_name="hostile")
""")
    page.get_by_role("button", name="Refresh").click()
    wait_until(lambda: kernel.ask("len(ex.ids_)") == 265, "the new text")
    wait_until(lambda: notebook.drawn_points() == 265, "the new point")
    assert_unharmed(notebook, "the refreshed map")
    # what is exported: a table whose cells are no formulas, and a page that does nothing when it is opened and clicked
    kernel.run("ex.to_csv('hostile.csv', metadata=True)\nex.save_html('hostile.html', metadata=True)")
    folder = notebook.kernel.ask("__import__('os').getcwd()")
    with Path(folder, "hostile.csv").open(encoding="utf-8", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    formulas = [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert all(is_number(cell) for cell in formulas)
    exported = page.context.new_page()
    exported.on("dialog", lambda dialog: (notebook.dialogs.append(dialog.message), dialog.dismiss()))
    exported.on("request", lambda request: notebook.requests.append(request.url))
    exported.goto(Path(folder, "hostile.html").as_uri())
    wait_until(lambda: exported.locator("canvas, svg").count() > 0, "the exported map")
    for x in range(60, 1400, 90):
        exported.mouse.move(x, 500)
        exported.mouse.click(x, 500)
    assert exported.evaluate("window.__pwned") is None
    assert exported.locator("iframe, img[src='x'], a[href^='javascript'], [onerror], [onmouseover]").count() == 0
    assert_unharmed(notebook, "the exported page")


def is_on_a_card(title, notebook, points):
    """Point at some places of the map, at each until its card has come; tell whether one says it."""
    card = notebook.page.locator(".ce-tooltip")
    for point in points:
        notebook.page.mouse.move(*notebook.pixel_of(*point))
        with suppress(AssertionError):
            return wait_until(lambda: title in " ".join(card.all_inner_texts()), f"a card with {title!r}", 10)
    return False


def is_number(cell):
    try:
        float(cell)
    except ValueError:
        return False
    return True
