"""Rows that values are written beside: looked at, and given other values unless somebody else was faster."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np

from cluster_explorer.errors import MessageTooLargeError, MilvusOperationError, RequestRefusedError
from cluster_explorer.journal import same_values
from cluster_explorer.milvus.batches import by_bytes
from cluster_explorer.milvus.expressions import one_of
from cluster_explorer.milvus.lookup import rows_by_key

if TYPE_CHECKING:
    from cluster_explorer.journal import Change
    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.destination import Destination
    from cluster_explorer.milvus.schema import Record

#: What came of a row: it was given its values, held them already, held others than expected, or was not there.
Outcome: TypeAlias = Literal["written", "already", "changed", "gone"]

#: Rows looked at in a call: servers take 0.2 to 0.4 s to be sure that nothing is outdated, whatever their number.
_LOOKED_AT = 10_000
#: Whole rows read and stored again at a time: what others change in between is lost, so it is not to be long.
_WHOLE_AT_ONCE = 500


class StoredRows:
    """The rows of a destination.

    Parameters
    ----------
    connection : Connection
        Open.
    destination : Destination
        Where they are, and how they can be written.
    """

    def __init__(self, connection: Connection, destination: Destination) -> None:
        self._connection = connection
        self._to = destination
        # companions hold nothing but what we write
        self._checked = destination.place == "companion collection"

    def look(self, keys: Sequence[Any]) -> dict[Any, Record]:
        """Return what the fields of rows hold at this moment, by key, and nothing else of them."""
        return self._read(keys, self._to.fields)

    def exchange(self, changes: Mapping[Any, Change]) -> dict[Any, Outcome]:
        """Give rows other values, where they still hold what they held before; return what came of each.

        Each row is read again right before it is written. Where Milvus merges values in, nothing can be lost; where
        whole rows have to be stored again, what others write between these two calls is.
        """
        keys = list(changes)
        whole = self._needs_whole(changes)
        size = _WHOLE_AT_ONCE if whole else len(keys)
        outcomes: dict[Any, Outcome] = {}
        for start in range(0, len(keys), size):
            part = {key: changes[key] for key in keys[start : start + size]}
            outcomes |= self._exchange(part, whole=whole)
        return outcomes

    def _needs_whole(self, changes: Mapping[Any, Change]) -> bool:
        """Whether rows have to be stored whole; servers take a dynamic field away in no other way."""
        if self._to.is_lite or self._to.place == "field":
            return not self._to.merges
        return not self._to.merges or any(
            value is None for change in changes.values() for value in (change.after or {}).values()
        )

    def _exchange(self, changes: Mapping[Any, Change], *, whole: bool) -> dict[Any, Outcome]:
        outcomes: dict[Any, Outcome] = {}
        fields = self._to.other_fields if whole or not self._checked else self._to.fields
        left = dict(changes)
        # an upsert without the row's partition would move it
        for partition in self._to.partitions or ("",):
            present = self._read(list(left), fields, partition)
            here = {key: left.pop(key) for key in present}
            outcomes |= self._exchange_present(here, present, partition, whole=whole)
        return outcomes | self._exchange_absent(left)

    def _exchange_present(
        self, changes: Mapping[Any, Change], present: Mapping[Any, Record], partition: str, *, whole: bool
    ) -> dict[Any, Outcome]:
        outcomes = {key: self._standing(present[key], change) for key, change in changes.items()}
        ready = [key for key, outcome in outcomes.items() if outcome == "written"]
        if ready and not self._checked:
            first = ready[0]
            row = self._row(first, changes[first], present[first], whole=whole)
            outcomes[first] = self._write_first(row, present[first], partition, merge=not whole)
            # that took a moment: the others are read again
            return outcomes | self._exchange({key: changes[key] for key in ready[1:]}, whole=whole)
        stored = [key for key in ready if changes[key].after is not None]
        self._delete([key for key in ready if changes[key].after is None])
        rows = [self._row(key, changes[key], present[key], whole=whole) for key in stored]
        return outcomes | dict.fromkeys(self._upsert_all(rows, partition, merge=not whole), "gone")

    def _exchange_absent(self, changes: Mapping[Any, Change]) -> dict[Any, Outcome]:
        """Add rows that are wanted; others have gone, or were to."""
        added = {key: change for key, change in changes.items() if change.before is None and change.after is not None}
        rows = [{self._to.primary_field: key, **self._to.placeholder, **(added[key].after or {})} for key in added]
        self._upsert_all(rows, "", merge=False)
        outcomes: dict[Any, Outcome] = {
            key: "already" if change.after is None else "gone" for key, change in changes.items()
        }
        return outcomes | dict.fromkeys(added, "written")

    def _standing(self, row: Record, change: Change) -> Outcome:
        now = {name: row.get(name) for name in self._to.fields}
        if same_values(now, change.after):
            return "already"
        return "written" if same_values(now, change.before) else "changed"

    def _row(self, key: Any, change: Change, present: Record, *, whole: bool) -> dict[str, Any]:
        values = change.after or {}
        row: dict[str, Any] = {self._to.primary_field: key, **values}
        if not whole:
            return row
        removed = {name for name, value in values.items() if value is None and self._to.place != "field"}
        return {name: value for name, value in {**present, **row}.items() if name not in removed | self._to.generated}

    def _read(self, keys: Sequence[Any], fields: Sequence[str], partition: str = "") -> dict[Any, Record]:
        return rows_by_key(
            self._connection,
            self._to.collection_name,
            self._to.primary_field,
            keys,
            fields,
            fresh=True,
            partition_name=partition,
            rows_a_call=_LOOKED_AT,
        )

    def _write_first(self, row: dict[str, Any], before: Record, partition: str, *, merge: bool) -> Outcome:
        """Write a single row and see that all else in it is as it was, before any other is touched."""
        key = row[self._to.primary_field]
        gone = self._upsert([row], partition, merge=merge)
        after = None if gone else self._read([key], self._to.other_fields).get(key)
        if after is None:
            # somebody deleted it just now: the next row will tell
            return "gone"
        lost = [
            name for name, value in before.items() if name not in self._to.fields and not _equal(value, after.get(name))
        ]
        if lost:
            raise MilvusOperationError(
                f"Milvus at {self._connection.address.uri} changed {', '.join(map(repr, lost))} of the row "
                f"{key!r} of collection {self._to.collection_name!r} while {', '.join(self._to.fields)} was written. "
                "No other row was touched. Use into='companion'."
            )
        self._checked = True
        return "written"

    def _delete(self, keys: Sequence[Any]) -> None:
        """Delete rows of a companion."""
        if keys:
            self._connection.run(
                f"delete rows of collection {self._to.collection_name!r}",
                lambda client: client.delete(
                    self._to.collection_name,
                    filter=one_of(self._to.primary_field, keys),
                    timeout=self._connection.timeout,
                ),
            )

    def _upsert_all(self, rows: list[dict[str, Any]], partition: str, *, merge: bool) -> list[Any]:
        return [key for part in by_bytes(rows) for key in self._upsert(part, partition, merge=merge)]

    def _upsert(self, rows: list[dict[str, Any]], partition: str, *, merge: bool) -> list[Any]:
        """Store rows; return the keys of those that could not be merged in, since they have gone."""
        if not rows:
            return []
        options: dict[str, Any] = {"partial_update": True} if merge else {}
        if partition:
            options["partition_name"] = partition
        try:
            self._connection.run(
                f"write into collection {self._to.collection_name!r}",
                lambda client: client.upsert(
                    self._to.collection_name, rows, timeout=self._connection.timeout, **options
                ),
            )
        except MessageTooLargeError:
            if len(rows) == 1:
                raise
            half = len(rows) // 2
            gone = self._upsert(rows[:half], partition, merge=merge)
            return gone + self._upsert(rows[half:], partition, merge=merge)
        except RequestRefusedError:
            if not merge:
                raise
            # rows deleted by others since they were read cannot be merged into: write the rest
            there = self._read([row[self._to.primary_field] for row in rows], [])
            left = [row for row in rows if row[self._to.primary_field] in there]
            if len(left) == len(rows):
                raise
            gone = [row[self._to.primary_field] for row in rows if row[self._to.primary_field] not in there]
            return gone + self._upsert(left, partition, merge=merge)
        return []


def _equal(first: Any, second: Any) -> bool:
    """Whether two values of a field are the same, NaN included, wherever it is."""
    if isinstance(first, np.ndarray) or isinstance(second, np.ndarray):
        first, second = np.asarray(first), np.asarray(second)
        numbers = first.dtype.kind == second.dtype.kind == "f"
        return bool(np.array_equal(first, second, equal_nan=numbers))
    if isinstance(first, Mapping) and isinstance(second, Mapping):
        return first.keys() == second.keys() and all(_equal(value, second[name]) for name, value in first.items())
    if _is_list(first) and _is_list(second):
        return len(first) == len(second) and all(map(_equal, first, second))
    both_nan = first != first and second != second  # noqa: PLR0124 - NaN alone differs from itself
    return bool(first == second or both_nan)


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))
