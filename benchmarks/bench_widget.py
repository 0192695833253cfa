"""The widget in a real JupyterLab and Chromium: to the map, from mouse-up to text, from slider to recoloured map.

    python benchmarks/bench_widget.py

Times are taken in the page: from the browser's own pointer and key events to the mutation that shows the text, and to
Plotly's report that it has drawn. Prints markdown.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import nbformat

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from chromium import FLAGS, find_browser
from lab import copy_notebooks, running_lab, wait_until

REPEATS = 7
AG_NEWS = ROOT.parent / "shared" / "data" / "ag_news.parquet"

SAMPLE = """
import numpy as np, pandas as pd
from cluster_explorer import ClusterExplorer
news = pd.read_csv("data/news_sample.csv")
vectors = np.load("data/news_sample.embeddings.npy").astype(np.float32)
ClusterExplorer.from_texts(
    news, text_column=["title", "description"], vectors=vectors, uri="bench.db", collection_name="rows"
).close()
ex = ClusterExplorer("bench.db", "rows")
ex
"""
LARGER = """
import numpy as np, pandas as pd
from cluster_explorer import ClusterExplorer
news = pd.read_parquet("ag_news.parquet")[["title", "description"]]
vectors = np.load("ag_news.embeddings.npy").astype(np.float32)
ClusterExplorer.from_texts(
    news, text_column=["title", "description"], vectors=vectors, uri="ag.db", collection_name="rows"
).close()
ex = ClusterExplorer("ag.db", "rows")
ex
"""
WATCH_TEXT = """() => {
    window.__seen = new Promise(resolve => {
        let up = 0
        window.addEventListener('pointerup', () => { up = performance.now() }, {capture: true, once: true})
        const side = document.querySelector('.ce-side')
        const observer = new MutationObserver(() => {
            const row = side.querySelector('[role=option]:not([aria-busy=true]) .ce-row-text')
            if (up && row && row.offsetParent && row.textContent) {
                observer.disconnect()
                requestAnimationFrame(() => resolve(performance.now() - up))
            }
        })
        observer.observe(side, {subtree: true, childList: true, attributes: true})
    })
}"""
WATCH_COLORS = """() => {
    const plot = document.querySelector('.ce-root .js-plotly-plot')
    const sum = () => Array.from(plot._fullData[0].marker.color).reduce((a, c, i) => (a * 31 + c * (i + 1)) % 1e9, 0)
    const before = sum()
    window.__recoloured = new Promise(resolve => {
        let down = 0
        window.addEventListener('keydown', () => { down = performance.now() }, {capture: true, once: true})
        const drawn = () => {
            if (!down || sum() === before) return
            plot.removeListener('plotly_afterplot', drawn)
            resolve(performance.now() - down)
        }
        plot.on('plotly_afterplot', drawn)
    })
}"""


def main() -> None:
    from playwright.sync_api import sync_playwright

    print("| | rows | run all, fresh kernel, to the map, s | mouse-up to text, ms | slider to new colours, ms |")
    print("| --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = copy_notebooks(ROOT / "notebooks", Path(scratch) / "notebooks")
        corpora = {"sample news": SAMPLE}
        if AG_NEWS.exists():
            shutil.copy(AG_NEWS, folder)
            shutil.copy(AG_NEWS.with_suffix(".embeddings.npy"), folder)
            corpora["AG News"] = LARGER
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        with running_lab(folder) as lab:
            for name, code in corpora.items():
                page = chromium.new_page(viewport={"width": 1400, "height": 1000})
                print(row_of(lab, page, name, code), flush=True)
                page.close()
        chromium.close()


def row_of(lab, page, name, code):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = f"{name.replace(' ', '_')}.ipynb"
    nbformat.write(notebook, lab.folder / file)
    with lab.open(page, file) as opened:
        started = time.monotonic()
        opened.run_all()
        opened.wait_for_map(180)
        to_map = time.monotonic() - started
        wait_until(lambda: opened.kernel.ask("ex.status.state") == "ready", "the finished map", 180)
        to_text = [lasso(opened) for _ in range(REPEATS)]
        to_colours = [move_slider(opened, turn) for turn in range(REPEATS)]
        n_rows = opened.drawn_points()
    spread = lambda ms: f"{median(ms):.0f} ({min(ms):.0f} to {max(ms):.0f})"  # noqa: E731
    return f"| {name} | {n_rows:,} | {to_map:.1f} | {spread(to_text)} | {spread(to_colours)} |"


def lasso(notebook):
    notebook.kernel.run("ex.clear_selection()")
    wait_until(lambda: "selected" not in notebook.panel.inner_text(), "no selection")
    box = notebook.map_box()
    middle_x, middle_y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    radius = min(box["width"], box["height"]) * 0.3
    angles = [turn / 12 * 2 * math.pi for turn in range(13)]
    notebook.page.evaluate(WATCH_TEXT)
    notebook.drag([(middle_x + radius * math.cos(a), middle_y + radius * math.sin(a)) for a in angles])
    return notebook.page.evaluate("() => window.__seen")


def move_slider(notebook, turn):
    # any step of it gives or takes some rows a colour, which a step of min_cluster_size may not
    slider = notebook.explorer.locator(".widget-slider", has_text="noise_threshold").get_by_role("slider")
    slider.focus()
    notebook.page.evaluate(WATCH_COLORS)
    notebook.page.keyboard.press("ArrowLeft" if turn % 2 else "ArrowRight")
    late = "new Promise((_, fail) => setTimeout(() => fail(new Error('no other colours within 30 s')), 30_000))"
    return notebook.page.evaluate(f"() => Promise.race([window.__recoloured, {late}])")


if __name__ == "__main__":
    main()
