"""Asking, filters and colours by their names in Python, on a real Milvus Lite collection."""

from __future__ import annotations

import threading

import numpy as np
import pandas as pd
import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import DataError, FilterError, InvalidParameterError
from waiting import until


class Embedding:
    """Embeds the question "like N" as the vector of row N; can be held back."""

    def __init__(self, vectors):
        self.vectors = vectors
        self.gate = threading.Event()
        self.gate.set()
        self.asked = []

    def encode_queries(self, texts):
        self.asked += texts
        assert self.gate.wait(30)
        return {"dense": [self.vectors[int(text.split()[-1])] for text in texts]}

    def encode_documents(self, texts):
        raise AssertionError("questions are no documents")


@pytest.fixture
def embedding(blobs):
    return Embedding(blobs)


@pytest.fixture(scope="session")
def rich(blobs, tmp_path_factory):
    """A collection with categories, numbers and dates, and field names and values that are hostile."""
    uri = str(tmp_path_factory.mktemp("finding") / "texts.db")
    rows = range(len(blobs))
    frame = pd.DataFrame(
        {
            "key": [10**17 + row for row in rows],
            "text": [f"{('Harbour', 'comet', 'Cheese', 'opera')[min(row // 60, 3)]} story {row}" for row in rows],
            "section": [f'<b onclick="x">"{row % 3}"' for row in rows],
            "price": [row * 0.5 if row % 50 else None for row in rows],
            "published": [f"2025-{1 + row % 12:02d}-01" for row in rows],
            "cluster": [f"c{row % 2}" for row in rows],
            "author": [f"author {row % 129}" if row < 258 else "" for row in rows],
            "summary": [f"a summary of its own {row}" for row in rows],
            "month": [1 + row % 12 for row in rows],
            "moon": [1 + row % 13 for row in rows],
            "seen": [f"2025-03-{1 + row % 31:02d}T15:00:00" for row in rows],
            "tags": [["a", "b"] for row in rows],
        }
    )
    ClusterExplorer.from_texts(frame, vectors=blobs, id_column="key", uri=uri, collection_name="texts").close()
    return uri


@pytest.fixture
def explorer(rich, embedding, browser):
    params = {"min_cluster_size": 20, "space": "distance"}
    with ClusterExplorer(rich, "texts", params=params, embedding_function=embedding) as opened:
        yield opened


def test_a_question_is_answered_by_meaning_with_true_similarities(explorer, embedding, blobs):
    frame = explorer.ask("like 70", limit=8)
    order = np.argsort(-(blobs @ blobs[70]), kind="stable")[:8]
    assert frame.id.tolist() == explorer.ids_[order].tolist()
    assert frame.score.to_numpy() == pytest.approx((blobs @ blobs[70])[order], abs=1e-4)
    assert frame.attrs["score"] == "cosine similarity"
    assert embedding.asked == ["like 70"]
    assert set(explorer.selected_ids) == set(frame.id)
    assert set(frame.cluster) <= {explorer.labels_[70], -1}


def test_words_are_looked_for_where_nothing_can_be_embedded(rich, browser):
    with ClusterExplorer(rich, "texts") as explorer:
        frame = explorer.ask("harbour 7", limit=100)
        assert frame.text.tolist() == [f"Harbour story {row}" for row in (7, 17, 27, 37, 47, 57)]
        assert frame.attrs["score"] == "occurrences"
        with pytest.raises(InvalidParameterError, match="embedding_function="):
            explorer.ask("harbour", by="meaning")


def test_more_like_these_are_the_nearest_of_all_whether_from_the_graph_or_beyond(explorer, blobs):
    for rows, limit in (([70], 5), ([70, 200], 40)):
        frame = explorer.more_like(explorer.ids_[rows], limit=limit)
        distances = np.linalg.norm(blobs[:, None] - blobs[rows], axis=2).min(axis=1)
        distances[rows] = np.inf
        assert frame.score.to_numpy() == pytest.approx(np.sort(distances)[:limit], abs=2e-3)
        assert not set(frame.id) & set(explorer.ids_[rows])
    explorer.clear_selection()
    with pytest.raises(InvalidParameterError, match="Nothing is selected"):
        explorer.more_like()


