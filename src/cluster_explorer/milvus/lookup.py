"""Read rows by primary key."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from cluster_explorer.errors import MessageTooLargeError
from cluster_explorer.milvus.dynamic import only, output_fields
from cluster_explorer.milvus.expressions import one_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.schema import Record

#: Rows asked for in one call: 50 take 5 ms on Milvus Lite, 500 take 30 ms.
_ROWS = 500


def rows_by_key(
    connection: Connection,
    collection_name: str,
    primary_field: str,
    keys: Sequence[Any],
    fields: Sequence[str],
    *,
    fresh: bool = False,
    partition_name: str = "",
    rows_a_call: int = _ROWS,
) -> dict[Any, Record]:
    """Read the rows that are there under these keys, in calls that are small enough for the network.

    Parameters
    ----------
    connection : Connection
        Open.
    collection_name, primary_field : str
        What is read, and its key.
    keys : sequence of int or str
        Which rows.
    fields : sequence of str
        Fields of each row; the key is always among them.
    fresh : bool
        Whether all rows are read as they are this very moment. Servers take 0.2 to 0.5 s a call to be sure of that, and
        3 ms otherwise; rows that are not found are always looked for that thoroughly.
    partition_name : str
        The only partition to look in; "" is all of them.
    rows_a_call : int
        Rows asked for in one call, at most.

    Returns
    -------
    dict
        Rows by key; those that do not exist are left out.
    """
    names = [primary_field, *fields]
    is_lite = connection.address.is_lite

    def read(level: str, part: Sequence[Any]) -> list[Record]:
        # Rows are decoded when they are first looked at: inside the call, where what fails is translated.
        return connection.ask(
            f"read rows of collection {collection_name!r}",
            lambda client: only(
                client.query(
                    collection_name,
                    filter=one_of(primary_field, part),
                    output_fields=output_fields(names, is_lite=is_lite),
                    consistency_level=level,
                    timeout=connection.timeout,
                    strict_float32=True,
                    **({"partition_names": [partition_name]} if partition_name else {}),
                ),
                names,
                is_lite=is_lite,
            ),
        )

    found: dict[Any, Record] = {}
    for level in ["Strong"] if fresh else ["Bounded", "Strong"]:
        missing = [key for key in keys if key not in found]
        found.update((row[primary_field], row) for row in _read_in_parts(partial(read, level), missing, rows_a_call))
    return found


def _read_in_parts(
    read: Callable[[Sequence[Any]], list[Record]], keys: Sequence[Any], rows_a_call: int
) -> Iterator[Record]:
    parts = [keys[start : start + rows_a_call] for start in range(0, len(keys), rows_a_call)]
    while parts:
        part = parts.pop()
        try:
            rows = read(part)
        except MessageTooLargeError:
            if len(part) == 1:
                raise
            parts += [part[: len(part) // 2], part[len(part) // 2 :]]
        else:
            yield from rows
