"""Open a collection: reach its database, find its fields, load it, and check that there is something to see."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer._inputs import metric_name
from cluster_explorer.errors import (
    CollectionNotFoundError,
    DataError,
    FieldError,
    FilterError,
    RequestRefusedError,
    available,
)
from cluster_explorer.milvus.collection import Collection
from cluster_explorer.milvus.connection import Connection, connect
from cluster_explorer.milvus.counting import no_rows
from cluster_explorer.milvus.distances import MILVUS_METRIC
from cluster_explorer.milvus.loading import load
from cluster_explorer.milvus.recovery import recovery
from cluster_explorer.milvus.schema import (
    CollectionInfo,
    field_type,
    find_primary_field,
    find_text_field,
    find_vector_field,
    matches_text,
    metadata_fields,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from cluster_explorer.milvus.connection import MilvusClient
    from cluster_explorer.milvus.schema import Record

#: Rows looked at to find the texts, and to show examples in messages; a scan looks further for dynamic fields.
_SAMPLE = 64

#: Seconds to wait for an index (some minutes for a million rows), and between two questions whether it is there.
_LONGEST_INDEX = 3_600.0


def open_collection(
    uri: str | os.PathLike[str],
    collection_name: str,
    *,
    token: str | None = None,
    db_name: str = "",
    filter: str = "",  # noqa: A002 - the name Milvus gives it
    vector_field: str | None = None,
    text_field: str | None = None,
    metric: str | None = None,
    partition_names: Sequence[str] = (),
    build_index: bool = False,
    timeout: float = 30.0,
) -> Collection:
    """Open a collection for reading, and find its fields.

    Parameters
    ----------
    uri : str or path
        Path of a Milvus Lite database (``"news.db"``), or address of a server (``"http://localhost:19530"``).
    collection_name : str
        Name or alias of the collection.
    token : str, optional
        API key or ``user:password``, for a server that asks for one.
    db_name : str
        Database on the server; its default database when left out.
    filter : str
        Milvus filter expression [1]_ for the rows to look at; all when left out.
    vector_field, text_field : str, optional
        Fields of the embeddings and of the texts; found in the schema when left out.
    metric : {"cosine", "euclidean", "ip"}, optional
        How vectors are compared; that of their index when left out, and cosine where there is no index.
    partition_names : sequence of str
        Partitions to look at; all when none are named.
    build_index : bool
        Whether to build an index (AUTOINDEX) where the vectors have none. A server cannot load them without one.
    timeout : float
        Seconds that each call to Milvus may take.

    Returns
    -------
    Collection
        Close it, or use it in a ``with`` statement, to let go of a Milvus Lite database.

    Raises
    ------
    ConnectionFailedError
        When there is no such database or server; `DatabaseLockedError`, `OldDatabaseError` and `AuthenticationError`
        are kinds of it.
    CollectionNotFoundError
        When there is no such collection; it lists those there are.
    FieldError
        When a field or partition is not found, or several fields could be meant; it lists them.
    FilterError
        When Milvus cannot run the filter.
    DataError
        When no row is there, or none matches the filter.

    References
    ----------
    .. [1] https://milvus.io/docs/boolean.md

    Examples
    --------
    >>> from tempfile import TemporaryDirectory
    >>> from cluster_explorer.ingest import ingest
    >>> with TemporaryDirectory() as folder:
    ...     report = ingest(["spam", "ham"], vectors=[[1, 0], [0, 1]], uri=f"{folder}/food.db", collection_name="menu")
    ...     with open_collection(f"{folder}/food.db", "menu") as collection:
    ...         sorted(collection.scan().texts)
    ['ham', 'spam']
    """
    connection = connect(uri, token=token, db_name=db_name, timeout=timeout)
    try:
        description = describe(connection, collection_name)
        vector = find_vector_field(collection_name, description["fields"], vector_field)
        partitions = check_partitions(connection, collection_name, partition_names)
        index = index_of(connection, collection_name, vector["name"])
        if index is None and build_index:
            index = make_index(connection, collection_name, vector["name"], metric_name(metric or "cosine"))
        index_metric = None if index is None else metric_name(index["metric_type"])
        wanted_metric = metric_name(metric or index_metric or "cosine")
        load(connection, description["collection_name"], vector["name"], has_index=index is not None)
        damage = _damage(connection, description)
        sample = _sample(connection, description, filter, partitions, damage)
        primary = find_primary_field(description["fields"])
        text = find_text_field(collection_name, description["fields"], sample, text_field)
        info = CollectionInfo(
            collection_name=collection_name,
            uri=connection.address.uri,
            primary_field=primary["name"],
            ids_are_strings=field_type(primary) == "VARCHAR",
            vector_field=vector["name"],
            text_field=text,
            metric=wanted_metric,
            index_type=None if index is None else str(index["index_type"]),
            index_metric=index_metric,
            dim=int(vector["params"]["dim"]),
            metadata_fields=metadata_fields(description["fields"], sample, text),
            is_lite=connection.address.is_lite,
            matches_text=matches_text(description["fields"], text),
            vector_type=field_type(vector),
            partition_names=partitions,
            has_dynamic_fields=bool(description.get("enable_dynamic_field")),
            db_name=db_name,
        )
        return Collection(connection, info, filter=filter, damage=damage)
    except BaseException:
        connection.close()
        raise


def describe(connection: Connection, collection_name: str) -> Record:
    """Return Milvus' description of a collection.

    Raises
    ------
    CollectionNotFoundError
        When there is none of that name; it lists those there are.
    """
    timeout = connection.timeout
    action = f"describe collection {collection_name!r}"
    if connection.run(action, lambda client: client.has_collection(collection_name, timeout=timeout)):
        description: Record = connection.run(
            action, lambda client: client.describe_collection(collection_name, timeout=timeout)
        )
        return description
    names = connection.run("list collections", lambda client: client.list_collections(timeout=timeout))
    raise CollectionNotFoundError(
        f"There is no collection {collection_name!r} at {connection.address.uri}. {available(sorted(names))}"
    )


def index_of(connection: Connection, collection_name: str, vector_field: str) -> Record | None:
    """Return Milvus' description of the field's index; None when there is none."""
    timeout = connection.timeout

    def find(client: MilvusClient) -> Record | None:
        for name in client.list_indexes(collection_name, field_name=vector_field, timeout=timeout):
            index: Record | None = client.describe_index(collection_name, name, timeout=timeout)
            if index and index.get("field_name") == vector_field:
                return index
        return None

    return connection.run(f"look at the index of collection {collection_name!r}", find)


def check_partitions(connection: Connection, collection_name: str, wanted: Sequence[str]) -> tuple[str, ...]:
    """Return the partitions that are wanted.

    Raises
    ------
    FieldError
        When there is none of a name; it lists those there are.
    """
    if not wanted:
        return ()
    names = (wanted,) if isinstance(wanted, str) else tuple(wanted)
    there = connection.run(
        f"list the partitions of collection {collection_name!r}",
        lambda client: client.list_partitions(collection_name, timeout=connection.timeout),
    )
    for name in names:
        if name not in there:
            raise FieldError(
                f"Collection {collection_name!r} at {connection.address.uri} has no partition {name!r}. "
                f"{available(sorted(there))}"
            )
    return names


def make_index(connection: Connection, collection_name: str, vector_field: str, metric: str) -> Record:
    """Build an index that Milvus chooses, wait until it is there, and return Milvus' description of it."""
    action = f"build an index of collection {collection_name!r}"

    def make(client: MilvusClient) -> None:
        params = client.prepare_index_params()
        params.add_index(vector_field, index_type="AUTOINDEX", metric_type=MILVUS_METRIC[metric])
        client.create_index(collection_name, params, timeout=connection.timeout, sync=False)

    def finished() -> Record | None:
        index = index_of(connection, collection_name, vector_field)
        return index if index is not None and index.get("state") in (None, "Finished") else None

    connection.run(action, make)
    return connection.wait_for(action, finished, _LONGEST_INDEX)


