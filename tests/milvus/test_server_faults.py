"""The real Milvus server killed and stopped in the middle of the work: nothing lost, nothing twice, nothing hanging."""

from __future__ import annotations

import threading
import time
from contextlib import suppress

import pandas as pd
import pytest

from cluster_explorer.errors import ClusterExplorerError, ConnectionFailedError
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection
from milvus_server import TOKEN, CannotRunError
from waiting import after

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

N = 3_000
#: Seconds that nobody listens at the port, before the server is started again.
OUTAGE = 5.0
#: Seconds that the server may take to come back, which reads its logs then.
LONGEST = 120.0


class Outage:
    """Kills a server once, starts it again some seconds later, and skips the test where it does not come back."""

    def __init__(self, server):
        self.begun = 0.0
        self._server = server
        self._came_back = False
        self._thread = threading.Thread(target=after, args=(OUTAGE, self._start))

    def begin(self):
        if not self.begun:
            self.begun = time.monotonic()
            self._server.kill()
            self._thread.start()

    def _start(self):
        with suppress(CannotRunError):
            self._server.start()
            self._came_back = True

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if not self.begun:
            return
        self._thread.join()
        if kind is not None and issubclass(kind, ConnectionFailedError) and not self._came_back:
            pytest.skip(f"the real server did not come back within {LONGEST:g} s of kill -9: nothing to wait for")


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame({"id": range(N), "text": [f"text {row}" for row in range(N)], "stars": range(N)})


@pytest.fixture
def where(own_milvus_server, frame, vectors):
    place = {"uri": own_milvus_server.uri, "collection_name": "read", "token": TOKEN}
    assert ingest(frame, vectors=vectors(N, 16), **place).added == N
    return place


def test_stopped_it_keeps_nobody_beyond_the_deadline_and_goes_on_afterwards(own_milvus_server, where, frame, vectors):
    with open_collection(**where, timeout=2) as collection:
        rows = collection.scan()
        with own_milvus_server.suspended():
            for call in (
                collection.count,
                collection.scan,
                lambda: collection.fetch(rows.ids[:5]),
                lambda: collection.neighbors(rows, 5),
                lambda: open_collection(**where, timeout=2),
                lambda: ingest(frame, vectors=vectors(N, 16), **where, timeout=2),
            ):
                started = time.monotonic()
                with pytest.raises(ClusterExplorerError, match=r"did not answer within 2 s|cannot be reached"):
                    call()
                assert time.monotonic() - started < 8
    with open_collection(**where, timeout=LONGEST) as collection:
        assert collection.scan().texts.tolist() == frame.text.tolist()


def test_killed_in_mid_scan_and_back_5_s_later_it_is_waited_for(own_milvus_server, where, frame):
    with Outage(own_milvus_server) as outage, open_collection(**where, timeout=LONGEST) as collection:
        rows = collection.scan(on_progress=lambda _share: outage.begin())
    assert OUTAGE < time.monotonic() - outage.begun < LONGEST + 30
    assert rows.texts.tolist() == frame.text.tolist()


def test_killed_in_mid_ingest_and_back_5_s_later_nothing_is_lost_and_nothing_twice(own_milvus_server, frame, vectors):
    from pymilvus import MilvusClient

    place = {"uri": own_milvus_server.uri, "collection_name": "stored", "token": TOKEN}

    def kill(share):
        if share > 0.3:
            outage.begin()

    with Outage(own_milvus_server) as outage:
        report = ingest(frame, vectors=vectors(N, 16), **place, timeout=LONGEST, on_progress=kill)
    assert time.monotonic() - outage.begun > OUTAGE
    assert report.added == N
    again = ingest(frame, vectors=vectors(N, 16), **place)
    assert (again.added, again.updated, again.already_there) == (0, 0, N)
    with open_collection(**place) as collection:
        rows = collection.scan()
        assert rows.texts.tolist() == frame.text.tolist()
        assert collection.columns(["stars"]).stars.tolist() == list(range(N))
        # as another program sees it, while it is loaded
        client = MilvusClient(place["uri"], token=TOKEN)
        counted = client.query("stored", filter="id >= 0", output_fields=["count(*)"], consistency_level="Strong")
        client.close()
    assert counted[0]["count(*)"] == N
