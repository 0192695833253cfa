"""Letting go: Cancel and close while a server is away, and of what was loaded."""

from __future__ import annotations

import gc
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, nullcontext
from threading import Event

import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import ClusterExplorerError
from cluster_explorer.ingest import ingest
from cluster_explorer.journal import Journal
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.connection import connect
from cluster_explorer.milvus.writing import write_values
from cluster_explorer.write_back import WriteWish
from milvus_server import TOKEN
from waiting import until

N = 300
#: Seconds that a call may take; what is let go of must not take as long.
TIMEOUT = 20
SOON = 8


@pytest.fixture
def news(own_server, vectors):
    ingest([f"text {row}" for row in range(N)], vectors=vectors(N, 8), uri=own_server.uri, collection_name="c")
    return own_server


@pytest.fixture
def under_way(monkeypatch):
    """Begins something and waits until it calls Milvus in a certain way; the server can be made to go just before."""
    from pymilvus import MilvusClient

    def wait_for(kind, begin, before=lambda: None):
        begun, method = Event(), getattr(MilvusClient, kind)

        def noted(*args, **options):
            if not begun.is_set():
                before()
            begun.set()
            return method(*args, **options)

        monkeypatch.setattr(MilvusClient, kind, noted)
        begin()
        assert begun.wait(30)

    return wait_for


def test_cancel_while_the_server_is_away_cancels_at_once(news, under_way):
    with ClusterExplorer(news.uri, "c", timeout=TIMEOUT) as explorer:
        news.kill()
        under_way("query", lambda: explorer.widget)
        explorer._view.status._cancel.click()
        until(lambda: explorer.status.state == "cancelled", SOON)
        news.start()
        explorer._view.status._retry.click()
        assert len(explorer.labels_) == N


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_closing_while_the_server_is_away_does_not_wait_for_it(news, how, under_way):
    explorer = ClusterExplorer(news.uri, "c", timeout=TIMEOUT)
    assert len(explorer.labels_) == N
    with news.suspended() if how == "stopped" else nullcontext(news.kill()):
        under_way("query", explorer._session.refreshing.start)
        closes_soon(explorer)


@pytest.mark.parametrize("how", ["killed", "stopped"])
def test_closing_while_the_server_that_is_written_to_is_away_does_not_wait_for_it(news, how, under_way):
    explorer = ClusterExplorer(news.uri, "c", timeout=TIMEOUT)
    assert len(explorer.labels_) == N
    with ExitStack() as stack:
        leave = news.kill if how == "killed" else lambda: stack.enter_context(news.suspended())
        under_way("upsert", lambda: explorer._session.writing.start(WriteWish("cluster")), before=leave)
        closes_soon(explorer)


def closes_soon(explorer):
    started = time.monotonic()
    explorer.close()
    assert time.monotonic() - started < SOON


