"""The real Milvus server: what it does differently from Milvus Lite."""

from __future__ import annotations

from dataclasses import replace
from html import unescape

import numpy as np
import pandas as pd
import pytest

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import (
    AuthenticationError,
    CollectionNotFoundError,
    DataError,
    FieldError,
    FilterError,
    MilvusOperationError,
)
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection, scan
from milvus_server import TOKEN
from waiting import until

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

N = 2_000


@pytest.fixture(scope="module")
def frame():
    return pd.DataFrame(
        {
            "id": np.random.default_rng(1).permutation(N),
            "text": [f"text {number}" for number in range(N)],
            "section": ["sport", "chess", None, "chess"] * (N // 4),
            "stars": range(N),
            "tags": [["a", {"b": 1}]] * N,
            "place": [{"x": 1}] * N,
        }
    )


@pytest.fixture(scope="module")
def where(milvus_server, frame, vectors):
    """A collection of 2,000 rows, and how to reach it."""
    place = {"uri": milvus_server.uri, "collection_name": "news", "token": TOKEN}
    report = ingest(frame, vectors=vectors(N, 16), **place)
    assert report.added == N
    return place


@pytest.fixture
def client(milvus_server):
    from pymilvus import MilvusClient

    opened = MilvusClient(milvus_server.uri, token=TOKEN)
    yield opened
    opened.close()


def test_rows_come_back_as_they_were(where, frame, vectors):
    expected = frame.set_index("id").sort_index()
    with open_collection(**where) as collection:
        assert (collection.info.metric, collection.info.is_lite, collection.count()) == ("cosine", False, N)
        rows = collection.scan()
        columns = collection.columns()
        fetched = collection.fetch([7, N, 3])
    assert rows.ids.tolist() == list(range(N))
    assert rows.texts.tolist() == expected.text.tolist()
    np.testing.assert_array_equal(rows.vectors[frame.id], vectors(N, 16))
    assert columns.section.fillna("").tolist() == expected.section.fillna("").tolist()
    assert columns.stars.tolist() == expected.stars.tolist()
    assert columns.tags.tolist() == expected.tags.tolist()
    assert columns.place.tolist() == expected.place.tolist()
    assert fetched.text.isna().tolist() == [False, True, False]
    assert fetched.text[3] == expected.text[3]


def test_the_same_call_again_changes_nothing(where, frame, vectors):
    report = ingest(frame, vectors=vectors(N, 16), **where)
    assert (report.added, report.updated, report.already_there) == (0, 0, N)


def test_a_filter_holds(where, frame):
    with open_collection(**where, filter="section == 'sport' and stars < 100") as collection:
        assert collection.count() == len(collection.scan()) == 25


@pytest.mark.parametrize("held", [True, False])
def test_neighbours_by_the_servers_search(where, held):
    with open_collection(**where) as collection:
        rows = collection.scan()
        found = collection.neighbors(rows if held else replace(rows, vectors=None), 10)
    distances = np.sqrt(np.maximum(0, 2 - 2 * rows.vectors @ rows.vectors.T))
    np.fill_diagonal(distances, np.inf)
    nearest = np.argsort(distances, axis=1)[:, :10]
    recall = np.mean([len(np.intersect1d(a, b)) / 10 for a, b in zip(found.indices, nearest, strict=True)])
    assert recall > 0.97
    own = np.take_along_axis(distances, found.indices.astype(int), axis=1)
    np.testing.assert_allclose(found.distances, own, atol=2e-3)


def test_a_wrong_token_is_told(where):
    for token in ("root:wrong", None):
        with pytest.raises(AuthenticationError, match=r"refused the token"):
            open_collection(**{**where, "token": token})


def test_a_token_without_the_permission_is_told(where, client):
    client.create_user("reader", "password")
    with pytest.raises(AuthenticationError, match="may not do this"):
        open_collection(**{**where, "token": "reader:password"})


def test_a_reader_of_one_collection_may_name_its_database(where, client):
    client.create_user("guest", "password")
    client.create_role("readers")
    for kind, privilege in (
        ("Global", "DescribeCollection"),
        ("Collection", "IndexDetail"),
        # which asking whether it is loaded needs as well
        ("Collection", "Load"),
        ("Collection", "Query"),
    ):
        client.grant_privilege("readers", kind, privilege, "*" if kind == "Global" else "news")
    client.grant_role("guest", "readers")
    with open_collection(**{**where, "token": "guest:password"}, db_name="default") as collection:
        assert collection.count() == N
    with pytest.raises(AuthenticationError, match="refused the token"):
        open_collection(**{**where, "token": "guest:wrong"}, db_name="default")


def test_a_missing_collection_lists_those_there_are(where):
    with pytest.raises(CollectionNotFoundError, match="'news'"):
        open_collection(**{**where, "collection_name": "headlines"})


@pytest.mark.parametrize("expression", ["text ==", "text", "id in 'a'"])
def test_a_filter_that_is_not_valid(where, expression):
    with pytest.raises(FilterError, match="is not an expression that Milvus can run"):
        open_collection(**where, filter=expression)


def test_a_filter_that_matches_nothing(where):
    with pytest.raises(DataError, match="matches none of the 2,000 rows"):
        open_collection(**where, filter="stars > 9999")


def test_a_collection_that_is_not_loaded_is_loaded_and_released_again(where, client):
    from pymilvus.client.types import LoadState

    client.release_collection("news")
    with pytest.raises(FieldError, match="headline"):
        open_collection(**where, text_field="headline")
    assert client.get_load_state("news")["state"] == LoadState.NotLoad
    with open_collection(**where) as collection:
        assert collection.count() == N
        assert client.get_load_state("news")["state"] == LoadState.Loaded
    assert client.get_load_state("news")["state"] == LoadState.NotLoad
    client.load_collection("news")


def test_a_collection_released_by_others_is_loaded_again(where, client):
    with open_collection(**where) as collection:
        client.release_collection("news")
        assert collection.count() == N


HOSTILE = ['say "hi"', "it's", "back\\slash", "\\", '" or id != "', "new\nline", "tab\t", "汉字", "🙂", "id in [1]"]


def test_hostile_string_keys_an_index_missing_and_keys_stored_twice(milvus_server, client, monkeypatch):
    from pymilvus import DataType

    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=100)
    schema.add_field("text", DataType.VARCHAR, max_length=100)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    client.create_collection("hostile", schema=schema)
    rows = [{"id": key, "text": f"text of {key}", "vector": [1.0, 0, 0, n]} for n, key in enumerate(HOSTILE)]
    client.insert("hostile", [*rows, rows[0]])
    where = {"uri": milvus_server.uri, "collection_name": "hostile", "token": TOKEN}
    with pytest.raises(MilvusOperationError, match=r"have no index.*create_index"):
        open_collection(**where)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="HNSW", metric_type="L2", params={"M": 8, "efConstruction": 64})
    client.create_index("hostile", index)
    monkeypatch.setattr(scan, "page_size", lambda n_rows, row_bytes: 1)
    with open_collection(**where) as collection:
        found = collection.scan()
        assert found.ids.tolist() == sorted(HOSTILE)
        assert found.texts.tolist() == [f"text of {key}" for key in sorted(HOSTILE)]
        assert collection.fetch(HOSTILE, ["text"]).text.tolist() == [f"text of {key}" for key in HOSTILE]
        assert collection.info.index_type == "HNSW"
        neighbors = collection.neighbors(found, 9)
    for row, padded in enumerate(neighbors.indices):
        others = padded[padded >= 0].tolist()
        assert len(set(others)) == len(others) >= 8
        assert row not in others


