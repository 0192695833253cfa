"""The journal of what is written back: what each row held before, so that it can be given back."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self, TypeAlias, cast, get_args

import numpy as np

from cluster_explorer.errors import SavedFileError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Key: TypeAlias = int | str
Value: TypeAlias = int | float | str | None
Place: TypeAlias = Literal["dynamic field", "field", "companion collection"]

_FORMAT = "cluster-explorer-journal"
_VERSION = 2
_UNDONE = {"undone": True}

#: Different changes that rows share in memory, at most.
_SHARED = 10_000


@dataclass(frozen=True)
class Change:
    """The written values of one row.

    Attributes
    ----------
    before : mapping of str to value, or None
        What the fields held, None where a row lacked one; None altogether where there was no row (companions).
    after : mapping of str to value, or None
        What they were given; None altogether where the row is taken away, as undoing does (companions).
    """

    before: Mapping[str, Value] | None
    after: Mapping[str, Value] | None

    @property
    def reversed(self) -> Change:
        """The change that takes this one back."""
        return Change(self.after, self.before)


class Changes(Mapping[Key, Change]):
    """Changes by primary key, kept small: rows that were given the same values share them.

    Parameters
    ----------
    fields : sequence of str
        The fields that all changes are of.

    Examples
    --------
    >>> changes = Changes(("cluster",))
    >>> changes.put(4, Change({"cluster": None}, {"cluster": 1}))
    >>> changes[4]
    Change(before={'cluster': None}, after={'cluster': 1})
    """

    def __init__(self, fields: Iterable[str]) -> None:
        self._fields = tuple(fields)
        # the values after the change, and behind them those before it where there was a row
        self._values: dict[Key, tuple[Value, ...]] = {}
        self._shared: dict[tuple[Value, ...], tuple[Value, ...]] = {}

    def __getitem__(self, key: Key) -> Change:
        values, n_fields = self._values[key], len(self._fields)
        before = dict(zip(self._fields, values[n_fields:], strict=True)) if len(values) > n_fields else None
        return Change(before, dict(zip(self._fields, values[:n_fields], strict=True)))

    def __iter__(self) -> Iterator[Key]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def put(self, key: Key, change: Change) -> None:
        """Take a change, instead of an earlier one of this row."""
        values = tuple(
            state[name] for state in (change.after, change.before) if state is not None for name in self._fields
        )
        # 1 and 1.0 are equal, and are not the same to Milvus
        if len(self._shared) < _SHARED and not any(isinstance(value, float) for value in values):
            values = self._shared.setdefault(values, values)
        self._values[key] = values

    def parts(self, n_rows: int) -> Iterator[dict[Key, Change]]:
        """Hand out all changes, some rows at a time."""
        keys = iter(self._values)
        while part := list(islice(keys, n_rows)):
            yield {key: self[key] for key in part}


def same_values(first: Mapping[str, Value] | None, second: Mapping[str, Value] | None) -> bool:
    """Whether two states of a row are the same to Milvus, whose FLOAT fields keep seven digits.

    Examples
    --------
    >>> same_values({"confidence": 0.1}, {"confidence": float(np.float32(0.1))})
    True
    >>> same_values({"cluster": 1}, None)
    False
    """
    if first is None or second is None:
        return first is second
    return first.keys() == second.keys() and all(_same(value, second[name]) for name, value in first.items())


def _same(first: Value, second: Value) -> bool:
    if isinstance(first, float) and isinstance(second, float):
        with np.errstate(over="ignore"):
            return bool(np.array_equal(np.float32(first), np.float32(second), equal_nan=True))
    return first == second


@dataclass(frozen=True)
class JournalHead:
    """Where the changes of a journal were made, by names that do not depend on how somebody came there.

    Attributes
    ----------
    collection_name : str
        The collection that was written to, by its own name and not by an alias.
    uri : str
        The absolute path of the database or the address of the server, without credentials.
    db_name : str
        The database on the server.
    place : {"dynamic field", "field", "companion collection"}
    fields : tuple of str
    """

    collection_name: str
    uri: str
    db_name: str
    place: Place
    fields: tuple[str, ...]

    def __str__(self) -> str:
        database = "" if self.db_name == "default" else f", database {self.db_name!r}"
        return f"{', '.join(map(repr, self.fields))} in collection {self.collection_name!r} at {self.uri}{database}"


class Journal:
    """What each row held before it was written, so that it can be restored; kept in memory and, if wished, in a file.

    A batch is noted before it is written: whatever stops the writing, what was written is in the journal. The file is
    text, one JSON value a line; reading it executes nothing. Once it was undone the file says so, and it can be used
    for what is written next.

    Parameters
    ----------
    path : path, optional
        A file that notes are added to as they are made, so that undoing survives the end of the process.

    Attributes
    ----------
    head : JournalHead or None
        None while nothing is noted that could be undone.
    """

    def __init__(self, path: str | os.PathLike[str] | None = None) -> None:
        self.head: JournalHead | None = None
        self._changes = Changes(())
        self._path = None if path is None else Path(path).absolute()

    def __len__(self) -> int:
        return len(self._changes)

    @property
    def path(self) -> Path | None:
        """The file, where there is one."""
        return self._path

    @property
    def changes(self) -> Changes:
        """Changes by primary key: what a row held at first, and what it was given last."""
        return self._changes

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Self:
        """Read a journal from its file; a last line that was cut by a crash is left out: nothing was written of it.

        Raises
        ------
        SavedFileError
            When there is no such file, it is no journal, or it was undone.
        """
        journal = cls(path)
        if journal._load(Path(path)):
            raise SavedFileError(f"The journal {os.fspath(path)!r} was undone already: there is nothing to undo.")
        if journal.head is None:
            raise SavedFileError(f"The journal {os.fspath(path)!r} is empty: nothing was written, nothing to undo.")
        return journal

    def open(self, head: JournalHead) -> None:
        """Say where the changes that follow are made.

        Raises
        ------
        SavedFileError
            When the file cannot be written, or holds the journal of another place.
        """
        if self.head is None and self._path is not None and self._path.exists() and self._path.stat().st_size:
            self._load(self._path)
            _drop_cut_line(self._path)
        if self.head is not None and self.head != head and len(self):
            file = "" if self._path is None else f" {os.fspath(self._path)!r}"
            raise SavedFileError(
                f"The journal{file} is of {self.head}, and this is to be written to {head}. Give another file, or "
                "undo that one first."
            )
        if self.head != head:
            self._append([_line_of(head)])
            self._begin(head)

    def note(self, changes: Mapping[Key, Change]) -> None:
        """Note the changes that are about to be made."""
        self._append([[key, _plain(change.before), _plain(change.after)] for key, change in changes.items()])
        for key, change in changes.items():
            self._keep(key, change)

    def mark_undone(self) -> None:
        """Forget all changes, since they were taken back, and say so in the file."""
        self._begin(None)
        # where nothing can be added to the file, nothing that is written later can be mixed up with it
        with suppress(OSError, SavedFileError):
            if self._path is not None:
                _drop_cut_line(self._path)
            self._append([_UNDONE])

    def _load(self, path: Path) -> bool:
        """Read the file; return whether it ends undone."""
        undone = False
        try:
            lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        except (OSError, UnicodeDecodeError) as error:
            raise SavedFileError(f"Cannot read the journal {os.fspath(path)!r}: {error}.") from None
        for number, line in enumerate(lines, start=1):
            if not line.endswith("\n"):
                continue
            try:
                undone = self._take(json.loads(line))
            except (ValueError, KeyError, TypeError, RecursionError) as error:
                raise SavedFileError(
                    f"Cannot read the journal {os.fspath(path)!r}: it is damaged, or no journal of this version's "
                    f"write_labels (line {number}: {str(error)!r:.200}). Give the file that write_labels wrote."
                ) from None
        return undone

    def _take(self, line: object) -> bool:
        """Take what a line says; return whether it says that all before it was undone."""
        if line == _UNDONE and self.head is not None:
            self._begin(None)
            return True
        if isinstance(line, dict):
            if line["format"] != _FORMAT or line["version"] != _VERSION or len(self):
                raise ValueError(line["format"])
            self._begin(_head_in(line))
        elif isinstance(line, list) and self.head is not None:
            key, before, after = line
            _check_change(self.head, key, before, after)
            self._keep(key, Change(before, after))
        else:
            raise TypeError(type(line).__name__)
        return False

    def _begin(self, head: JournalHead | None) -> None:
        self.head = head
        self._changes = Changes(() if head is None else head.fields)

    def _keep(self, key: Key, change: Change) -> None:
        earlier = self._changes.get(key)
        # what others gave the row in between is what it is to hold again
        goes_on = earlier is not None and same_values(earlier.after, change.before)
        self._changes.put(key, Change(earlier.before, change.after) if earlier is not None and goes_on else change)

    def _append(self, lines: Iterable[object]) -> None:
        if self._path is None:
            return
        size: int | None = None
        try:
            with self._path.open("a", encoding="utf-8") as file:
                size = os.fstat(file.fileno()).st_size
                file.writelines(f"{json.dumps(line)}\n" for line in lines)
                file.flush()
                os.fsync(file.fileno())
        except OSError as error:
            if size is not None:
                # a full disk takes the beginning of a batch, and what is noted next would be glued to its last line
                with suppress(OSError):
                    os.truncate(self._path, size)
            raise SavedFileError(
                f"Cannot write the journal {os.fspath(self._path)!r}: {error.strerror}. Nothing of this batch was "
                "written to the collection; give another file, or none."
            ) from None


def _line_of(head: JournalHead) -> dict[str, object]:
    return {
        "format": _FORMAT,
        "version": _VERSION,
        "collection_name": head.collection_name,
        "uri": head.uri,
        "db_name": head.db_name,
        "place": head.place,
        "fields": list(head.fields),
    }


def _head_in(line: dict[str, object]) -> JournalHead:
    names, place = line["fields"], line["place"]
    if not isinstance(names, list) or not names or place not in get_args(Place):
        raise ValueError("fields or place")
    return JournalHead(
        collection_name=str(line["collection_name"]),
        uri=str(line["uri"]),
        db_name=str(line["db_name"]),
        place=cast("Place", place),
        fields=tuple(str(name) for name in names),
    )


def _check_change(head: JournalHead, key: object, before: object, after: object) -> None:
    """Raise unless a change is of the fields that were written: an undo of anything else would be no undo."""
    if type(key) not in (int, str):
        raise TypeError("key")
    if before is None and head.place != "companion collection":
        raise ValueError("rows were only added to companion collections")
    for values in (after,) if before is None else (before, after):
        if not isinstance(values, dict) or set(values) != set(head.fields):
            raise ValueError(f"not the values of {', '.join(head.fields)}")
        if any(value is not None and type(value) not in (int, float, str) for value in values.values()):
            raise TypeError("value")


def _drop_cut_line(path: Path) -> None:
    """Take away what a crash left of a line, so that the next one is whole."""
    content = path.read_bytes()
    if not content.endswith(b"\n"):
        os.truncate(path, content.rfind(b"\n") + 1)


def _plain(values: Mapping[str, Value] | None) -> dict[str, Value] | None:
    return None if values is None else dict(values)
