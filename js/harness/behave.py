"""Asserts what only a real browser can tell, and measures: `.venv/bin/python js/harness/behave.py`.

Each check takes a browser and the address of the harness, so that pytest can call it as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from browser import (
    LONELY_ROW,
    box_of,
    chromium,
    drag,
    draw_lasso,
    open_harness,
    place_of,
    sent,
    served,
    settle,
    wait_for_texts,
)

if TYPE_CHECKING:
    from playwright.sync_api import Browser

NOTHING_SELECTED = "model.get('selection').kind === 'none'"
SOMETHING_SELECTED = "model.get('selection').count > 0"
SQUARE = ((200, 200), (300, 300), (200, 300))


def check_lasso(browser: Browser, address: str) -> None:
    """Check that the lasso selects, is aborted by Escape, takes away with Alt, and that Escape then clears."""
    page = open_harness(browser, address, "n=5000&clusters=24")
    draw_lasso(page, 300, 280, 150)
    wait_for_texts(page)
    count = page.evaluate("model.get('selection').count")
    assert count > 100
    assert 10 < len(sent(page, "select_polygon")[-1]["x"]) <= 500

    draw_lasso(page, 300, 280, 80, release=False)
    page.keyboard.press("Escape")
    page.mouse.up()
    settle(page)
    assert len(sent(page, "select_polygon")) == 1
    assert page.evaluate("model.get('selection').count") == count

    page.keyboard.down("Alt")
    draw_lasso(page, 300, 280, 80)
    page.keyboard.up("Alt")
    page.wait_for_function("count => model.get('selection').count < count", arg=count)
    page.keyboard.press("Escape")
    page.wait_for_function(NOTHING_SELECTED)
    assert page.evaluate("window.plotlySelected") == 0
    page.close()


def check_box_and_clicks(browser: Browser, address: str) -> None:
    """Check that the box selects, a click on a point opens its text, and clicks on empty ground close and clear."""
    page = open_harness(browser, address, "n=1200&clusters=24")
    corner = box_of(page, "#plot")
    empty = (corner["x"] + 30, corner["y"] + corner["height"] - 20)
    page.evaluate("Plotly.relayout(plot, {dragmode: 'select'})")
    drag(page, (100, 100), (400, 400))
    page.wait_for_function(SOMETHING_SELECTED)
    assert len(sent(page, "select_polygon")[-1]["x"]) == 4

    page.mouse.move(*place_of(page, LONELY_ROW))
    page.wait_for_selector(".ce-tooltip:popover-open")
    page.mouse.down()
    page.mouse.up()
    page.wait_for_function("row => model.get('inspected') === row", arg=LONELY_ROW)
    page.mouse.click(*empty)
    page.wait_for_function("model.get('inspected') === -1")
    page.mouse.click(*empty)
    page.wait_for_function(NOTHING_SELECTED)
    page.close()


def check_other_drags(browser: Browser, address: str) -> None:
    """Check that in the other modes a drag is Plotly's: it pans, and nothing is selected."""
    page = open_harness(browser, address, "n=1200&clusters=24")
    page.evaluate("Plotly.relayout(plot, {dragmode: 'pan'})")
    start = page.evaluate("plot._fullLayout.xaxis.range[0]")
    drag(page, *SQUARE)
    page.wait_for_function("start => plot._fullLayout.xaxis.range[0] !== start", arg=start)
    assert not sent(page, "select_polygon")
    page.close()


def check_views(browser: Browser, address: str) -> None:
    """Check that plots drawn anew and second views work, and that a closed view leaves nothing behind."""
    page = open_harness(browser, address, "n=1200&clusters=24")
    page.evaluate(
        """async () => {
            await Plotly.newPlot(plot, plot.data, plot.layout);
            plot.on("plotly_selected", () => window.plotlySelected++);
            document.dispatchEvent(new CustomEvent("plotlywidget-after-render", {detail: {element: plot}}));
        }"""
    )
    draw_lasso(page, 300, 280, 150)
    page.wait_for_function(SOMETHING_SELECTED)
    assert page.locator(".ce-overlay").count() == 2
    page.evaluate(
        """() => {
            const el = document.createElement("div");
            document.querySelector(".ce-side").append(el);
            window.closeSecond = widget.render({model, el});
        }"""
    )
    page.wait_for_function("document.querySelectorAll('.ce-overlay').length === 4")
    page.evaluate("closeSecond(); cleanup()")
    assert page.locator(".ce-panel, .ce-overlay, .ce-map-button, .ce-tooltip").count() == 0
    assert page.evaluate("model.listenerCount()") == 0
    before = page.evaluate("model.sent.length")
    drag(page, *SQUARE)
    page.wait_for_function("window.plotlySelected > 0")
    assert page.evaluate("model.sent.length") == before
    page.close()


def check_touch(browser: Browser, address: str) -> None:
    """Check that a finger draws a lasso, and a tap opens a text."""
    page = open_harness(browser, address, "n=1200&clusters=24", touch=True)
    fingers = page.context.new_cdp_session(page)

    def touch(kind: str, *points: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y} for x, y in points]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    touch("touchStart", (200, 150))
    for point in [(300, 150), (400, 200), (400, 350), (300, 400), (200, 350)]:
        touch("touchMove", point)
    touch("touchEnd")
    page.wait_for_function(SOMETHING_SELECTED)
    x, y = place_of(page, LONELY_ROW)
    touch("touchStart", (x + 4, y))
    touch("touchEnd")
    page.wait_for_function("row => model.get('inspected') === row", arg=LONELY_ROW)
    assert page.evaluate("window.plotlySelected") == 0
    page.close()


