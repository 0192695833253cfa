"""Reading a collection: whole, by id, by field."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from cluster_explorer.errors import Cancelled, DataError, FieldError, MilvusOperationError
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection, scan

N = 2_500


def store_numbered(uri: str, collection_name: str, vectors) -> None:
    """Rows "text 0" to "text 2499", in no particular order."""
    import pandas as pd

    frame = pd.DataFrame({"id": np.random.default_rng(1).permutation(N), "section": ["sport", "chess"] * (N // 2)})
    frame["text"] = [f"text {number}" for number in frame["id"]]
    frame["half"] = pd.array([None if number % 2 else int(number) // 2 for number in frame["id"]], dtype="Int64")
    frame["odd"] = frame["id"] % 2 == 1
    ingest(frame, vectors=vectors(N), uri=uri, collection_name=collection_name)


@pytest.fixture(scope="session")
def numbered_name(shared_uri, vectors):
    store_numbered(shared_uri, "numbered", vectors)
    return "numbered"


@pytest.fixture
def numbered(shared_uri, numbered_name):
    """The numbered rows, for reading only."""
    with open_collection(shared_uri, numbered_name) as collection:
        yield collection


@pytest.fixture
def changing(uri, collection_name, vectors):
    """The numbered rows, for tests that change them."""
    store_numbered(uri, collection_name, vectors)
    with open_collection(uri, collection_name) as collection:
        yield collection


def test_a_scan_has_every_row_once_ascending_with_its_own_text_and_vector(numbered, vectors):
    shares = []
    rows = numbered.scan(on_progress=shares.append)
    assert rows.ids.tolist() == list(range(2500))
    assert rows.ids.dtype == np.int64
    assert rows.texts.tolist() == [f"text {number}" for number in range(2500)]
    stored = np.empty((2500, 4), np.float32)
    stored[np.random.default_rng(1).permutation(2500)] = vectors(2500)
    np.testing.assert_array_equal(rows.vectors, stored)
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) >= 3


def test_a_scan_may_leave_vectors_and_texts_in_milvus(numbered):
    rows = numbered.scan(vectors=False, texts=False)
    assert (len(rows), rows.vectors, rows.texts) == (2500, None, None)


def test_texts_above_the_budget_stay_in_milvus(numbered, monkeypatch):
    monkeypatch.setattr(scan, "TEXT_BUDGET", 5_000)
    rows = numbered.scan()
    assert rows.texts is None
    assert rows.vectors.shape == (2500, 4)
    assert numbered.fetch([7], ["text"]).text.tolist() == ["text 7"]


def test_a_filter_holds_for_count_scan_and_columns(shared_uri, numbered_name):
    with open_collection(shared_uri, numbered_name, filter="id < 10 or id == 2000") as collection:
        assert collection.count() == 11
        assert collection.scan().ids.tolist() == [*range(10), 2000]
        assert collection.columns(["odd"]).index.tolist() == [*range(10), 2000]


def test_rows_are_fetched_in_the_order_asked(numbered):
    frame = numbered.fetch([1200, 3, 1200, 2499])
    assert frame.index.tolist() == [1200, 3, 1200, 2499]
    assert frame.index.name == "id"
    assert frame.text.tolist() == ["text 1200", "text 3", "text 1200", "text 2499"]
    assert frame.columns.tolist() == ["text", "section", "half", "odd"]
    assert frame.odd.tolist() == [False, True, False, True]
    assert numbered.fetch([], ["text"]).empty


def test_more_rows_than_one_call_takes_are_fetched(numbered):
    asked = np.arange(2500)[::-1]
    assert numbered.fetch(asked, ["text"]).text.tolist() == [f"text {number}" for number in asked]


def test_rows_deleted_meanwhile_are_missing_values(numbered):
    frame = numbered.fetch([5, 999_999, 6], ["text", "half", "odd"])
    assert frame.text.isna().tolist() == [False, True, False]
    assert frame.half.isna().tolist() == [True, True, False]
    assert frame.half.iloc[2] == 3


def test_columns_keep_their_types(numbered):
    shares = []
    frame = numbered.columns(["section", "half", "odd"], on_progress=shares.append)
    assert numbered.columns().columns.tolist() == ["text", "section", "half", "odd"]
    assert frame.index.tolist() == list(range(2500))
    assert str(frame.half.dtype) == "Int64"
    assert frame.odd.dtype == bool
    assert frame.half[10] == 5
    assert shares[-1] == 1


def test_unknown_fields_are_named(numbered):
    for read in (lambda fields: numbered.fetch([1], fields), numbered.columns):
        with pytest.raises(FieldError, match=r"no field 'sektion'.*'text', 'section', 'half', 'odd'"):
            read(["text", "sektion"])


HOSTILE = [
    'say "hi"',
    "it's",
    "back\\slash",
    "\\",
    '" or id != "',
    "new\nline",
    "tab\t",
    "",
    "汉字",
    "🙂",
    "id in [1]",
    "%",
    "{x}",
]


def test_hostile_string_keys_are_only_keys(make, fields, uri, collection_name, monkeypatch):
    rows = [{"id": key, "text": f"text of {key}", "vector": [1.0, 0, 0, float(n)]} for n, key in enumerate(HOSTILE)]
    make(fields["string_key"], fields["text"], fields["vector"], rows=rows, index={"vector": "L2"})
    # every key becomes the cursor of a page
    monkeypatch.setattr(scan, "page_size", lambda n_rows, row_bytes: 1)
    with open_collection(uri, collection_name) as collection:
        scanned = collection.scan()
        assert scanned.ids.tolist() == sorted(HOSTILE)
        assert scanned.texts.tolist() == [f"text of {key}" for key in sorted(HOSTILE)]
        assert collection.fetch(HOSTILE, ["text"]).text.tolist() == [f"text of {key}" for key in HOSTILE]
        assert collection.fetch(['" or id != "x'], ["text"]).text.isna().all()


def test_keys_beyond_what_floats_hold_are_exact(make, fields, uri, collection_name):
    keys = [2**53 + 1, 2**63 - 1, -(2**63) + 1, -1, 0]
    rows = [{"id": key, "text": str(key), "vector": [1.0, 0, 0, 0]} for key in keys]
    make(fields["key"], fields["text"], fields["vector"], rows=rows, index={"vector": "COSINE"})
    with open_collection(uri, collection_name) as collection:
        assert collection.scan().ids.tolist() == sorted(keys)
        assert collection.fetch(keys, ["text"]).text.tolist() == [str(key) for key in keys]


def test_automatic_keys(make, fields, uri, collection_name):
    key = ("id", "INT64", {"is_primary": True, "auto_id": True})
    rows = [{"text": f"text {number}", "vector": [1.0, 0, 0, 0]} for number in range(20)]
    make(key, fields["text"], fields["vector"], rows=rows, index={"vector": "COSINE"}, auto_id=True)
    with open_collection(uri, collection_name) as collection:
        rows = collection.scan()
        assert collection.fetch(rows.ids, ["text"]).text.tolist() == rows.texts.tolist()
        assert sorted(rows.texts) == sorted(f"text {number}" for number in range(20))


def test_null_texts_are_empty(make, fields, uri, collection_name):
    text = ("text", "VARCHAR", {"max_length": 100, "nullable": True})
    rows = [{"id": 1, "text": None, "vector": [1.0, 0, 0, 0]}, {"id": 2, "text": "b", "vector": [1.0, 0, 0, 0]}]
    make(fields["key"], text, fields["vector"], rows=rows, index={"vector": "COSINE"})
    with open_collection(uri, collection_name) as collection:
        assert collection.scan().texts.tolist() == ["", "b"]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([float("nan"), 0, 0, 0], "NaN or infinite"),
        ([0, float("inf"), 0, 0], "NaN or infinite"),
        ([0.0] * 4, "Zero vectors"),
    ],
)
def test_vectors_that_cannot_be_compared_are_named(bad, said, *, make, fields, uri, collection_name):
    rows = [{"id": key, "text": "a", "vector": bad if key in (3, 5) else [1.0, 0, 0, 0]} for key in range(8)]
    make(fields["key"], fields["text"], fields["vector"], rows=rows, index={"vector": "COSINE"})
    with open_collection(uri, collection_name) as collection:
        with pytest.raises(DataError, match=rf"{said}.*2 found \(ids 3, 5\) in field 'vector'.*filter="):
            collection.scan()
        assert len(collection.scan(vectors=False)) == 8
    with open_collection(uri, collection_name, filter="id not in [3, 5]") as collection:
        assert len(collection.scan()) == 6


def test_zero_vectors_have_a_euclidean_distance(make, fields, uri, collection_name):
    rows = [{"id": 1, "text": "a", "vector": [0.0] * 4}]
    make(fields["key"], fields["text"], fields["vector"], rows=rows, index={"vector": "L2"})
    with open_collection(uri, collection_name) as collection:
        assert len(collection.scan()) == 1


def test_rows_deleted_between_opening_and_scanning(changing, milvus, uri):
    with milvus(uri) as client:
        client.delete(changing.info.collection_name, filter="id >= 0")
    with pytest.raises(DataError, match="is empty"):
        changing.scan()


def test_cancelling_a_scan_leaves_the_collection_usable(numbered):
    def stop(share: float) -> None:
        raise Cancelled

    before = set(threading.enumerate())
    with pytest.raises(Cancelled):
        numbered.scan(on_progress=stop)
    assert set(threading.enumerate()) <= before
    assert numbered.count() == 2500


def test_texts_are_fetched_while_a_scan_runs(numbered):
    fetched: list[str] = []

    def read(share: float) -> None:
        reader = threading.Thread(target=lambda: fetched.extend(numbered.fetch([1, 2], ["text"]).text))
        reader.start()
        reader.join(30)

    assert len(numbered.scan(on_progress=read)) == 2500
    assert len(fetched) >= 6
    assert set(fetched) == {"text 1", "text 2"}


def test_rows_written_by_others_during_a_scan_come_once_or_not_at_all(changing, milvus, uri):
    name = changing.info.collection_name
    starts = iter([3000, 3100, 3200])

    def write(share: float) -> None:
        start = next(starts, None)
        if start is None:
            return
        rest = {"vector": [1.0, 0, 0, 0], "section": None, "half": None, "odd": None}
        with milvus(uri) as client:
            client.insert(name, [{"id": key, "text": f"text {key}", **rest} for key in range(start, start + 100)])
            client.delete(name, filter=f"id == {start - 3000}")

    rows = changing.scan(on_progress=write)
    assert next(starts, None) is None
    assert (np.diff(rows.ids) > 0).all()
    assert set(range(1000, N)) <= set(rows.ids.tolist())
    assert all(text == f"text {key}" for key, text in zip(rows.ids, rows.texts, strict=True))


def test_a_closed_collection_says_so(numbered):
    numbered.close()
    numbered.close()
    with pytest.raises(MilvusOperationError, match="was closed"):
        numbered.count()


def test_two_explorers_of_one_file_share_it_and_the_last_one_lets_go(tmp_path, milvus):
    import subprocess
    import sys

    path = str(tmp_path / "news.db")
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    probe = [sys.executable, "-c", f"from milvus_lite.db import MilvusLite; MilvusLite({path!r}).close()"]
    first, second = open_collection(path, "c"), open_collection(path, "c")
    first.close()
    assert second.count() == 1
    assert subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 1
    second.close()
    assert subprocess.run(probe, stderr=subprocess.DEVNULL, check=False).returncode == 0


@pytest.mark.parametrize("opened", ["before ours", "after ours"])
def test_a_client_of_the_users_own_stays_open_and_the_lock_is_free_after_it(tmp_path, opened):
    from milvus_lite.db import MilvusLite
    from pymilvus import MilvusClient

    path = str(tmp_path / "news.db")
    ingest(["a"], vectors=[[1.0, 0]], uri=path, collection_name="c")
    client = MilvusClient(path) if opened == "before ours" else None
    with open_collection(path, "c") as collection:
        client = client or MilvusClient(path)
        assert collection.count() == 1
    assert client.query("c", filter="", limit=1, output_fields=["text"])[0]["text"] == "a"
    client.close()
    open_collection(path, "c").close()
    MilvusLite(path).close()
