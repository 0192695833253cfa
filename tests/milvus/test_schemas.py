"""Collections as other programs make them: keys, partitions, metadata, indexes; on Milvus Lite and a real server."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from cluster_explorer import ClusterExplorer
from cluster_explorer.errors import Cancelled, FieldError, MilvusOperationError
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.expressions import literal, named
from cluster_explorer.milvus.vector_types import float_vectors, query_vectors
from cluster_explorer.widget.status import status_line, status_tooltip
from milvus_server import TOKEN

N = 120


@pytest.fixture(
    scope="module", params=["lite", pytest.param("real", marks=[pytest.mark.server, pytest.mark.timeout(300)])]
)
def place(request, tmp_path_factory):
    """Where to open collections."""
    if request.param == "lite":
        return {"uri": str(tmp_path_factory.mktemp("schemas") / "schemas.db")}
    return {"uri": request.getfixturevalue("milvus_server").uri, "token": TOKEN}


@pytest.fixture(scope="module")
def client(place):
    from pymilvus import MilvusClient

    opened = MilvusClient(**place)
    yield opened
    opened.close()
    if place["uri"].endswith(".db"):
        from milvus_lite.server_manager import server_manager_instance

        server_manager_instance.release_server(place["uri"])


@pytest.fixture
def collection(client, collection_name, vectors):
    """Make a collection with automatic keys, metadata of every kind, dynamic fields, two partitions, two vectors."""
    from pymilvus import DataType

    schema = client.create_schema(auto_id=True, enable_dynamic_field=True)
    schema.add_field("key", DataType.INT64, is_primary=True)
    schema.add_field("body", DataType.VARCHAR, max_length=200)
    schema.add_field("facts", DataType.JSON)
    schema.add_field("tags", DataType.ARRAY, element_type=DataType.VARCHAR, max_capacity=5, max_length=20)
    schema.add_field("emb", DataType.FLOAT_VECTOR, dim=8)
    index = client.prepare_index_params()
    index.add_index("emb", index_type="FLAT", metric_type="COSINE")
    client.create_collection(collection_name, schema=schema, index_params=index)
    client.create_partition(collection_name, "old")
    groups = np.repeat(vectors(3, 8), N // 3, axis=0) + 0.05 * vectors(N, 8)
    rows = [
        {
            "body": f"text {n}",
            "facts": {"n": n},
            "tags": ["a", "b"][: n % 3],
            "emb": groups[n],
            **({"extra": n} if n % 2 else {}),
        }
        for n in range(N)
    ]
    client.insert(collection_name, rows[:80])
    client.insert(collection_name, rows[80:], partition_name="old")
    client.flush(collection_name)
    return collection_name


def test_automatic_keys_json_arrays_and_dynamic_fields_reach_the_explorer(place, collection):
    with ClusterExplorer(**place, collection_name=collection) as explorer:
        ids = explorer.ids_
        # beyond what a double can hold: keys must never be floats on their way (Milvus Lite counts from 1)
        assert ids.min() > (2**53 if "token" in place else 0)
        assert set(explorer.recluster(min_cluster_size=10).labels) >= {0, 1, 2}
        chosen = explorer.select(ids=[int(ids[5])])
    assert chosen.id.tolist() == [ids[5]]
    with open_collection(**place, collection_name=collection) as opened:
        row = opened.fetch([int(ids[5])], ["body", "facts", "tags", "extra"]).iloc[0]
    number = int(row.body.removeprefix("text "))
    assert row.facts == {"n": number}
    assert list(row.tags) == ["a", "b"][: number % 3]


def test_a_dynamic_field_that_begins_far_from_the_first_rows_is_known(place, client, collection_name, vectors):
    client.create_collection(collection_name, dimension=4, auto_id=False, id_type="int")
    rows = [
        {"id": n, "vector": row.tolist(), "text": f"text {n}", **({"cluster": n % 3} if n >= 200 else {})}
        for n, row in enumerate(vectors(300))
    ]
    client.insert(collection_name, rows)
    with ClusterExplorer(**place, collection_name=collection_name) as explorer:
        assert len(explorer.ids_) == 300
        # as written back under a filter: there to be chosen, coloured by and read
        assert explorer._session.metadata.fields == ("cluster",)
        explorer.color_by("field:cluster")
        assert explorer._session.state.coloring.kind == "categories"
        assert explorer._session.metadata.read()["cluster"].dropna().tolist() == [n % 3 for n in range(200, 300)]


ODD_NAMES = ["created at", "my-key", "count(*)", "<img src=x onerror=alert(1)>", 'say "hi" \\', "汉字", "like", "plain"]


@pytest.fixture
def odd(client, collection_name, vectors):
    """Make a collection whose texts and metadata are in dynamic fields of names that are none in Milvus' language."""
    client.create_collection(collection_name, dimension=4, auto_id=False, id_type="int")
    rows = [
        {"id": n, "vector": row.tolist(), "the text": f"harbour {n}", **{name: f"{name} {n}" for name in ODD_NAMES}}
        for n, row in enumerate(vectors(40))
    ]
    # not every row is as one would wish
    rows[0]["my-key"] = 5
    rows[3]["the text"] = 7
    del rows[4]["the text"]
    client.insert(collection_name, rows)
    client.flush(collection_name)
    return collection_name


