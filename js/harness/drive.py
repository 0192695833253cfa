"""Open the harness in a real Chromium: `.venv/bin/python js/harness/drive.py <folder for screenshots>`.

Says in one line each what was measured; screenshots are for looking at.
"""

from __future__ import annotations

import functools
import http.server
import math
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

ROOT = Path(__file__).parents[2]
FLAGS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(QuietHandler, directory=ROOT))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/js/harness/index.html"
    finally:
        server.shutdown()


@contextmanager
def chromium() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def open_page(browser: Browser, address: str, query: str, *, width: int = 1280, height: int = 640) -> Page:
    page = browser.new_page(viewport={"width": width, "height": height})
    page.on("pageerror", lambda error: print("PAGE ERROR", error))
    page.on("console", lambda message: print("CONSOLE", message.text) if message.type == "error" else None)
    page.goto(f"{address}?{query}")
    page.wait_for_function("window.ready && document.querySelector('.ce-overlay')", timeout=120_000)
    return page


def draw_lasso(
    page: Page, x: float, y: float, radius: float, *, release: bool = True, steps: int = 60, turns: float = 1.0
) -> None:
    box = page.locator("#plot").bounding_box()
    assert box
    angles = [2 * math.pi * turns * step / steps for step in range(steps)]
    reaches = [radius * (1 + 0.12 * math.sin(3 * angle)) for angle in angles]
    points = [
        (box["x"] + x + reach * math.cos(angle), box["y"] + y + reach * math.sin(angle))
        for angle, reach in zip(angles, reaches, strict=True)
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    if release:
        page.mouse.up()


def plot_point(page: Page, row: int) -> tuple[float, float]:
    """Where a row is drawn, in the window."""
    x, y = page.evaluate(
        """row => {
            const {xaxis, yaxis} = plot._fullLayout, box = plot.getBoundingClientRect();
            return [box.left + xaxis._offset + xaxis.l2p(rows.x[row]), box.top + yaxis._offset + yaxis.l2p(rows.y[row])];
        }""",
        row,
    )
    return x, y


def sent(page: Page, kind: str) -> list[dict]:
    return page.evaluate("kind => model.sent.filter(message => message.type === kind)", kind)


def look(browser: Browser, address: str, folder: Path) -> None:
    page = open_page(browser, address, "n=1200&clusters=24")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / "overview.png")
    page.locator(".ce-cluster").nth(3).hover()
    page.wait_for_timeout(100)
    page.screenshot(path=folder / "cluster_hover.png")
    draw_lasso(page, 420, 300, 150, release=False, turns=0.7)
    page.screenshot(path=folder / "drawing.png")
    page.mouse.up()
    page.wait_for_selector(".ce-row[aria-busy=false]")
    page.screenshot(path=folder / "selected.png")
    page.locator(".ce-row").nth(2).hover()
    page.wait_for_timeout(100)
    page.screenshot(path=folder / "row_hover.png")
    page.locator(".ce-row").nth(2).click()
    page.wait_for_selector(".ce-neighbor")
    page.locator(".ce-neighbor").nth(3).hover()
    page.wait_for_timeout(100)
    page.screenshot(path=folder / "detail.png")
    page.mouse.move(*plot_point(page, 176))
    page.wait_for_selector(".ce-tooltip:popover-open")
    page.screenshot(path=folder / "tooltip.png")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("model.get('inspected') === 176")
    page.keyboard.down("Shift")
    draw_lasso(page, 640, 120, 60, release=False, turns=0.8)
    page.screenshot(path=folder / "adding.png")
    page.mouse.up()
    page.keyboard.up("Shift")
    page.wait_for_timeout(100)
    page.mouse.move(500, 300)
    page.mouse.wheel(0, -600)
    page.wait_for_timeout(400)
    page.screenshot(path=folder / "zoomed.png")
    modes = [message["mode"] for message in sent(page, "select_polygon")]
    print(
        "lassos:",
        modes,
        "plotly_selected:",
        page.evaluate("window.plotlySelected"),
        "hacked:",
        page.evaluate("window.hacked"),
    )
    page.close()

    page = open_page(browser, address, "n=1200&clusters=24&theme=dark")
    page.wait_for_timeout(300)
    draw_lasso(page, 300, 300, 170)
    page.wait_for_selector(".ce-row[aria-busy=false]")
    page.locator(".ce-row").nth(1).hover()
    page.wait_for_timeout(100)
    page.screenshot(path=folder / "dark.png")
    page.locator(".ce-row").nth(1).click()
    page.wait_for_selector(".ce-neighbor")
    page.screenshot(path=folder / "dark_detail.png")
    page.close()

    page = open_page(browser, address, "n=1200&clusters=24&narrow", height=1160)
    page.wait_for_timeout(300)
    draw_lasso(page, 150, 250, 100)
    page.wait_for_selector(".ce-row[aria-busy=false]")
    page.screenshot(path=folder / "narrow.png")
    page.locator(".ce-row").nth(1).click()
    page.wait_for_selector(".ce-neighbor")
    page.screenshot(path=folder / "narrow_detail.png")
    page.close()

    page = open_page(browser, address, "n=3000&clusters=300")
    page.wait_for_timeout(300)
    page.screenshot(path=folder / "many_clusters.png")
    page.close()

    page = open_page(browser, address, "n=2000&clusters=20&dims=3")
    page.wait_for_timeout(500)
    page.screenshot(path=folder / "three_d.png")
    page.locator(".ce-map-button").click()
    draw_lasso(page, 350, 280, 120, release=False)
    page.screenshot(path=folder / "three_d_drawing.png")
    page.mouse.up()
    page.wait_for_selector(".ce-row[aria-busy=false]")
    page.locator(".ce-row").nth(1).hover()
    page.wait_for_timeout(200)
    page.screenshot(path=folder / "three_d_selected.png")
    page.close()


