"""A notebook that JupyterLab saved with the state of its widgets, opened again when the explorer's kernel is gone."""

from __future__ import annotations

import base64

import nbformat
import pytest

from lab import TOKEN, running_lab, wait_until

MAKE = """
import numpy as np
from cluster_explorer import ClusterExplorer
rng = np.random.default_rng(7)
centres = rng.normal(size=(4, 16)) * 4
vectors = np.concatenate([centre + rng.normal(size=(60, 16)) * 0.35 for centre in centres]).astype("float32")
ex = ClusterExplorer.from_texts(
    [f"item {row} of group {row // 60}" for row in range(240)],
    vectors=vectors,
    uri="own.db",
    collection_name="own",
    token=open("token.txt").read(),
)
ex
"""
NAME = "a name of my own"
#: Milvus Lite asks for none, and is given it all the same.
SECRET = "zilliz-5b81d0-secret"
#: Of the Settings menu: "Save Widget State Automatically".
SAVE_STATE = "@jupyter-widgets/jupyterlab-manager:saveWidgetState"
RUN = "async (command) => { await window.jupyterapp.commands.execute(command) }"


@pytest.fixture(scope="module")
def own_lab(tmp_path_factory):
    """A JupyterLab of its own: saving the state of widgets is a setting of the whole of it."""
    folder = tmp_path_factory.mktemp("reopened") / "notebooks"
    folder.mkdir()
    (folder / "token.txt").write_text(SECRET)
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(MAKE)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "explorer.ipynb")
    with running_lab(folder) as lab:
        yield lab


@pytest.fixture(scope="module")
def saved(own_lab, browser):
    """The notebook, saved with its widgets; what the map drew then."""
    path = own_lab.folder / "explorer.ipynb"
    page = browser.new_page(viewport={"width": 1400, "height": 1000})
    with own_lab.open(page, path.name) as opened:
        page.evaluate(RUN, SAVE_STATE)
        opened.run_all()
        opened.wait_for_map()
        wait_until(lambda: opened.kernel.ask("ex.status.state") == "ready", "the map to be complete")
        opened.kernel.run(f"ex.rename_cluster(0, {NAME!r})")
        opened.panel.get_by_text(NAME).first.wait_for()
        wait_until(lambda: not opened.kernel.ask("ex._picture._timer.is_alive()"), "the picture beside the widget")
        drawn = {"positions": opened.drawn_positions(), "colors": opened.drawn_colors()}
        page.evaluate(RUN, "docmanager:save")
        assert "widgets" in nbformat.read(path, as_version=4).metadata
    page.close()
    return path, drawn


def test_the_saved_notebook_holds_the_widgets_and_no_token(saved):
    path, _drawn = saved
    (state,) = nbformat.read(path, as_version=4).metadata["widgets"].values()
    buffers = [
        base64.b64decode(buffer["data"]) for model in state["state"].values() for buffer in model.get("buffers", [])
    ]
    assert buffers
    everything = b"".join([path.read_bytes(), *buffers])
    assert NAME.encode() in everything
    assert SECRET.encode() not in everything
    # as it goes over the network
    assert base64.b64encode(SECRET.encode()).rstrip(b"=")[:-1] not in everything


def test_under_a_kernel_that_never_ran_it_map_names_and_clusters_are_as_they_were(own_lab, saved, page):
    problems = []
    page.on("pageerror", lambda error: problems.append(str(error)))
    path, drawn = saved
    with own_lab.open(page, path.name) as again:
        again.wait_for_map()
        assert not again.kernel.ask("'ex' in globals()")
        assert again.drawn_positions() == drawn["positions"]
        assert again.drawn_colors() == drawn["colors"]
        assert "240 texts in 4 clusters" in again.panel.inner_text()
        assert again.panel.get_by_text(NAME).first.is_visible()
        # the picture is for where there is no widget
        assert not page.locator(".ce-picture").is_visible()
        # nobody answers, and nothing breaks
        again.panel.get_by_text(NAME).first.click()
        again.panel.get_by_role("button", name="Near-duplicates").click()
        assert again.drawn_colors() == drawn["colors"]
    assert problems == []


def test_without_any_kernel_the_picture_shows_the_map(own_lab, saved, page):
    """JupyterLab 4 shows no widget then: it reads their saved state only after having asked a kernel for its own."""
    notebook = nbformat.read(saved[0], as_version=4)
    notebook.metadata["kernelspec"] = {"name": "not-here", "display_name": "Not here"}
    notebook.metadata.pop("language_info", None)
    nbformat.write(notebook, own_lab.folder / "elsewhere.ipynb")
    page.goto(f"{own_lab.url}/lab/tree/elsewhere.ipynb?reset&token={TOKEN}")
    page.get_by_role("dialog").get_by_role("button", name="No Kernel").click()
    picture = page.locator("img.ce-picture")
    picture.wait_for()
    assert picture.evaluate("node => node.complete && node.naturalWidth") == 900
    assert picture.get_attribute("alt") == "Map of own"
    assert not any(session["path"] == "elsewhere.ipynb" for session in own_lab.get("/api/sessions"))
