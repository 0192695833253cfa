"""What is found in a collection, and what is said when it is not."""

from __future__ import annotations

import traceback

import pytest

from cluster_explorer.errors import (
    CollectionNotFoundError,
    ConnectionFailedError,
    DataError,
    FieldError,
    FilterError,
    InvalidParameterError,
    OldDatabaseError,
)
from cluster_explorer.ingest import ingest
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus.address import parse_uri

UNIT = [1.0, 0.0, 0.0, 0.0]


def test_fields_and_metric_are_found(make, fields, uri, collection_name):
    make(
        fields["key"],
        ("section", "VARCHAR", {"max_length": 50}),
        ("content", "VARCHAR", {"max_length": 500}),
        ("emb", "FLOAT_VECTOR", {"dim": 4}),
        rows=[{"id": 0, "section": "sport", "content": "A goal.", "emb": UNIT, "stars": 3}],
        index={"emb": "L2"},
        dynamic=True,
    )
    with open_collection(uri, collection_name) as collection:
        info = collection.info
        assert (info.primary_field, info.ids_are_strings) == ("id", False)
        assert (info.vector_field, info.dim, info.text_field) == ("emb", 4, "content")
        assert (info.metric, info.index_metric) == ("euclidean", "euclidean")
        assert info.metadata_fields == ("section", "stars")
        assert info.is_lite == uri.endswith(".db")
        assert collection.count() == 1


def test_texts_in_a_dynamic_field_are_found(milvus, uri, collection_name):
    # the collection of Milvus' own quickstart: everything beside key and vector is dynamic
    with milvus(uri) as client:
        client.create_collection(collection_name, dimension=4)
        client.insert(collection_name, [{"id": 1, "vector": UNIT, "text": "Turing was born.", "subject": "history"}])
    with open_collection(uri, collection_name) as collection:
        assert collection.info.text_field == "text"
        assert collection.info.metadata_fields == ("subject",)
        assert collection.scan().texts.tolist() == ["Turing was born."]


def test_without_an_index_cosine_is_assumed_and_a_metric_may_be_given(make, fields, uri, collection_name):
    make(fields["key"], fields["text"], fields["vector"], rows=[{"id": 1, "text": "a", "vector": UNIT}])
    with open_collection(uri, collection_name) as collection:
        assert (collection.info.metric, collection.info.index_metric) == ("cosine", None)
    with open_collection(uri, collection_name, metric="L2") as collection:
        assert collection.info.metric == "euclidean"
    with pytest.raises(InvalidParameterError, match="'cosine', 'euclidean', 'ip'"):
        open_collection(uri, collection_name, metric="hamming")


def test_several_text_fields_are_listed_with_examples(make, fields, uri, collection_name):
    make(
        fields["key"],
        ("title", "VARCHAR", {"max_length": 100}),
        ("description", "VARCHAR", {"max_length": 100}),
        fields["vector"],
        rows=[{"id": 1, "title": "Storm", "description": "The harbour closed.", "vector": UNIT}],
        index={"vector": "COSINE"},
    )
    with pytest.raises(FieldError, match=r"'title' \(e.g. 'Storm'\); 'description' .*text_field='title'"):
        open_collection(uri, collection_name)
    with open_collection(uri, collection_name, text_field="description") as collection:
        assert collection.info.metadata_fields == ("title",)
    with pytest.raises(FieldError, match=r"text_field='headline'.*'title', 'description'"):
        open_collection(uri, collection_name, text_field="headline")


def test_several_vector_fields_are_listed(make, fields, uri, collection_name):
    make(
        fields["key"],
        fields["text"],
        ("dense", "FLOAT_VECTOR", {"dim": 4}),
        ("title_dense", "FLOAT_VECTOR", {"dim": 2}),
        rows=[{"id": 1, "text": "a", "dense": UNIT, "title_dense": [1.0, 0.0]}],
        index={"dense": "COSINE", "title_dense": "L2"},
    )
    with pytest.raises(FieldError, match=r"vector_field=.*'dense', 'title_dense'"):
        open_collection(uri, collection_name)
    with open_collection(uri, collection_name, vector_field="title_dense") as collection:
        assert (collection.info.dim, collection.info.metric) == (2, "euclidean")


def test_dense_vectors_are_taken_beside_sparse_ones(make, fields, uri, collection_name):
    make(
        fields["key"],
        fields["text"],
        ("sparse", "SPARSE_FLOAT_VECTOR", {}),
        fields["vector"],
        rows=[{"id": 1, "text": "a", "sparse": {3: 0.5}, "vector": UNIT}],
        index={"vector": "COSINE", "sparse": "IP"},
    )
    with open_collection(uri, collection_name) as collection:
        assert collection.info.vector_field == "vector"
        assert collection.fetch([1]).columns.tolist() == ["text"]
    with pytest.raises(FieldError, match=r"vector_field='sparse'.*'sparse' \(SPARSE_FLOAT_VECTOR\)"):
        open_collection(uri, collection_name, vector_field="sparse")


def test_sparse_vectors_alone_cannot_be_clustered(make, fields, uri, collection_name):
    make(
        fields["key"],
        fields["text"],
        ("sparse", "SPARSE_FLOAT_VECTOR", {}),
        rows=[{"id": 1, "text": "a", "sparse": {3: 0.5}}],
        index={"sparse": "IP"},
    )
    with pytest.raises(FieldError, match=r"no field of float vectors.*'sparse' \(SPARSE_FLOAT_VECTOR\)"):
        open_collection(uri, collection_name)