def behave(browser: Browser, address: str) -> None:
    """What only a real browser can tell: who gets a drag, what hover and keys do, and what is left when the view closes."""
    page = open_page(browser, address, "n=5000&clusters=24")
    box = page.locator("#plot").bounding_box()
    assert box
    empty = (box["x"] + 30, box["y"] + box["height"] - 20)

    draw_lasso(page, 300, 280, 150)
    page.wait_for_selector(".ce-row[aria-busy=false]")
    first = page.evaluate("model.get('selection')")
    drawn = sent(page, "select_polygon")[-1]
    assert first["count"] > 100, first["count"]
    assert 10 < len(drawn["x"]) <= 500, len(drawn["x"])

    draw_lasso(page, 300, 280, 80, release=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    assert len(sent(page, "select_polygon")) == 1, "Escape during the drag aborts it"
    assert page.evaluate("model.get('selection').count") == first["count"]

    page.keyboard.down("Alt")
    draw_lasso(page, 300, 280, 80)
    page.keyboard.up("Alt")
    page.wait_for_function("count => model.get('selection').count < count", arg=first["count"])
    page.mouse.move(*empty)
    page.keyboard.press("Escape")
    page.wait_for_function("model.get('selection').kind === 'none'")

    page.evaluate("Plotly.relayout(plot, {dragmode: 'select'})")
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 400, box["y"] + 400, steps=5)
    page.mouse.up()
    page.wait_for_function("model.get('selection').count > 0")
    assert len(sent(page, "select_polygon")[-1]["x"]) == 4
    page.mouse.click(*empty)
    page.wait_for_function("model.get('selection').kind === 'none'")

    before = len(page.evaluate("model.sent"))
    page.evaluate("Plotly.relayout(plot, {dragmode: 'pan'})")
    start = page.evaluate("plot._fullLayout.xaxis.range[0]")
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 250, steps=5)
    page.mouse.up()
    page.wait_for_function("start => plot._fullLayout.xaxis.range[0] !== start", arg=start)
    assert not [message for message in page.evaluate("model.sent")[before:] if message["type"] == "select_polygon"]
    assert page.evaluate("window.plotlySelected") == 0

    page.evaluate("Plotly.newPlot(plot, plot.data, {...plot.layout, dragmode: 'lasso'}, {scrollZoom: true})")
    page.evaluate(
        "document.dispatchEvent(new CustomEvent('plotlywidget-after-render', {detail: {element: plot}}))"
    )
    draw_lasso(page, 300, 280, 150)
    page.wait_for_function("model.get('selection').count > 0")
    assert page.locator(".ce-overlay").count() == 2, "a plot that is drawn anew keeps one overlay"

    page.evaluate(
        """() => {
            const el = document.createElement("div");
            document.querySelector(".ce-side").append(el);
            window.closeSecond = widget.render({model, el});
        }"""
    )
    page.wait_for_function("document.querySelectorAll('.ce-overlay').length === 4")
    page.evaluate("plot.on('plotly_selected', () => window.plotlySelected++); closeSecond(); cleanup()")
    assert page.locator(".ce-panel, .ce-overlay, .ce-map-button, .ce-tooltip").count() == 0
    assert page.evaluate("model.listenerCount()") == 0
    before = len(page.evaluate("model.sent"))
    page.mouse.move(box["x"] + 200, box["y"] + 200)
    page.mouse.down()
    page.mouse.move(box["x"] + 300, box["y"] + 300, steps=4)
    page.mouse.move(box["x"] + 200, box["y"] + 300, steps=4)
    page.mouse.up()
    assert len(page.evaluate("model.sent")) == before, "a closed view sends nothing"
    page.wait_for_function("window.plotlySelected > 0")
    page.close()
    print("behaviour: as it should be")


