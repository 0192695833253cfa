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
        measure(browser, address, 100_000)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "test-results/harness"))