def test_an_expression_narrows_selections_and_questions(explorer):
    left = explorer.filter_rows("price < 20")
    kept = explorer.to_frame().text.str.extract(r"(\d+)$")[0].astype(int).map(lambda row: row % 50 and row * 0.5 < 20)
    assert left == kept.astype(bool).sum()
    explorer.select(cluster=int(explorer.labels_[5]))
    assert set(explorer.selected_ids) <= set(explorer.ids_[kept.astype(bool)])
    assert set(explorer.ask("like 70", limit=10).id) <= set(explorer.ids_[kept.astype(bool)])
    explorer.clear_filter()
    assert len(explorer.select(cluster=0)) == (explorer.attached_labels_ == 0).sum()


def test_a_field_is_read_when_it_is_unfolded_and_its_rows_without_a_value_have_a_box(explorer, browser):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    widget = explorer._view.panel.widget
    fields = {field["name"]: field for field in widget.filtering["fields"]}
    assert {field["kind"] for field in fields.values()} == {"unread"}
    browser.says(widget, {"type": "want_field", "field": "author"})
    until(lambda: any(field["kind"] == "categories" for field in widget.filtering["fields"]))
    fields = {field["name"]: field for field in widget.filtering["fields"]}
    assert {name for name, field in fields.items() if field["kind"] != "unread"} == {"author"}
    author = fields["author"]
    assert (len(author["categories"]), author["others"]) == (101, 29)
    assert author["categories"][-1] == {"place": -1, "name": "", "count": 2, "on": True}
    browser.says(widget, {"type": "find_values", "field": "author", "text": "AUTHOR 119"})
    (found,) = browser.custom(widget, "values")[-1]["categories"]
    assert (found["name"], found["on"]) == ("author 119", True)
    browser.says(widget, {"type": "filter_tick", "field": "author", "place": found["place"], "on": False})
    assert widget.filtering["kept"] == 258
    browser.says(widget, {"type": "find_values", "field": "author", "text": "author 119"})
    assert not browser.custom(widget, "values")[-1]["categories"][0]["on"]
    assert explorer.filter_values({"author": [None, "author 119"]}) == 4


def test_values_narrow_together_and_hostile_ones_are_values(explorer):
    assert explorer.filter_values({"section": ['<b onclick="x">"1"']}) == 87
    assert explorer.filter_values({"published": ("2025-02-01", "2025-05-01")}) == 44
    assert explorer.filter_values({"section": None}) == 88
    assert explorer.filter_values({"published": None}) == 260


def test_a_pair_is_a_range_and_a_list_is_values_however_many_there_are(explorer):
    """Up to 12 whole numbers are categories and more are a scale: what is asked for means the same of both."""
    rows = np.arange(260)
    assert explorer.filter_values({"month": (3, 6)}) == ((rows % 12 >= 2) & (rows % 12 <= 5)).sum()
    assert explorer.filter_values({"month": None, "moon": (3, 6)}) == ((rows % 13 >= 2) & (rows % 13 <= 5)).sum()
    assert explorer.filter_values({"moon": None, "month": [3, 6]}) == np.isin(rows % 12, [2, 5]).sum()
    with pytest.raises(
        InvalidParameterError, match=r"'moon' holds numbers: give a tuple \(least, greatest\).*\[3, 6\]"
    ):
        explorer.filter_values({"moon": [3, 6]})
    with pytest.raises(InvalidParameterError, match=r"'cluster' holds categories.*give a list.*Available: 'c0', 'c1'"):
        explorer.filter_values({"cluster": ("c0", "c1")})


