"""Labels written back into collections of every kind: nothing else changes, and it can be undone."""

from __future__ import annotations

import numpy as np
import pytest
from pymilvus import DataType

from cluster_explorer.errors import Cancelled, FieldError, InvalidParameterError
from cluster_explorer.ingest import ingest
from cluster_explorer.journal import Journal
from cluster_explorer.milvus import open_collection
from cluster_explorer.milvus import writing as writing_module
from cluster_explorer.milvus.writing import undo_values, write_values
from milvus_server import TOKEN

N = 60
LABELS = [row % 9 - 1 for row in range(N)]


@pytest.fixture(params=["lite", "tcp", pytest.param("server", marks=pytest.mark.server)])
def where(request, tmp_path):
    """Milvus Lite as a file and over TCP, and the real server, which merges nothing."""
    if request.param == "lite":
        return {"uri": str(tmp_path / "news.db")}
    if request.param == "tcp":
        return {"uri": request.getfixturevalue("lite_server").uri}
    return {"uri": request.getfixturevalue("milvus_server").uri, "token": TOKEN}


@pytest.fixture
def client(where, tmp_path):
    from cluster_explorer.milvus.connection import connect

    connection = connect(where["uri"], token=where.get("token"), db_name="", timeout=30, create=True)
    yield connection.run("prepare a test", lambda client: client)
    connection.close()


def made(client, name, *, dynamic=True, auto_id=False, extra=(), string_keys=False, partitions=()):
    """A collection with a field of every kind, and its keys."""
    schema = client.create_schema(auto_id=auto_id, enable_dynamic_field=dynamic)
    if string_keys:
        schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    else:
        schema.add_field("id", DataType.INT64, is_primary=True)
    schema.add_field("text", DataType.VARCHAR, max_length=200)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=8)
    schema.add_field("place", DataType.JSON)
    schema.add_field("marks", DataType.ARRAY, element_type=DataType.INT64, max_capacity=4)
    schema.add_field("score", DataType.DOUBLE)
    for field_name, kind, options in extra:
        schema.add_field(field_name, kind, **options)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="COSINE")
    client.create_collection(name, schema=schema, index_params=index)
    rng = np.random.default_rng(3)
    rows = [
        {
            "text": f"text {row} \N{SNOWMAN}",
            "vector": rng.standard_normal(8).astype(np.float32),
            "place": {"x": row, "inner": {"deep": [1, None, "a"]}},
            "marks": [row, row + 1],
            "score": row / 3,
            **({"tags": ["a", {"b": row}], "note": f"note {row}"} if dynamic else {}),
            **{field_name: 0 for field_name, _, _ in extra},
            **({} if auto_id else {"id": f"k'\"{row:03}" if string_keys else 10**17 + row}),
        }
        for row in range(N)
    ]
    if partitions:
        for partition in partitions:
            client.create_partition(name, partition)
        for place, partition in enumerate(partitions):
            client.insert(name, rows[place :: len(partitions)], partition_name=partition)
    else:
        client.insert(name, rows)
    client.load_collection(name)
    return sorted(whole(client, name))


def whole(client, name, **options):
    """Every row, whole, by key."""
    rows = client.query(
        name, filter="", output_fields=["*"], limit=1000, consistency_level="Strong", strict_float32=True, **options
    )
    return {row["id"]: dict(row) for row in rows}


def assert_same_but(before, after, written):
    assert before.keys() == after.keys()
    for key, row in before.items():
        now = {name: value for name, value in after[key].items() if name not in written}
        assert now.keys() == row.keys()
        np.testing.assert_array_equal(now.pop("vector"), row["vector"])
        assert now == {name: value for name, value in row.items() if name != "vector"}


def found_by_filter(where, name, expression):
    with open_collection(where["uri"], name, token=where.get("token"), filter=expression) as collection:
        return collection.scan().ids.tolist()


