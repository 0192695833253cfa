"""Undoing what was written: after interrupts, with files used again, and however the database is named."""

from __future__ import annotations

import tracemalloc

import pytest

from cluster_explorer.errors import Cancelled, FieldError, SavedFileError
from cluster_explorer.ingest import ingest
from cluster_explorer.journal import Change, Journal, JournalHead
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus import writing as writing_module
from cluster_explorer.milvus.writing import undo_values, write_values

N = 20


@pytest.fixture
def path(tmp_path, vectors):
    ingest([f"text {row}" for row in range(N)], vectors=vectors(N), uri=tmp_path / "news.db", collection_name="c")
    return tmp_path / "news.db"


@pytest.fixture
def collection(path):
    with open_collection(path, "c") as opened:
        yield opened


def write(collection, value, journal, **options):
    ids = collection.scan().ids
    return write_values(collection, ids, {"cluster": [value] * len(ids)}, journal=journal, **options)


def values(collection):
    return set(collection.columns(["cluster"]).cluster)


def test_a_journal_file_that_was_undone_knows_nothing_of_what_it_held(collection, tmp_path):
    file = tmp_path / "labels.journal"
    write(collection, 1, Journal(file))
    undo_values(collection, Journal.read(file))
    with pytest.raises(SavedFileError, match="undone already"):
        Journal.read(file)
    # by other means, with the very value that was undone too
    for value in (99, 1):
        write(collection, value, Journal())
        write(collection, 2, Journal(file))
        assert undo_values(collection, Journal.read(file)).n_restored == N
        assert values(collection) == {value}


def test_what_others_gave_a_row_between_two_runs_of_one_journal_comes_back(collection, tmp_path):
    file = tmp_path / "labels.journal"
    write(collection, 1, Journal(file))
    write(collection, 99, Journal())
    write(collection, 2, Journal(file))
    undo_values(collection, Journal.read(file))
    assert values(collection) == {99}


def test_two_runs_in_one_journal_are_undone_at_once(collection, tmp_path):
    file = tmp_path / "labels.journal"
    write(collection, 1, Journal(file))
    write(collection, 2, Journal(file))
    assert undo_values(collection, Journal.read(file)).n_restored == N
    assert values(collection) == {None}


def test_a_journal_of_another_field_is_no_place_until_it_is_undone(collection, tmp_path):
    file = tmp_path / "labels.journal"
    write(collection, 1, Journal(file))
    ids = collection.scan().ids
    with pytest.raises(SavedFileError, match=r"'cluster' in collection 'c' .* 'topic' in collection 'c' .*undo"):
        write_values(collection, ids, {"topic": [1] * N}, journal=Journal(file))
    undo_values(collection, Journal.read(file))
    assert write_values(collection, ids, {"topic": [1] * N}, journal=Journal(file)).n_written == N


def test_an_undo_that_was_interrupted_goes_on_and_says_so(collection, monkeypatch, tmp_path):
    monkeypatch.setattr(writing_module, "_ROWS", 6)
    file = tmp_path / "labels.journal"
    write(collection, 1, Journal(file))

    def stop(share):
        if share > 0.5:
            raise Cancelled("stop")

    with file.open("a") as notes:
        notes.write("[12, ")  # what a crash in the middle of a note leaves
    with pytest.raises(Cancelled):
        undo_values(collection, Journal.read(file), on_progress=stop)
    report = undo_values(collection, Journal.read(file))
    assert (report.n_restored, report.n_left) == (N, 0)
    with pytest.raises(SavedFileError, match="undone already"):
        Journal.read(file)


def test_a_companion_that_somebody_dropped_is_undone(collection):
    first, second = Journal(), Journal()
    write(collection, 1, first, into="companion")
    write(collection, 2, second, into="companion")
    collection.connection.run("drop a companion", lambda client: client.drop_collection("c_labels"))
    assert undo_values(collection, second).n_left == N
    assert undo_values(collection, first).n_restored == N


def test_a_database_is_the_same_however_its_path_is_typed(path, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "link").symlink_to(tmp_path)
    journal = Journal()
    with open_collection("news.db", "c") as collection:
        write(collection, 1, journal)
    with open_collection(tmp_path / "link" / "news.db", "c") as collection:
        assert undo_values(collection, journal).n_restored == N


def test_a_database_of_another_folder_is_another(path, tmp_path, monkeypatch, vectors):
    other = tmp_path / "other"
    other.mkdir()
    ingest(["a", "b"], vectors=vectors(2), uri=other / "news.db", collection_name="c")
    monkeypatch.chdir(tmp_path)
    journal = Journal()
    with open_collection("news.db", "c") as collection:
        write(collection, 1, journal)
    monkeypatch.chdir(other)
    with open_collection("news.db", "c") as collection, pytest.raises(FieldError, match="Open the collection that was"):
        undo_values(collection, journal)


def test_a_journal_of_many_rows_is_small():
    journal = Journal()
    journal.open(JournalHead("c", "/news.db", "default", "dynamic field", ("cluster",)))
    tracemalloc.start()
    try:
        journal.note({10**17 + row: Change({"cluster": None}, {"cluster": row % 50}) for row in range(100_000)})
        assert len(journal) == 100_000
        held, _peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert held < 150 * 100_000
    assert journal.changes[10**17 + 51] == Change({"cluster": None}, {"cluster": 1})


@pytest.mark.parametrize(
    "line",
    [
        "[5, null, {}]",
        '[5, null, {"cluster": 1}]',
        '[5, {"text": "x"}, {}]',
        '[5, {"cluster": 0, "text": "x"}, {"cluster": 1}]',
        '[5, {"text": "x"}, {"cluster": 1}]',
        '[[5], {"cluster": 0}, {"cluster": 1}]',
        '[5, {"cluster": {"a": 1}}, {"cluster": 1}]',
        '[5, {"cluster": 0}]',
        '{"undone": false}',
        '{"format": "cluster-explorer-journal", "version": 2, "uri": "/news.db", "fields": ["text"]}',
    ],
)
def test_a_journal_line_that_would_touch_anything_else_is_refused_by_its_number(tmp_path, line):
    path = tmp_path / "labels.journal"
    journal = Journal(path)
    journal.open(JournalHead("news", "/news.db", "default", "dynamic field", ("cluster",)))
    journal.note({4: Change({"cluster": None}, {"cluster": 1})})
    assert len(Journal.read(path)) == 1
    with path.open("a") as file:
        file.write(f"{line}\n")
    with pytest.raises(SavedFileError, match="line 3"):
        Journal.read(path)


def test_a_file_that_is_no_journal(tmp_path):
    for content in ("", "news", '{"format": "other", "version": 1}\n', "[1, 2]\n"):
        (tmp_path / "file").write_text(content)
        with pytest.raises(SavedFileError, match="journal"):
            Journal.read(tmp_path / "file")
    with pytest.raises(SavedFileError, match="Cannot read the journal"):
        Journal.read(tmp_path / "nothing")
