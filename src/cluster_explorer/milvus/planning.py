"""What writing values beside rows would change: found by reading the written fields alone."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cluster_explorer.errors import FieldError, InvalidParameterError
from cluster_explorer.journal import Change, Changes, same_values
from cluster_explorer.milvus.counting import count_rows
from cluster_explorer.milvus.expressions import holds_like
from cluster_explorer.milvus.pages import LARGEST_PAGE, PageReader

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cluster_explorer.journal import Key, Value
    from cluster_explorer.milvus.connection import Connection
    from cluster_explorer.milvus.destination import Destination
    from cluster_explorer.milvus.schema import Record
    from cluster_explorer.milvus.storing import StoredRows
    from cluster_explorer.values import ProgressCallback

Kind: TypeAlias = Literal["added", "changed", "marked", "cleared"]

#: Rows looked at between two reports of progress.
_ROWS = 10_000


@dataclass(frozen=True, eq=False)
class Plan:
    """What is to be done to the rows of a destination.

    Attributes
    ----------
    changes : Changes
        The rows to be written.
    counts : Counter
        Rows by what is to be done: the kinds of changes, "same" and "gone".
    n_others : int
        Rows beside those meant that hold the first field, and are not to be cleared.
    """

    changes: Changes
    counts: Counter[str] = field(default_factory=Counter)
    n_others: int = 0


@dataclass(frozen=True, eq=False)
class Planner:
    """Finds what is to be changed.

    Parameters
    ----------
    connection : Connection
        Open.
    destination : Destination
        Where values go.
    rows : StoredRows
        Its rows.
    mark_field : str
        The field of the mark of a run, "" without one: a row that needs nothing else is counted apart.
    """

    connection: Connection
    destination: Destination
    rows: StoredRows
    mark_field: str = ""

    def plan(
        self,
        keys: Sequence[Any],
        columns: Mapping[str, Sequence[Value]],
        *,
        clear_others: bool,
        on_progress: ProgressCallback,
    ) -> Plan:
        """Look at all rows before any is written.

        Raises
        ------
        FieldError
            When a row holds what is no value of ours: the field is somebody's.
        InvalidParameterError
            When other rows are to be cleared of a field that always holds something.
        """
        if clear_others:
            self._check_clearable()
        changes, counts, n_holding = Changes(self.destination.fields), Counter[str](), 0
        for start in range(0, len(keys), _ROWS):
            stop = min(start + _ROWS, len(keys))
            batch = keys[start:stop]
            present = self.rows.look(batch) if self.destination.exists else {}
            n_holding += sum(row.get(self.destination.fields[0]) is not None for row in present.values())
            for row, key in zip(range(start, stop), batch, strict=True):
                change = self._change(key, {name: values[row] for name, values in columns.items()}, present.get(key))
                if change is None:
                    counts["gone"] += 1
                elif same_values(change.before, change.after):
                    counts["same"] += 1
                else:
                    counts[self.kind(change)] += 1
                    changes.put(key, change)
            on_progress(stop / len(keys))
        n_others = 0
        if self.destination.exists:
            expression = _held(columns)
            if clear_others:
                for key, change in self._cleared(expression, set(keys)):
                    changes.put(key, change)
                    counts["cleared"] += 1
            else:
                n_found = count_rows(self.connection, self.destination.collection_name, expression)
                n_others = max(0, n_found - n_holding)
        return Plan(changes, counts, n_others)

    def kind(self, change: Change) -> Kind:
        """Tell what a change does to a row."""
        before, after = change.before, change.after
        if before is None or all(value is None for value in before.values()):
            return "added"
        if after is None or all(value is None for value in after.values()):
            return "cleared"
        return "marked" if same_values(self._unmarked(before), self._unmarked(after)) else "changed"

    def _unmarked(self, values: Mapping[str, Value]) -> dict[str, Value]:
        return {name: value for name, value in values.items() if name != self.mark_field}

    def _change(self, key: Key, after: Mapping[str, Value], row: Record | None) -> Change | None:
        """Return what a row holds and is to hold; None for one that has gone."""
        if row is None:
            return Change(None, after) if self.destination.place == "companion collection" else None
        before = {name: row.get(name) for name in after}
        for name, value in before.items():
            if value is not None and not _alike(value, after[name]):
                raise FieldError(
                    f"field={name!r} of collection {self.destination.collection_name!r} holds other things: "
                    f"{value!r:.60} under key {key!r}. Choose another name. Nothing was written."
                )
        return Change(before, after)

    def _check_clearable(self) -> None:
        if fixed := sorted(self.destination.never_none):
            raise InvalidParameterError(
                f"clear_others=True is not possible: field {fixed[0]!r} of collection "
                f"{self.destination.collection_name!r} always holds a value. Leave it out, and tell runs apart by a "
                "mark (run_id=True), or write to a dynamic field."
            )

    def _cleared(self, expression: str, keys: set[Any]) -> Iterator[tuple[Any, Change]]:
        """Find the rows that hold the first field beside those with these keys."""
        fields, primary = self.destination.fields, self.destination.primary_field
        pages = PageReader(
            self.connection,
            collection_name=self.destination.collection_name,
            primary_field=primary,
            fields=fields,
            filter=expression,
            page_size=LARGEST_PAGE,
        )
        for row in (row for page in pages for row in page):
            if row[primary] not in keys:
                yield row[primary], Change({name: row.get(name) for name in fields}, dict.fromkeys(fields))


def _held(columns: Mapping[str, Sequence[Value]]) -> str:
    name, values = next(iter(columns.items()))
    return holds_like(name, next((value for value in values if value is not None), 0))


def _alike(before: Value, after: Value) -> bool:
    numbers = (int, float)
    return type(before) is type(after) or (type(before) in numbers and type(after) in numbers)
