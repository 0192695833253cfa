"""Faults that end or starve processes: each injected for real, none losing what was stored, none hanging."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from jupyter_client.manager import KernelManager

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import ClusterExplorerError, ConnectionFailedError, DataError, MilvusOperationError
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection
from waiting import until

TEXTS = [f"text {number}" for number in range(3_000)]


class Proxy:
    """Passes bytes to a server: slowly, or not at all any more."""

    def __init__(self, target: int) -> None:
        self.delay = 0.0
        self.cut_after = 0
        self._target = target
        self._passed = 0
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = self._listening.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listening.accept()
                far = socket.create_connection(("127.0.0.1", self._target))
            except OSError:
                return
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=(source, sink), daemon=True).start()

    def _pass(self, source: socket.socket, sink: socket.socket) -> None:
        try:
            while data := source.recv(16_384):
                self._passed += len(data)
                if self.cut_after and self._passed > self.cut_after:
                    self._passed = 0
                    break
                threading.Event().wait(self.delay)
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            end.close()

    def close(self) -> None:
        self._listening.close()


@pytest.fixture
def proxy(lite_server):
    made = Proxy(lite_server.port)
    yield made
    made.close()


def test_a_slow_network_and_one_that_is_cut_again_and_again(lite_server, proxy, vectors, collection_name):
    ingest(TEXTS, vectors=vectors(len(TEXTS), 64), uri=lite_server.uri, collection_name=collection_name)
    uri = f"http://127.0.0.1:{proxy.port}"
    with open_collection(uri, collection_name, timeout=60) as collection:
        expected = collection.scan()
        proxy.delay = 0.01
        assert collection.scan().ids.tolist() == expected.ids.tolist()
        proxy.delay, proxy.cut_after = 0.0, 300_000
        # a page that was cut is asked for again
        assert sorted(collection.scan().texts) == sorted(TEXTS)
        assert proxy.cut_after
    proxy.delay, proxy.cut_after = 3.0, 0
    started = time.monotonic()
    with pytest.raises(ClusterExplorerError, match=r"did not answer within 1 s|cannot be reached"):
        open_collection(uri, collection_name, timeout=1)
    assert time.monotonic() - started < 15


_INGEST = """
import sys, numpy as np
from cluster_explorer.ingest import ingest
vectors = np.random.default_rng(0).standard_normal((3000, 64)).astype(np.float32)
{limit}
report = ingest([f"text {{n}}" for n in range(3000)], vectors=vectors, uri=sys.argv[1], collection_name="c",
                on_progress=lambda share: print(share, flush=True))
print("done", report.added, report.already_there, flush=True)
"""


_SMALL_FILES = """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))
"""


def run_ingest(path, limit=""):
    return subprocess.Popen(
        [sys.executable, "-c", _INGEST.format(limit=limit), str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_kill_9_of_the_notebook_in_mid_ingest_and_the_same_cell_again(tmp_path):
    path = tmp_path / "news.db"
    with run_ingest(path) as first:
        for line in first.stdout:
            if float(line) >= 0.3:
                break
        first.send_signal(signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    with run_ingest(path) as second:
        said, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors
    _, added, there = said.splitlines()[-1].split()
    # what was acknowledged was not lost, and nothing is there twice
    assert int(there) >= 900
    assert int(added) + int(there) == 3000
    with open_collection(path, "c") as collection:
        assert sorted(collection.scan().texts) == sorted(TEXTS)


def test_a_full_disk_in_mid_ingest_and_more_room_afterwards(tmp_path):
    """A limit on the size of files stands in for the disk: writing beyond it fails as on a full one (EFBIG)."""
    path = tmp_path / "news.db"
    with run_ingest(path, _SMALL_FILES) as first:
        _, errors = first.communicate(timeout=120)
    assert first.returncode == 1
    last = errors.strip().splitlines()[-1]
    assert last.startswith("cluster_explorer.errors."), last
    with run_ingest(path) as second:
        _, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors
    with open_collection(path, "c") as collection:
        assert sorted(collection.scan().texts) == sorted(TEXTS)


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root may mount a small disk, on Linux")
def test_a_disk_that_is_really_full(tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], capture_output=True, text=True, check=False
    )
    if mounted.returncode:
        pytest.skip(f"mounting a small disk is not permitted here: {mounted.stderr.strip()}")
    try:
        with run_ingest(disk / "news.db") as first:
            _, errors = first.communicate(timeout=120)
        assert first.returncode == 1
        last = errors.strip().splitlines()[-1]
        assert last.startswith("cluster_explorer.errors."), last
        subprocess.run(["mount", "-o", "remount,size=60m", str(disk)], check=True)
        with run_ingest(disk / "news.db") as second:
            _, errors = second.communicate(timeout=120)
        assert second.returncode == 0, errors
        with open_collection(disk / "news.db", "c") as collection:
            assert sorted(collection.scan().texts) == sorted(TEXTS)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=False)


_WRITES = """
import os, resource, sys
from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import SavedFileError
from cluster_explorer.milvus import writing
writing._ROWS = 100
uri, name, measure, path = sys.argv[1:]
with ClusterExplorer(uri, name, params={"min_cluster_size": 20, "space": "distance"}) as explorer:
    explorer.write_labels(journal=measure)
    explorer.undo_write()
    room = os.path.getsize(measure) // 2
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, hard))
    try:
        explorer.write_labels(journal=path)
    except SavedFileError as error:
        print(error, flush=True)
    resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    report = explorer.write_labels(journal=path)
    assert 0 < report.n_same < 300 == report.n_same + report.n_written, report
