"""Texts into a collection: what is stored, what is done twice only once, and what is refused."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from cluster_explorer.errors import (
    Cancelled,
    DataError,
    EmbeddingError,
    FieldError,
    InvalidParameterError,
    MessageTooLargeError,
)
from cluster_explorer.ingest import IngestReport, ingest
from cluster_explorer.milvus import open_collection, target


class Embedder:
    """Embeds by the digits in a text, and counts what it was asked."""

    def __init__(self, dim: int = 6) -> None:
        self.asked: list[str] = []
        self.dim = dim

    def __call__(self, texts: list[str]) -> np.ndarray:
        self.asked += texts
        return np.array([np.random.default_rng(list(text.encode())).standard_normal(self.dim) for text in texts])


@pytest.fixture
def embedder():
    return Embedder()


def read(uri: str, collection_name: str) -> pd.DataFrame:
    """All that a collection holds, and its vectors."""
    with open_collection(uri, collection_name) as collection:
        rows = collection.scan()
        frame = collection.columns()
    return frame.assign(vector=list(rows.vectors))


def test_a_table_comes_back_as_it_was(embedder, uri, collection_name):
    frame = pd.DataFrame(
        {
            "title": ["Storm", "Goal", "Quake — 汉字 🙂"],
            "description": ["Harbour closed.", None, "<script>alert(1)</script>"],
            "published": pd.to_datetime(["2026-03-01", None, "2026-03-03"]),
            "stars": [5, 4, 3],
            "score": [0.1, None, 2.0],
            "flag": [True, False, True],
            "tags": [["a", {"b": 1}], None, {"c": [None, 2.5]}],
        }
    )
    report = ingest(
        frame,
        embedding_function=embedder,
        text_column=["title", "description"],
        uri=uri,
        collection_name=collection_name,
    )
    assert report == IngestReport(
        collection_name=collection_name, uri=uri, total=3, added=3, updated=0, already_there=0, dim=6
    )
    stored = read(uri, collection_name).set_index("title").loc[frame.title].reset_index()
    joined = ["Storm\nHarbour closed.", "Goal", "Quake — 汉字 🙂\n<script>alert(1)</script>"]
    assert stored.text.tolist() == joined
    assert stored.description.isna().tolist() == [False, True, False]
    assert stored.published.fillna("").tolist() == ["2026-03-01T00:00:00", "", "2026-03-03T00:00:00"]
    assert stored.stars.tolist() == [5, 4, 3]
    assert stored.score.fillna(-1).tolist() == [0.1, -1, 2.0]
    assert stored.flag.tolist() == [True, False, True]
    assert stored.tags.tolist() == [["a", {"b": 1}], None, {"c": [None, 2.5]}]
    np.testing.assert_allclose(np.stack(stored.vector), Embedder()(joined), rtol=1e-6)


def test_the_same_cell_again_changes_nothing(embedder, uri, collection_name):
    texts = [f"text {n}" for n in range(600)] + ["text 7", "text 7"]
    for added in (602, 0):
        report = ingest(texts, embedding_function=embedder, uri=uri, collection_name=collection_name)
        assert (report.added, report.updated, report.already_there) == (added, 0, 602 - added)
    assert embedder.asked == texts
    assert read(uri, collection_name).text.value_counts()["text 7"] == 3


def test_only_new_and_changed_rows_are_embedded(embedder, uri, collection_name):
    frame = pd.DataFrame({"nr": range(5), "text": list("abcde"), "stars": [1, 2, 3, 4, 5], "tags": [["x"]] * 5})
    where = {"uri": uri, "collection_name": collection_name, "id_column": "nr"}
    ingest(frame, embedding_function=embedder, **where)
    frame.loc[1, "text"] = "B"
    frame.loc[3, "stars"] = 40
    frame.loc[5] = [9, "f", 6, None]
    embedder.asked.clear()
    report = ingest(frame, embedding_function=embedder, **where)
    assert (report.added, report.updated, report.already_there) == (1, 2, 3)
    # the first asks whether the collection was made by the same function
    assert embedder.asked == ["a", "B", "d", "f"]
    stored = read(uri, collection_name)
    assert stored.index.tolist() == [0, 1, 2, 3, 4, 9]
    assert stored.text.tolist() == ["a", "B", "c", "d", "e", "f"]
    assert stored.stars.tolist() == [1, 2, 3, 40, 5, 6]


def test_given_vectors_that_changed_are_replaced(uri, collection_name):
    where = {"uri": uri, "collection_name": collection_name}
    ingest(["a", "b"], vectors=[[1.0, 0], [0, 1]], **where)
    report = ingest(["a", "b"], vectors=[[1.0, 0], [0.6, 0.8]], **where)
    assert (report.updated, report.already_there) == (1, 1)
    np.testing.assert_allclose(read(uri, collection_name).set_index("text").vector["b"], [0.6, 0.8], rtol=1e-6)


def test_string_keys(embedder, uri, collection_name):
    frame = pd.DataFrame({"doc": ['say "hi"', "b\\", "汉"], "text": ["a", "b", "c"]})
    for added in (3, 0):
        report = ingest(frame, id_column="doc", embedding_function=embedder, uri=uri, collection_name=collection_name)
        assert report.added == added
    with open_collection(uri, collection_name) as collection:
        assert collection.info.ids_are_strings
        assert collection.fetch(frame.doc).text.tolist() == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("given", "found"), [(None, "cosine"), ("COSINE", "cosine"), ("L2", "euclidean"), ("ip", "ip")]
)
def test_the_metric_of_a_new_collection(given, found, uri, collection_name):
    ingest(["a"], vectors=[[1.0, 0]], metric=given, uri=uri, collection_name=collection_name)
    with open_collection(uri, collection_name) as collection:
        assert collection.info.metric == found
    with pytest.raises(InvalidParameterError, match=f"compares vectors by '{found}'"):
        ingest(
            ["a"],
            vectors=[[1.0, 0]],
            metric="L2" if found != "euclidean" else "IP",
            uri=uri,
            collection_name=collection_name,
        )


def test_progress_goes_from_the_first_text_to_the_last(embedder, uri, collection_name):
    shares = []
    ingest(
        [f"text {n}" for n in range(600)],
        embedding_function=embedder,
        uri=uri,
        collection_name=collection_name,
        on_progress=shares.append,
    )
    assert shares == sorted(shares)
    assert shares[-1] == 1
    assert len(shares) >= 600 / 64
    assert max(np.diff(shares)) < 0.2


def test_cancelling_keeps_what_was_stored_and_the_same_call_goes_on(embedder, uri, collection_name):
    texts = [f"text {n}" for n in range(600)]

    def stop(share: float) -> None:
        if share > 0.6:
            raise Cancelled

    where = {"embedding_function": embedder, "uri": uri, "collection_name": collection_name}
    with pytest.raises(Cancelled):
        ingest(texts, **where, on_progress=stop)
    with open_collection(uri, collection_name) as collection:
        kept = collection.count()
    assert kept == 256
    report = ingest(texts, **where)
    assert (report.added, report.already_there) == (600 - kept, kept)
    assert sorted(read(uri, collection_name).text) == sorted(texts)


def test_an_interrupt_in_the_embedding_loses_nothing(embedder, uri, collection_name):
    texts = [f"text {n}" for n in range(300)]

    def interrupted(batch):
        if "text 290" in batch:
            raise KeyboardInterrupt
        return embedder(batch)

    with pytest.raises(KeyboardInterrupt):
        ingest(texts, embedding_function=interrupted, uri=uri, collection_name=collection_name)
    report = ingest(texts, embedding_function=embedder, uri=uri, collection_name=collection_name)
    assert (report.added, report.already_there) == (44, 256)
    assert sorted(read(uri, collection_name).text) == sorted(texts)


_KILLED = """
import os, signal, sys
import numpy as np
from cluster_explorer.ingest import ingest

