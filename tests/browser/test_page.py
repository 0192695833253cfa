"""What `save_html` and `save_image` write, opened from a file by a browser that is cut off from every network."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.exporting.page import Page, write_page
from cluster_explorer.values import KnnGraph
from lab import violations, wait_until

HOSTILE = [
    "</script><script>window.hacked = 1</script>",
    "<img src=x onerror='window.hacked = 2'>",
    "<!-- <script> &lt;b&gt; *markdown* $x$ \u2028 ${window.hacked = 3}",
    "שלום עולם \u202eright to left\u202c \u200b\u0000 control \x07",
    "🜁 emoji 👩‍👩‍👧‍👦 and a long one: " + "word " * 4000,
]
#: The row whose text has what is looked for far from its beginning.
LONG = 10


@pytest.fixture(scope="module")
def written(blobs, tmp_path_factory):
    """The folder with the page and pictures of 260 texts, some of them hostile, and the explorer's table."""
    folder = tmp_path_factory.mktemp("page")
    texts = [f"{('harbour', 'comet', 'cheese', 'opera')[min(row // 60, 3)]} item {row}" for row in range(len(blobs))]
    texts[: len(HOSTILE)] = HOSTILE
    texts[LONG] = "A headline\n" + "word " * 400 + "Nädel " + "word " * 800
    frame = pd.DataFrame({"key": range(len(blobs)), "text": texts, "section": [f"<b>{row % 3}" for row in range(260)]})
    with ClusterExplorer.from_texts(
        frame, vectors=blobs, id_column="key", uri=str(folder / "t.db"), collection_name="texts", metric="COSINE"
    ) as explorer:
        explorer.recluster(min_cluster_size=20, space="distance")
        explorer.rename_cluster(0, "<i>first</i>")
        explorer.save_html(folder / "map.html", metadata=True)
        explorer.save_image(folder / "map.svg")
        explorer.color_by("section")
        explorer.filter_values({"section": ["<b>0", "<b>2"]})
        explorer.save_html(folder / "part.html")
        table = explorer.to_frame()
    return folder, table


@pytest.fixture
def opened(browser, written):
    """The page, opened offline."""
    yield from watched(browser, written[0] / "map.html")


@pytest.fixture
def opened_part(browser, written):
    """The page that was saved under a filter, coloured by a field, opened offline."""
    yield from watched(browser, written[0] / "part.html")


def watched(browser, file):
    """Open a page offline; what it asked for and complained of is kept, and looked at in the end."""
    context = browser.new_context(viewport={"width": 1300, "height": 800}, offline=True)
    page = context.new_page()
    asked, problems = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
    page.goto(file.as_uri())
    page.locator(".ce-plot .main-svg").first.wait_for()
    yield page
    assert problems == []
    assert {url.split(":")[0] for url in asked} <= {"file", "data", "blob"}
    assert page.evaluate("() => window.hacked") is None
    context.close()


def pixel_of(page, x, y):
    return page.evaluate(
        """([x, y]) => {
            const plot = document.querySelector('.js-plotly-plot')
            const box = plot.getBoundingClientRect()
            const {xaxis, yaxis} = plot._fullLayout
            return [box.left + xaxis._offset + xaxis.d2p(x), box.top + yaxis._offset + yaxis.d2p(y)]
        }""",
        [float(x), float(y)],
    )


def lasso(page, members):
    """Draw around rows of the table with the mouse."""
    corners = np.array([pixel_of(page, x, y) for x, y in zip(members.x, members.y, strict=True)])
    middle = corners.mean(axis=0)
    reach = np.abs(corners - middle).max(axis=0) + 12
    around = [middle + reach * 1.42 * [math.cos(a), math.sin(a)] for a in np.linspace(0, 2 * math.pi, 20)]
    page.mouse.move(*around[0])
    page.mouse.down()
    for place in around[1:]:
        page.mouse.move(*place, steps=2)
    page.mouse.up()


