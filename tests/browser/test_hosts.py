"""Where the explorer runs beside JupyterLab: Notebook 7, Voilà and marimo. In each: the map, a lasso, the panel."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import nbformat
import pytest

from lab import TOKEN, Kernel, free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

MAKE = """
import numpy as np
from cluster_explorer import ClusterExplorer
rng = np.random.default_rng(7)
centres = rng.normal(size=(4, 16)) * 4
vectors = np.concatenate([centre + rng.normal(size=(60, 16)) * 0.35 for centre in centres]).astype("float32")
ex = ClusterExplorer.from_texts(
    [f"item {row} of group {row // 60}" for row in range(240)], vectors=vectors, uri="own.db", collection_name="own"
)
"""
#: marimo has no kernel that could be asked from outside: what is selected in Python is written to a file.
MARIMO = f"""
import marimo
app = marimo.App(width="full")


@app.cell
def _():
    {MAKE.strip().replace(chr(10), chr(10) + "    ")}
    from pathlib import Path
    ex.observe(lambda change: Path("selected.txt").write_text(str(len(change["new"]))), "selected_ids")
    ex
    return


if __name__ == "__main__":
    app.run()
"""


@contextmanager
def served(folder: Path, command: list[str], address: str) -> Iterator[None]:
    """Run a server until the block is left; its files stay in the folder."""
    names = {"JUPYTER_RUNTIME_DIR": "runtime", "JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data"}
    own = {name: str(folder / "private" / place) for name, place in names.items()}
    environment = {**os.environ, **own, "IPYTHONDIR": str(folder / "private" / "ipython")}
    with (folder / "server.log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", *command],
            cwd=folder,
            stdout=log,
            stderr=log,
            env=environment,
            start_new_session=True,
        )
        try:
            wait_until(lambda: answers(address), f"{command[0]} to start; its log is {folder / 'server.log'}")
            yield
        finally:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(20)


def answers(address: str) -> bool:
    try:
        with urllib.request.urlopen(address, timeout=5):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False


def kernel_of(folder: Path) -> Kernel:
    return Kernel(wait_until(lambda: next(iter((folder / "private").rglob("kernel-*.json")), None), "a kernel"))


def write_notebook(folder: Path) -> None:
    cells = [nbformat.v4.new_code_cell(MAKE), nbformat.v4.new_code_cell("ex")]
    notebook = nbformat.v4.new_notebook(cells=cells)
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, folder / "explorer.ipynb")


def lasso_the_left_half(page: Page) -> None:
    # locators reach into marimo's shadow roots
    plot = page.locator(".js-plotly-plot.ce-plot").first
    plot.wait_for(timeout=90_000)
    plot.scroll_into_view_if_needed()
    area = page.locator(".js-plotly-plot .nsewdrag").first
    wait_until(lambda: area.bounding_box() is not None, "the plotting area")
    box = area.bounding_box()
    corners = [(0.01, 0.02), (0.5, 0.02), (0.5, 0.98), (0.01, 0.98), (0.01, 0.03)]
    places = [(box["x"] + x * box["width"], box["y"] + y * box["height"]) for x, y in corners]
    page.mouse.move(*places[0])
    page.mouse.down()
    for place in places[1:]:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def selected_in(page: Page) -> int:
    """Wait for the panel to say how many texts are selected, list them, and return how many."""
    summary = page.locator(".ce-summary").first
    wait_until(lambda: "selected" in summary.inner_text(), "the selection in the panel")
    count = int(summary.inner_text().split()[0].replace(",", ""))
    option = page.locator("[role=listbox] [role=option]").first
    option.wait_for()
    assert "of group" in option.inner_text()
    return count


def steer(page: Page, kernel: Kernel) -> None:
    """Move a control by the keyboard, and see the map clustered anew."""
    slider = page.locator(".widget-slider", has_text="min_cluster_size").get_by_role("slider").first
    slider.focus()
    page.keyboard.press("ArrowRight")
    wait_until(lambda: kernel.ask("ex.params.min_cluster_size") != "auto", "the moved slider in the kernel")
    wanted = kernel.ask("ex.params.min_cluster_size")
    readout = page.locator(".widget-slider", has_text="min_cluster_size").locator(".widget-readout").first
    wait_until(lambda: readout.inner_text() == str(wanted), "the readout to follow")
    wait_until(lambda: kernel.ask("ex.status.state") == "ready", "the new clusters")


def select_and_steer(page: Page, folder: Path) -> None:
    """Lasso some texts and move a slider, and see both in the kernel as well."""
    lasso_the_left_half(page)
    count = selected_in(page)
    kernel = kernel_of(folder)
    try:
        assert 0 < count < 240
        assert kernel.ask("len(ex.selected_ids)") == count
        steer(page, kernel)
    finally:
        kernel.close()


def test_notebook_7(page, tmp_path):
    write_notebook(tmp_path)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["notebook", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}"]
    command += [f"--IdentityProvider.token={TOKEN}", "--JupyterNotebookApp.expose_app_in_browser=True"]
    with served(tmp_path, command, address):
        page.goto(f"{address}/notebooks/explorer.ipynb?token={TOKEN}")
        page.wait_for_function("() => window.jupyterapp?.shell.currentWidget?.context?.isReady")
        idle = "() => window.jupyterapp.shell.currentWidget.sessionContext?.session?.kernel?.status === 'idle'"
        page.wait_for_function(idle)
        page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells') }")
        select_and_steer(page, tmp_path)
        # keys pressed in the panel are not the notebook's
        page.get_by_role("listbox").first.focus()
        for key in "abxdd":
            page.keyboard.press(key)
        assert page.evaluate("() => window.jupyterapp.shell.currentWidget.content.widgets.length") == 2
        assert page.locator(".ce-root").count() == 1


def test_voila(page, tmp_path):
    write_notebook(tmp_path)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["voila", "explorer.ipynb", "--no-browser", f"--port={port}", "--Voila.ip=127.0.0.1"]
    (tmp_path / "private").mkdir()
    command += [f"--Voila.connection_dir_root={tmp_path / 'private'}"]
    with served(tmp_path, command, f"{address}/voila/static/"):
        page.goto(address, timeout=120_000)
        select_and_steer(page, tmp_path)


def test_marimo(page, tmp_path):
    pytest.importorskip("marimo", reason="marimo is not installed")
    (tmp_path / "explorer.py").write_text(MARIMO)
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = ["marimo", "run", "explorer.py", "--headless", "--no-token", "--host=127.0.0.1", f"--port={port}"]
    with served(tmp_path, command, address):
        page.goto(address)
        lasso_the_left_half(page)
        count = selected_in(page)
        assert 0 < count < 240
        selected = tmp_path / "selected.txt"
        wait_until(lambda: selected.exists() and selected.read_text() == str(count), "the selection in Python")
        # a popover can be used in a shadow root: pressing into it does not close it
        page.get_by_role("button", name="Saved selections").click()
        page.get_by_label("Name for the selection").click()
        page.keyboard.type("the left half")
        page.get_by_role("button", name="Save the selection").click()
        page.locator(".ce-saved-name", has_text="the left half").wait_for()
        page.keyboard.press("Escape")
        # what is typed slowly stays while Python answers what was typed before
        box = page.get_by_label("Find in these texts")
        box.click()
        for part in ("gro", "up ", "0"):
            page.keyboard.type(part)
            query = part.strip() and box.input_value().strip()
            wait_until(lambda: "of" in page.locator(".ce-matches").inner_text(), f"the texts with {query}")
        assert box.input_value() == "group 0"
        wait_until(lambda: page.locator(".ce-mark").first.inner_text() in ("group", "0"), "the words marked")
        page.keyboard.press("Escape")
        page.keyboard.press("Escape")
        wait_until(lambda: selected.read_text() == "0", "no selection in Python")