def test_a_scan_sees_what_was_written_and_deleted_a_moment_ago(where, client):
    place = {**where, "collection_name": "moments"}
    ingest(pd.DataFrame({"id": range(50), "text": ["before"] * 50}), vectors=np.eye(50, dtype=np.float32), **place)
    vectors = np.eye(50).tolist()
    with open_collection(**place) as collection:
        for turn in range(3):
            client.insert("moments", [{"id": 100 + turn, "text": "new", "vector": vectors[turn]}])
            assert 100 + turn in collection.scan().ids
            client.delete("moments", ids=[100 + turn])
            assert 100 + turn not in collection.scan().ids
            client.upsert("moments", [{"id": turn, "text": "after", "vector": vectors[turn]}])
            assert collection.scan().texts[turn] == "after"


def test_an_explorer_writes_labels_and_takes_them_back(milvus_server, client, vectors, tmp_path):
    place = {"uri": milvus_server.uri, "collection_name": "written", "token": TOKEN}
    ingest([f"text {row}" for row in range(300)], vectors=vectors(300, 16), **place)
    file = tmp_path / "labels.journal"
    with ClusterExplorer(**place, params={"min_cluster_size": 5}) as explorer:
        assert explorer.write_labels(run_id="run", dry_run=True).n_added == 300
        assert explorer.write_labels(run_id="run", journal=file).n_written == 300
        labels, ids = explorer.labels_, explorer.ids_
        assert explorer.write_labels(into="companion").n_added == 300
        assert explorer.undo_write().n_restored == 300
        assert not client.has_collection("written_labels")
    for label in np.unique(labels).tolist():
        with ClusterExplorer(**place, filter=f"cluster == {label} and cluster_run == 'run'") as found:
            np.testing.assert_array_equal(found.ids_, ids[labels == label])
    with ClusterExplorer(**{**place, "uri": f"{milvus_server.uri}/"}) as later:
        assert later.undo_write(file).n_restored == 300
    rows = client.query("written", filter="cluster >= -1", output_fields=["count(*)"], consistency_level="Strong")
    assert rows[0]["count(*)"] == 0


def test_a_bad_index_is_told_in_the_widget_with_advice(milvus_server, client, vectors):
    """Product quantization in one piece of four bits knows sixteen vectors, whatever the rows are."""
    place = {"uri": milvus_server.uri, "collection_name": "quantized", "token": TOKEN}
    ingest([f"text {row}" for row in range(N)], vectors=vectors(N, 16), **place)
    client.release_collection("quantized")
    client.drop_index("quantized", "vector")
    index = client.prepare_index_params()
    options = {"nlist": 16, "m": 1, "nbits": 4}
    index.add_index("vector", index_type="IVF_PQ", metric_type="COSINE", params=options)
    client.create_index("quantized", index)
    with ClusterExplorer(**place, params={"min_cluster_size": 5, "space": "distance"}) as explorer:
        explorer.widget
        until(lambda: explorer.status.state == "ready", what="the map")
        health = explorer.index_health_
        assert (health.n_sampled, health.n_rows) == (200, N)
        assert health.recall < 0.5
        status = unescape(explorer._view.status._text.value)
    assert f"{health.share} of them found" in status
    assert f"The index finds {health.share} of the neighbours: rebuild it with more links" in status
    assert 'search here with neighbors="faiss"' in status