def test_no_text_field(make, fields, uri, collection_name):
    make(
        fields["key"],
        ("stars", "INT64", {}),
        fields["vector"],
        rows=[{"id": 1, "stars": 3, "vector": UNIT}],
        index={"vector": "COSINE"},
    )
    with pytest.raises(FieldError, match=r"no field with texts.*'id', 'stars', 'vector'"):
        open_collection(uri, collection_name)


def test_a_missing_collection_lists_those_there_are(uri, collection_name):
    ingest(["a"], vectors=[UNIT], uri=uri, collection_name=collection_name)
    with pytest.raises(CollectionNotFoundError, match=rf"no collection 'headlines'.*'{collection_name}'"):
        open_collection(uri, "headlines")


def test_an_alias_opens_its_collection(milvus, uri, collection_name):
    ingest(["a"], vectors=[UNIT], uri=uri, collection_name=collection_name)
    with milvus(uri) as client:
        client.create_alias(collection_name, f"{collection_name}_alias")
    with open_collection(uri, f"{collection_name}_alias") as collection:
        assert collection.scan().texts.tolist() == ["a"]


def test_a_missing_database_lists_those_there_are(uri, collection_name):
    ingest(["a"], vectors=[UNIT], uri=uri, collection_name=collection_name)
    with pytest.raises(ConnectionFailedError, match=r"no database db_name='archive'.*'default'"):
        open_collection(uri, collection_name, db_name="archive")


def test_an_empty_collection(make, fields, uri, collection_name):
    make(fields["key"], fields["text"], fields["vector"], index={"vector": "COSINE"})
    with pytest.raises(DataError, match=r"is empty.*from_texts"):
        open_collection(uri, collection_name)


def test_a_filter_that_matches_nothing(uri, collection_name):
    ingest(["a", "b"], vectors=[UNIT, UNIT], uri=uri, collection_name=collection_name)
    with pytest.raises(DataError, match=r"filter=\"text == 'c'\" matches none of the 2 rows"):
        open_collection(uri, collection_name, filter="text == 'c'")


@pytest.mark.parametrize("expression", ["text ==", "text", "(id > 3", "id in 'a'"])
def test_a_filter_that_is_not_valid(uri, collection_name, expression):
    ingest(["a", "b"], vectors=[UNIT, UNIT], uri=uri, collection_name=collection_name)
    with pytest.raises(FilterError, match=r"(?s)is not an expression that Milvus can run: .*Fields: id") as caught:
        open_collection(uri, collection_name, filter=expression)
    assert repr(expression) in str(caught.value)


def test_a_missing_file_is_not_made(tmp_path):
    (tmp_path / "other.db").mkdir()
    with pytest.raises(ConnectionFailedError, match=r"no such database.*'other.db'"):
        open_collection(tmp_path / "news.db", "headlines")
    assert not (tmp_path / "news.db").exists()


def test_a_missing_folder(tmp_path):
    with pytest.raises(ConnectionFailedError, match=r"there is no folder '.*typo'"):
        open_collection(tmp_path / "typo" / "news.db", "headlines")
    with pytest.raises(ConnectionFailedError, match="create the folder"):
        ingest(["a"], vectors=[UNIT], uri=tmp_path / "typo" / "news.db", collection_name="headlines")


def test_a_folder_that_is_no_database_is_left_alone(tmp_path):
    (tmp_path / "news.db").mkdir()
    with pytest.raises(ConnectionFailedError, match="no Milvus Lite database"):
        open_collection(tmp_path / "news.db", "headlines")
    assert not list((tmp_path / "news.db").iterdir())


def test_an_old_database_is_a_file(tmp_path):
    old = tmp_path / "news.db"
    old.write_bytes(b"SQLite format 3\0")
    for attempt in (
        lambda: open_collection(old, "headlines"),
        lambda: ingest(["a"], vectors=[UNIT], uri=old, collection_name="headlines"),
    ):
        with pytest.raises(OldDatabaseError, match=r"Milvus Lite 2\.5"):
            attempt()
    assert old.read_bytes() == b"SQLite format 3\0"


@pytest.mark.parametrize("nonsense", ["news", "news.DB", "ftp://host/news"])
def test_what_is_neither_a_file_nor_a_server(nonsense):
    with pytest.raises(InvalidParameterError, match=r"'\.db' in lowercase"):
        open_collection(nonsense, "headlines")


@pytest.mark.parametrize(
    "address",
    [
        "milvus://root:s3cr3t@host:19530",
        "root:s3cr3t@host:19530",
        "milvus://root:s3cr3t@host/news.db",
        "https://ab/s3cr3t==@host:19530",
        "https://root:ab?s3cr3t@host",
        "https://root:ab#s3cr3t@host",
        "https://root:s3cr3t[@host",
        "https://root:s3cr3t",
    ],
)
def test_an_address_that_cannot_be_read_is_refused_and_its_password_not_told(address):
    with pytest.raises(InvalidParameterError, match="uri=") as caught:
        open_collection(address, "headlines")
    assert "s3cr3t" not in "".join(traceback.format_exception(caught.value))


def test_a_password_in_an_address_may_hold_any_character():
    address = parse_uri("https://root:p%40ss%2Fw%25rd@host:19530")
    assert (address.uri, address.token) == ("https://host:19530", "root:p@ss/w%rd")


def test_a_relative_path_stays_the_same_database_when_the_folder_changes(tmp_path, monkeypatch):
    (tmp_path / "a").mkdir()
    monkeypatch.chdir(tmp_path)
    ingest(["a"], vectors=[UNIT], uri="news.db", collection_name="c")
    with open_collection("news.db", "c") as collection:
        monkeypatch.chdir(tmp_path / "a")
        assert collection.count() == 1
        with open_collection("../news.db", "c") as again:
            assert again.count() == 1
        assert collection.count() == 1
    assert not (tmp_path / "a" / "news.db").exists()
