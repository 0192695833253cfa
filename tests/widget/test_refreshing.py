"""An explorer whose collection changes while it is open: what is new comes in, what people did stays."""

from __future__ import annotations

import shutil
import threading

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import Cancelled, ConnectionFailedError
from cluster_explorer.milvus.connection import connect
from waiting import until

SORTED_BY_SECTION = {
    "sort": "field:section",
    "descending": True,
    "grouped": False,
    "query": "",
    "starred_only": False,
}


@pytest.fixture
def uri(collection, tmp_path):
    return str(shutil.copytree(collection, tmp_path / "texts.db"))


@pytest.fixture
def other(uri):
    """Another user of the database, in the same process."""
    connection = connect(uri, token=None, db_name="", timeout=30)
    yield connection.run("write", lambda client: client)
    connection.close()


@pytest.fixture
def explorer(uri, browser):
    with ClusterExplorer(uri, "texts", params={"min_cluster_size": 20}) as explorer:
        yield explorer


def change(other, blobs):
    """Add a dozen texts to the first group, move two texts, delete three."""
    rng = np.random.default_rng(2)
    keys = [10**17 + row for row in range(len(blobs))]
    added = blobs[:12] + rng.normal(size=(12, 16)).astype(np.float32) * 0.01
    rows = [{"key": 5 + row, "text": f"new {row}", "vector": vector} for row, vector in enumerate(added)]
    rows += [{"key": keys[row], "text": f"moved {row}", "vector": blobs[200]} for row in (30, 31)]
    other.upsert("texts", [{**row, "section": "section 0"} for row in rows])
    other.delete("texts", ids=keys[70:73])


def test_what_changed_comes_in_and_everything_else_stays(explorer, other, blobs, uri):
    before, ids, labels = explorer.positions_, explorer.ids_, explorer.labels_
    explorer.selected_ids = tuple(ids[[30, 40, 71, 100]].tolist())
    explorer.rename_cluster(0, "my cluster")
    named = set(ids[labels == 0].tolist())
    explorer._session.inspect(40)
    assert explorer.refresh().sentence == "Nothing has changed in the collection."
    np.testing.assert_array_equal(explorer.positions_, before)
    change(other, blobs)
    report = explorer.refresh()
    assert (report.n_added, report.n_changed, report.n_removed) == (12, 2, 3)
    assert (report.sentence, report.n_rows) == ("12 rows added, 2 changed, 3 deleted.", len(blobs) + 9)
    now = explorer.ids_
    assert explorer.selected_ids == tuple(ids[[30, 40, 100]].tolist())
    assert now[explorer._session.state.inspected] == ids[40]
    stayed = np.setdiff1d(np.intersect1d(ids, now), ids[[30, 31]])
    np.testing.assert_array_equal(
        explorer.positions_[np.searchsorted(now, stayed)], before[np.searchsorted(ids, stayed)]
    )
    assert explorer.to_frame().set_index("id").text[5] == "new 0"
    (label,) = [label for label, name in explorer.cluster_names.items() if name == "my cluster"]
    # and has kept its number
    assert label == 0
    assert len(named.intersection(now[explorer.labels_ == label].tolist())) > 0.9 * len(named)
    with ClusterExplorer(uri, "texts", params={"min_cluster_size": 20}) as anew:
        assert adjusted_rand_score(anew.labels_, explorer.labels_) >= 0.98
        np.testing.assert_array_equal(anew.knn_graph_.indices, explorer.knn_graph_.indices)
    explorer.refresh(redraw=True)
    assert not np.array_equal(explorer.positions_[np.searchsorted(now, stayed)], before[np.searchsorted(ids, stayed)])


def test_the_order_of_the_list_and_the_filter_are_those_of_the_rows_that_are_there_now(explorer, other, blobs, browser):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    widget, session = explorer._view.panel.widget, explorer._session
    assert explorer.filter_values({"section": ["section 0", "section 1"]}) == 174
    assert explorer.filter_rows("key > 100000000000000003") == 171
    explorer.select(ids=explorer.ids_)
    browser.says(widget, {"type": "arrange", **SORTED_BY_SECTION})
    until(lambda: not widget.listing["awaited"])
    change(other, blobs)
    explorer.refresh()
    frame = explorer.to_frame(metadata=["section"]).set_index("id")
    wanted = frame.section.isin(["section 0", "section 1"]) & (frame.index > 100000000000000003)
    assert session.state.finding.filter.kept.tolist() == wanted.tolist()
    assert widget.filtering["kept"] == wanted.sum()
    until(lambda: not widget.listing["awaited"])
    assert widget.listing["problem"] == ""
    listed = session.listing.listed(session.state).rows.rows
    sections = frame.section.to_numpy()[listed].tolist()
    assert sections == sorted(sections, reverse=True)
    assert set(sections) == {"section 0", "section 1"}


