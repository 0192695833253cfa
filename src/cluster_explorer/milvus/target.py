"""The collection that texts are stored in: made when it is not there, checked when it is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cluster_explorer._inputs import metric_name
from cluster_explorer.errors import DataError, FieldError, InvalidParameterError, MessageTooLargeError
from cluster_explorer.milvus.batches import MESSAGE_BYTES, by_bytes, row_bytes
from cluster_explorer.milvus.distances import MILVUS_METRIC
from cluster_explorer.milvus.loading import flush, load
from cluster_explorer.milvus.lookup import rows_by_key
from cluster_explorer.milvus.opening import describe, index_of
from cluster_explorer.milvus.records import LONGEST_TEXT, TEXT_FIELD, VECTOR_FIELD, Records, check_lengths
from cluster_explorer.milvus.schema import field_type, find_primary_field, find_vector_field

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.milvus.connection import Connection, MilvusClient
    from cluster_explorer.milvus.schema import Record
    from cluster_explorer.values import FloatArray

_COLLECTION_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


class Target:
    """A collection that rows are stored in.

    Parameters
    ----------
    connection : Connection
        Open.
    collection_name : str
        Made with the first rows when it does not exist.
    records : Records
        What will be stored: the fields of a new collection follow from it; those of an existing one must fit it.
    metric : str or None
        How a new collection compares vectors.

    Raises
    ------
    FieldError, DataError, InvalidParameterError
        When the records do not fit the existing collection.
    """

    def __init__(self, connection: Connection, collection_name: str, records: Records, metric: str | None) -> None:
        self.collection_name = collection_name
        self.vector_field = VECTOR_FIELD
        self.metric = metric or "cosine"
        self.dim = 0
        self._connection = connection
        self._records = records
        self._written = 0
        self._message_bytes = MESSAGE_BYTES
        #: Columns that are stored as dynamic fields, which are left out of a row where they are missing.
        self._dynamic: set[str] = set()
        exists = bool(collection_name) and connection.run(
            f"look for collection {collection_name!r}",
            lambda client: bool(client.has_collection(collection_name, timeout=connection.timeout)),
        )
        # A collection made here holds no row of ours before we store it, so nothing needs to be looked up.
        self._may_hold_rows = exists
        if exists:
            self._open_existing(metric)
        else:
            if not _COLLECTION_NAME.fullmatch(collection_name):
                raise InvalidParameterError(
                    f"collection_name={collection_name!r} cannot be used: Milvus allows letters, digits and "
                    "underscores, and no digit first."
                )
            check_lengths(records.texts, LONGEST_TEXT, TEXT_FIELD)

    def check_dim(self, dim: int, source: str) -> None:
        """Check that vectors have the length of those in the collection.

        Raises
        ------
        DataError
            When they have another.
        """
        if self.dim and dim != self.dim:
            raise DataError(
                f"{source} has vectors of {dim} numbers; collection {self.collection_name!r} at "
                f"{self._connection.address.uri} holds vectors of {self.dim}. Use the embedding function it was made "
                "with, or another collection_name=."
            )

    def stored(self, keys: Sequence[Any], *, with_vectors: bool) -> dict[Any, Record]:
        """Return the rows that are there under these keys, by key."""
        if not self._may_hold_rows:
            return {}
        key_field = self._records.key_field
        fields = [TEXT_FIELD, *self._records.metadata, *([self.vector_field] if with_vectors else [])]
        return rows_by_key(self._connection, self.collection_name, key_field, keys, fields, fresh=True)

    def upsert(self, rows: Sequence[dict[str, Any]], vectors: FloatArray) -> None:
        """Store rows, making the collection with the first; a row of the same key is replaced."""
        if not self.dim:
            self._create(vectors.shape[1])
        complete = [
            {**self._without_missing(row), self.vector_field: vector} for row, vector in zip(rows, vectors, strict=True)
        ]
        for part in by_bytes(complete, self._message_bytes):
            self._store(part)
            self._written += len(part)

    def finish(self) -> None:
        """Make what was stored searchable: write it out, so that the index covers it."""
        if self._written:
            flush(self._connection, self.collection_name)

    def _without_missing(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: value for name, value in row.items() if value is not None or name not in self._dynamic}

    def _store(self, rows: list[dict[str, Any]]) -> None:
        try:
            self._connection.run(
                f"store rows in collection {self.collection_name!r}",
                lambda client: client.upsert(self.collection_name, rows, timeout=self._connection.timeout),
            )
        except MessageTooLargeError:
            if len(rows) == 1:
                raise
            # what was refused is not sent that large again
            self._message_bytes = min(self._message_bytes, sum(map(row_bytes, rows)) // 2)
            for part in by_bytes(rows, self._message_bytes):
                self._store(part)

    def _open_existing(self, metric: str | None) -> None:
        description = describe(self._connection, self.collection_name)
        fields = {field["name"]: field for field in description["fields"]}
        where = f"Collection {self.collection_name!r} at {self._connection.address.uri}"
        _check_key(where, find_primary_field(description["fields"]), self._records)
        _check_texts(where, fields, self._records, in_characters=self._connection.address.is_lite)
        _check_metadata(where, fields, self._records, dynamic=bool(description.get("enable_dynamic_field")))
        self._dynamic = set(self._records.metadata) - set(fields)
        _check_required(where, description["fields"], self._records)
        vector = find_vector_field(self.collection_name, description["fields"], None, ("FLOAT_VECTOR",))
        self.vector_field = vector["name"]
        self.dim = int(vector["params"]["dim"])
        index = index_of(self._connection, self.collection_name, self.vector_field)
        self.metric = self.metric if index is None else metric_name(index["metric_type"])
        if metric not in (None, self.metric):
            raise InvalidParameterError(
                f"{where} compares vectors by {self.metric!r}, not by metric={metric!r}. Leave metric= out, or use "
                "another collection_name=."
            )
        load(self._connection, description["collection_name"], self.vector_field, has_index=index is not None)

    def _create(self, dim: int) -> None:
        self._dynamic = _columns_without_field(self._connection, self._records)
        self._connection.run(f"make collection {self.collection_name!r}", lambda client: self._make(client, dim))
        self._connection.keep_loaded(self.collection_name)
        self.dim = dim

    def _make(self, client: MilvusClient, dim: int) -> None:
        from pymilvus import DataType

        timeout = self._connection.timeout
        if client.has_collection(self.collection_name, timeout=timeout):
            # Made by a call whose answer was lost.
            return
        records = self._records
        # Dynamic fields let labels and notes be written beside the rows later on.
        schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
        if records.keys_are_strings:
            schema.add_field(records.key_field, DataType.VARCHAR, is_primary=True, max_length=LONGEST_TEXT)
        else:
            schema.add_field(records.key_field, DataType.INT64, is_primary=True)
        schema.add_field(TEXT_FIELD, DataType.VARCHAR, max_length=LONGEST_TEXT)
        schema.add_field(VECTOR_FIELD, DataType.FLOAT_VECTOR, dim=dim)
        for name, column in records.metadata.items():
            if name not in self._dynamic:
                limits = {"max_length": LONGEST_TEXT} if column.type_name == "VARCHAR" else {}
                schema.add_field(name, DataType[column.type_name], nullable=True, **limits)
        index = client.prepare_index_params()
        # On Lite the map's neighbours are searched outside of it; an exact index costs nothing to build.
        index_type = "FLAT" if self._connection.address.is_lite else "AUTOINDEX"
        index.add_index(VECTOR_FIELD, index_type=index_type, metric_type=MILVUS_METRIC[self.metric])
        client.create_collection(self.collection_name, schema=schema, index_params=index, timeout=timeout)


def _columns_without_field(connection: Connection, records: Records) -> set[str]:
    """Return the columns that this Milvus cannot keep in a field of their own, and keeps as dynamic ones instead.

    A server's JSON fields hold objects alone, and before 2.5 its fields hold no missing values. Milvus Lite does both.
    """
    version = connection.run(
        "ask for the version", lambda client: client.get_server_version(timeout=connection.timeout)
    )
    numbers = re.match(r"v?(\d+)\.(\d+)", str(version))
    if numbers is None:
        return set()
    has_nulls = (int(numbers[1]), int(numbers[2])) >= (2, 5)
    return {
        name
        for name, column in records.metadata.items()
        if (column.type_name == "JSON" and not all(isinstance(cell, dict | None) for cell in column.cells))
        or (not has_nulls and None in column.cells)
    }


def _check_key(where: str, primary: Record, records: Records) -> None:
    kind = "str" if field_type(primary) == "VARCHAR" else "int"
    if primary.get("auto_id"):
        raise FieldError(
            f"{where} makes its own keys ({primary['name']!r}), so that storing the same texts again would store them "
            "twice. Use another collection_name=."
        )
    if primary["name"] != records.key_field or kind != ("str" if records.keys_are_strings else "int"):
        raise FieldError(
            f"{where} has the key {primary['name']!r} ({kind}); these rows have {records.key_field!r} "
            f"({'str' if records.keys_are_strings else 'int'}). Give id_column={primary['name']!r} with such keys, or "
            "use another collection_name=."
        )
    if kind == "str":
        check_lengths(records.keys, int(primary["params"]["max_length"]), primary["name"])


def _check_texts(where: str, fields: dict[str, Record], records: Records, *, in_characters: bool) -> None:
    text = fields.get(TEXT_FIELD)
    if text is None or field_type(text) != "VARCHAR":
        raise FieldError(
            f"{where} has no VARCHAR field {TEXT_FIELD!r} to store the texts in. Its fields: {', '.join(fields)}. "
            "Use another collection_name=."
        )
    check_lengths(records.texts, int(text["params"]["max_length"]), TEXT_FIELD, in_characters=in_characters)


def _check_metadata(where: str, fields: dict[str, Record], records: Records, *, dynamic: bool) -> None:
    for name, column in records.metadata.items():
        field = fields.get(name)
        if field is None:
            if not dynamic:
                raise FieldError(
                    f"{where} has no field {name!r}, and takes no new ones. Its fields: {', '.join(fields)}. "
                    "Drop the column, or use another collection_name=."
                )
        elif field_type(field) != column.type_name:
            raise FieldError(
                f"{where} has the field {name!r} of type {field_type(field)}; column {name!r} is stored as "
                f"{column.type_name}. Convert or drop the column, or use another collection_name=."
            )
        elif None in column.cells and not field.get("nullable"):
            raise FieldError(
                f"{where} allows no missing values in field {name!r}; column {name!r} has some, the first in row "
                f"{column.cells.index(None)}. Fill them, or use another collection_name=."
            )
        elif field_type(field) == "VARCHAR":
            check_lengths(column.cells, int(field["params"]["max_length"]), name)


def _check_required(where: str, fields: Sequence[Record], records: Records) -> None:
    given = {records.key_field, TEXT_FIELD, *records.metadata}
    filled = ("is_primary", "nullable", "auto_id", "default_value", "is_function_output")
    missing = [
        field["name"]
        for field in fields
        if field["name"] not in given
        and field_type(field) != "FLOAT_VECTOR"
        and not any(field.get(reason) for reason in filled)
    ]
    if missing:
        raise FieldError(
            f"{where} wants a value for {', '.join(map(repr, missing))} in every row, and these rows have none. "
            "Add such columns, or use another collection_name=."
        )