"""


def test_a_disk_that_was_full_while_labels_were_written_costs_no_undo(lite_server, vectors, collection_name, tmp_path):
    """The batch that did not fit is written when there is room; another process undoes it all."""
    place = {"uri": lite_server.uri, "collection_name": collection_name}
    ingest(TEXTS[:300], vectors=vectors(300, 8), **place)
    file = tmp_path / "labels.journal"
    done = subprocess.run(
        [sys.executable, "-c", _WRITES, lite_server.uri, collection_name, str(tmp_path / "measure"), str(file)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"Cannot write the journal {str(file)!r}: ")
    with ClusterExplorer(**place) as explorer:
        assert explorer.undo_write(file).n_restored == 300
    with open_collection(**place) as collection:
        assert set(collection.columns(["cluster"]).cluster) == {None}


MISSING = "files of collection 'c' missing or damaged"
FILES = ["*.parquet", "*.idx", "manifest.json", "manifest.json.prev", "schema.json"]


@pytest.mark.parametrize("pattern", FILES)
def test_a_truncated_file_of_a_flushed_database_costs_no_row_that_is_not_told_of(tmp_path, vectors, pattern):
    path = tmp_path / "news.db"
    ingest(TEXTS, vectors=vectors(len(TEXTS), 16), uri=path, collection_name="c")
    (chosen,) = (path / "collections" / "c").rglob(pattern)
    cut(chosen, 0.5)
    started = time.monotonic()
    try:
        with open_collection(path, "c", timeout=10) as collection:
            rows, said = collection.scan(), collection.damage
    except ClusterExplorerError as error:
        said, texts = str(error), []
        assert_is_told_of(said, path)
    else:
        texts = sorted(rows.texts)
    # every row; or an error that says what is damaged, or that rows may be lost where there are none or fewer
    assert texts == sorted(TEXTS) or MISSING in said or (not texts and "is empty" not in said)
    assert time.monotonic() - started < 30
    # the lock is free again, and another database opens
    ingest(["a"], vectors=[[1.0, 0]], uri=tmp_path / "other.db", collection_name="c")


def assert_is_told_of(said, path):
    assert "'c'" in said
    assert path.name in said
    assert len(said) < 1_000


def cut(file, share):
    with file.open("r+b") as opened:
        opened.truncate(int(share * file.stat().st_size))


_KILLED = """
import os, sys, numpy as np
from cluster_explorer.ingest import ingest
vectors = np.random.default_rng(0).standard_normal((3000, 16)).astype(np.float32)
ingest([f"text {n}" for n in range(3000)], vectors=vectors, uri=sys.argv[1], collection_name="c",
       on_progress=lambda share: os._exit(9) if share == 1 else None)
