"""Takes the pictures that a designer looks at: `.venv/bin/python js/harness/look.py <folder>`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from browser import LONELY_ROW, chromium, draw_lasso, open_harness, place_of, served, settle, wait_for_texts

if TYPE_CHECKING:
    from playwright.sync_api import Browser


def look_at_reading(browser: Browser, address: str, folder: Path) -> None:
    """Take the way of a reader: overview, lasso, list, one text, its neighbours."""
    page = open_harness(browser, address, "n=1200&clusters=24")
    page.screenshot(path=folder / "overview.png")
    page.locator(".ce-cluster").nth(3).hover()
    settle(page)
    page.screenshot(path=folder / "cluster_pointed.png")
    draw_lasso(page, 420, 300, 150, turns=0.7, release=False)
    settle(page)
    page.screenshot(path=folder / "drawing.png")
    page.mouse.up()
    wait_for_texts(page)
    page.locator(".ce-row").nth(2).hover()
    settle(page)
    page.screenshot(path=folder / "list.png")
    page.locator(".ce-toolbar .ce-find").fill("rates")
    page.locator(".ce-matches:not([hidden])").wait_for()
    page.locator(".ce-mark").first.wait_for()
    page.get_by_role("button", name="Saved selections").click()
    settle(page)
    page.screenshot(path=folder / "words_saved.png")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Keyboard and mouse").click()
    settle(page)
    page.screenshot(path=folder / "help.png")
    page.keyboard.press("Escape")
    page.locator(".ce-toolbar .ce-find").fill("")
    page.locator(".ce-matches").wait_for(state="hidden")
    wait_for_texts(page)
    page.locator(".ce-row").nth(2).click()
    page.wait_for_selector(".ce-neighbor")
    page.locator(".ce-neighbor").nth(3).hover()
    settle(page)
    page.screenshot(path=folder / "detail.png")
    page.mouse.move(*place_of(page, LONELY_ROW))
    page.wait_for_selector(".ce-tooltip:popover-open")
    page.screenshot(path=folder / "tooltip.png")
    page.keyboard.down("Shift")
    draw_lasso(page, 640, 120, 60, turns=0.8, release=False)
    settle(page)
    page.screenshot(path=folder / "adding.png")
    page.mouse.up()
    page.keyboard.up("Shift")
    before = page.evaluate("plot._fullLayout.xaxis.range[0]")
    page.mouse.wheel(0, -600)
    page.wait_for_function("before => plot._fullLayout.xaxis.range[0] !== before", arg=before)
    settle(page, 30)
    page.screenshot(path=folder / "zoomed.png")
    page.close()


def look_at_variants(browser: Browser, address: str, folder: Path) -> None:
    """Look at the dark theme, a narrow column, hundreds of clusters."""
    for name, query, height in [
        ("dark", "n=1200&clusters=24&theme=dark", 640),
        ("narrow", "n=1200&clusters=24&narrow", 1160),
        ("many_clusters", "n=3000&clusters=300", 640),
    ]:
        page = open_harness(browser, address, query, height=height)
        page.screenshot(path=folder / f"{name}_overview.png")
        draw_lasso(page, 150, 250, 100)
        wait_for_texts(page)
        page.screenshot(path=folder / f"{name}_list.png")
        page.locator(".ce-row").nth(1).click()
        page.wait_for_selector(".ce-neighbor")
        settle(page)
        page.screenshot(path=folder / f"{name}_detail.png")
        page.close()


def look_at_understanding(browser: Browser, address: str, folder: Path) -> None:
    """Read about a cluster and a selection, see near-duplicates and what titles would send; dark and narrow as well."""
    for name, query, height in [
        ("", "n=1200&clusters=24", 900),
        ("dark_", "n=1200&clusters=24&theme=dark", 640),
        ("narrow_", "n=1200&clusters=24&narrow", 1160),
    ]:
        page = open_harness(browser, address, query, height=height)
        page.get_by_role("button", name="Near-duplicates").click()
        page.wait_for_selector(".ce-passage")
        page.screenshot(path=folder / f"{name}duplicates.png")
        page.keyboard.press("Escape")
        page.get_by_role("button", name="Titles…").click()
        page.get_by_text("Exactly what would be sent").click()
        page.screenshot(path=folder / f"{name}titles.png")
        page.get_by_role("button", name="Send 23 requests").click()
        page.wait_for_selector("progress")
        page.screenshot(path=folder / f"{name}titles_running.png")
        page.keyboard.press("Escape")
        page.locator(".ce-cluster").nth(3).click()
        page.get_by_role("button", name="About this cluster").click()
        page.wait_for_selector(".ce-passage >> visible=true")
        page.screenshot(path=folder / f"{name}about.png")
        page.locator(".ce-view-body >> visible=true").evaluate("body => { body.scrollTop = body.scrollHeight }")
        settle(page)
        page.screenshot(path=folder / f"{name}about_end.png")
        page.close()


def look_at_three_dimensions(browser: Browser, address: str, folder: Path) -> None:
    """Draw a lasso on a map that turns."""
    page = open_harness(browser, address, "n=2000&clusters=20&dims=3")
    page.screenshot(path=folder / "three_d.png")
    page.locator(".ce-map-button").click()
    draw_lasso(page, 350, 280, 120, release=False)
    settle(page)
    page.screenshot(path=folder / "three_d_drawing.png")
    page.mouse.up()
    wait_for_texts(page)
    page.locator(".ce-row").nth(1).hover()
    settle(page)
    page.screenshot(path=folder / "three_d_list.png")
    page.close()


def main(folder: Path) -> None:
    """Take all pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    with served() as address, chromium() as browser:
        look_at_reading(browser, address, folder)
        look_at_variants(browser, address, folder)
        look_at_understanding(browser, address, folder)
        look_at_three_dimensions(browser, address, folder)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "test-results/harness"))