@pytest.mark.parametrize("kind", ["dynamic", "field", "partitions"])
def test_labels_are_written_found_and_undone_and_nothing_else_changes(where, client, collection_name, kind):
    extra = [("cluster", DataType.INT64, {})] if kind == "field" else []
    keys = made(
        client,
        collection_name,
        dynamic=kind != "field",
        extra=extra,
        string_keys=kind == "partitions",
        partitions=("north", "south") if kind == "partitions" else (),
    )
    before = whole(client, collection_name)
    journal = Journal()
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        columns = {"cluster": LABELS}
        planned = write_values(collection, keys, columns, journal=journal, dry_run=True)
        assert (planned.dry_run, planned.n_written, planned.place) == (
            True,
            # the field's own 0 is the label of some rows already
            N if kind != "field" else N - LABELS.count(0),
            "field" if kind == "field" else "dynamic field",
        )
        assert_same_but(before, whole(client, collection_name), ())
        report = write_values(collection, keys, columns, journal=journal)
        assert (report.n_written, report.n_gone) == (planned.n_written, 0)
        assert "cluster" in collection.info.metadata_fields
        assert collection.columns(["cluster"]).cluster.tolist() == LABELS
        again = write_values(collection, keys, columns, journal=journal)
        assert (again.n_written, again.n_same) == (0, N)
    if kind != "field":
        assert_same_but(before, whole(client, collection_name), ("cluster",))
    for label in (7, -1):
        expected = [key for key, value in zip(keys, LABELS, strict=True) if value == label]
        assert found_by_filter(where, collection_name, f"cluster == {label}") == expected
    if kind == "partitions":
        assert len(whole(client, collection_name, partition_names=["south"])) == N / 2
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        assert undo_values(collection, journal).n_restored == report.n_written
    after = whole(client, collection_name)
    if kind != "field" and any("cluster" in row for row in after.values()):
        # Milvus Lite cannot take a dynamic field away
        assert {row.pop("cluster") for row in after.values()} == {None}
    assert_same_but(before, after, ())


@pytest.mark.parametrize("why", ["no dynamic fields", "automatic keys"])
def test_a_schema_that_takes_no_labels_gets_a_companion(where, client, collection_name, why):
    automatic = why == "automatic keys"
    keys = made(client, collection_name, dynamic=automatic, auto_id=automatic)
    before = whole(client, collection_name)
    journal = Journal()
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        planned = write_values(collection, keys, {"cluster": LABELS}, journal=journal, dry_run=True)
        if automatic and "token" not in where:
            assert planned.place == "dynamic field"  # Milvus Lite keeps the keys of changed rows
            return
        assert (planned.place, planned.n_added) == ("companion collection", N)
        assert not client.has_collection(f"{collection_name}_labels")
        with pytest.raises(InvalidParameterError, match=r"itself: it .*into='companion'"):
            write_values(collection, keys, {"cluster": LABELS}, journal=journal, into="collection")
        report = write_values(collection, keys, {"cluster": LABELS, "cluster_name": ["a b"] * N}, journal=journal)
        assert report.collection_name == f"{collection_name}_labels"
        assert report.n_added == N
        found = client.query(
            report.collection_name, filter="cluster == 7", output_fields=["cluster_name"], consistency_level="Strong"
        )
        assert sorted(row["id"] for row in found) == [k for k, v in zip(keys, LABELS, strict=True) if v == 7]
        assert_same_but(before, whole(client, collection_name), ())
        assert undo_values(collection, journal).n_restored == N
        assert not client.has_collection(report.collection_name)


def test_a_collection_that_is_no_companion_is_not_written_into(where, client, collection_name):
    keys = made(client, collection_name, dynamic=False)
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        other = f"{collection_name}_other"
        made(client, other)
        with pytest.raises(InvalidParameterError, match="is no companion"):
            write_values(collection, keys, {"cluster": LABELS}, journal=Journal(), companion=other)


def test_what_others_changed_is_left_alone_by_undo_and_what_they_deleted_by_writing(where, client, collection_name):
    keys = made(client, collection_name)
    journal = Journal()
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        client.delete(collection_name, filter=f"id == {keys[0]}")
        report = write_values(collection, keys, {"cluster": LABELS}, journal=journal)
        assert (report.n_written, report.n_gone) == (N - 1, 1)
        row = whole(client, collection_name)[keys[1]]
        client.upsert(collection_name, [{**row, "cluster": 99}])
        undone = undo_values(collection, journal)
        assert (undone.n_restored, undone.n_left) == (N - 2, 1)
        after = whole(client, collection_name)
    assert keys[0] not in after
    assert after[keys[1]]["cluster"] == 99