def test_an_end_may_be_open_and_a_date_is_its_whole_day(explorer, browser):
    rows = np.arange(260)
    assert explorer.filter_values({"month": (None, 6)}) == (rows % 12 <= 5).sum()
    assert explorer.filter_values({"month": None, "seen": (None, "2025-03-02")}) == (rows % 31 <= 1).sum()
    assert explorer.filter_values({"seen": ("2025-03-01", "2025-03-02T14:59")}) == (rows % 31 == 0).sum()
    assert explorer.filter_values({"seen": ("2025-03-30", None)}) == (rows % 31 >= 29).sum()
    assert explorer.filter_values({"seen": ("2025-03", "2025-03")}) == 260
    priced = (rows % 50 > 0) & (rows * 0.5 <= 5)
    assert explorer.filter_values({"seen": None, "price": (None, 5)}) == priced.sum()
    # the slider stands at the end of what there is
    explorer.widget
    (price,) = [one for one in explorer._view.panel.widget.filtering["fields"] if one["name"] == "price"]
    assert (price["from"], price["to"]) == (price["low"], 5)


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"tags": ["a"]}, r"'tags' holds lists.*filter_rows\('ARRAY_CONTAINS"),
        ({"tags": ("a", "b")}, "'tags' holds lists"),
        ({"price": ("a", "b")}, "'a' is no end of a range of field 'price', which holds numbers"),
        ({"month": ("a", "b")}, "'a' is no end of a range of field 'month'"),
        ({"month": (float("nan"), 5)}, "nan is no end"),
        ({"month": (1, 2, 3)}, r"give a tuple \(least, greatest\)"),
        ({"month": 3}, "'month' must be a list"),
        ({"seen": ("2025-03-31", "soon")}, "'soon' is no date for field 'seen'"),
        ({"seen": (pd.NaT, None)}, "NaT is no date"),
        ({"seen": (2025, 2026)}, "2025 is no date"),
        ({"seen": ["2025-03-01", "2025-03-31"]}, "'seen' holds dates: give a tuple"),
    ],
)
def test_values_that_say_nothing_of_a_field_are_refused_with_what_would(explorer, values, said):
    with pytest.raises(InvalidParameterError, match=said):
        explorer.filter_values(values)
    assert explorer._session.state.finding.filter.kept is None
    assert explorer.filter_values(dict.fromkeys(values)) == 260


def test_values_are_changed_in_one_step_or_not_at_all(explorer):
    """On the way from one filter to the next there may be a moment that leaves nothing: it is not passed through."""
    explorer.filter_values({"section": ['<b onclick="x">"1"'], "published": ("2025-02-01", "2025-02-01")})
    sections = explorer.filter_values({"section": ['<b onclick="x">"2"'], "published": None})
    assert sections == 86

    kept = explorer._session.state.finding.filter
    with pytest.raises(DataError, match="No row is left"):
        explorer.filter_values({"section": ['<b onclick="x">"0"'], "price": (-2, -1)}, outside="anew")
    with pytest.raises(InvalidParameterError, match="no value 'nowhere'"):
        explorer.filter_values({"price": (0, 50), "section": ["nowhere"]}, outside="anew")
    with pytest.raises(DataError, match="too few to be clustered"):
        explorer.filter_values({"price": (0.5, 1)}, outside="anew")
    assert explorer._session.state.finding.filter is kept
    assert explorer.params.scope is None


def test_stars_and_saved_selections_are_narrowed_as_all_selections_are(explorer):
    keys = explorer.ids_[[0, 1, 2, 3]]
    explorer.star(keys)
    explorer.select(ids=keys)
    explorer.save_selection("four")
    explorer.filter_rows('cluster == "c1"')
    assert explorer.select_starred().id.tolist() == keys[[1, 3]].tolist()
    explorer.clear_selection()
    assert explorer.select_saved("four").id.tolist() == keys[[1, 3]].tolist()


def test_a_filter_that_leaves_nothing_or_cannot_run_changes_nothing(explorer):
    explorer.filter_rows('cluster == "c1"')
    with pytest.raises(DataError, match="No row is left"):
        explorer.filter_rows("price < 0")
    with pytest.raises(FilterError, match="'section'"):
        explorer.filter_rows("price <")
    with pytest.raises(InvalidParameterError, match="no value 'c7'"):
        explorer.filter_values({"cluster": ["c7"]})
    assert explorer._session.state.finding.filter.kept.sum() == 130


@pytest.mark.parametrize(
    ("by", "kind"),
    [
        ("cluster", "clusters"),
        ("confidence", "numbers"),
        ("trust", "numbers"),
        ("section", "categories"),
        ("price", "numbers"),
        ("published", "dates"),
        ("field:cluster", "categories"),
    ],
)
def test_the_map_is_coloured_by_whatever_is_asked(explorer, by, kind):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    explorer.color_by(by)
    coloring = explorer._session.state.coloring
    assert coloring.kind == kind
    (trace,) = explorer._view.scatter.figure.data
    assert np.asarray(trace.marker.color).tolist() == coloring.codes.tolist()


