"""Databases that are locked, damaged, gone, slow or closed to us: one clear error, nothing lost, nothing hanging."""

from __future__ import annotations

import io
import logging
import os
import subprocess
import sys
import threading
import time
import traceback
from contextlib import contextmanager

import numpy as np
import pytest

from cluster_explorer.errors import (
    AuthenticationError,
    Cancelled,
    ClusterExplorerError,
    ConnectionFailedError,
    DatabaseLockedError,
    MilvusOperationError,
)
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.connection import connect
from milvus_server import GUARDED_TOKEN as TOKEN
from waiting import after, until

TEXTS = [f"text {number}" for number in range(3_000)]
#: Seconds that nobody listens at the port, before a server that was killed is started again.
OUTAGE = 5.0


@pytest.fixture
def vectors_of_all(vectors):
    return vectors(len(TEXTS))


@contextmanager
def another_process_holding(path):
    code = (
        f"from milvus_lite.db import MilvusLite; db = MilvusLite({str(path)!r}); "
        "print('open', flush=True); input(); db.close()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout.readline()
        yield
        process.stdin.write(b"\n")


def test_a_database_that_another_process_holds(tmp_path):
    path = tmp_path / "news.db"
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    with another_process_holding(path):
        with pytest.raises(DatabaseLockedError, match=r"another process holds it.*milvus-lite server --data-dir"):
            open_collection(path, "c")
        with pytest.raises(DatabaseLockedError):
            ingest(["b"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    with open_collection(path, "c") as collection:
        assert collection.scan().texts.tolist() == ["a"]


def test_a_damaged_database(tmp_path):
    path = tmp_path / "news.db"
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    (path / "collections" / "c" / "schema.json").write_text('{"truncated')
    with pytest.raises(ClusterExplorerError, match=r"'c'.*news\.db"):
        open_collection(path, "c")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_database_that_may_not_be_written_to(tmp_path):
    path = tmp_path / "news.db"
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    path.chmod(0o500)
    with pytest.raises(ConnectionFailedError, match="may not be written to"):
        open_collection(path, "c")


def test_an_unreachable_server_is_told_within_the_timeout():
    started = time.monotonic()
    with pytest.raises(ConnectionFailedError, match=r"server at http://127\.0\.0\.1:1 cannot be reached"):
        open_collection("http://127.0.0.1:1", "c", timeout=3)
    with pytest.raises(ConnectionFailedError, match="cannot be reached"):
        ingest(["a"], vectors=[[1.0]], uri="http://127.0.0.1:1", collection_name="c", timeout=3)
    assert time.monotonic() - started < 10


def test_a_host_that_does_not_exist():
    with pytest.raises(ConnectionFailedError, match="cannot be reached"):
        open_collection("https://no-such-host.invalid", "c", timeout=3)


def test_an_address_that_swallows_everything():
    import socket

    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen()
        started = time.monotonic()
        with pytest.raises(ConnectionFailedError, match="cannot be reached"):
            open_collection(f"http://127.0.0.1:{deaf.getsockname()[1]}", "c", timeout=1)
        assert time.monotonic() - started < 8


def test_a_server_that_stopped_answering_keeps_the_deadline(own_server, vectors_of_all):
    ingest(TEXTS, vectors=vectors_of_all, uri=own_server.uri, collection_name="c")
    with open_collection(own_server.uri, "c", timeout=2) as collection:
        rows = collection.scan()
        with own_server.suspended():
            for call in (
                collection.count,
                collection.scan,
                collection.columns,
                lambda: collection.fetch(rows.ids[:5]),
                lambda: collection.neighbors(rows, 5),
            ):
                started = time.monotonic()
                with pytest.raises(ClusterExplorerError, match=r"did not answer within 2 s|cannot be reached"):
                    call()
                assert time.monotonic() - started < 8
        assert collection.count() == len(TEXTS)


def test_a_server_killed_in_mid_scan_is_told_within_the_timeout(own_server, vectors_of_all):
    ingest(TEXTS, vectors=vectors_of_all, uri=own_server.uri, collection_name="c")

    def kill(share: float) -> None:
        if own_server.process.poll() is None:
            own_server.kill()

    with open_collection(own_server.uri, "c", timeout=2) as collection:
        started = time.monotonic()
        with pytest.raises(ConnectionFailedError, match="cannot be reached"):
            collection.scan(on_progress=kill)
        assert time.monotonic() - started < 10
    own_server.start()
    with open_collection(own_server.uri, "c") as collection:
        assert sorted(collection.scan().texts) == sorted(TEXTS)


def test_a_server_killed_in_mid_scan_and_back_5_s_later_is_waited_for(own_server, vectors_of_all):
    ingest(TEXTS, vectors=vectors_of_all, uri=own_server.uri, collection_name="c")
    restarts = [threading.Thread(target=after, args=(OUTAGE, own_server.start))]

    def kill(share: float) -> None:
        if restarts:
            own_server.kill()
            restarts.pop().start()

    started = time.monotonic()
    with open_collection(own_server.uri, "c") as collection:
        rows = collection.scan(on_progress=kill)
    assert not restarts
    assert time.monotonic() - started > OUTAGE
    assert sorted(rows.texts) == sorted(TEXTS)
    assert (np.diff(rows.ids) > 0).all()


def test_a_server_killed_in_mid_ingest_and_back_loses_nothing(own_server, vectors_of_all):
    def kill(share: float) -> None:
        if share > 0.5 and own_server.process.poll() is None:
            own_server.kill()

    where = {"vectors": vectors_of_all, "uri": own_server.uri, "collection_name": "c"}
    with pytest.raises(ConnectionFailedError, match="nothing that was stored is lost"):
        ingest(TEXTS, **where, timeout=2, on_progress=kill)
    own_server.start()
    report = ingest(TEXTS, **where)
    assert report.already_there == 2_000
    with open_collection(own_server.uri, "c") as collection:
        assert sorted(collection.scan().texts) == sorted(TEXTS)


def test_a_server_killed_in_mid_ingest_and_back_5_s_later_is_waited_for(own_server, vectors_of_all):
    restarts = [threading.Thread(target=after, args=(OUTAGE, own_server.start))]

    def kill(share: float) -> None:
        if share > 0.5 and restarts:
            own_server.kill()
            restarts.pop().start()

    started = time.monotonic()
    report = ingest(TEXTS, vectors=vectors_of_all, uri=own_server.uri, collection_name="c", on_progress=kill)
    assert not restarts
    assert time.monotonic() - started > OUTAGE
    assert report.added == len(TEXTS)
    with open_collection(own_server.uri, "c") as collection:
        assert sorted(collection.scan().texts) == sorted(TEXTS)


def test_closing_ends_the_waiting_for_a_server(own_server):
    ingest(["a"], vectors=[[1.0]], uri=own_server.uri, collection_name="c")
    collection = open_collection(own_server.uri, "c", timeout=60)
    own_server.kill()
    closing = threading.Timer(0.5, collection.close)
    closing.start()
    started = time.monotonic()
    with pytest.raises(ClusterExplorerError):
        collection.count()
    assert time.monotonic() - started < 20
    closing.join()


def test_reading_from_a_server_that_ignores_where_to_go_on_ends(deaf_server):
    ingest([f"text {row}" for row in range(50)], vectors=np.eye(50), uri=deaf_server, collection_name="c")
    with open_collection(deaf_server, "c") as collection, pytest.raises(MilvusOperationError, match="never end"):
        collection.scan()


def test_an_answer_that_cannot_be_decoded_is_told(garbled_server, milvus):
    uri, garble = garbled_server
    with milvus(uri) as client:
        client.create_collection("c", dimension=2, auto_id=True)
        client.insert("c", [{"vector": [1.0, n], "text": f"text {n}"} for n in range(20)])
    with open_collection(uri, "c") as collection:
        garble()
        with pytest.raises(MilvusOperationError, match=r"read collection 'c'.*cannot be read \(.*DecodeError"):
            collection.scan()


def test_the_token_opens_and_a_wrong_one_does_not(guarded_server):
    with open_collection(f"http://{guarded_server}", "c", token=TOKEN) as collection:
        assert collection.count() == 2
    started = time.monotonic()
    for token in ("wrong", None):
        with pytest.raises(AuthenticationError, match=r"refused the token.*Pass a valid token="):
            open_collection(f"http://{guarded_server}", "c", token=token)
    with pytest.raises(AuthenticationError):
        ingest(["a"], vectors=[[1.0, 0]], uri=f"http://{guarded_server}", collection_name="c", token="wrong")
    assert time.monotonic() - started < 10


def test_a_token_is_in_no_repr_no_message_and_no_log(guarded_server, caplog):
    caplog.set_level(logging.DEBUG)
    said = io.StringIO()
    user, _, secret = TOKEN.partition("-")
    del user
    with open_collection(f"http://{guarded_server}", "c", token=TOKEN) as collection:
        print(repr(collection), collection.info, vars(collection), file=said)
        for attempt in (
            lambda: collection.fetch([1], ["nothing"]),
            lambda: open_collection(f"http://{guarded_server}", "nothing", token=TOKEN),
            lambda: open_collection(f"http://{guarded_server}", "c", token=TOKEN, filter="=="),
            lambda: open_collection(f"http://{guarded_server}", "c", token=f"{TOKEN}-wrong"),
            lambda: open_collection(f"http://{TOKEN}@{guarded_server}", "nothing"),
            lambda: open_collection(f"http://me:{secret}@127.0.0.1:1", "c", timeout=1),
            lambda: ingest(["a"], vectors=[[1.0]], uri=f"http://{guarded_server}", collection_name="c", token=TOKEN),
        ):
            with pytest.raises(ClusterExplorerError) as caught:
                attempt()
            print(caught.value, repr(caught.value), "".join(traceback.format_exception(caught.value)), file=said)
    everything = said.getvalue() + caplog.text
    assert "Cannot" in everything
    # the tests' own source lines are in the tracebacks, the values are not
    assert secret not in everything


def test_credentials_in_the_address_are_used_and_never_shown(guarded_server):
    with open_collection(f"http://{TOKEN}@{guarded_server}", "c") as collection:
        assert collection.info.uri == f"http://{guarded_server}"
        assert collection.count() == 2


_NOISY = """
import sys
from cluster_explorer.errors import ClusterExplorerError
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.connection import connect

path = sys.argv[1]
ingest(["a", "b", "c"], vectors=[[1.0, 0], [0, 1.0], [1, 1]], uri=path, collection_name="c")
with open_collection(path, "c") as collection:
    rows = collection.scan()
    collection.neighbors(rows, 2)
    collection.columns()
for attempt in (
    lambda: open_collection(path, "c", filter="nonsense =="),
    lambda: open_collection(path, "nothing"),
    lambda: open_collection("http://127.0.0.1:1", "c", timeout=1),
):
    try:
        attempt()
    except ClusterExplorerError:
        pass
"""


def test_nothing_is_printed_beside_what_we_say(tmp_path):
    run = subprocess.run(
        [sys.executable, "-c", _NOISY, str(tmp_path / "news.db")],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    assert run.stdout + run.stderr == ""


def test_the_reason_is_in_our_log(tmp_path, caplog):
    ingest(["a"], vectors=[[1.0, 0]], uri=tmp_path / "news.db", collection_name="c")
    with caplog.at_level(logging.DEBUG, "cluster_explorer.milvus"), pytest.raises(ClusterExplorerError):
        open_collection(tmp_path / "news.db", "c", filter="nonsense ==")
    assert "nonsense ==" in caplog.text
    assert "MilvusException" in caplog.text


def test_the_users_own_log_levels_come_back(tmp_path):
    logger = logging.getLogger("pymilvus")
    before = logger.level
    logger.setLevel(logging.INFO)
    try:
        ingest(["a"], vectors=[[1.0, 0]], uri=tmp_path / "news.db", collection_name="c")
        assert logger.level == logging.INFO
    finally:
        logger.setLevel(before)


def test_waiting_for_what_takes_a_server_long_ends_with_the_connection_or_its_time(tmp_path):
    connection = connect(tmp_path / "news.db", token=None, db_name="", timeout=10, create=True)
    with pytest.raises(MilvusOperationError, match=r"Cannot load it at .*the server goes on"):
        connection.wait_for("load it", lambda: None, 0.0)
    looks = iter([None, None, "loaded"])
    assert connection.wait_for("load it", lambda: next(looks), 20) == "loaded"

    def look():
        # whoever waits is told at the next look, not after ten minutes
        connection.close()

    with pytest.raises(Cancelled, match="closed while it waited for the server to load it"):
        connection.wait_for("load it", look, 600)


def test_closing_leaves_no_threads_behind(tmp_path):
    ingest(["a"], vectors=[[1.0, 0]], uri=tmp_path / "warm.db", collection_name="c")
    before = set(threading.enumerate())
    path = tmp_path / "news.db"
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    with open_collection(path, "c") as collection:
        collection.scan()
    until(lambda: not set(threading.enumerate()) - before, 20, "the threads to end")
    assert not set(threading.enumerate()) - before


def test_a_page_too_large_for_the_network_is_read_in_parts(own_server, monkeypatch):
    import grpc

    texts = ["x" * 60_000 + str(number) for number in range(300)]
    ingest(texts, vectors=np.eye(300), uri=own_server.uri, collection_name="c")
    plain = grpc.insecure_channel

    def narrow(target, options=None, compression=None):
        options = [option for option in options or [] if "max_receive" not in str(option[0])]
        return plain(target, [*options, ("grpc.max_receive_message_length", 5 * 2**20)], compression)

    monkeypatch.setattr(grpc, "insecure_channel", narrow)
    with open_collection(own_server.uri, "c") as collection:
        rows = collection.scan()
        assert sorted(rows.texts) == sorted(texts)
        assert collection.fetch(rows.ids, ["text"]).text.tolist() == rows.texts.tolist()


def test_a_row_too_large_for_the_network_is_an_error(own_server, monkeypatch):
    import grpc

    plain = grpc.insecure_channel
    ingest(["x" * 60_000], vectors=[[1.0]], uri=own_server.uri, collection_name="c")

    def narrow(target, options=None, compression=None):
        options = [option for option in options or [] if "max_receive" not in str(option[0])]
        return plain(target, [*options, ("grpc.max_receive_message_length", 10_000)], compression)

    monkeypatch.setattr(grpc, "insecure_channel", narrow)
    with pytest.raises(MilvusOperationError, match=r"too large.*Shorten the longest texts.*serverMaxSendSize"):
        open_collection(own_server.uri, "c")