class Meddled(Journal):
    """A journal during whose notes somebody else writes into the collection."""

    def __init__(self, meddle):
        super().__init__()
        self._meddle = meddle

    def note(self, changes):
        super().note(changes)
        self._meddle()


def test_what_others_do_while_labels_are_written_and_undone_is_kept(where, client, collection_name):
    keys = made(client, collection_name)
    rows = whole(client, collection_name)

    def meddle():
        client.upsert(collection_name, [{**rows[keys[5]], "text": "edited"}])
        client.delete(collection_name, filter=f"id == {keys[7]}")
        client.upsert(collection_name, [{**rows[keys[9]], "cluster": 99}])

    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        journal = Meddled(meddle)
        report = write_values(collection, keys, {"cluster": LABELS}, journal=journal)
        assert (report.n_written, report.n_gone, report.n_meanwhile) == (N - 2, 1, 1)
        assert "1 changed by others meanwhile and left alone" in report.sentence
        after = whole(client, collection_name)
        assert keys[7] not in after
        assert (after[keys[5]]["text"], after[keys[5]]["cluster"]) == ("edited", LABELS[5])
        assert after[keys[9]]["cluster"] == 99
        undone = undo_values(collection, journal)
        assert (undone.n_restored, undone.n_left) == (N - 2, 2)
        after = whole(client, collection_name)
    assert keys[7] not in after
    assert after[keys[5]]["text"] == "edited"
    assert {row.get("cluster") for key, row in after.items() if key != keys[9]} == {None}


def test_other_rows_that_hold_the_field_are_told_of_and_cleared_on_request(where, client, collection_name):
    keys = made(client, collection_name)
    before = whole(client, collection_name)
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        write_values(collection, keys, {"cluster": LABELS, "cluster_name": ["a"] * N}, journal=Journal())
        part, columns = keys[:20], {"cluster": [3] * 20, "cluster_name": ["b"] * 20}
        told = write_values(collection, part, columns, journal=Journal(), dry_run=True)
        assert told.n_others == N - 20
        assert "40 other rows hold 'cluster' too" in told.sentence
        told = write_values(collection, part, columns, journal=Journal(), dry_run=True, clear_others=True)
        assert (told.n_cleared, told.n_others) == (N - 20, 0)
        journal = Journal()
        report = write_values(collection, part, columns, journal=journal, clear_others=True)
        assert (report.n_cleared, report.n_written) == (N - 20, N)
        assert found_by_filter(where, collection_name, "cluster == 3") == part
        assert found_by_filter(where, collection_name, 'cluster_name == "b"') == part
        assert_same_but(
            before,
            {key: {**row, "cluster": 0, "cluster_name": ""} for key, row in whole(client, collection_name).items()},
            ("cluster", "cluster_name"),
        )
        assert undo_values(collection, journal).n_restored == N
        assert collection.columns(["cluster"]).cluster.tolist() == LABELS


def test_a_field_that_always_holds_something_cannot_be_cleared(where, client, collection_name):
    keys = made(client, collection_name, dynamic=False, extra=[("cluster", DataType.INT64, {})])
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        with pytest.raises(InvalidParameterError, match=r"clear_others=True .*run_id=True"):
            write_values(collection, keys[:5], {"cluster": [1] * 5}, journal=Journal(), clear_others=True)
        assert write_values(collection, keys[:5], {"cluster": [1] * 5}, journal=Journal()).n_others == N - 5


@pytest.mark.parametrize("where", ["lite", "tcp"], indirect=True)
def test_the_first_row_may_go_in_the_moment_before_it_is_written(where, client, collection_name, monkeypatch):
    keys = made(client, collection_name)
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        own = collection.connection.run("look at the client", lambda client: client)
        upsert = own.upsert

        def after_others(*args, **options):
            monkeypatch.setattr(own, "upsert", upsert)
            client.delete(collection_name, filter=f"id == {keys[0]}")
            return upsert(*args, **options)

        monkeypatch.setattr(own, "upsert", after_others)
        report = write_values(collection, keys, {"cluster": LABELS}, journal=Journal())
    assert (report.n_written, report.n_gone) == (N - 1, 1)
    assert keys[0] not in whole(client, collection_name)