INTERRUPTED = """
import sys
from pymilvus import MilvusClient
from cluster_explorer.journal import Journal
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.connection import connect
search = MilvusClient.search
def noted(*args, **options):
    print("searching", flush=True)
    return search(*args, **options)
MilvusClient.search = noted
collection = open_collection(sys.argv[1], "c", timeout=30)
rows = collection.scan()
print("ready", flush=True)
sys.stdin.readline()
try:
    collection.neighbors(rows, 5)
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


def test_a_process_that_was_interrupted_while_it_searched_ends_at_once(news):
    command = [sys.executable, "-c", INTERRUPTED, news.uri]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "ready\n"
        with news.suspended():
            process.stdin.write("go\n")
            process.stdin.flush()
            assert process.stdout.readline() == "searching\n"
            process.send_signal(signal.SIGINT)
            assert process.stdout.readline() == "interrupted\n"
            process.wait(SOON)
    assert process.returncode == 0


def test_after_a_restart_the_collection_and_its_companion_are_loaded_again(news):
    labels = [row % 3 for row in range(N)]
    with open_collection(news.uri, "c", timeout=TIMEOUT) as collection:
        ids = collection.scan().ids
        write_values(collection, ids, {"cluster": labels}, journal=Journal(), into="companion")
        news.restart()
        assert len(collection.scan()) == N
        report = write_values(collection, ids, {"cluster": labels}, journal=Journal(), into="companion")
        assert report.n_same == N


@pytest.fixture(params=["tcp", pytest.param("server", marks=pytest.mark.server)])
def where(request, collection_name, vectors):
    uri, token = (
        (request.getfixturevalue("lite_server").uri, "")
        if request.param == "tcp"
        else (request.getfixturevalue("milvus_server").uri, TOKEN)
    )
    place = {"uri": uri, "collection_name": collection_name, "token": token}
    ingest([f"text {row}" for row in range(N)], vectors=vectors(N, 8), **place)
    return place


@pytest.fixture
def client(where):
    # a connection of its own: pymilvus keeps shared ones, which Milvus Lite drops for the pings they send meanwhile
    connection = connect(where["uri"], token=where["token"], db_name="", timeout=30)
    yield connection.run("look", lambda client: client)
    connection.close()


@pytest.fixture
def loaded(client):
    """Tells whether a collection is in the memory of the server."""
    from pymilvus.client.types import LoadState

    return lambda name: client.get_load_state(name)["state"] == LoadState.Loaded


def test_a_companion_that_was_loaded_for_writing_is_released(where, loaded):
    name, companion = where["collection_name"], f"{where['collection_name']}_labels"

    def write(label):
        with open_collection(**where) as collection:
            ids = collection.scan().ids
            write_values(collection, ids, {"cluster": [label] * N}, journal=Journal(), into="companion")
            assert loaded(companion)

    write(1)
    assert not loaded(companion)
    write(2)
    assert not loaded(companion)
    # not ours to release: it was loaded when it was opened
    assert loaded(name)


def test_a_collection_that_two_explorers_use_is_released_by_the_last(where, loaded, client):
    name = where["collection_name"]
    client.release_collection(name)
    first = open_collection(**where)
    second = open_collection(**where)
    first.close()
    assert loaded(name)
    assert len(second.scan()) == N
    second.close()
    assert not loaded(name)


def test_a_collection_opened_by_an_alias_is_not_released_under_who_opened_it_by_its_name(where, loaded, client):
    name, alias = where["collection_name"], f"{where['collection_name']}_alias"
    client.create_alias(name, alias)
    client.release_collection(name)
    by_alias = open_collection(**{**where, "collection_name": alias})
    by_name = open_collection(**where)
    by_alias.close()
    assert loaded(name)
    assert len(by_name.scan()) == N
    by_name.close()
    assert not loaded(name)


@pytest.mark.parametrize("ends", ["dropped", "given to another collection"])
def test_what_was_loaded_by_an_alias_is_released_whatever_became_of_the_alias(where, loaded, client, vectors, ends):
    name, alias = where["collection_name"], f"{where['collection_name']}_alias"
    client.create_alias(name, alias)
    client.release_collection(name)
    opened = open_collection(**{**where, "collection_name": alias})
    if ends == "dropped":
        client.drop_alias(alias)
    else:
        ingest(["a", "b"], vectors=vectors(2, 8), **{**where, "collection_name": f"{name}_other"})
        client.alter_alias(f"{name}_other", alias)
    opened.close()
    assert not loaded(name)


@pytest.fixture
def path(tmp_path, vectors):
    path = tmp_path / "news.db"
    ingest([f"text {row}" for row in range(N)], vectors=vectors(N, 8), uri=path, collection_name="c")
    return str(path)


def is_free(path):
    probe = [sys.executable, "-c", f"from milvus_lite.db import MilvusLite; MilvusLite({path!r}).close()"]
    return subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize("everything", [False, True])
def test_closing_the_widget_lets_go_of_the_database(path, everything):
    explorer = ClusterExplorer(path, "c")
    widget = explorer.widget
    assert len(explorer.labels_) == N
    assert not is_free(path)
    widget.close_all() if everything else widget.close()
    assert is_free(path)
    explorer.close()
    with pytest.raises(ClusterExplorerError, match="closed"):
        explorer.refresh()


def test_an_explorer_that_nobody_holds_lets_go_of_the_database(path):
    explorer = ClusterExplorer(path, "c")
    assert len(explorer.labels_) == N
    assert not is_free(path)
    del explorer
    until(lambda: gc.collect() + 1 and is_free(path), 30)


def test_an_explorer_that_is_shown_stays_open_though_no_variable_holds_it(path):
    explorer = ClusterExplorer(path, "c")
    widget = explorer.widget
    assert len(explorer.labels_) == N
    session = explorer._session
    del explorer
    gc.collect()
    assert session.library.fetch(session.state.results.rows.ids[:1].tolist()).text.tolist()
    widget.close()
    assert is_free(path)
