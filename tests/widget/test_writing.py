"""Labels written back from Python and from the widget; the collection is read again to see them."""

from __future__ import annotations

import shutil
import threading
from html import unescape

import numpy as np
import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import Cancelled, FieldError, InvalidParameterError
from cluster_explorer.milvus import open_collection, writing
from cluster_explorer.write_back import WriteWish
from waiting import until


@pytest.fixture
def own_uri(collection, tmp_path):
    """A copy of the shared database, to be written to."""
    return shutil.copytree(collection, tmp_path / "texts.db")


@pytest.fixture
def own(own_uri, browser):
    with ClusterExplorer(str(own_uri), "texts", params={"min_cluster_size": 20, "space": "distance"}) as explorer:
        yield explorer


def test_a_filter_on_the_written_label_finds_exactly_the_cluster(own, own_uri, tmp_path):
    own.rename_cluster(1, "comets")
    own.title_clusters([2], titles=lambda _sample: "All the cheese")
    planned = own.write_labels("topic", names=True, confidence=True, run_id="run 1", dry_run=True)
    assert planned.sentence.startswith("Would write 'topic', 'topic_name', 'topic_confidence', 'topic_run'")
    assert planned.n_added == len(own.ids_)
    report = own.write_labels("topic", names=True, confidence=True, run_id="run 1", journal=tmp_path / "topic.journal")
    assert report.n_written == len(own.ids_)
    again = own.write_labels("topic", names=True, confidence=True, run_id="run 1")
    assert (again.n_written, again.n_same) == (0, len(own.ids_))
    labels, ids, probabilities = own.labels_, own.ids_, own.probabilities_
    own.close()
    for label in np.unique(labels).tolist():
        with ClusterExplorer(str(own_uri), "texts", filter=f"topic == {label}") as part:
            np.testing.assert_array_equal(part.ids_, ids[labels == label])
    with open_collection(own_uri, "texts") as collection:
        written = collection.columns()
    assert set(written.topic_name[written.topic == 1]) == {"comets"}
    assert set(written.topic_name[written.topic == 2]) == {"All the cheese"}
    assert set(written.topic_name[written.topic == -1]) == {"noise"}
    assert set(written.topic_run) == {"run 1"}
    np.testing.assert_allclose(written.topic_confidence, probabilities, atol=1e-6)
    # another process, long after: the journal's file knows what was there
    with ClusterExplorer(str(own_uri), "texts") as later:
        assert later.undo_write(tmp_path / "topic.journal").n_restored == len(ids)
        with pytest.raises(InvalidParameterError, match="nothing to undo"):
            later.undo_write()
    with open_collection(own_uri, "texts", filter="section == 'section 1'") as collection:
        assert collection.columns()[["topic", "topic_name"]].isna().all(axis=None)


def test_undo_goes_back_step_by_step(own):
    first = own.labels_
    own.write_labels()
    own.recluster(min_cluster_size=62)
    report = own.write_labels()
    assert 0 < report.n_changed < len(first)
    own.undo_write()
    assert own._session.library.columns(["cluster"]).cluster.tolist() == first.tolist()
    own.undo_write()
    assert own._session.library.columns(["cluster"]).cluster.isna().all()


def test_every_row_of_a_run_bears_its_mark(own):
    own.write_labels(run_id="first")
    first = own.labels_
    own.recluster(min_cluster_size=62)
    n_other = int((own.labels_ != first).sum())
    assert 0 < n_other < len(first)
    report = own.write_labels(run_id="second")
    assert (report.n_changed, report.n_marked, report.n_same) == (n_other, len(first) - n_other, 0)
    assert f"{report.n_marked} given the mark of this run alone" in report.sentence
    assert set(own._session.library.columns(["cluster_run"]).cluster_run) == {"second"}


def stopped(own, monkeypatch, wish):
    """Write some of the labels, and stop."""
    monkeypatch.setattr(writing, "_ROWS", 40)

    def stop(share):
        if share > 0.6:
            raise Cancelled("stop")

    with pytest.raises(Cancelled):
        own._session.writing.write(wish, on_progress=stop)
    written = own._session.library.columns([wish.field])[wish.field].notna().sum()
    assert 0 < written < len(own.ids_)
    return int(written)


def test_a_stopped_run_goes_on_with_its_mark_and_is_undone_as_one(own, monkeypatch):
    written = stopped(own, monkeypatch, WriteWish(run_id=True))
    report = own.write_labels(run_id=True)
    assert (report.n_same, report.n_added) == (written, len(own.ids_) - written)
    assert set(own._session.library.columns(["cluster_run"]).cluster_run) == {report.run_id}
    assert own.write_labels(run_id=True, dry_run=True).n_marked == len(own.ids_)
    assert own.undo_write().n_restored == len(own.ids_)
    assert own._session.library.columns(["cluster"]).cluster.isna().all()


def test_a_stopped_run_and_one_into_a_companion_are_two(own, monkeypatch):
    written = stopped(own, monkeypatch, WriteWish())
    assert own.write_labels(into="companion").n_added == len(own.ids_)
    assert own.undo_write().n_restored == len(own.ids_)
    assert own.undo_write().n_restored >= written
    assert own._session.library.columns(["cluster"]).cluster.isna().all()