def test_dynamic_fields_of_any_name_are_read(place, odd):
    with open_collection(**place, collection_name=odd, text_field="the text") as opened:
        assert set(opened.info.metadata_fields) == set(ODD_NAMES)
        rows = opened.scan()
        assert rows.texts.tolist() == [
            *(f"harbour {n}" for n in range(3)),
            "7",
            "",
            *(f"harbour {n}" for n in range(5, 40)),
        ]
        for names in (ODD_NAMES, *([name] for name in ODD_NAMES)):
            for frame in (opened.columns(names), opened.fetch([0, 1, 2], names)):
                assert list(frame.columns) == names
                assert frame.loc[2].tolist() == [f"{name} 2" for name in names]
        assert set(opened.vectors([1, 2]).ids) == {1, 2}
        for name in ODD_NAMES:
            assert opened.matching(f"{named(name)} == {literal(f'{name} 7')}") == (7,)


def test_examples_of_dynamic_fields_of_mixed_kinds_are_shown(place, odd):
    with pytest.raises(FieldError, match=r"'my-key' \(e\.g\. '5'\)"):
        open_collection(**place, collection_name=odd)


def test_words_are_found_in_a_dynamic_field_of_any_name(odd, place):
    # the server takes patterns that begin with % for no field at all, and is read text by text
    with open_collection(**place, collection_name=odd, text_field="the text") as opened:
        assert set(opened.holding_words(["harbour"], 100).keys) == set(range(40)) - {3, 4}


def test_partitions_are_looked_at_alone(place, collection):
    with open_collection(**place, collection_name=collection, partition_names=["old"]) as opened:
        rows = opened.scan()
        assert (opened.count(), len(rows)) == (40, 40)
        assert sorted(rows.texts) == sorted(f"text {n}" for n in range(80, N))
        found = opened.neighbors(rows, 10)
        assert (found.indices >= 0).all()
        assert len(opened.columns(["body"])) == 40
    with pytest.raises(FieldError, match=r"no partition 'new'. Available: '_default', 'old'"):
        open_collection(**place, collection_name=collection, partition_names=["new"])


@pytest.mark.parametrize("held", [True, False])
def test_an_interrupted_search_goes_on_from_what_it_found(place, collection, held, monkeypatch):
    monkeypatch.setattr("cluster_explorer.milvus.neighbors._QUERIES", 10)
    shares: list[float] = []

    def interrupt(share: float) -> None:
        shares.append(share)
        if share > 0.5:
            raise Cancelled

    with open_collection(**place, collection_name=collection) as opened:
        rows = opened.scan(vectors=held)
        at_once = opened.neighbors(rows, 7)
        with pytest.raises(Cancelled):
            opened.neighbors(rows, 7, on_progress=interrupt)
        resumed: list[float] = []
        found = opened.neighbors(opened.scan(vectors=held), 7, on_progress=resumed.append)
        again: list[float] = []
        opened.neighbors(rows, 7, on_progress=again.append)
    assert min(resumed) > shares[-1]
    assert len(resumed) < len(again) == 12
    np.testing.assert_array_equal(found.indices, at_once.indices)
    np.testing.assert_allclose(found.distances, at_once.distances, atol=1e-6)


def test_another_metric_than_that_of_the_index_is_searched_here_and_saved(place, collection, tmp_path):
    with ClusterExplorer(**place, collection_name=collection, metric="euclidean") as explorer:
        explorer.recluster(min_cluster_size=10)
        assert explorer.knn_graph_.metric == "euclidean"
        explorer.save(tmp_path / "session.ce")
    with ClusterExplorer.load(tmp_path / "session.ce", place["uri"], token=place.get("token")) as again:
        assert again.knn_graph_.metric == "euclidean"
        assert again._session.library.metric == "euclidean"


