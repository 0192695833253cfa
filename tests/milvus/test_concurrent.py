"""Reading a collection while others write to it: every row is real, none comes twice, and changes are counted."""

from __future__ import annotations

import subprocess
import sys
from threading import Event

import numpy as np
import pytest

from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection, scan
from cluster_explorer.milvus.connection import connect
from milvus_server import TOKEN

N = 4_000
DIM = 8

#: Told to go, inserts new rows and deletes old ones until its input ends or there are many. Vector and text of a
#: row say its key, so that a row that is not real is seen.
WRITER = """
import sys, threading, numpy as np
from cluster_explorer.milvus.connection import connect
uri, token, name = sys.argv[1:4]
client = connect(uri, token=token, db_name="", timeout=30).run("write", lambda client: client)
stopped = threading.Event()
print("ready", flush=True)
sys.stdin.readline()
threading.Thread(target=lambda: (sys.stdin.read(), stopped.set()), daemon=True).start()
key, gone = {n}, 0
while not stopped.is_set() and key < {n} + 2_000:
    rows = [{{"id": k, "text": f"text {{k}}", "vector": [float(k)] * {dim}}} for k in range(key, key + 20)]
    client.insert(name, rows)
    client.delete(name, ids=list(range(gone, gone + 10)))
    if not gone:
        print("writing", flush=True)
    key, gone = key + 20, gone + 10
stopped.wait()
print(key, gone, flush=True)
"""


@pytest.fixture(params=["tcp", pytest.param("server", marks=pytest.mark.server)])
def where(request, collection_name):
    if request.param == "tcp":
        place = {"uri": request.getfixturevalue("lite_server").uri, "collection_name": collection_name}
    else:
        uri = request.getfixturevalue("milvus_server").uri
        place = {"uri": uri, "collection_name": collection_name, "token": TOKEN}
    import pandas as pd

    # the writer makes rows of these fields alone
    frame = pd.DataFrame({"id": range(1, N), "text": [f"text {key}" for key in range(1, N)]})
    vectors = np.repeat(np.arange(1, N, dtype=np.float32)[:, None], DIM, axis=1)
    ingest(frame, vectors=vectors, metric="euclidean", **place)
    return place


def test_a_scan_while_others_insert_and_delete(where, monkeypatch):
    # small pages, so that much happens between the first and the last
    monkeypatch.setattr(scan, "page_size", lambda n_rows, row_bytes: 250)
    code = WRITER.format(n=N, dim=DIM)
    command = [sys.executable, "-c", code, where["uri"], where.get("token", ""), where["collection_name"]]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:

        def go(_share):
            """Let the writer begin behind the first page, and wait until it has."""
            if started.is_set():
                return
            started.set()
            writer.stdin.write("go\n")
            writer.stdin.flush()
            assert writer.stdout.readline() == "writing\n"

        started = Event()
        assert writer.stdout.readline() == "ready\n"
        with open_collection(**where) as collection:
            rows = collection.scan(on_progress=go)
        writer.stdin.close()
        written, gone = map(int, writer.stdout.readline().split())
    assert gone > 0
    assert len(set(rows.ids.tolist())) == len(rows)
    assert (np.diff(rows.ids) > 0).all()
    # real: each was in the collection at some moment, whole
    assert rows.ids.min() >= 1
    assert rows.ids.max() < written
    np.testing.assert_array_equal(rows.vectors, np.repeat(rows.ids[:, None], DIM, axis=1).astype(np.float32))
    assert rows.texts.tolist() == [f"text {key}" for key in rows.ids.tolist()]
    # those that nobody touched are all there
    untouched = np.arange(gone, N)
    assert np.isin(untouched, rows.ids).all()
    assert rows.n_changed > 0


def test_changes_that_leave_the_number_of_rows_as_it_was_are_counted(where, monkeypatch):
    monkeypatch.setattr(scan, "page_size", lambda n_rows, row_bytes: 500)
    # a connection of its own: pymilvus keeps shared ones, which Milvus Lite drops for the pings they send meanwhile
    connection = connect(where["uri"], token=where.get("token"), db_name="", timeout=30)
    others = connection.run("write", lambda client: client)
    name, begun = where["collection_name"], Event()

    def change(_share):
        """Delete rows that have been read, and add as many where the scan does not come by any more."""
        if begun.is_set():
            return
        begun.set()
        others.delete(name, ids=list(range(1, 101)))
        others.insert(name, [{"id": -key, "text": f"text {-key}", "vector": [1.0] * DIM} for key in range(1, 101)])

    with open_collection(**where) as collection:
        rows = collection.scan(on_progress=change)
        assert len(rows) == collection.count() == N - 1
    connection.close()
    assert rows.n_changed == 200


def test_a_quiet_collection_says_nothing(where):
    with open_collection(**where) as collection:
        assert collection.scan().n_changed == 0
