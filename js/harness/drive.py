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


def draw_lasso(page: Page, x: float, y: float, radius: float, *, release: bool = True, steps: int = 40) -> None:
    box = page.locator("#plot").bounding_box()
    assert box
    points = [
        (
            box["x"] + x + radius * math.cos(2 * math.pi * i / steps) * (1 + 0.15 * math.sin(5 * i / steps * 6)),
            box["y"] + y + radius * math.sin(2 * math.pi * i / steps),
        )
        for i in range(steps)
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    if release:
        page.mouse.up()


def main(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, chromium() as browser:
        page = open_page(browser, address, "n=1200&clusters=24")
        page.wait_for_timeout(300)
        page.screenshot(path=folder / "overview.png")
        draw_lasso(page, 420, 300, 150, release=False)
        page.screenshot(path=folder / "drawing.png")
        page.mouse.up()
        page.wait_for_selector(".ce-row[aria-busy=false]")
        page.screenshot(path=folder / "selected.png")
        page.locator(".ce-row").nth(2).hover()
        page.wait_for_timeout(100)
        page.screenshot(path=folder / "row_hover.png")
        page.locator(".ce-row").nth(2).click()
        page.wait_for_selector(".ce-neighbor")
        page.wait_for_timeout(100)
        page.screenshot(path=folder / "detail.png")
        print("plotly_selected events:", page.evaluate("window.plotlySelected"), "hacked:", page.evaluate("window.hacked"))


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "test-results/harness"))
