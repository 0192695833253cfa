"""The harness in a real Chromium: serving it, opening it, and moving the mouse as a person does."""

from __future__ import annotations

import functools
import http.server
import math
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, FloatRect, Page

_ROOT = Path(__file__).parents[2]
_FLAGS = ["--no-sandbox", "--disable-gpu", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]

#: A point of the harness's 1,200 rows that no other point is near.
LONELY_ROW = 176


class _QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[str]:
    """Serve the repository on a free port of this machine; yields the address of the harness."""
    handler = functools.partial(_QuietHandler, directory=_ROOT)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/js/harness/index.html"
    finally:
        server.shutdown()
        server.server_close()


@contextmanager
def chromium() -> Iterator[Browser]:
    """Start the system's Chromium with a software renderer for WebGL."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=_FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def open_harness(browser: Browser, address: str, query: str, *, height: int = 640, touch: bool = False) -> Page:
    """Open the harness and wait until the panel has found the plot; an error in the page is an error here."""
    page = browser.new_page(viewport={"width": 1280, "height": height}, has_touch=touch)
    page.on("pageerror", _fail)
    page.goto(f"{address}?{query}")
    page.wait_for_function("window.ready && document.querySelector('.ce-overlay')", timeout=120_000)
    settle(page)
    return page


def _fail(error: object) -> None:
    raise AssertionError(error)


def settle(page: Page, frames: int = 4) -> None:
    """Wait for a few animation frames, in which the page draws what it has to draw."""
    page.evaluate(
        """async frames => {
            for (let frame = 0; frame < frames; frame++) await new Promise(requestAnimationFrame);
        }""",
        frames,
    )


def box_of(page: Page, selector: str) -> FloatRect:
    """Where an element is in the window."""
    box = page.locator(selector).bounding_box()
    if box is None:
        raise LookupError(selector)
    return box


def draw_lasso(page: Page, x: float, y: float, radius: float, *, turns: float = 1.0, release: bool = True) -> None:
    """Draw a wobbly loop around a place on the map, in pixels from its corner."""
    corner = box_of(page, "#plot")
    angles = [2 * math.pi * turns * step / 60 for step in range(60)]
    reaches = [radius * (1 + 0.12 * math.sin(3 * angle)) for angle in angles]
    points = [
        (corner["x"] + x + reach * math.cos(angle), corner["y"] + y + reach * math.sin(angle))
        for angle, reach in zip(angles, reaches, strict=True)
    ]
    page.mouse.move(*points[0])
    page.mouse.down()
    for point in points[1:]:
        page.mouse.move(*point)
    if release:
        page.mouse.up()


def drag(page: Page, *places: tuple[float, float]) -> None:
    """Press at the first place of the map, move over the others, and let go."""
    corner = box_of(page, "#plot")
    first, *others = [(corner["x"] + x, corner["y"] + y) for x, y in places]
    page.mouse.move(*first)
    page.mouse.down()
    for place in others:
        page.mouse.move(*place, steps=5)
    page.mouse.up()


def place_of(page: Page, row: int) -> tuple[float, float]:
    """Where a row is drawn, in the window."""
    x, y = page.evaluate(
        """row => {
            const {xaxis, yaxis} = plot._fullLayout;
            const box = plot.getBoundingClientRect();
            const left = box.left + xaxis._offset + xaxis.l2p(rows.x[row]);
            return [left, box.top + yaxis._offset + yaxis.l2p(rows.y[row])];
        }""",
        row,
    )
    return x, y


def sent(page: Page, kind: str) -> list[dict[str, Any]]:
    """Messages of one type that the panel has sent so far."""
    messages: list[dict[str, Any]] = page.evaluate("kind => model.sent.filter(message => message.type === kind)", kind)
    return messages


def wait_for_texts(page: Page) -> None:
    """Wait until a text of the selection can be read."""
    page.wait_for_selector(".ce-row[aria-busy=false]")