def test_a_write_that_fails_at_once_does_not_join_two_others(own):
    first = own.labels_
    own.write_labels()
    with pytest.raises(FieldError):
        own.write_labels("text")
    own.recluster(min_cluster_size=62)
    own.write_labels()
    own.undo_write()
    assert own._session.library.columns(["cluster"]).cluster.tolist() == first.tolist()


def test_what_is_undone_by_its_file_is_not_undone_twice(own, tmp_path):
    own.write_labels(journal=tmp_path / "labels.journal")
    assert own.undo_write(tmp_path / "labels.journal").n_restored == len(own.ids_)
    with pytest.raises(InvalidParameterError, match="nothing to undo"):
        own.undo_write()


def test_a_dropped_companion_does_not_block_what_was_written_before(own):
    own.write_labels()
    own.write_labels(into="companion")
    library = own._session.library
    library._collection.connection.run("drop it", lambda client: client.drop_collection("texts_labels"))
    assert own.undo_write().n_restored == len(own.ids_)
    assert own.undo_write().n_restored == len(own.ids_)
    assert library.columns(["cluster"]).cluster.isna().all()


def test_a_filter_by_the_field_that_is_written_follows_and_can_be_saved(own, tmp_path):
    own.write_labels("topic")
    own.filter_values({"topic": ["0"]})
    session = own._session
    first = set(own.ids_[own.labels_ == 0].tolist())
    assert session.state.finding.filter.kept.sum() == len(first)
    own.recluster(min_cluster_size=10, cluster_selection_method="leaf")
    own.write_labels("topic")
    own.save(tmp_path / "written.ce")
    until(lambda: session.state.finding.filter.kept is not None)
    kept = own.ids_[session.state.finding.filter.kept]
    np.testing.assert_array_equal(kept, own.ids_[own.labels_ == 0])


def test_labels_of_an_earlier_run_outside_the_filter_are_told_and_cleared(own, own_uri, browser):
    own.write_labels()
    own.close()
    options = {"filter": "section == 'section 1'", "params": {"min_cluster_size": 10, "space": "distance"}}
    with ClusterExplorer(str(own_uri), "texts", **options) as part:
        outside = 260 - len(part.ids_)
        assert part.write_labels(dry_run=True).n_others == outside
        part.widget
        until(lambda: part.status.state == "ready")
        box = part._view.collection_row
        browser.sets(box._open, value=True)
        until(lambda: f"{outside} other rows hold 'cluster' too" in unescape(box._said.value))
        browser.sets(box._clear, value=True)
        until(lambda: f"{outside} others cleared" in box._said.value)
        browser.sets(box._mark, value=True)
        until(lambda: "'cluster_run'" in unescape(box._said.value))
        browser.sets(box._journal, value=str(own_uri.parent / "part.journal"))
        box._write.click()
        until(lambda: "Wrote" in box._said.value)
        labels, ids = part.labels_, part.ids_
    for label in np.unique(labels).tolist():
        with ClusterExplorer(str(own_uri), "texts", filter=f"cluster == {label}") as found:
            np.testing.assert_array_equal(found.ids_, ids[labels == label])
    # after the kernel has gone
    with ClusterExplorer(str(own_uri), "texts") as later:
        assert later.undo_write(own_uri.parent / "part.journal").n_restored == 260
        assert later._session.library.columns(["cluster"]).cluster.notna().all()


def test_what_a_user_asks_for_wrongly_is_told(own):
    with pytest.raises(FieldError, match="holds the texts"):
        own.write_labels("text")
    with pytest.raises(InvalidParameterError, match="Available: 'strict', 'attached'"):
        own.write_labels(labels="all")


def test_the_form_tells_of_what_would_be_written_now(own, browser, monkeypatch):
    own.widget
    until(lambda: own.status.state == "ready")
    box, library, gate = own._view.collection_row, own._session.library, threading.Event()
    write_values = library.write_values

    def held_back(*args, on_progress):
        while not gate.wait(0.01):
            on_progress(0.0)
        return write_values(*args, on_progress=on_progress)

    monkeypatch.setattr(library, "write_values", held_back)
    browser.sets(box._open, value=True)
    browser.sets(box._field, value="topic")
    browser.sets(box._names, value=True)
    gate.set()
    until(lambda: "Would write 'topic', 'topic_name'" in unescape(box._said.value))
    own.recluster(min_cluster_size=30)
    until(lambda: "Would write" not in box._said.value)


def test_the_form_tells_writes_and_undoes(own, browser):
    own.widget
    until(lambda: own.status.state == "ready")
    box = own._view.collection_row
    assert box._form.layout.display == "none"
    browser.sets(box._open, value=True)
    until(lambda: "Would write" in box._said.value)
    assert f"; rows: {len(own.ids_)} new" in box._said.value
    browser.sets(box._field, value="text")
    until(lambda: "holds the texts" in box._said.value)
    assert own._session.state.writing.failed
    browser.sets(box._field, value="cluster")
    until(lambda: "Would write" in box._said.value)
    assert box._undo.layout.display == "none"
    box._write.click()
    until(lambda: "Wrote" in box._said.value)
    assert own._session.metadata.read(["cluster"])["cluster"].tolist() == own.labels_.tolist()
    box._undo.click()
    until(lambda: "Restored" in box._said.value)
    assert own._session.metadata.read(["cluster"])["cluster"].isna().all()
    assert box._undo.layout.display == "none"