def test_a_filter_that_leaves_nothing_of_the_rows_that_are_there_now_is_told(explorer, other):
    assert explorer.filter_rows('text like "%item 7"') == 1
    other.delete("texts", ids=[10**17 + 7])
    assert "1 row deleted. The filter could not be applied" in explorer.refresh().sentence
    state = explorer._session.state
    assert state.finding.filter.kept is None
    assert "could not be applied" in state.finding.problem


def test_a_filter_that_is_asked_for_while_the_collection_is_read_anew_is_the_one_in_force(
    explorer, other, blobs, monkeypatch
):
    explorer.filter_values({"section": ["section 0", "section 1"]})
    explorer.filter_rows('text like "harbour%"')
    session, asked, gate = explorer._session, [], threading.Event()
    run = session.library.matching

    def slow_at_first(expression, *, on_progress=None):
        asked.append(expression)
        assert len(asked) > 1 or gate.wait(60)
        return run(expression, on_progress=on_progress)

    monkeypatch.setattr(session.library, "matching", slow_at_first)
    session.filtering.start('text like "comet%"')
    until(lambda: asked)
    change(other, blobs)
    try:
        explorer.refresh()
    finally:
        gate.set()
    until(lambda: session.state.finding.filter.kept is not None)
    frame = explorer.to_frame(metadata=["section"])
    wanted = frame.text.str.startswith("comet") & frame.section.isin(["section 0", "section 1"])
    assert session.state.finding.filter.expression == 'text like "comet%"'
    assert session.state.finding.filter.kept.tolist() == wanted.tolist()


def test_a_filter_that_milvus_has_answered_counts_the_rows_that_are_there_when_it_is_put_in_force(
    explorer, other, blobs, monkeypatch
):
    session, answer = explorer._session, explorer._session.library.matching

    def answered_before_a_refresh(expression, *, on_progress=None):
        keys = answer(expression, on_progress=on_progress)
        with monkeypatch.context() as patch:
            patch.setattr(session.library, "matching", answer)
            explorer.refresh()
        return keys

    explorer.labels_
    change(other, blobs)
    with monkeypatch.context() as patch:
        patch.setattr(session.library, "matching", answered_before_a_refresh)
        n_left = explorer.filter_rows('text like "comet%"')
    wanted = explorer.to_frame().text.str.startswith("comet")
    assert len(wanted) == len(blobs) + 9
    assert session.state.finding.filter.kept.tolist() == wanted.tolist()
    assert n_left == wanted.sum()


def test_a_list_of_rows_that_a_refresh_has_replaced_is_not_sent(explorer, other, browser, monkeypatch):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    widget, session = explorer._view.panel.widget, explorer._session
    explorer.select(ids=explorer.ids_)
    stale = widget.listing["revision"]
    other.delete("texts", ids=explorer.ids_[100:].tolist())
    n_sent = len(browser.custom(widget, "page"))

    def ask(before, after):
        if after.results.rows is not before.results.rows:
            browser.says(widget, {"type": "page", "request": 7, "revision": stale, "start": 150, "stop": 200})

    session.store._views.insert(0, ask)
    explorer.refresh()
    pages = browser.custom(widget, "page")[n_sent:]
    assert all(page["revision"] != stale for page in pages)
    assert not browser.custom(widget, "error")


def test_rows_clustered_anew_by_a_filter_are_so_again_after_a_refresh(explorer, other, blobs):
    explorer.filter_values({"section": ["section 0"]}, outside="anew")
    explorer.labels_
    change(other, blobs)
    explorer.refresh()
    kept = explorer._session.state.finding.filter.kept
    assert explorer.params.scope.rows.tolist() == np.flatnonzero(kept).tolist()
    assert (explorer.labels_[~kept] == -1).all()
    explorer.clear_filter()
    assert explorer.params.scope is None


