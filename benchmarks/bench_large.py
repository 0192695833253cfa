"""Maps of a thousand to a million rows in a real browser, beside a plain FigureWidget and jupyter-scatter.

    python benchmarks/bench_large.py [ROWS ...]

Rows, positions and neighbours are made up (`tests/many_rows.py`), clusters are computed; all three show the same points
in the same colours, and the first texts of what is lassoed. Times are taken in the page, from the browser's own events
to what is seen; bytes are those of the page's web sockets, both ways. Chromium draws in software. Prints markdown.
"""

from __future__ import annotations

import math
import shutil
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

import nbformat
from asked import marked, outcome

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests" / "support"))
from chromium import FLAGS, find_browser
from lab import running_lab, wait_until

EXPLANATION = """\
Rows, neighbours and positions are made in the notebook's process, for all three alike (`tests/support/many_rows.py`):
no database is read, and the clusters are there when the clock starts. *To open* is from running the cell to the map.
"""
#: What was asked of us (issue 4): seconds, by rows.
ASKED_S = {
    100_000: {"open": 5.0, "lasso": 0.25, "recolour": 0.5},
    1_000_000: {"open": 5.0, "lasso": 0.5},
}
ASKED = (
    "Asked of ClusterExplorer (issue 4): to open in under 5 s at 100,000 and 1,000,000 rows, from mouse-up to the "
    "first texts under 0.25 s and 0.5 s, to recolour 100,000 rows in under 0.5 s, and zooming that is usable, which is "
    "for the reader to judge."
)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
REPEATS = 5
PATIENCE = 60.0

MAKE = """
import sys; sys.path.insert(0, '.')
import numpy as np, ipywidgets
from many_rows import ManyRows, explorer_of
from IPython.display import display
made = ManyRows({n_rows})
x, y = made.positions.T
codes = np.clip((np.hypot(x, y) / 4).astype(np.uint8), 0, 7)
read = ipywidgets.HTML(); read.add_class('bench-text')
again = ipywidgets.Button(description='recolour'); again.add_class('bench-recolour')
def show_texts(rows):
    rows = np.asarray(rows)
    read.value = f'{{len(rows)}} selected<br>' + '<br>'.join(made.text(int(row)) for row in rows[:50])
"""
EXPLORER = (
    """
ex = explorer_of({n_rows})
turn = [0]
def recolour(_):
    turn[0] += 1
    ex.color_by(['cluster', 'confidence'][turn[0] % 2])
again.on_click(recolour)
""",
    "display(ipywidgets.VBox([ex.widget, again]))",
)
FIGURE = (
    """
import plotly.graph_objects as go
figure = go.FigureWidget(
    data=[go.Scattergl(x=x, y=y, mode='markers', hoverinfo='none', marker=dict(size=3, color=codes, cmin=0, cmax=9))],
    layout=dict(height=560, dragmode='lasso', margin=dict(l=0, r=0, t=0, b=0)),
)
figure._config = {{'scrollZoom': True}}
figure.data[0].on_selection(lambda trace, points, selector: show_texts(points.point_inds))
def recolour(_):
    figure.data[0].marker.color = (np.asarray(figure.data[0].marker.color) + 1) % 8
again.on_click(recolour)
""",
    "display(ipywidgets.VBox([figure, again, read]))",
)
SCATTER = (
    """
import jscatter
scatter = jscatter.Scatter(x=x, y=y, width=800, height=560, color_by=codes.astype(int), mouse_mode='lasso')
scatter.widget.observe(lambda change: show_texts(change['new']), names=['selection'])
turn = [0]
def recolour(_):
    turn[0] += 1
    scatter.color(by=((codes + turn[0]) % 8).astype(int))
again.on_click(recolour)
""",
    "display(ipywidgets.VBox([scatter.widget, again, read]))",
)
PEERS = {"ClusterExplorer": EXPLORER, "FigureWidget": FIGURE, "jupyter-scatter": SCATTER}

TOOLS = (ROOT / "benchmarks" / "large_tools.js").read_text(encoding="utf-8")


def main() -> None:
    from playwright.sync_api import sync_playwright

    sizes = [int(size) for size in sys.argv[1:]] or SIZES
    heads = ("rows", "", "to open, s", "mouse-up to text, s", "kB", "recolour, s", "kB")
    print(EXPLANATION)
    print(f"| {' | '.join(heads)} | frames a second while zooming | finer sample, s |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- | --- |")
    with tempfile.TemporaryDirectory() as scratch, sync_playwright() as playwright:
        folder = Path(scratch) / "notebooks"
        folder.mkdir()
        shutil.copy(ROOT / "tests" / "support" / "many_rows.py", folder)
        chromium = playwright.chromium.launch(executable_path=find_browser(), args=FLAGS)
        short: list[bool] = []
        with running_lab(folder) as lab:
            for n_rows in sizes:
                for peer, cells in PEERS.items():
                    page = chromium.new_page(viewport={"width": 1400, "height": 1000})
                    page.set_default_timeout(PATIENCE * 1000)
                    row = row_of(lab, page, peer, cells, n_rows)
                    short += row.short
                    print(row.line, flush=True)
                    page.close()
        chromium.close()
    print("\n" + outcome(ASKED, sum(short), len(short)))


@dataclass(frozen=True)
class Row:
    """A line of the table, and whether each of its figures that something was asked of falls short."""

    line: str
    short: list[bool] = field(default_factory=list)


class Meter:
    """Counts what goes through a page's web sockets."""

    def __init__(self, page) -> None:
        self.total = 0
        page.on("websocket", self.listen)

    def listen(self, socket) -> None:
        for event in ("framesent", "framereceived"):
            socket.on(event, self.count)

    def count(self, payload) -> None:
        self.total += len(payload)


