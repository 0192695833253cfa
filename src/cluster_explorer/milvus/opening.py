"""Open a collection: reach its database, find its fields, load it, and check that there is something to see."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cluster_explorer.errors import (
    CollectionNotFoundError,
    FilterError,
    MilvusOperationError,
    available,
)
from cluster_explorer.milvus.collection import Collection, no_rows, release
from cluster_explorer.milvus.connection import Connection, connect
from cluster_explorer.milvus.schema import (
    CollectionInfo,
    field_type,
    find_primary_field,
    find_text_field,
    find_vector_field,
    metadata_fields,
    metric_name,
)

if TYPE_CHECKING:
    import os
    from collections.abc import Sequence

    from cluster_explorer.milvus.connection import MilvusClient
    from cluster_explorer.milvus.schema import Record

#: Rows looked at to learn which dynamic fields there are, and to show examples in messages.
_SAMPLE = 64

#: Seconds to wait for a server to load a collection, and between two questions whether it has.
_LONGEST_LOAD = 600.0
_LOAD_PAUSE = 0.2


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
        When a field is not found, or several could be meant; it lists them.
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
    loaded_here = False
    try:
        description = describe(connection, collection_name)
        vector = find_vector_field(collection_name, description["fields"], vector_field)
        index = index_of(connection, collection_name, vector["name"])
        index_metric = None if index is None else metric_name(index["metric_type"])
        wanted_metric = metric_name(metric or index_metric or "cosine")
        loaded_here = load(connection, collection_name, vector["name"], has_index=index is not None)
        sample = _sample(connection, description, filter)
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
        )
        return Collection(connection, info, filter=filter, loaded_here=loaded_here)
    except BaseException:
        if loaded_here:
            release(connection, collection_name)
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


def load(connection: Connection, collection_name: str, vector_field: str, *, has_index: bool) -> bool:
    """Load the collection where it is not; return whether that was needed on a server, which keeps what is loaded."""
    from pymilvus.client.types import LoadState

    timeout = connection.timeout
    action = f"load collection {collection_name!r}"
    connection.keep_loaded(collection_name)
    state = connection.run(action, lambda client: client.get_load_state(collection_name, timeout=timeout)["state"])
    if state == LoadState.Loaded:
        return False
    if not has_index and not connection.address.is_lite:
        raise MilvusOperationError(
            f"Collection {collection_name!r} at {connection.address.uri} is not loaded, and cannot be: its vectors "
            f"({vector_field!r}) have no index. Build one with MilvusClient.create_index, for example AUTOINDEX with "
            "metric_type='COSINE', then open it again."
        )
    # Large collections take a server longer than any call should: it is told to, and asked whether it has.
    connection.run(action, lambda client: client.load_collection(collection_name, timeout=timeout, _async=True))
    deadline = time.monotonic() + _LONGEST_LOAD
    while True:
        state = connection.run(action, lambda client: client.get_load_state(collection_name, timeout=timeout)["state"])
        if state == LoadState.Loaded:
            return not connection.address.is_lite
        if time.monotonic() > deadline:
            raise MilvusOperationError(
                f"Cannot {action} at {connection.address.uri}: after {_LONGEST_LOAD:g} s it is still loading. "
                "Open it again later; the server goes on."
            )
        time.sleep(_LOAD_PAUSE)


def _sample(connection: Connection, description: Record, filter: str) -> Sequence[Record]:  # noqa: A002 - Milvus' name
    """Read the scalar fields of a few rows under the filter; learn on the way whether Milvus can run it."""
    names = [field["name"] for field in description["fields"]]
    try:
        sample = _some_rows(connection, description, filter)
    except MilvusOperationError as error:
        if not filter:
            raise
        # Servers word and number their complaints differently. If the same call works without it, it is the filter.
        _some_rows(connection, description, "")
        reason = str(error).partition(f"{connection.address.uri}: ")[2] or error
        raise FilterError(
            f"filter={filter!r} is not an expression that Milvus can run: {reason}\nFields: {', '.join(names)}. "
            'Examples: "section == \'sport\'", "published >= \'2026-01-01\'", "id in [1, 2, 3]".'
        ) from None
    if not sample:
        raise no_rows(connection, description["collection_name"], filter, names)
    return sample


def _some_rows(connection: Connection, description: Record, filter: str) -> Sequence[Record]:  # noqa: A002 - Milvus' name
    scalars = [field["name"] for field in description["fields"] if "VECTOR" not in field_type(field)]
    dynamic = ["$meta"] if description.get("enable_dynamic_field") else []
    collection_name = description["collection_name"]
    return connection.run(
        f"read collection {collection_name!r}",
        lambda client: list(
            client.query(
                collection_name,
                filter=filter,
                output_fields=[*scalars, *dynamic],
                limit=_SAMPLE,
                consistency_level="Strong",
                timeout=connection.timeout,
            )
        ),
    )