def test_what_is_selected_stays_so_when_a_filter_clusters_its_rows_anew(explorer, other, blobs):
    explorer.filter_values({"section": ["section 0"]})
    explorer.selected_ids = tuple(explorer.ids_[[30, 39, 99]].tolist())
    explorer.filter_values({}, outside="anew")
    explorer.labels_
    chosen = tuple(explorer.ids_[[30, 39, 99]].tolist())
    assert explorer.selected_ids == chosen
    explorer.refresh()
    assert explorer.params.scope is not None
    assert explorer.selected_ids == chosen
    other.delete("texts", ids=[chosen[1]])
    explorer.refresh()
    assert explorer.selected_ids == (chosen[0], chosen[2])


def test_what_is_copied_is_one_list_though_the_map_turns_to_other_rows_meanwhile(explorer, other, browser, monkeypatch):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    widget, session = explorer._view.panel.widget, explorer._session
    explorer.select(ids=explorer.ids_)
    texts = {int(key): text for key, text in zip(explorer.ids_, explorer.to_frame().text, strict=True)}
    other.delete("texts", ids=explorer.ids_[:20].tolist())
    read = session.texts

    def read_late(*rows):
        explorer.refresh()
        return read(*rows)

    with monkeypatch.context() as patch:
        patch.setattr(session, "texts", read_late)
        browser.says(widget, {"type": "copy", "request": 7, "format": "table"})
    assert len(explorer.ids_) == len(texts) - 20
    (copied,) = browser.custom(widget, "copied")
    lines = [line.split("\t") for line in copied["text"].splitlines()[1:]]
    assert {int(line[0]): line[3] for line in lines} == texts


def test_the_button_brings_the_map_up_to_date_and_keeps_colours(explorer, other, blobs):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    session = explorer._session
    labels = session.state.results.clustering.labels
    colors = {
        int(session.state.results.rows.ids[row]): session.state.identities.colors[labels[row]]
        for row in np.flatnonzero(labels >= 0).tolist()
    }
    change(other, blobs)
    explorer._view.collection_row._refresh.click()
    until(lambda: session.state.notice.startswith("12 rows added"))
    until(lambda: explorer.status.state == "ready")
    state = session.state
    now = {
        int(state.results.rows.ids[row]): state.identities.colors[label]
        for row, label in enumerate(state.results.clustering.labels.tolist())
        if label >= 0
    }
    both = colors.keys() & now.keys()
    assert np.mean([colors[key] == now[key] for key in both]) > 0.95
    assert len(explorer._view.scatter.figure.data[0].x) == len(blobs) + 9


def test_a_refresh_that_fails_or_is_cancelled_leaves_everything_and_can_be_tried_again(
    explorer, other, blobs, monkeypatch
):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    session, positions = explorer._session, explorer.positions_
    change(other, blobs)

    def fails(**_options):
        raise ConnectionFailedError("Cannot read: the server cannot be reached.")

    with monkeypatch.context() as patch:
        patch.setattr(session.library, "scan", fails)
        with pytest.raises(ConnectionFailedError):
            explorer.refresh()
        assert explorer.status.state == "failed"
        assert explorer.recluster(min_cluster_size=25).n_clusters >= 4
        np.testing.assert_array_equal(explorer.positions_, positions)

    def stopped(*, on_progress=None):
        session.cancel()
        on_progress(0.5)

    with monkeypatch.context() as patch:
        patch.setattr(session.library, "scan", stopped)
        with pytest.raises(Cancelled):
            explorer.refresh()
    assert len(session.state.results.rows) == len(blobs)
    session.retry()
    until(lambda: len(session.state.results.rows) == len(blobs) + 9)


def test_parameters_that_change_meanwhile_are_answered_too(explorer, other, blobs):
    explorer.widget
    until(lambda: explorer.status.state == "ready")
    change(other, blobs)
    explorer._session.refreshing.start()
    explorer.params = {"min_cluster_size": 30, "min_dist": 0.5}
    assert explorer.recluster(min_cluster_size=31) is not None
    until(lambda: explorer.status.state == "ready")
    assert len(explorer.ids_) == len(explorer.labels_) == len(explorer.positions_) == len(blobs) + 9