def _damage(connection: Connection, description: Record) -> str:
    """Say what may be lost of a collection that Milvus Lite has opened."""
    if not connection.address.is_lite:
        return ""
    return recovery.sentence(connection.address.target, description["collection_name"])


def _sample(
    connection: Connection,
    description: Record,
    filter: str,  # noqa: A002 - the name Milvus gives it
    partition_names: Sequence[str],
    damage: str,
) -> Sequence[Record]:
    """Read the scalar fields of a few rows under the filter; learn on the way whether Milvus can run it."""
    names = [field["name"] for field in description["fields"]]
    try:
        sample = _some_rows(connection, description, filter, partition_names)
    except RequestRefusedError as error:
        if not filter:
            raise
        # Servers word and number their complaints differently. If the same call works without it, it is the filter.
        _some_rows(connection, description, "", partition_names)
        reason = str(error).partition(f"{connection.address.uri}: ")[2] or error
        raise FilterError(
            f"filter={filter!r} is not an expression that Milvus can run: {reason}\nFields: {', '.join(names)}. "
            'Examples: "section == \'sport\'", "published >= \'2026-01-01\'", "id in [1, 2, 3]".'
        ) from None
    if not sample:
        said = no_rows(connection, description["collection_name"], filter, names, partition_names)
        raise DataError(f"{said} {damage}") if damage else said
    return sample


def _some_rows(
    connection: Connection,
    description: Record,
    filter: str,  # noqa: A002 - the name Milvus gives it
    partition_names: Sequence[str],
) -> Sequence[Record]:
    scalars = [field["name"] for field in description["fields"] if "VECTOR" not in field_type(field)]
    dynamic = ["$meta"] if description.get("enable_dynamic_field") else []
    collection_name = description["collection_name"]
    return connection.run(
        f"read collection {collection_name!r}",
        lambda client: list(
            client.query(
                collection_name,
                filter=filter,
                partition_names=list(partition_names) or None,
                output_fields=[*scalars, *dynamic],
                limit=_SAMPLE,
                consistency_level="Strong",
                timeout=connection.timeout,
            )
        ),
    )