def embed(texts):
    if "text 700" in texts:
        os.kill(os.getpid(), signal.SIGKILL)
    return np.array([[len(text), 1.0] for text in texts])

ingest([f"text {n}" for n in range(1000)], embedding_function=embed, uri=sys.argv[1], collection_name=sys.argv[2])
"""


def test_after_kill_9_the_same_call_loses_nothing_and_stores_nothing_twice(uri, collection_name):
    killed = subprocess.run([sys.executable, "-c", _KILLED, uri, collection_name], check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    texts = [f"text {n}" for n in range(1000)]
    embedded = []

    def embed(batch):
        embedded.extend(batch)
        return np.array([[len(text), 1.0] for text in batch])

    report = ingest(texts, embedding_function=embed, uri=uri, collection_name=collection_name)
    assert (report.added, report.already_there) == (1000 - 512, 512)
    assert embedded == ["text 0", *texts[512:]]
    assert sorted(read(uri, collection_name).text) == sorted(texts)


def test_rows_go_in_messages_that_servers_accept(uri, collection_name, monkeypatch):
    monkeypatch.setattr(target, "MESSAGE_BYTES", 100_000)
    texts = [f"{n} " + "汉" * 10_000 for n in range(12)]
    report = ingest(texts, vectors=np.eye(12), uri=uri, collection_name=collection_name)
    assert report.added == 12
    assert sorted(read(uri, collection_name).text) == sorted(texts)


def test_an_existing_collection_of_others_is_added_to(make, fields, embedder, uri, collection_name):
    make(
        fields["key"],
        fields["text"],
        ("vector", "FLOAT_VECTOR", {"dim": 6}),
        ("section", "VARCHAR", {"max_length": 20, "nullable": True}),
        rows=[{"id": 1, "text": "a", "vector": [1.0, 0, 0, 0, 0, 0], "section": "sport"}],
        index={"vector": "COSINE"},
        dynamic=True,
    )
    frame = pd.DataFrame({"id": [7], "text": ["b"], "section": ["chess"], "stars": [5]})
    ingest(frame, embedding_function=embedder, uri=uri, collection_name=collection_name)
    stored = read(uri, collection_name)
    assert stored.text.tolist() == ["a", "b"]
    assert stored.section.tolist() == ["sport", "chess"]
    assert stored.stars.isna().tolist() == [True, False]


@pytest.mark.parametrize(
    ("frame", "said"),
    [
        ({"text": ["b"], "id": ["x"]}, r"key 'id' \(int\); these rows have 'id' \(str\)"),
        ({"text": ["b"], "nr": [5]}, r"no field 'nr'"),
        ({"text": ["b"], "section": [5]}, "'section' of type VARCHAR; column 'section' is stored as INT64"),
        ({"text": ["b"], "kind": [None]}, "allows no missing values in field 'kind'.*the first in row 0"),
        ({"text": ["b"], "section": ["c"]}, "wants a value for 'kind' in every row"),
    ],
)
def test_tables_that_do_not_fit_an_existing_collection(frame, said, *, make, fields, uri, collection_name):
    make(
        fields["key"],
        fields["text"],
        fields["vector"],
        ("section", "VARCHAR", {"max_length": 5, "nullable": True}),
        ("kind", "VARCHAR", {"max_length": 5}),
        index={"vector": "COSINE"},
    )
    with pytest.raises(FieldError, match=said):
        ingest(pd.DataFrame(frame), vectors=[[1.0, 0, 0, 0]], uri=uri, collection_name=collection_name)


def test_collections_that_texts_cannot_be_stored_in(make, fields, uri, collection_name):
    body = ("body", "VARCHAR", {"max_length": 100})
    make(fields["key"], body, fields["vector"], index={"vector": "COSINE"})
    with pytest.raises(FieldError, match=r"no VARCHAR field 'text'.*id, body, vector"):
        ingest(["a"], vectors=[[1.0, 0, 0, 0]], uri=uri, collection_name=collection_name)


def test_automatic_keys_would_store_everything_twice(make, fields, uri, collection_name):
    key = ("id", "INT64", {"is_primary": True, "auto_id": True})
    make(key, fields["text"], fields["vector"], index={"vector": "COSINE"}, auto_id=True)
    with pytest.raises(FieldError, match="makes its own keys"):
        ingest(["a"], vectors=[[1.0, 0, 0, 0]], uri=uri, collection_name=collection_name)


def test_vectors_of_another_length_than_the_collections(embedder, uri, collection_name):
    ingest(["a"], vectors=[[1.0, 0]], uri=uri, collection_name=collection_name)
    with pytest.raises(DataError, match=r"vectors= has vectors of 3 numbers.*holds vectors of 2"):
        ingest(["b"], vectors=[[1.0, 0, 0]], uri=uri, collection_name=collection_name)
    with pytest.raises(DataError, match=r"embedding_function has vectors of 6 numbers.*holds vectors of 2"):
        ingest(["b"], embedding_function=embedder, uri=uri, collection_name=collection_name)
    assert len(read(uri, collection_name)) == 1


def test_another_embedding_function_is_noticed(embedder, uri, collection_name):
    ingest(["a", "b"], embedding_function=embedder, uri=uri, collection_name=collection_name)
    with pytest.raises(EmbeddingError, match=r"embedded by another function.*row 0.*cosine similarity"):
        ingest(["a", "b", "c"], embedding_function=lambda t: -embedder(t), uri=uri, collection_name=collection_name)
    assert len(read(uri, collection_name)) == 2


@pytest.mark.parametrize(
    ("vectors", "said"),
    [
        ([[1.0, 0]], "1 vectors for 3 texts"),
        ([[1.0, 0], [1.0], [1.0, 0]], r"row 0 has shape \(2,\), that of row 1 \(1,\)"),
        ([1.0, 2.0, 3.0], r"row 0 has shape \(\)"),
        ([[1.0, 0], [1.0, float("nan")], [1.0, 0]], r"NaN or infinite values: 1 found \(row 1\)"),
        ([[1.0, 0], [1.0, 0], [float("-inf"), 1]], r"NaN or infinite values: 1 found \(row 2\)"),
        ([[0, 0], [1.0, 0], [0, 0]], r"Zero vectors have no cosine distance: 2 found \(rows 0, 2\)"),
        ([["a", "b"]] * 3, "not numbers"),
    ],
)
def test_vectors_that_cannot_be_stored_are_named_and_nothing_is(vectors, said, uri, collection_name):
    with pytest.raises(DataError, match=said):
        ingest(["a", "b", "c"], vectors=vectors, uri=uri, collection_name=collection_name)
    ingest(["z"], vectors=[[1.0, 0]], uri=uri, collection_name=collection_name)
    assert read(uri, collection_name).text.tolist() == ["z"]


def test_zero_vectors_of_an_embedding_function(uri, collection_name):
    with pytest.raises(EmbeddingError, match=r"Zero vectors have no cosine distance: 1 found \(row 1\)"):
        ingest(
            ["a", "c", "d"],
            embedding_function=lambda texts: [[float(text != "c"), 0] for text in texts],
            uri=uri,
            collection_name=collection_name,
        )
    report = ingest(["a", "b"], vectors=[[0, 0], [1, 0]], metric="L2", uri=uri, collection_name=collection_name)
    assert report.added == 2


def test_texts_longer_than_the_field(make, fields, uri, collection_name):
    with pytest.raises(DataError, match=r"longer than the 65,535 bytes.*1 found \(row 1\)"):
        ingest(["a", "汉" * 30_000], vectors=np.eye(2), uri=uri, collection_name=collection_name)
    make(fields["key"], ("text", "VARCHAR", {"max_length": 5}), fields["vector"], index={"vector": "COSINE"})
    with pytest.raises(DataError, match=r"longer than the 5 .* of field 'text': 1 found \(row 2\)"):
        ingest(["abcde", "b", "abcdef"], vectors=np.eye(4)[:3], uri=uri, collection_name=collection_name)


def test_either_a_function_or_vectors(embedder, uri, collection_name):
    for neither_or_both in ({}, {"embedding_function": embedder, "vectors": [[1.0]]}):
        with pytest.raises(InvalidParameterError, match="either embedding_function= or vectors="):
            ingest(["a"], **neither_or_both, uri=uri, collection_name=collection_name)


@pytest.mark.parametrize("name", ["my news", "2026", "", "news;drop"])
def test_collection_names_that_servers_refuse(name, uri):
    with pytest.raises(InvalidParameterError, match="letters, digits and underscores"):
        ingest(["a"], vectors=[[1.0]], uri=uri, collection_name=name)


def test_one_row(embedder, uri, collection_name):
    assert ingest(["a"], embedding_function=embedder, uri=uri, collection_name=collection_name).added == 1
    assert len(read(uri, collection_name)) == 1


def test_a_failing_function_keeps_what_was_stored(embedder, uri, collection_name):
    def failing(texts):
        if "text 300" in texts:
            raise OSError("quota exceeded")
        return embedder(texts)

    texts = [f"text {n}" for n in range(400)]
    with pytest.raises(EmbeddingError, match=r"OSError: quota exceeded.*run the same call again"):
        ingest(texts, embedding_function=failing, uri=uri, collection_name=collection_name)
    assert sorted(read(uri, collection_name).text) == sorted(texts[:256])


def test_rows_are_stored_in_messages_as_small_as_the_server_wants_them(tmp_path, serve, vectors):
    texts = [f"{number} " * 40 for number in range(600)]
    with serve(tmp_path / "narrow.db", options=[("grpc.max_receive_message_length", 20_000)]) as port:
        where = {"uri": f"http://127.0.0.1:{port}", "collection_name": "c"}
        report = ingest(texts, vectors=vectors(600, 8), **where)
        assert report.added == 600
        # a row that is too large by itself is told of, and does not keep back those before it
        more = [*(f"more {number}" for number in range(1_000)), "x" * 30_000]
        with pytest.raises(MessageTooLargeError, match=r"store rows in collection 'c'.*Shorten the longest texts"):
            ingest(more, vectors=vectors(1_001, 8), **where)
        assert sorted(read(where["uri"], "c").text) == sorted([*texts, *more[:-1]])


def test_real_headlines_come_back(tmp_path):
    folder = Path(__file__).parents[2].parent / "shared" / "data"
    if not (folder / "ag_news.parquet").exists():
        pytest.skip("the shared corpora are not here")
    frame = pd.read_parquet(folder / "ag_news.parquet").head(500)
    vectors = np.load(folder / "ag_news.embeddings.npy")[:500].astype(np.float32)
    uri = tmp_path / "news.db"
    report = ingest(frame, vectors=vectors, text_column="text", uri=uri, collection_name="news")
    assert report.added == 500
    assert sorted(read(str(uri), "news").text) == sorted(frame.text)