def test_a_lasso_lists_the_texts_inside_and_hostile_ones_are_text(opened, written):
    table = written[1]
    members = table[table.cluster == table.cluster[0]]
    lasso(opened, members)
    panel = opened.locator("#ce-side")
    panel.get_by_text("texts selected").first.wait_for()
    count = int(panel.locator(".ce-summary").first.inner_text().split()[0].replace(",", ""))
    assert count >= len(members)
    wait_until(lambda: panel.locator("[role=listbox] [role=option]").count() > 5, "the texts in the list")
    assert opened.locator(".modebar-btn[data-title^=Lasso]").count() == 1
    # plotly.js has a button that uploads the chart
    assert opened.locator(".modebar-btn[data-title^=Share]").count() == 0
    # points outside of it fade
    selected = opened.evaluate("() => document.querySelector('.js-plotly-plot')._fullData[0].selectedpoints.length")
    assert selected == count
    opened.keyboard.press("Escape")

    for text in HOSTILE[:3]:
        opened.get_by_label("Search words").fill(" ".join(text.split()[:3]))
        option = panel.locator("[role=listbox] [role=option]")
        beginning = text[:18].strip()
        wait_until(lambda: option.count() == 1 and beginning in option.first.inner_text(), "the text to be found")  # noqa: B023
        option.first.click()
        panel.get_by_role("button", name="Back to the list").wait_for()
        assert panel.locator("script, img, b").count() == 0
        # its metadata stands below it, as text
        assert "<b>" in panel.inner_text()
        opened.keyboard.press("Escape")


def test_words_find_texts_and_clusters_are_chosen_by_name(opened, written):
    table = written[1]
    panel, box = opened.locator("#ce-side"), opened.get_by_label("Search words")
    box.fill("COMET item")
    wanted = int(table.text.str.contains("comet item").sum())
    wait_until(lambda: panel.locator(".ce-summary").first.inner_text() == f"{wanted} texts selected", "the comets")
    box.fill("no such word")
    wait_until(lambda: "0 texts" in opened.locator(".ce-found").inner_text(), "nothing found")
    box.fill("")
    wait_until(lambda: "in 4 clusters" in panel.inner_text(), "the overview again")
    panel.get_by_text("<i>first</i>").first.click()
    members = int((table.attached_cluster == 0).sum())
    wait_until(lambda: f"{members} texts selected" in panel.inner_text(), "the members of the cluster")


def test_a_page_saved_under_a_filter_holds_what_was_left_and_says_what_the_colours_are(opened_part, written):
    table = written[1]
    left = table[table.index % 3 != 1]
    panel, legend = opened_part.locator("#ce-side"), opened_part.locator(".ce-legend")
    assert f"{len(left)} texts in" in panel.inner_text()
    assert opened_part.evaluate("() => document.querySelector('.js-plotly-plot')._fullData[0].x.length") == len(left)
    # a cluster holds as many texts as the list of clusters says
    members = int((left.attached_cluster == 0).sum())
    row = panel.locator(".ce-cluster", has_text="<i>first</i>").first
    assert str(members) in row.inner_text()
    row.click()
    wait_until(lambda: f"{members} texts selected" in panel.inner_text(), "the members that were left")
    # the legend is a caption with colours to click
    assert legend.get_by_label("Colour by").is_disabled()
    assert legend.locator("option").all_inner_texts() == ["section"]
    named = {"<b>0": int((table.index % 3 == 0).sum()), "<b>2": int((table.index % 3 == 2).sum())}
    for name, count in named.items():
        legend.locator(".ce-legend-entry", has_text=name).click()
        wait_until(lambda: f"{count} texts selected" in panel.inner_text(), f"the texts of {name}")  # noqa: B023
    assert not legend.locator(".ce-only").first.is_visible()
    assert "<b>1" not in legend.inner_text()


def test_words_that_were_found_are_marked_and_in_sight(opened):
    panel = opened.locator("#ce-side")
    opened.get_by_label("Search words").fill("NADEL")
    row = panel.locator("[role=option]", has_text="…word")
    row.wait_for()
    assert row.locator("mark").inner_text() == "Nädel"
    assert row.bounding_box()["y"] < row.locator("mark").bounding_box()["y"] < row.bounding_box()["y"] + 40
    row.click()
    panel.get_by_role("button", name="Back to the list").wait_for()
    mark, text = panel.locator(".ce-text mark").bounding_box(), panel.locator(".ce-text").bounding_box()
    assert text["y"] <= mark["y"] < mark["y"] + mark["height"] <= text["y"] + text["height"]
    opened.keyboard.press("Escape")
    # what is selected otherwise was found by no word
    opened.get_by_label("Search words").fill("")
    panel.locator(".ce-cluster").first.click()
    panel.locator("[role=option]").first.wait_for()
    assert panel.locator("mark").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_wrong_with_the_page(opened, scheme):
    panel = opened.locator("#ce-side")
    opened.emulate_media(color_scheme=scheme)
    panel.locator(".ce-cluster").first.wait_for()
    assert violations(opened, "html") == []
    opened.get_by_label("Search words").fill("harbour")
    panel.locator("[role=option] mark").first.wait_for()
    panel.locator("[role=option]").first.hover()
    assert violations(opened, "html") == []
    panel.locator("[role=option]").first.click()
    panel.locator(".ce-neighbor").first.wait_for()
    assert violations(opened, "html") == []


