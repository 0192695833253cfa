"""Count the rows of a collection, and say why there are none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.milvus.connection import Connection


def count_rows(
    connection: Connection,
    collection_name: str,
    filter: str = "",  # noqa: A002 - the name Milvus gives it
    *,
    partition_names: Sequence[str] = (),
    fresh: bool = True,
) -> int:
    """Count the rows under a filter, in some partitions where any are named.

    With `fresh`, those written a moment ago are counted as well, which servers take 0.2 to 0.5 s for.
    """
    count: int = connection.ask(
        f"count the rows of collection {collection_name!r}",
        lambda client: int(
            client.query(
                collection_name,
                filter=filter,
                partition_names=list(partition_names) or None,
                output_fields=["count(*)"],
                consistency_level="Strong" if fresh else "Bounded",
                timeout=connection.timeout,
            )[0]["count(*)"]
        ),
    )
    return count


def no_rows(
    connection: Connection,
    collection_name: str,
    filter: str,  # noqa: A002 - the name Milvus gives it
    fields: Sequence[str],
    partition_names: Sequence[str] = (),
) -> DataError:
    """Say why there is nothing to look at: the filter, the partitions, or an empty collection."""
    total = count_rows(connection, collection_name, partition_names=partition_names) if filter else 0
    if not total and partition_names:
        return DataError(
            f"The partitions {', '.join(map(repr, partition_names))} of collection {collection_name!r} at "
            f"{connection.address.uri} hold no rows. Name others, or leave partition_names= out to see all rows."
        )
    if total:
        return DataError(
            f"filter={filter!r} matches none of the {total:,} rows of collection {collection_name!r} "
            f"at {connection.address.uri}. Correct it, or leave it out to see all rows. Fields: {', '.join(fields)}."
        )
    return DataError(
        f"Collection {collection_name!r} at {connection.address.uri} is empty. "
        "Store texts in it first, for example with ClusterExplorer.from_texts(...)."
    )
