"""The list of texts and what is added to the collection, with a recorded browser."""

from __future__ import annotations

import numpy as np
import pytest

from waiting import until

ARRANGED = {"sort": "auto", "descending": False, "grouped": True, "query": "", "starred_only": False}


@pytest.fixture
def panel(explorer, shown, browser):
    """The panel's model with everything selected, and a way to read its list to the last row."""

    class Reader:
        widget = shown.panel.widget

        def says(self, **message):
            browser.says(self.widget, message)

        def arrange(self, **changes):
            self.says(type="arrange", **{**ARRANGED, **changes})
            # a field to sort by may have to be read first
            until(lambda: not self.widget.listing["awaited"])

        def rows(self):
            listing, read = self.widget.listing, []
            for start in range(0, listing["count"], 50):
                self.says(type="page", request=1, revision=listing["revision"], start=start, stop=start + 50)
                read += browser.custom(self.widget, "page")[-1]["rows"]
            return read

    explorer.select(ids=explorer.ids_)
    return Reader()


def test_words_narrow_the_list_for_all_rows_and_not_only_those_loaded(explorer, panel):
    panel.arrange(query='COMET "item  7"')
    texts = [row["text"] for row in panel.rows()]
    wanted = [text for text in explorer.to_frame().text if "comet" in text and "item 7" in text]
    assert sorted(texts) == sorted(wanted)
    assert wanted
    assert panel.widget.listing["terms"] == ["COMET", "item 7"]
    assert len(explorer.selected_ids) == 260
    panel.says(type="select_listed")
    assert len(explorer.selected_ids) == len(wanted)
    assert panel.widget.listing["query"] == ""
    panel.arrange(query="nowhere to be found")
    assert panel.widget.listing["count"] == 0


def test_a_hit_far_down_in_a_long_text_is_in_the_excerpt(explorer, panel):
    explorer._session.state.results.rows.texts[7] = "word " * 2_000 + "needle in it" + " word" * 2_000
    panel.arrange(query="needle")
    (row,) = panel.rows()
    assert "needle in it" in row["text"]
    assert len(row["text"]) <= 500


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("descending", [True, False])
def test_every_sort_orders_the_list_and_groups_hold_together(explorer, panel, grouped, descending):
    frame = explorer.to_frame().set_index("id")
    vectors = explorer.knn_graph_.vectors
    labels = explorer._session.state.results.members.labels
    centres = np.array([vectors[labels == label].mean(axis=0) for label in range(labels.max() + 1)])
    distance = {key: float(np.linalg.norm(vectors[i] - centres[labels[i]])) for i, key in enumerate(frame.index)}
    section = {key: int(key) % 10**17 % 3 for key in frame.index}
    for sort, value in [
        ("order", lambda key: key),
        ("probability", lambda key: frame.probability[key]),
        ("distance", lambda key: distance[key]),
        ("field:section", lambda key: section[key]),
    ]:
        panel.arrange(sort=sort, descending=descending, grouped=grouped)
        assert panel.widget.listing["problem"] == ""
        rows = [row for row in panel.rows() if row["label"] >= 0]
        values = [(row["label"], value(int(row["id"]))) for row in rows]
        groups = sorted({label for label, _ in values}) if grouped else [None]
        for group in groups:
            found = [number for label, number in values if group in (None, label)]
            ordered = sorted(found, reverse=descending)
            np.testing.assert_allclose(np.array(found, dtype=float), np.array(ordered, dtype=float), atol=1e-4)
        starts = [group["start"] for group in panel.widget.listing["groups"]]
        shown = [row["label"] for row in panel.rows()]
        changes = [0, *(np.flatnonzero(np.diff(shown)) + 1).tolist()]
        assert starts == (changes if grouped else [])