def test_a_dry_run_reads_the_written_fields_alone(where, client, collection_name, monkeypatch):
    keys = made(client, collection_name)
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        own, asked = collection.connection.run("look at the client", lambda client: client), []
        query = own.query

        def noted(*args, **options):
            asked.append(set(options["output_fields"]))
            return query(*args, **options)

        monkeypatch.setattr(own, "query", noted)
        assert write_values(collection, keys, {"cluster": LABELS}, journal=Journal(), dry_run=True).n_added == N
    assert asked
    assert set().union(*asked) == {"id", "cluster", "count(*)"}


def test_a_field_that_is_somebodys_is_told_before_any_row_is_written(where, client, collection_name, monkeypatch):
    monkeypatch.setattr(writing_module, "_ROWS", 7)
    keys = made(client, collection_name)
    last = whole(client, collection_name)[keys[-1]]
    client.upsert(collection_name, [{**last, "cluster": "mine"}])
    before = whole(client, collection_name)
    with (
        open_collection(where["uri"], collection_name, token=where.get("token")) as collection,
        pytest.raises(FieldError, match="holds other things: 'mine'"),
    ):
        write_values(collection, keys, {"cluster": LABELS}, journal=Journal())
    assert_same_but(before, whole(client, collection_name), ())


def test_nan_in_another_field_is_no_change(where, client, collection_name):
    keys = made(client, collection_name)
    first = whole(client, collection_name)[keys[0]]
    client.upsert(collection_name, [{**first, "score": float("nan")}])
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        assert write_values(collection, keys, {"cluster": LABELS}, journal=Journal()).n_written == N
    assert np.isnan(whole(client, collection_name)[keys[0]]["score"])


def test_what_was_written_by_an_alias_is_undone_by_the_name(where, client, collection_name):
    keys = made(client, collection_name)
    client.create_alias(collection_name, f"{collection_name}_alias")
    journal = Journal()
    with open_collection(where["uri"], f"{collection_name}_alias", token=where.get("token")) as collection:
        assert write_values(collection, keys, {"cluster": LABELS}, journal=journal).n_written == N
    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        assert undo_values(collection, journal).n_restored == N


def test_stopped_in_the_middle_it_goes_on_and_is_undone_whole(where, client, collection_name, monkeypatch, tmp_path):
    monkeypatch.setattr(writing_module, "_ROWS", 7)
    keys = made(client, collection_name)
    before = whole(client, collection_name)
    path = tmp_path / "labels.journal"

    def stop(share):
        if share > 0.4:
            raise Cancelled("stop")

    with open_collection(where["uri"], collection_name, token=where.get("token")) as collection:
        with pytest.raises(Cancelled):
            write_values(collection, keys, {"cluster": LABELS}, journal=Journal(path), on_progress=stop)
        with path.open("a") as file:
            file.write('[12, {"clus')  # what a crash in the middle of a note leaves
        report = write_values(collection, keys, {"cluster": LABELS}, journal=Journal(path))
        assert report.n_same == 21
        assert report.n_added == N - 21
        undo_values(collection, Journal.read(path))
    after = whole(client, collection_name)
    assert {row.pop("cluster", None) for row in after.values()} == {None}
    assert_same_but(before, after, ())


@pytest.mark.parametrize(
    ("field", "message"),
    [
        ("id", "holds the primary keys"),
        ("text", "holds the texts"),
        ("vector", "holds the vectors"),
        ("place", "is of type JSON"),
        ("score", "is of type DOUBLE"),
        ("note", "holds other things: 'note"),
        ("a b", "letters, digits and underscores"),
        ("cluster == 1 or id", "letters, digits and underscores"),
    ],
)
def test_fields_that_belong_to_somebody_else(tmp_path, vectors, field, message):
    import pandas as pd

    frame = pd.DataFrame({"text": ["a", "b"], "score": [0.5, 1], "place": [{"x": 1}] * 2, "note": ["note", "note"]})
    path = tmp_path / "news.db"
    ingest(frame[["text", "score", "place"]], vectors=vectors(2), uri=path, collection_name="c")
    with open_collection(path, "c", timeout=10) as collection:
        ids = collection.scan().ids
        write_values(collection, ids, {"note": ["note", "note"]}, journal=Journal())
        with pytest.raises(FieldError, match=message):
            write_values(collection, ids, {field: [1, 2]}, journal=Journal())