def row_of(lab, page, peer, cells, n_rows):
    make, show = cells
    asked = ASKED_S.get(n_rows, {}) if peer == "ClusterExplorer" else {}
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(show)])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    file = f"{peer}-{n_rows}.ipynb"
    nbformat.write(notebook, lab.folder / file)
    meter = Meter(page)
    repeats = REPEATS if n_rows < 500_000 else 3
    with lab.open(page, file) as opened:
        opened.kernel.run(MAKE.format(n_rows=n_rows) + make.format(n_rows=n_rows), timeout=300)
        page.evaluate(TOOLS)
        page.evaluate("() => { window.bench.open() }")
        to_open = seen(page, "__open")
        if to_open is None:
            late = marked(f"not within {PATIENCE:.0f} s", short=bool(asked))
            return Row(f"| {n_rows:,} | {peer} | {late} | | | | | | |", [True] * len(asked))
        if peer == "ClusterExplorer":
            wait_until(lambda: opened.kernel.ask("ex.status.state") == "ready", "the clusters", 120)
        settle(page, meter)
        lassos = [
            measured(page, meter, "lasso", lambda turn=turn: lasso(opened, peer, turn)) for turn in range(repeats)
        ]
        recolours = [measured(page, meter, "recolour", lambda: recolour(page)) for _ in range(repeats)]
        frames, refined = zoom(page, peer, is_sample=peer == "ClusterExplorer" and n_rows > 20_000)
    took = {"open": to_open / 1000, "lasso": middle(lassos), "recolour": middle(recolours)}
    short = {what: took[what] >= most for what, most in asked.items()}
    finer = "" if refined is None else f"{refined / 1000:.2f}"
    cells = (
        f"{n_rows:,}",
        peer,
        marked(f"{to_open / 1000:.1f}", short=short.get("open", False)),
        *summary(lassos, short=short.get("lasso", False)),
        *summary(recolours, short=short.get("recolour", False)),
        frames,
        finer,
    )
    return Row(f"| {' | '.join(cells)} |", list(short.values()))


def middle(runs):
    """Return the median in seconds of what was seen in time; infinity where nothing was."""
    return median([time for time, _ in runs if time is not None] or [math.inf]) / 1000


def summary(runs, *, short):
    times = [time for time, _ in runs if time is not None]
    if not times:
        return marked("lost", short=short), ""
    lost = f", {len(runs) - len(times)} lost" if len(times) < len(runs) else ""
    spread = f"{middle(runs):.2f} ({min(times) / 1000:.2f} to {max(times) / 1000:.2f}{lost})"
    return marked(spread, short=short), f"{median(size for time, size in runs if time is not None) / 1000:,.0f}"


def seen(page, name="__seen", patience=PATIENCE):
    """Return what a promise of the page brings, in milliseconds; None when it does not in time."""
    waiting = (
        "([name, patience]) => Promise.race([window[name], new Promise(r => setTimeout(() => r(null), patience))])"
    )
    return page.evaluate(waiting, [name, 1000 * patience])


def settle(page, meter) -> None:
    """Wait until nothing has been sent for half a second."""
    before = -1
    while before != meter.total:
        before = meter.total
        page.wait_for_timeout(500)


def measured(page, meter, kind, act):
    """Do something, and return how long it takes until it is seen and how many bytes it sends."""
    if kind == "lasso":
        page.evaluate("() => window.bench.clear()")
    settle(page, meter)
    before = meter.total
    page.evaluate(f"() => {{ window.bench.{kind}() }}")
    act()
    time = seen(page, patience=20)
    settle(page, meter)
    return time, meter.total - before


def map_box(page, peer):
    if peer == "jupyter-scatter":
        index = page.evaluate(
            "() => [...document.querySelectorAll('.jp-OutputArea canvas')].findIndex(c => c.width > 300)"
        )
        return page.locator(".jp-OutputArea canvas").nth(index).bounding_box()
    return page.locator(".jp-OutputArea .js-plotly-plot .nsewdrag").first.bounding_box()


def lasso(opened, peer, turn) -> None:
    """Draw around the middle of the map: about half of its rows."""
    page = opened.page
    box = map_box(page, peer)
    middle_x, middle_y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    radius = min(box["width"], box["height"]) * (0.1 + 0.01 * turn)
    pixels = [
        (middle_x + radius * math.cos(k * math.pi / 6), middle_y + radius * math.sin(k * math.pi / 6))
        for k in range(13)
    ]
    page.mouse.move(*pixels[0])
    page.mouse.down()
    for pixel in pixels[1:]:
        page.mouse.move(*pixel, steps=4)
    page.mouse.up()


def recolour(page) -> None:
    """Press the button: by confidence instead of by cluster here, other numbers for the peers."""
    page.locator(".bench-recolour").first.click()


def zoom(page, peer, *, is_sample):
    """Turn the wheel over the map; return frames a second meanwhile, and how long a finer sample takes after it."""
    page.locator(".jp-OutputArea").first.scroll_into_view_if_needed()
    box = map_box(page, peer)
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.evaluate("() => { window.bench.refine(); window.bench.frames() }")
    for _ in range(12):
        page.mouse.wheel(0, -60)
        page.wait_for_timeout(40)
    times = page.evaluate("() => { window.__ticking = false; return window.__times }")
    refined = seen(page, patience=20) if is_sample else None
    has_zoomed = peer == "jupyter-scatter" or page.evaluate("() => window.bench.hasZoomed()")
    frames = f"{1000 * (len(times) - 1) / max(times[-1] - times[0], 1):.0f}"
    return (frames if has_zoomed else "did not zoom"), refined


if __name__ == "__main__":
    main()
