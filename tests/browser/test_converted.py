"""A notebook with an explorer, converted to HTML by nbconvert: the map is there without kernel and network."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import nbformat
import numpy as np
import pytest
from ipykernel.kernelspec import write_kernel_spec
from nbclient import NotebookClient
from nbconvert import HTMLExporter
from PIL import Image

SUPPORT = Path(__file__).parents[1] / "support"
MAKE = """
import numpy as np
from cluster_explorer import ClusterExplorer
rng = np.random.default_rng(7)
centres = rng.normal(size=(4, 16)) * 4
vectors = np.concatenate([centre + rng.normal(size=(60, 16)) * 0.35 for centre in centres]).astype("float32")
ex = ClusterExplorer.from_texts(
    [f"<script>item {row}" for row in range(240)], vectors=vectors, uri="own.db", collection_name="own"
)
ex
"""
#: Later cells ask for results; the picture follows when the map has been quiet for a moment.
WAIT = """
import sys
sys.path.insert(0, {tests!r})
from waiting import until
ex.positions_, ex.labels_
until(lambda: ex.status.state == "ready", 60)
until(lambda: ex._picture._timer is not None and not ex._picture._timer.is_alive(), 60, "the picture")
"""
#: A name is given when the map has long been quiet; what the picture should show then is printed.
RENAME = """
before = ex._picture._html()
ex.rename_cluster(0, "a name of my own")
until(lambda: not ex._picture._timer.is_alive(), 60, "the picture")
assert ex._picture._html() != before
print(ex._picture._html())
"""
AGAIN = """
ex.close()
ex = ClusterExplorer("own.db", "own")
ex
"""
#: Nothing waits for the picture here: the notebook is run from top to bottom.
RENAME_AND_CLOSE = """
ex.positions_, ex.labels_, ex.rename_cluster(0, "named at the last moment")
wanted = ex._picture._html()
ex.close()
print(wanted)
"""


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    private, folder = tmp_path_factory.mktemp("jupyter"), tmp_path_factory.mktemp("converted")
    write_kernel_spec(private / "kernels" / "python3")
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("JUPYTER_PATH", str(private))
        environment.setenv("JUPYTER_DATA_DIR", str(private / "data"))
        environment.setenv("JUPYTER_RUNTIME_DIR", str(private / "runtime"))
        environment.setenv("IPYTHONDIR", str(private / "ipython"))
        sources = (MAKE, WAIT.format(tests=str(SUPPORT)), RENAME, AGAIN, RENAME_AND_CLOSE)
        cells = [nbformat.v4.new_code_cell(source) for source in sources]
        notebook = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(
            notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(folder)}}
        ).execute()
    return notebook


@pytest.mark.parametrize("with_state", [True, False])
def test_the_map_is_in_the_converted_page(executed, with_state):
    notebook = nbformat.from_dict(executed)
    if not with_state:
        notebook.metadata.pop("widgets", None)
    page, _ = HTMLExporter().from_notebook_node(notebook)
    found = re.search(r'<img[^>]*class="ce-picture"[^>]*src="data:image/png;base64,([^"]+)"', page)
    assert found, "no picture in the page"
    with Image.open(io.BytesIO(base64.b64decode(found[1]))) as image:
        colors = image.convert("RGB").getcolors(1_000_000)
    assert image.size == (900, 560)
    # four clusters in four colours, each of many pixels
    saturated = [count for count, color in colors if np.ptp(color) > 60]
    assert len([count for count in saturated if count > 40]) >= 4
    assert "<script>item" not in page


@pytest.mark.parametrize(("shown_in", "renamed_in"), [(0, 2), (3, 4)], ids=["when quiet", "before closing"])
def test_the_picture_has_the_names_that_were_given_last(executed, shown_in, renamed_in):
    (picture,) = [output for output in executed.cells[shown_in].outputs if "ce-picture" in str(output)]
    printed = "".join(output.text for output in executed.cells[renamed_in].outputs if output.output_type == "stream")
    assert picture.data["text/html"].strip() == printed.strip()


def test_the_live_widget_hides_its_picture(executed):
    html = [
        output.data["text/html"]
        for cell in executed.cells
        for output in cell.get("outputs", [])
        if "text/html" in output.get("data", {})
    ]
    assert any("body:has(.ce-root) .ce-picture { display: none }" in part for part in html)


def test_the_converted_page_shows_the_map_in_a_browser_without_a_network(executed, browser, tmp_path):
    page_text, _ = HTMLExporter().from_notebook_node(nbformat.from_dict(executed))
    file = tmp_path / "converted.html"
    file.write_text(page_text, encoding="utf-8")
    context = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True)
    page = context.new_page()
    page.goto(file.as_uri(), wait_until="domcontentloaded")
    picture = page.locator("img.ce-picture").first
    picture.scroll_into_view_if_needed()
    assert picture.is_visible()
    assert picture.evaluate("node => node.complete && node.naturalWidth") == 900
    assert picture.get_attribute("alt")
    context.close()