def test_what_has_no_colours_is_told_with_what_has(explorer):
    with pytest.raises(InvalidParameterError, match=r"'summary' every text has a value of its own.*'section'"):
        explorer.color_by("summary")
    with pytest.raises(InvalidParameterError, match=r"color_by='sektion'.*'trust', .*'section'"):
        explorer.color_by("sektion")


def test_a_slow_question_leaves_the_kernel_free_and_can_be_cancelled(explorer, embedding):
    finding = explorer._session.finding
    explorer.labels_
    embedding.gate.clear()
    finding.start_asking("like 3", 5)
    until(lambda: explorer._session.state.finding.errand is not None)
    finding.cancel()
    until(lambda: explorer._session.state.finding.errand is None)
    embedding.gate.set()
    finding.start_asking("like 4", 5)
    until(lambda: explorer._session.state.finding.hits is not None)
    assert explorer._session.state.finding.hits.question == "like 4"


def test_a_question_that_fails_says_why_in_one_sentence(explorer):
    explorer.labels_
    explorer._session.finding.start_asking("not a number", 5)
    until(lambda: explorer._session.state.finding.problem)
    assert "embedding_function failed" in explorer._session.state.finding.problem
    assert explorer._session.state.finding.errand is None


def test_the_rows_left_are_clustered_anew_and_the_whole_map_comes_back(explorer):
    explorer.filter_values({"section": ['<b onclick="x">"1"']}, outside="anew")
    anew = explorer.labels_
    kept = explorer._session.state.finding.filter.kept
    assert explorer.params.scope.rows.tolist() == np.flatnonzero(kept).tolist()
    assert (anew[~kept] == -1).all()
    explorer.filter_values({"section": ['<b onclick="x">"2"']})
    assert explorer.params.scope.parent is None
    assert explorer.params.scope.rows.tolist() == np.flatnonzero(explorer._session.state.finding.filter.kept).tolist()
    explorer.clear_filter()
    assert explorer.params.scope is None
    assert len(set(explorer.labels_)) == 5


@pytest.fixture
def panel(explorer):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    explorer._session.store.apply(lambda state: state)
    return explorer._view.panel.widget


def listed(browser, panel):
    """Ask for the texts of the list."""
    revision = panel.listing["revision"]
    browser.says(panel, {"type": "page", "request": 5, "revision": revision, "start": 0, "stop": 50})
    return [page for page in until(lambda: browser.custom(panel, "page")) if page["revision"] == revision][-1]["rows"]


def test_hits_that_a_filter_takes_away_are_lit_no_longer(explorer, panel, browser):
    explorer.ask("like 70", limit=50)
    asked = panel.finding["hits"]
    assert (asked["count"], len(asked["best"])) == (50, 50)
    explorer.filter_values({"cluster": ["c1"]})
    left = panel.finding["hits"]
    assert left["count"] == panel.selection["count"] == panel.listing["count"] < 50
    rows = [row["row"] for row in listed(browser, panel)]
    assert [hit["row"] for hit in left["best"]] == rows
    scores = {hit["row"]: hit["score"] for hit in asked["best"]}
    assert [hit["score"] for hit in left["best"]] == [scores[row] for row in rows]
    assert left["found"] == asked["found"]


def test_words_that_were_looked_for_are_marked_while_their_hits_are_selected(explorer, panel):
    explorer.ask("HARBOUR story", by="words")
    assert (panel.listing["marks"], panel.listing["terms"]) == (["HARBOUR", "story"], [])
    explorer.ask("like 70")
    assert panel.listing["marks"] == []
    explorer.ask("comet", by="words")
    explorer.select(cluster=0)
    assert panel.listing["marks"] == []


def test_what_is_shown_of_a_long_text_has_the_word_that_was_looked_for_in_it(blobs, browser, tmp_path):
    texts = ["beginning " * 200 + f"needle {row}" + " end" * 200 if row < 9 else f"story {row}" for row in range(260)]
    frame = pd.DataFrame({"text": texts})
    with ClusterExplorer.from_texts(
        frame, vectors=blobs, uri=str(tmp_path / "long.db"), collection_name="long"
    ) as explorer:
        explorer.widget
        until(lambda: explorer.status.state == "ready")
        shown = explorer._view.panel.widget
        explorer.ask("Needle", by="words")
        rows = listed(browser, shown)
        assert len(rows) == 9
        assert all("needle" in row["text"] and row["text"].startswith("…") for row in rows)
