"""A map that draws a sample, in a real JupyterLab and Chromium: all rows count, and a closer look shows more."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import nbformat
import numpy as np
import pytest

from lab import wait_until

SUPPORT = Path(__file__).parents[1] / "support"
N_ROWS = 100_000
CODE = f"""
import sys; sys.path.insert(0, '.')
from many_rows import ManyRows, explorer_of
ex = explorer_of({N_ROWS})
ex
"""
ROWS_DRAWN = "() => Array.from(document.querySelector('.ce-root .js-plotly-plot')._fullData[0].customdata)"
WIDTH = "() => (([a, b]) => b - a)(document.querySelector('.ce-root .js-plotly-plot')._fullLayout.xaxis.range)"
NOTE = "() => document.querySelector('.ce-root .js-plotly-plot .annotation-text')?.textContent ?? ''"
TINT = "() => document.querySelector('.ce-root .js-plotly-plot .imagelayer image')?.getAttribute('href') ?? ''"


@pytest.fixture
def large(lab, page):
    shutil.copy(SUPPORT / "many_rows.py", lab.folder)
    content = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE.strip())])
    content.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(content, lab.folder / "large_map.ipynb")
    with lab.open(page, "large_map.ipynb") as opened:
        opened.run_all()
        opened.wait_for_map(120)
        wait_until(lambda: opened.kernel.ask("ex.status.state") == "ready", "the clusters", 120)
        wait_until(lambda: f"of {N_ROWS:,} drawn" in page.evaluate(NOTE), "the number of rows drawn")
        yield opened


def test_all_rows_count_and_a_closer_look_draws_more_of_them(large):
    page, kernel = large.page, large.kernel
    drawn = page.evaluate(ROWS_DRAWN)
    assert 15_000 < len(drawn) < N_ROWS / 2
    assert page.evaluate(NOTE) == f"{len(drawn):,} of {N_ROWS:,} drawn"
    assert page.evaluate(TINT).startswith("data:image/png")

    # a lasso takes every row inside, drawn or not, in the page and in the kernel
    kernel.run("import numpy as np\nmiddle = [float(v) for v in np.median(ex.positions_, axis=0)]")
    middle = kernel.ask("middle")
    x, y = large.pixel_of(*middle)
    large.drag([(x + 40 * math.cos(a), y + 40 * math.sin(a)) for a in np.linspace(0, 2 * math.pi, 16)])
    selected = wait_until(lambda: kernel.ask("len(ex.selected_ids)"), "a selection in the kernel")
    wait_until(lambda: f"{selected:,} texts selected" in large.panel.inner_text(), "the count in the panel")
    outline = "ex._session.state.selection.outline"
    inside = kernel.ask(
        "int(__import__('matplotlib.path', fromlist=['Path'])"
        f".Path(np.c_[{outline}.x, {outline}.y]).contains_points(ex.positions_).sum())"
    )
    assert selected == pytest.approx(inside, abs=3)
    assert selected > np.isin(kernel.ask("ex._session.state.selection.rows.tolist()"), drawn).sum()
    first = large.panel.locator("[role=option]").first
    first.wait_for()
    assert kernel.ask("ex.selection.text.iloc[0]") in first.inner_text()
    page.keyboard.press("Escape")
    wait_until(lambda: kernel.ask("len(ex.selected_ids)") == 0, "no selection")

    # the wheel zooms in: another sample, of the part that is seen
    page.mouse.move(x, y)
    whole = page.evaluate(WIDTH)
    wait_until(lambda: page.mouse.wheel(0, -240) or page.evaluate(WIDTH) < whole / 8, "the map to be zoomed")
    seen = "ex._session.state.viewport"
    wait_until(
        lambda: (
            kernel.ask(f"{seen} is not None and {seen}.x1 - {seen}.x0") == pytest.approx(page.evaluate(WIDTH))
            and kernel.ask("ex._view.scatter._drawing.rows.tolist()") == page.evaluate(ROWS_DRAWN)
            and kernel.ask("ex._view.scatter._painted.viewport == ex._session.state.viewport")
        ),
        "the page to draw what the kernel has chosen for the part that is seen",
    )
    assert "drawn here" in page.evaluate(NOTE)
    finer = page.evaluate(ROWS_DRAWN)
    near = kernel.ask(f"{seen}.rows_in(ex.positions_).tolist()")
    assert np.isin(near, finer).sum() > 2 * np.isin(near, drawn).sum()

    # hovering and clicking a point means the row that it stands for
    shown = kernel.ask(
        "(lambda v, rows: [[int(r), *ex.positions_[r].tolist()] for r in rows"
        " if v.x0 < ex.positions_[r, 0] < v.x1 and v.y0 < ex.positions_[r, 1] < v.y1][:400])"
        "(ex._session.state.viewport.widened(-0.2), ex._view.scatter._drawing.rows.tolist())"
    )
    pixels = np.array([large.pixel_of(px, py) for _, px, py in shown[:60]])
    # the one that is farthest from the others, so that no other is under the pointer
    everyone = np.array([[px, py] for _, px, py in shown])
    apart = [np.sort(np.hypot(*(everyone - everyone[i]).T))[1] for i in range(len(pixels))]
    row = shown[int(np.argmax(apart))][0]
    px, py = pixels[int(np.argmax(apart))]
    page.mouse.move(px - 5, py - 5)
    page.mouse.move(px, py, steps=4)
    page.get_by_text(f"Row {row}:").first.wait_for()
    page.mouse.click(px, py)
    assert wait_until(lambda: kernel.ask("ex._session.state.inspected + 1"), "a row to be open") - 1 == row

    # home: all of the map again
    page.locator(".ce-root .modebar-btn[data-title='Reset axes']").first.click()
    wait_until(lambda: f"of {N_ROWS:,} drawn" in page.evaluate(NOTE), "the whole map again")
    wait_until(lambda: len(page.evaluate(ROWS_DRAWN)) == len(drawn), "the first sample again")
    assert page.evaluate(ROWS_DRAWN) == drawn