def test_what_cannot_be_sorted_by_is_told_and_the_texts_stay_readable(explorer, panel):
    session = explorer._session
    session.store.apply(lambda state: state)
    panel.arrange(sort="field:text_that_is_not_there")
    assert panel.widget.listing["sort"] == "auto"
    assert panel.widget.listing["count"] == 260


def test_stars_and_names_and_saved_selections_made_in_the_browser(explorer, panel):
    panel.says(type="star", row=5, on=True)
    panel.says(type="star", row=9, on=True)
    panel.says(type="star", row=9, on=False)
    assert explorer.starred.id.tolist() == [explorer.ids_[5]]
    panel.arrange(starred_only=True)
    (row,) = panel.rows()
    assert (row["row"], row["starred"]) == (5, True)
    panel.says(type="rename_cluster", label=0, name="<b>strikes</b>")
    assert explorer.cluster_names == {0: "<b>strikes</b>"}
    named = {cluster["label"]: cluster for cluster in panel.widget.clusters}
    assert named[0]["name"] == "<b>strikes</b>"
    assert len(named[0]["keywords"]) > 0
    mean = explorer.probabilities_[explorer.labels_ == 0].mean()
    assert named[0]["probability"] == pytest.approx(mean, abs=1e-3)
    panel.says(type="save_selection", name="all")
    panel.says(type="select_cluster", label=0, mode="replace")
    panel.says(type="save_selection", name="one")
    panel.says(type="select_saved", name="all", mode="replace")
    panel.says(type="select_saved", name="one", mode="subtract")
    assert set(explorer.selection.cluster) == set(explorer.labels_.tolist()) - {0}
    panel.says(type="delete_selection", name="all")
    assert [saved["name"] for saved in panel.widget.annotations["selections"]] == ["one"]


def test_copying_brings_the_whole_list_and_tables_survive_tabs_and_line_breaks(explorer, panel, browser):
    import csv
    import io

    explorer._session.state.results.rows.texts[3] = 'tab\there, "quotes"\nand a line'
    panel.arrange(sort="order", grouped=False)
    panel.says(type="copy", request=7, format="table")
    copied = browser.custom(panel.widget, "copied")[-1]
    assert (copied["request"], copied["n_copied"], copied["n_listed"]) == (7, 260, 260)
    lines = list(csv.reader(io.StringIO(copied["text"]), dialect="excel-tab"))
    assert lines[0] == ["id", "cluster", "probability", "text"]
    assert [line[3] for line in lines[1:]] == explorer.to_frame().text.tolist()
    explorer._session.state.results.rows.texts[3] = "=1+1;=2"
    panel.says(type="copy", request=7, format="table")
    assert "'=1+1;'=2" in browser.custom(panel.widget, "copied")[-1]["text"]
    panel.says(type="copy", request=8, format="texts")
    assert browser.custom(panel.widget, "copied")[-1]["text"].startswith("harbour strike, item 0\n\n")


def test_copying_one_text_of_the_list_brings_all_of_it(explorer, panel, browser):
    whole = "word " * 2_000 + "the end"
    explorer._session.state.results.rows.texts[7] = whole
    panel.says(type="copy", request=5, format="texts", row=7)
    copied = browser.custom(panel.widget, "copied")[-1]
    assert (copied["request"], copied["text"], copied["n_copied"]) == (5, whole, 1)


def test_zooming_to_a_cluster_shows_it_each_time_it_is_asked_for(explorer, shown, browser):
    figure = shown.scatter.figure
    for label in (0, 1, 0):
        browser.says(shown.panel.widget, {"type": "zoom_cluster", "label": label})
        (x0, x1), (y0, y1) = figure.layout.xaxis.range, figure.layout.yaxis.range
        members = explorer.positions_[explorer.labels_ == label]
        inside = ((members >= (x0, y0)) & (members <= (x1, y1))).all(axis=1)
        assert inside.mean() > 0.9
    explorer.zoom(cluster=1)
    until(lambda: tuple(figure.layout.xaxis.range) != (x0, x1))