def test_the_map_needs_no_vectors_in_memory(place, collection):
    with ClusterExplorer(
        **place, collection_name=collection, hold_vectors=False, params={"neighbors": "milvus", "min_cluster_size": 10}
    ) as explorer:
        without = explorer.labels_
        assert explorer.positions_.shape == (N, 2)
        assert explorer.knn_graph_.vectors is None
    with ClusterExplorer(**place, collection_name=collection, params={"min_cluster_size": 10}) as explorer:
        assert explorer.knn_graph_.vectors is not None
        assert adjusted_rand_score(explorer.labels_, without) == 1


def test_an_index_is_built_when_asked_for(place, client, collection_name, vectors):
    from pymilvus import DataType

    schema = client.create_schema()
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=20)
    schema.add_field("text", DataType.VARCHAR, max_length=20)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=4)
    client.create_collection(collection_name, schema=schema)
    client.insert(collection_name, [{"id": str(n), "text": "a", "vector": v} for n, v in enumerate(vectors(9))])
    client.flush(collection_name)
    if "token" in place:
        with pytest.raises(MilvusOperationError, match="build_index=True"):
            open_collection(**place, collection_name=collection_name)
    with open_collection(**place, collection_name=collection_name, metric="L2", build_index=True) as opened:
        assert opened.info.index_metric == "euclidean"
        assert opened.scan().ids.tolist() == [str(n) for n in range(9)]
    assert client.list_indexes(collection_name)


def test_a_database_by_name(place, client, collection_name, vectors):
    from pymilvus import MilvusClient

    if "token" not in place:
        pytest.skip("Milvus Lite has one database")
    from cluster_explorer.ingest import ingest

    client.create_database("archive")
    ingest(["a", "b"], vectors=np.eye(2), **place, db_name="archive", collection_name=collection_name)
    with open_collection(**place, db_name="archive", collection_name=collection_name) as opened:
        assert opened.count() == 2
    there = MilvusClient(**place)
    assert not there.has_collection(collection_name)
    there.close()


def test_binary_vectors_are_refused(place, client, collection_name):
    from pymilvus import DataType

    if "token" not in place:
        pytest.skip("Milvus Lite has no binary vectors")
    schema = client.create_schema()
    schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=20)
    schema.add_field("bits", DataType.BINARY_VECTOR, dim=8)
    client.create_collection(collection_name, schema=schema)
    with pytest.raises(FieldError, match=r"no field of float vectors.*'bits' \(BINARY_VECTOR\)"):
        open_collection(**place, collection_name=collection_name)


def test_half_precision_vectors_become_floats_and_queries_go_back():
    values = np.array([[1.0, -0.5, 3.140625, 0.0], [65_280.0, 1e-3, -2.0, 0.25]], dtype=np.float32)
    halves = [row.astype(np.float16).tobytes() for row in values]
    np.testing.assert_array_equal(float_vectors(halves, "FLOAT16_VECTOR"), values.astype(np.float16))
    # as pymilvus 2.6 gives them: the bytes of a row in a list of one
    np.testing.assert_array_equal(float_vectors([[half] for half in halves], "FLOAT16_VECTOR")[0], values[0])
    brain = query_vectors(values, "BFLOAT16_VECTOR")
    assert {len(row) for row in brain} == {8}
    np.testing.assert_allclose(float_vectors(brain, "BFLOAT16_VECTOR"), values, rtol=2**-8)
    assert query_vectors(values, "FLOAT16_VECTOR")[0].dtype == np.float16


def test_a_flat_index_proves_the_tree_and_is_measured_all_the_same(place, collection):
    params = {"neighbors": "milvus", "n_neighbors": 8}
    with ClusterExplorer(**place, collection_name=collection, params=params) as explorer:
        assert explorer.knn_graph_.exact
        explorer._result("members")
        assert explorer._result("certified") > 0
        assert "proven exact" in status_line(explorer._session.state)
        assert (explorer.index_health_.recall, explorer.index_health_.n_sampled) == (1.0, N)


def test_the_health_of_the_index_is_measured_and_shown(place, collection):
    with ClusterExplorer(
        **place, collection_name=collection, hold_vectors=False, params={"neighbors": "milvus", "n_neighbors": 8}
    ) as explorer:
        health = explorer.index_health_
        assert health.recall > 0.99
        assert (health.n_sampled, health.n_rows) == (N, N)
        explorer._result("members")
        assert "100% of them found" in status_line(explorer._session.state)
        assert "measured on 120 texts" in status_tooltip(explorer._session.state)