def test_a_page_with_a_sample_complains_of_nothing_and_zooms_to_a_cluster(browser, tmp_path):
    """Beyond some ten thousand rows the saved map draws a sample, with the row numbers in `customdata`."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(2, dtype=np.int32), 50)
    positions = (rng.normal(size=(100, 2)) + labels[:, None] * 20).astype(np.float32)
    drawn = np.arange(0, 100, 2)
    figure = go.Figure(go.Scattergl(x=positions[drawn, 0], y=positions[drawn, 1], mode="markers", customdata=drawn))
    cluster = {"color": "red", "size": 50, "keywords": [], "x": 0, "y": 0}
    clusters = [{**cluster, "label": 0, "name": "first"}, {**cluster, "label": 1, "name": "second"}]
    ones = np.ones(100, dtype=np.float32)
    page = Page(
        title="sample",
        traits={"title": "sample", "n_rows": 100, "n_components": 2, "text_field": "text", "clusters": clusters},
        figure=figure.to_json(),
        ids=[str(row) for row in range(100)],
        texts=[f"text {row}" for row in range(100)],
        labels=labels,
        probabilities=ones,
        confidence=ones,
        positions=positions,
        codes=labels,
        colors=("red", "blue"),
        graph=KnnGraph(
            ids=np.arange(100),
            indices=np.zeros((100, 1), dtype=np.int32),
            distances=ones[:, None],
            metric="cosine",
            n_components=1,
        ),
    )
    context = browser.new_context(viewport={"width": 1300, "height": 800}, offline=True)
    opened = context.new_page()
    opened.goto(write_page(page, tmp_path / "sample.html").as_uri())
    opened.locator(".ce-plot .main-svg").first.wait_for()
    across = "() => document.querySelector('.js-plotly-plot')._fullLayout.xaxis.range"
    whole = opened.evaluate(across)
    # the whole panel is in sight, below the box for words
    search, side = (opened.locator(each).bounding_box() for each in (".ce-search", ".ce-panel"))
    assert search["y"] < 40
    assert search["y"] + search["height"] <= side["y"] < 80
    assert 700 < side["y"] + side["height"] <= 800
    row = opened.locator(".ce-cluster", has_text="second")
    row.focus()
    opened.keyboard.press("z")
    members = positions[labels == 1, 0]
    wait_until(lambda: opened.evaluate(across)[0] > positions[labels == 0, 0].max(), "the cluster to fill the map")
    low, high = opened.evaluate(across)
    assert low < np.quantile(members, 0.1) < np.quantile(members, 0.9) < high
    # the map that stands still has told what it shows by now; Enter on a text elsewhere moves the map to it
    opened.keyboard.press("Home")
    opened.keyboard.press("Enter")
    opened.locator("[role=listbox] [role=option]", has_text="text 0").first.wait_for()
    # the keyboard goes along: from the cluster to its texts
    opened.keyboard.press("ArrowDown")
    opened.keyboard.press("Enter")
    opened.get_by_role("button", name="Back to the list").wait_for()
    wait_until(lambda: opened.evaluate(across)[0] < positions[labels == 0, 0].max(), "the map to move to the text")
    assert whole[0] < low
    assert not opened.locator(".ce-problem").is_visible()
    # nothing is offered that only a kernel could do
    opened.keyboard.press("Escape")
    opened.keyboard.press("Escape")
    opened.locator(".ce-cluster").first.wait_for()
    names = [name for name in opened.locator("button, select").all_inner_texts() if name.strip()]
    shown = [name for name in names if opened.get_by_text(name, exact=True).first.is_visible()]
    assert not {"Find", "Filter", "Saved", "Near-duplicates", "More like these"} & set(shown)
    assert not opened.get_by_label("Colour by").is_visible()
    context.close()


def test_a_picture_opens_with_its_names(browser, written):
    page = browser.new_page()
    page.goto((written[0] / "map.svg").as_uri())
    assert page.locator("text", has_text="<i>first</i>").count() >= 1
    assert page.locator("script, i").count() == 0
    page.close()
