"""Where values can be written beside the rows of a collection: which schemas allow it, and what each Milvus can do."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cluster_explorer.errors import FieldError, InvalidParameterError, available
from cluster_explorer.milvus.loading import load
from cluster_explorer.milvus.opening import describe
from cluster_explorer.milvus.schema import field_type, find_primary_field

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cluster_explorer.journal import Place, Value
    from cluster_explorer.milvus.connection import Connection, MilvusClient
    from cluster_explorer.milvus.schema import CollectionInfo, Record
    from cluster_explorer.write_back import Into

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")
_LONGEST_KEY = 65_535
_LONGEST_TEXT = 1_024

#: Milvus types that hold a value of a Python type, and how large a whole number each takes.
_INT_BITS = {"INT8": 8, "INT16": 16, "INT32": 32, "INT64": 64}
_FITTING: dict[type, tuple[str, ...]] = {int: tuple(_INT_BITS), float: ("FLOAT", "DOUBLE"), str: ("VARCHAR",)}

#: A companion holds no vectors of ours, but Milvus wants a field of them in every collection.
_PLACEHOLDER = "placeholder"
_PLACEHOLDER_DIM = 2


@dataclass(frozen=True)
class Destination:
    """A collection that values are written to, and how.

    Attributes
    ----------
    collection_name, primary_field : str
        The collection and its key.
    place : {"dynamic field", "field", "companion collection"}
    fields : tuple of str
        Names of the fields.
    merges : bool
        Whether an upsert of some fields keeps the others; otherwise whole rows are read and stored again.
    is_lite : bool
        Whether it is Milvus Lite, in this process or served: it merges always, and cannot take a dynamic field away.
    other_fields : tuple of str
        What a whole row is read as, beside the key.
    generated : frozenset of str
        Fields that Milvus computes itself and does not accept.
    partitions : tuple of str
        Partitions to be written to by name; empty where Milvus finds them itself.
    never_none : frozenset of str
        Those of the fields that cannot be without a value.
    reason : str
        Why a companion is needed; "" where none is.
    exists : bool
        Whether the collection is there already; a companion may not be.
    """

    collection_name: str
    primary_field: str
    place: Place
    fields: tuple[str, ...]
    merges: bool
    is_lite: bool = False
    other_fields: tuple[str, ...] = ("*",)
    generated: frozenset[str] = frozenset()
    partitions: tuple[str, ...] = ()
    never_none: frozenset[str] = frozenset()
    reason: str = ""
    exists: bool = True
    placeholder: Mapping[str, Any] = field(default_factory=dict, repr=False)


def choose_destination(
    connection: Connection,
    info: CollectionInfo,
    columns: Mapping[str, Sequence[Value]],
    into: Into,
    companion: str | None,
) -> Destination:
    """Find where columns of values can go.

    Raises
    ------
    FieldError
        When a name cannot be used, or a field of that name holds something else.
    InvalidParameterError
        When they are wanted in the collection itself, and its schema does not allow it.
    """
    if into not in ("auto", "collection", "companion"):
        raise InvalidParameterError(f"into={into!r} is unknown. {available(['auto', 'collection', 'companion'])}")
    description = describe(connection, info.collection_name)
    _check_names(info, columns)
    version = str(
        connection.ask("ask for the version", lambda client: client.get_server_version(timeout=connection.timeout))
    )
    obstacle = _obstacle(description, columns, is_lite=_is_lite(version))
    if into == "companion" or (obstacle and into == "auto"):
        return _companion(connection, info, columns, name=companion, obstacle=obstacle, version=version)
    if obstacle:
        raise InvalidParameterError(
            f"Cannot write into collection {info.collection_name!r} itself: {obstacle} Use into='companion' for a "
            "collection of keys and labels beside it."
        )
    fields = {known["name"]: known for known in description["fields"]}
    for name, values in columns.items():
        if name in fields:
            _check_fits(info, fields[name], values)
    merges = _is_lite(version) or _updates_parts(version)
    return Destination(
        collection_name=description["collection_name"],
        primary_field=info.primary_field,
        place="field" if all(name in fields for name in columns) else "dynamic field",
        fields=tuple(columns),
        merges=merges,
        is_lite=_is_lite(version),
        generated=frozenset(known["name"] for known in description["fields"] if known.get("is_function_output")),
        partitions=_partitions(connection, info.collection_name, description),
        never_none=frozenset(name for name in columns if name in fields and not fields[name].get("nullable")),
    )


def real_name(connection: Connection, collection_name: str) -> str:
    """Return the own name of a collection that may be known by an alias."""
    return str(describe(connection, collection_name)["collection_name"])


def make_companion(connection: Connection, info: CollectionInfo, destination: Destination) -> None:
    """Make the companion collection, unless it is there."""
    timeout = connection.timeout

    def make(client: MilvusClient) -> None:
        from pymilvus import DataType

        if client.has_collection(destination.collection_name, timeout=timeout):
            return
        schema = client.create_schema(auto_id=False, enable_dynamic_field=True)
        if info.ids_are_strings:
            schema.add_field(info.primary_field, DataType.VARCHAR, is_primary=True, max_length=_LONGEST_KEY)
        else:
            schema.add_field(info.primary_field, DataType.INT64, is_primary=True)
        schema.add_field(_PLACEHOLDER, DataType.FLOAT_VECTOR, dim=_PLACEHOLDER_DIM)
        index = client.prepare_index_params()
        index.add_index(_PLACEHOLDER, index_type="FLAT", metric_type="L2")
        client.create_collection(destination.collection_name, schema=schema, index_params=index, timeout=timeout)
        # one that is made with an index is loaded by that
        connection.keep_loaded(destination.collection_name, loaded_here=True)

    connection.run(f"make collection {destination.collection_name!r}", make)
    load(connection, destination.collection_name, _PLACEHOLDER, has_index=True)


def _is_lite(version: str) -> bool:
    # "v2.3.5-lite" is a server's: the one that PyPI's `milvus` carries
    return version.startswith("milvus_lite")


def _updates_parts(version: str) -> bool:
    """Whether a server knows ``partial_update``: Milvus 2.6.2 and newer."""
    numbers = re.search(r"(\d+)\.(\d+)(?:\.(\d+))?", version)
    return numbers is not None and tuple(int(number or 0) for number in numbers.groups()) >= (2, 6, 2)


def _check_names(info: CollectionInfo, columns: Mapping[str, Sequence[Value]]) -> None:
    taken = {
        info.primary_field: "holds the primary keys",
        info.text_field: "holds the texts",
        info.vector_field: "holds the vectors",
    }
    for name in columns:
        if not _NAME.fullmatch(name):
            raise FieldError(
                f"field={name!r} cannot be used: Milvus allows letters, digits and underscores, and no digit first."
            )
        if name in taken:
            raise FieldError(
                f"field={name!r} {taken[name]} of collection {info.collection_name!r}. Choose another name."
            )


def _obstacle(description: Record, columns: Mapping[str, Sequence[Value]], *, is_lite: bool) -> str:
    """Say why the collection itself cannot take the values; "" when it can."""
    if find_primary_field(description["fields"]).get("auto_id") and not is_lite:
        return "it makes its own keys, and the server would give changed rows new ones."
    known = {field["name"] for field in description["fields"]}
    new = [name for name in columns if name not in known]
    if new and not description.get("enable_dynamic_field"):
        return f"it has no field {new[0]!r}, and takes no new ones (no dynamic fields)."
    return ""


def _check_fits(info: CollectionInfo, known: Record, values: Sequence[Value]) -> None:
    name, kind = known["name"], field_type(known)
    where = f"field={name!r} of collection {info.collection_name!r}"
    if known.get("is_partition_key"):
        raise FieldError(f"{where} decides in which partition a row is. Choose another name.")
    wanted = next((type(value) for value in values if value is not None), None)
    if wanted is None:
        return
    if kind not in _FITTING[wanted]:
        raise FieldError(
            f"{where} is of type {kind}; these values want {' or '.join(_FITTING[wanted])}. Choose another name."
        )
    if kind in _INT_BITS and any(abs(int(value or 0)) >= 2 ** (_INT_BITS[kind] - 1) for value in values):
        raise FieldError(f"{where} is of type {kind}, too small for these labels. Choose another name.")
    if kind == "VARCHAR":
        longest = max(len(str(value).encode()) for value in values)
        if longest > int(known["params"]["max_length"]):
            raise FieldError(
                f"{where} takes {known['params']['max_length']} bytes; one of these values has {longest}. "
                "Choose another name."
            )


def _partitions(connection: Connection, collection_name: str, description: Record) -> tuple[str, ...]:
    if any(known.get("is_partition_key") for known in description["fields"]):
        return ()
    names = connection.run(
        f"list the partitions of collection {collection_name!r}",
        lambda client: client.list_partitions(collection_name, timeout=connection.timeout),
    )
    return tuple(names) if len(names) > 1 else ()


def _companion(
    connection: Connection,
    info: CollectionInfo,
    columns: Mapping[str, Sequence[Value]],
    *,
    name: str | None,
    obstacle: str,
    version: str,
) -> Destination:
    chosen = name or f"{info.collection_name}_labels"
    if not _NAME.fullmatch(chosen) or chosen == info.collection_name:
        raise InvalidParameterError(
            f"companion={chosen!r} cannot be used: give the name of another collection, of letters, digits and "
            "underscores."
        )
    exists = connection.run(
        f"look for collection {chosen!r}",
        lambda client: bool(client.has_collection(chosen, timeout=connection.timeout)),
    )
    if exists:
        _check_companion(connection, info, chosen)
    return Destination(
        collection_name=chosen,
        primary_field=info.primary_field,
        place="companion collection",
        fields=tuple(columns),
        merges=_is_lite(version) or _updates_parts(version),
        is_lite=_is_lite(version),
        reason=f"Not in {info.collection_name!r} itself: {obstacle}" if obstacle else "",
        exists=exists,
        placeholder={_PLACEHOLDER: [0.0] * _PLACEHOLDER_DIM},
    )


def _check_companion(connection: Connection, info: CollectionInfo, name: str) -> None:
    """Check that a collection of that name is a companion, so that nothing else is written into."""
    description = describe(connection, name)
    fields = {known["name"]: known for known in description["fields"]}
    key = fields.get(info.primary_field)
    fits = (
        set(fields) == {info.primary_field, _PLACEHOLDER}
        and key is not None
        and (field_type(key) == "VARCHAR") == info.ids_are_strings
    )
    if not fits:
        raise InvalidParameterError(
            f"Collection {name!r} exists and is no companion of {info.collection_name!r}. Give another companion=."
        )
    load(connection, description["collection_name"], _PLACEHOLDER, has_index=True)