def check_three_dimensions(browser: Browser, address: str) -> None:
    """Check that what is sent of a 3-D map selects exactly the rows that are drawn inside the outline."""
    page = open_harness(browser, address, "n=2000&clusters=20&dims=3")
    page.locator(".ce-map-button").click()
    camera = page.evaluate("JSON.stringify(plot._fullLayout.scene.camera)")
    draw_lasso(page, 350, 280, 90)
    wait_for_texts(page)
    assert page.evaluate("JSON.stringify(plot._fullLayout.scene.camera)") == camera, "a lasso does not turn the map"
    # plotly's own way from data to pixels, as it places its annotations
    inside = page.evaluate(
        """() => {
            const message = model.sent.find(each => each.type === "select_polygon");
            const {glplot, dataScale} = plot._fullLayout.scene._scene;
            const {projection, view, model: world} = glplot.cameraParams;
            const times = (matrix, vector) => [0, 1, 2, 3].map(
                row => vector.reduce((sum, value, column) => sum + matrix[4 * column + row] * value, 0));
            const outline = new Path2D();
            message.x.forEach((x, i) => outline.lineTo(1000 * x, 1000 * message.y[i]));
            const context = document.createElement("canvas").getContext("2d");
            let count = 0;
            for (let row = 0; row < rows.n; row++) {
                const scaled = [rows.x[row] * dataScale[0], rows.y[row] * dataScale[1], rows.z[row] * dataScale[2], 1];
                const [x, y, , w] = times(projection, times(view, times(world, scaled)));
                if (context.isPointInPath(outline, 1000 * x / w, 1000 * y / w, "evenodd")) count += 1;
            }
            return count;
        }"""
    )
    selected = page.evaluate("model.get('selection').count")
    assert inside > 50
    assert abs(selected - inside) <= 1, (selected, inside)
    page.close()


def check_a_million_rows(browser: Browser, address: str) -> None:
    """Check that the last of a million rows is reached by key, and that bar and wheel move as they should."""
    page = open_harness(browser, address, "n=1000&clusters=4")
    page.evaluate(
        """() => {
            const real = model.row.bind(model);
            model.row = row => ({...real(row % rows.n), row, text: `text ${row}`});
            model.select("python", Array.from({length: 1_000_000}, (_, row) => row), null);
        }"""
    )
    wait_for_texts(page)
    page.locator(".ce-list").focus()
    page.keyboard.press("End")
    page.wait_for_selector(".ce-active[aria-busy=false]")
    assert page.locator(".ce-active .ce-row-text").text_content() == "text 999999"
    frame = box_of(page, ".ce-list")
    row = box_of(page, ".ce-active")
    assert row["y"] + row["height"] <= frame["y"] + frame["height"] + 1

    page.locator(".ce-list").evaluate("list => { list.scrollTop = list.scrollHeight / 2 }")
    page.wait_for_function(
        """() => {
            const {index} = document.querySelector(".ce-row[aria-busy=false]").dataset;
            return index > 499_000 && index < 501_000;
        }"""
    )
    first_in_view = """() => {
        const top = document.querySelector(".ce-list").getBoundingClientRect().top;
        const rows = [...document.querySelectorAll(".ce-row")];
        const inView = rows.filter(row => row.getBoundingClientRect().bottom > top);
        return Math.min(...inView.map(row => Number(row.dataset.index)));
    }"""
    page.mouse.move(frame["x"] + 100, frame["y"] + 100)
    start = page.evaluate(first_in_view)
    page.mouse.wheel(0, 240)
    expected = start + 240 // row["height"]
    page.wait_for_function(
        "([first, expected]) => Math.abs(eval(first)() - expected) <= 1", arg=[f"({first_in_view})", expected]
    )
    page.close()


def measure_first_texts(browser: Browser, address: str, n: int) -> None:
    """Measure the time from letting go of the mouse to the first text that can be read."""
    page = open_harness(browser, address, f"n={n}&clusters=60")
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
    print(f"{n:,} points, {count:,} selected: first text {elapsed:.0f} ms after mouse-up (the fake model selects)")
    page.close()


def measure_highlight(browser: Browser, address: str, n: int) -> None:
    """Measure the time from the pointer's arrival on a text to the frame in which its point is lit."""
    page = open_harness(browser, address, f"n={n}&clusters=60")
    draw_lasso(page, 400, 280, 200)
    wait_for_texts(page)
    elapsed = page.evaluate(
        """async () => {
            const live = document.querySelectorAll(".ce-overlay")[1];
            const pixels = () => live.getContext("2d").getImageData(0, 0, live.width, live.height).data;
            const lit = () => pixels().some((value, index) => index % 4 === 3 && value > 0);
            if (lit()) throw new Error("A point is lit already");
            const start = performance.now();
            document.querySelector(".ce-row .ce-row-text").dispatchEvent(new Event("pointerover", {bubbles: true}));
            let frames = 0;
            let drawn = start;
            do {
                await new Promise(requestAnimationFrame);
                drawn = performance.now();
                frames += 1;
            } while (!lit());
            return [drawn - start, frames];
        }"""
    )
    print(f"{n:,} points: a point is lit {elapsed[0]:.0f} ms ({elapsed[1]} frames) after the pointer came to its text")
    page.close()


CHECKS = (
    check_lasso,
    check_box_and_clicks,
    check_other_drags,
    check_views,
    check_touch,
    check_three_dimensions,
    check_a_million_rows,
)


def main() -> None:
    """Run all checks, then measure."""
    with served() as address, chromium() as browser:
        for check in CHECKS:
            check(browser, address)
            print(f"{check.__name__}: ok")
        measure_first_texts(browser, address, 100_000)
        measure_highlight(browser, address, 100_000)


if __name__ == "__main__":
    main()