def behave_with_touch(browser: Browser, address: str) -> None:
    """A lasso drawn with a finger, and a tap on a point."""
    context = browser.new_context(viewport={"width": 1280, "height": 640}, has_touch=True)
    page = context.new_page()
    page.goto(f"{address}?n=1200&clusters=24")
    page.wait_for_function("window.ready && document.querySelector('.ce-overlay')")
    touch = context.new_cdp_session(page)

    def send(kind: str, *points: tuple[float, float]) -> None:
        touch.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": [{"x": x, "y": y} for x, y in points]})

    send("touchStart", (200, 150))
    for point in [(300, 150), (400, 200), (400, 350), (300, 400), (200, 350)]:
        send("touchMove", point)
    send("touchEnd")
    page.wait_for_function("model.get('selection').count > 0")
    x, y = plot_point(page, 176)
    send("touchStart", (x + 4, y))
    send("touchEnd")
    page.wait_for_function("model.get('inspected') === 176")
    assert page.evaluate("window.plotlySelected") == 0
    context.close()
    print("touch: as it should be")


def behave_long(browser: Browser, address: str) -> None:
    """A million selected rows, scrolled to the last one by key, bar and wheel."""
    page = open_page(browser, address, "n=1000&clusters=4")
    page.evaluate(
        """() => {
            const real = model.row.bind(model);
            model.row = row => ({...real(row % rows.n), row, text: `text ${row}`});
            model.select("python", Array.from({length: 1_000_000}, (_, row) => row), null);
        }"""
    )
    page.wait_for_selector(".ce-row[aria-busy=false]")
    page.locator(".ce-list").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".ce-active[aria-busy=false]")
    assert page.locator(".ce-active .ce-row-text").text_content() == "text 999999"
    list_box = page.locator(".ce-list").bounding_box()
    row_box = page.locator(".ce-active").bounding_box()
    assert list_box and row_box
    assert row_box["y"] + row_box["height"] <= list_box["y"] + list_box["height"] + 1, "the last row is in full view"
    page.locator(".ce-list").evaluate("list => { list.scrollTop = list.scrollHeight / 2 }")
    page.wait_for_selector(".ce-indicator.ce-shown")
    page.wait_for_function(
        """() => {
            const row = document.querySelector(".ce-row[aria-busy=false]");
            return row && row.dataset.index > 499_000 && row.dataset.index < 501_000;
        }"""
    )
    page.mouse.move(list_box["x"] + 100, list_box["y"] + 100)
    page.wait_for_timeout(300)
    visible = "() => Number([...document.querySelectorAll('.ce-row')].map(r => [r.getBoundingClientRect().top, r.dataset.index]).sort((a, b) => a[0] - b[0])[4][1])"
    start = page.evaluate(visible)
    for _ in range(10):
        page.mouse.wheel(0, 120)
        page.wait_for_timeout(60)
    page.wait_for_timeout(400)
    moved = page.evaluate(visible) - start
    rows_expected = 1200 / row_box["height"]
    assert abs(moved - rows_expected) <= 3, (moved, rows_expected)
    page.close()
    print(f"a million rows: last one reached, the wheel moves {moved} rows for 1,200 px")


def measure(browser: Browser, address: str, n: int) -> None:
    page = open_page(browser, address, f"n={n}&clusters=60")
    page.evaluate(
        """() => {
            window.firstTexts = new Promise(resolve => addEventListener("pointerup", () => {
                const start = performance.now();
                const check = () => document.querySelector(".ce-row[aria-busy=false]")
                    ? resolve(performance.now() - start) : requestAnimationFrame(check);
                requestAnimationFrame(check);
            }, {capture: true, once: true}));
        }"""
    )
    draw_lasso(page, 400, 280, 200)
    elapsed = page.evaluate("window.firstTexts")
    count = page.evaluate("model.get('selection').count")
    print(
        f"{n:,} points: mouse-up to first texts {elapsed:.0f} ms ({count:,} selected; the fake model's polygon test included)"
    )
    page.close()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, chromium() as browser:
        look(browser, address, folder)
        behave(browser, address)
        behave_with_touch(browser, address)
        behave_long(browser, address)
        measure(browser, address, 100_000)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "test-results/harness"))