"""


@pytest.fixture
def unflushed(tmp_path):
    """A database whose 3,000 rows were acknowledged, and are in the write-ahead log alone; and that log."""
    path = tmp_path / "news.db"
    done = subprocess.run([sys.executable, "-c", _KILLED, str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 9, done.stderr
    assert not list(path.rglob("*.parquet"))
    (log,) = path.rglob("wal_data_*.arrow")
    return path, log


LOST = "could not read its log of collection 'c' to the end"


def test_files_that_are_gone_are_told_of_their_database_alone(tmp_path, vectors):
    path = tmp_path / "news.db"
    for number in range(2):
        part = TEXTS[1_000 * number :][:1_000]
        ingest(part, vectors=vectors(1_000, 16), uri=path, collection_name="c")
    next(path.rglob("*.parquet")).unlink()
    ingest(["another text"], vectors=vectors(1, 16), uri=path, collection_name="c")
    ingest(TEXTS[:3], vectors=vectors(3, 16), uri=tmp_path / "other.db", collection_name="c")
    with open_collection(tmp_path / "other.db", "c") as collection:
        assert collection.damage == ""
    with open_collection(path, "c") as collection:
        assert len(collection.scan()) == 1_001
        assert MISSING in collection.damage


def test_what_was_acknowledged_before_a_writer_was_killed_is_there(unflushed, caplog):
    with open_collection(unflushed[0], "c") as collection:
        assert sorted(collection.scan().texts) == sorted(TEXTS)
        assert collection.damage == ""
    assert "not whole" not in caplog.text


@pytest.mark.parametrize("share", [0.99, 0.5])
def test_a_write_ahead_log_that_was_cut_is_told_in_the_widget_and_in_our_log(unflushed, share, caplog, capfd):
    path, log = unflushed
    cut(log, share)
    params = {"min_cluster_size": 20, "space": "distance"}
    with ClusterExplorer(str(path), "c", params=params) as explorer:
        assert 0 < len(explorer.labels_) < len(TEXTS)
        assert LOST in explorer._session.state.notice
        # others who open it meanwhile are told as well, though Lite has said it once
        with open_collection(path, "c") as collection:
            assert LOST in collection.damage
            assert set(collection.scan().texts) < set(TEXTS)
        explorer.save(path.with_suffix(".ce"))
        with ClusterExplorer.load(path.with_suffix(".ce")) as again:
            assert LOST in again._session.state.notice
    (entry,) = (record for record in caplog.records if record.name == "cluster_explorer.milvus")
    assert log.name in entry.getMessage()
    assert "WAL recovery" not in capfd.readouterr().err


def test_a_write_ahead_log_that_is_lost_whole_is_told_beside_that_there_are_no_rows(unflushed):
    path, log = unflushed
    cut(log, 0.001)
    with pytest.raises(DataError, match=f"is empty.*{LOST}"):
        open_collection(path, "c")


def test_a_cut_log_is_told_though_texts_were_stored_before_the_collection_was_opened(unflushed):
    path, log = unflushed
    cut(log, 0.5)
    ingest(["another text"], vectors=np.eye(1, 16), uri=path, collection_name="c")
    with open_collection(path, "c") as collection:
        assert LOST in collection.damage


def test_a_damaged_collection_is_not_told_of_another_one(unflushed):
    path, log = unflushed
    cut(log, 0.5)
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="other")
    with open_collection(path, "c") as damaged, open_collection(path, "other") as collection:
        assert LOST in damaged.damage
        assert collection.damage == ""
    with open_collection(path, "c") as collection:
        # it was told, and what is there has been written out
        assert collection.damage == ""


def test_the_widget_says_one_sentence_and_try_again_goes_on(own_server, vectors):
    ingest(TEXTS[:300], vectors=vectors(300, 8), uri=own_server.uri, collection_name="c")
    with ClusterExplorer(own_server.uri, "c", timeout=2) as explorer:
        own_server.kill()
        explorer.widget
        until(lambda: explorer.status.state == "failed", 30)
        view, message = explorer._view.status, explorer.status.message
        assert "cannot be reached" in message
        assert "Traceback" not in message
        until(lambda: view._retry.layout.display is None, 5)
        with pytest.raises(ConnectionFailedError):
            explorer.labels_
        own_server.start()
        view._retry.click()
        until(lambda: explorer.status.state == "ready", 60)
        assert len(explorer.labels_) == 300
        # killed while it is looked at: what is here stays usable
        own_server.kill()
        with pytest.raises(ClusterExplorerError):
            explorer.refresh()
        assert explorer.recluster(min_cluster_size=7).n_clusters >= 0
        with pytest.raises((ConnectionFailedError, MilvusOperationError)):
            explorer.write_labels()
        own_server.start()
        assert explorer.write_labels().n_written == 300


def test_labels_half_written_when_the_server_dies_are_whole_afterwards(own_server, vectors, monkeypatch, tmp_path):
    from cluster_explorer.journal import Journal
    from cluster_explorer.milvus import writing

    monkeypatch.setattr(writing, "_ROWS", 200)
    ingest(TEXTS, vectors=vectors(len(TEXTS), 8), uri=own_server.uri, collection_name="c")
    labels = [row % 5 for row in range(len(TEXTS))]

    def kill(share):
        if share > 0.5 and own_server.process.poll() is None:
            own_server.kill()

    journal = Journal(tmp_path / "journal")
    with open_collection(own_server.uri, "c", timeout=2) as collection:
        rows = collection.scan()
        with pytest.raises(ConnectionFailedError):
            writing.write_values(collection, rows.ids, {"cluster": labels}, journal=journal, on_progress=kill)
    own_server.start()
    with open_collection(own_server.uri, "c") as collection:
        report = writing.write_values(collection, rows.ids, {"cluster": labels}, journal=journal)
        assert report.n_same >= 1_000
        assert collection.columns(["cluster"]).cluster.tolist() == labels
        after = collection.scan()
        np.testing.assert_array_equal(after.vectors, rows.vectors)
        assert after.texts.tolist() == rows.texts.tolist()


def test_closing_a_shown_explorer_frees_the_lock_and_all_threads(tmp_path, vectors):
    path = tmp_path / "news.db"
    ingest(TEXTS[:300], vectors=vectors(300, 8), uri=path, collection_name="c")

    def used():
        with ClusterExplorer(str(path), "c") as explorer:
            explorer.widget
            explorer.labels_
            explorer.write_labels()
            explorer._session.writing.start_undo()

    used()
    before = set(threading.enumerate())
    used()
    until(lambda: not {t for t in set(threading.enumerate()) - before if t.name.startswith("cluster")}, 20)
    # another process may have it at once
    with run_ingest(path) as other:
        _, errors = other.communicate(timeout=120)
    assert "DatabaseLocked" not in errors


SHOW = """
import threading
from cluster_explorer import ClusterExplorer
ex = ClusterExplorer({path!r}, "c", timeout=10)
ex.widget
"""


def test_restarting_the_kernel_in_the_middle_of_the_work_frees_the_database(tmp_path, vectors, monkeypatch):
    path = tmp_path / "news.db"
    ingest(TEXTS, vectors=vectors(len(TEXTS), 32), uri=path, collection_name="c")
    for name in ("JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR"):
        monkeypatch.setenv(name, str(tmp_path / name.lower()))
    manager = KernelManager()
    manager.start_kernel(cwd=str(tmp_path))
    client = manager.blocking_client()
    client.start_channels()

    def run(code):
        client.wait_for_ready(timeout=60)
        reply = client.execute_interactive(code, timeout=120, output_hook=lambda _message: None)
        assert reply["content"]["status"] == "ok", reply["content"]

    try:
        # the rows are being read or clustered when the kernel goes
        run(SHOW.format(path=str(path)))
        manager.restart_kernel()
        run(SHOW.format(path=str(path)) + f"assert len(ex.labels_) == {len(TEXTS)}")
        run("ex.close(); assert not [t for t in threading.enumerate() if t.name.startswith('cluster')]")
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
