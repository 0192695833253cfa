"""Texts or a DataFrame, turned into what a collection stores: keys, texts and metadata, checked."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections import Counter
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

from cluster_explorer.errors import DataError, FieldError, InvalidParameterError, available
from cluster_explorer.vectors import named

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

#: Fields of a collection that is made here. A single text column is stored under `TEXT_FIELD`, whatever it was called.
KEY_FIELD = "id"
TEXT_FIELD = "text"
VECTOR_FIELD = "vector"

#: Bytes that Milvus allows a VARCHAR field, at most.
LONGEST_TEXT = 65_535

_FIELD_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,254}")


@dataclass(frozen=True, eq=False)
class Column:
    """A metadata field: the name of its Milvus type, and its cells, None where missing."""

    type_name: str
    cells: list[Any] = field(repr=False)


@dataclass(frozen=True, eq=False)
class Records:
    """What is to be stored, row by row in the user's order.

    Attributes
    ----------
    key_field : str
        Name of the primary key.
    keys : list of int or of str
        Unique.
    texts : list of str
        None is empty.
    metadata : mapping of str to Column
        The other columns.
    """

    key_field: str
    keys: list[Any] = field(repr=False)
    texts: list[str] = field(repr=False)
    metadata: Mapping[str, Column] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.texts)

    @property
    def keys_are_strings(self) -> bool:
        """Whether the keys are str; int otherwise."""
        return isinstance(self.keys[0], str)

    def row(self, number: int) -> dict[str, Any]:
        """Return a row as it is stored, without its vector."""
        return {
            self.key_field: self.keys[number],
            TEXT_FIELD: self.texts[number],
            **{name: column.cells[number] for name, column in self.metadata.items()},
        }


def make_records(
    texts: Sequence[str] | pd.DataFrame,
    *,
    text_column: str | Sequence[str] | None = None,
    id_column: str | None = None,
) -> Records:
    """Check texts or a DataFrame, derive keys, and convert metadata to what Milvus stores.

    Parameters
    ----------
    texts : sequence of str, or DataFrame
        The texts, or a table with a column of them.
    text_column : str or sequence of str, optional
        Column of the texts; several are joined by newlines, and kept as metadata too. ``"text"`` when left out.
    id_column : str, optional
        Column of unique keys, int or str. When left out, a column ``"id"`` is taken; without one, keys are derived from
        the texts, so that the same text has the same key in every run.

    Raises
    ------
    DataError
        When there are no texts, when some are missing, empty or not str, or when keys are missing or not unique.
    FieldError
        When a column does not exist, or cannot be a field's name.

    Examples
    --------
    >>> make_records(["spam", "ham", "spam"]).keys
    [597471523694038176, 7155110126324869900, 7627174919084709009]
    """
    import pandas as pd

    if isinstance(texts, pd.DataFrame):
        return _from_frame(texts, text_column, id_column)
    if text_column is not None or id_column is not None:
        raise InvalidParameterError("text_column= and id_column= name columns of a DataFrame; these texts are not one.")
    if isinstance(texts, str):
        raise InvalidParameterError("texts= is a single str: give a list of texts, or a DataFrame.")
    checked = _checked_texts(list(texts), "texts")
    return Records(key_field=KEY_FIELD, keys=derived_keys(checked), texts=checked)


def derived_keys(texts: Sequence[str]) -> list[int]:
    """Return a 63-bit key for each text: the hash [1]_ of the text and of how often it occurred before.

    References
    ----------
    .. [1] BLAKE2b, RFC 7693.

    Examples
    --------
    >>> first, second, third = derived_keys(["spam", "ham", "spam"])
    >>> [first, second] == derived_keys(["spam", "ham"]), first == third
    (True, False)
    """
    seen: Counter[str] = Counter()
    keys = []
    for text in texts:
        digest = blake2b(f"{text}\0{seen[text]}".encode(), digest_size=8).digest()
        keys.append(int.from_bytes(digest, "big") >> 1)
        seen[text] += 1
    return keys


def check_lengths(values: Sequence[str | None], longest: int, field_name: str, *, in_characters: bool = False) -> None:
    """Check that strings fit into a VARCHAR field.

    Raises
    ------
    DataError
        Naming the rows that are longer.
    """
    too_long = [
        row
        for row, value in enumerate(values)
        if value is not None
        and len(value) * 4 > longest
        and (len(value) if in_characters else len(value.encode())) > longest
    ]
    if too_long:
        unit = "characters" if in_characters else "bytes (UTF-8)"
        raise DataError(
            f"Texts longer than the {longest:,} {unit} of field {field_name!r}: "
            f"{named(too_long, range(len(values)), 'row')}. Shorten or split them."
        )


def _from_frame(frame: pd.DataFrame, text_column: str | Sequence[str] | None, id_column: str | None) -> Records:
    columns = [str(name) for name in frame.columns]
    if len(set(columns)) < len(columns):
        twice = sorted(name for name, count in Counter(columns).items() if count > 1)
        raise FieldError(f"The DataFrame has several columns of one name: {twice}. Rename them.")
    frame = frame.set_axis(columns, axis="columns")
    text_columns = _text_columns(frame, text_column)
    where = f"id_column={id_column!r}" if id_column is not None else f"column {KEY_FIELD!r} (taken for the keys)"
    if id_column is None and KEY_FIELD in columns:
        id_column = KEY_FIELD
    if id_column is not None and id_column not in columns:
        raise FieldError(f"The DataFrame has no id_column={id_column!r}. {available(columns)}")
    texts = _joined_texts(frame, text_columns)
    # One column is stored as the text; the parts of a joined text would be lost otherwise.
    left_out = {id_column, *(text_columns if len(text_columns) == 1 else ())}
    metadata = {name: _column(name, frame[name].tolist()) for name in columns if name not in left_out}
    key_field = id_column or KEY_FIELD
    _check_names([*metadata, key_field], key_field)
    if id_column is None:
        keys = derived_keys(texts)
    else:
        # a column of that name is taken for the keys whenever none is named
        way_out = f"rename or drop the column {KEY_FIELD!r}" if KEY_FIELD in columns else "leave id_column= out"
        keys = _given_keys(id_column, frame[id_column].tolist(), where, way_out)
    return Records(key_field=key_field, keys=keys, texts=texts, metadata=metadata)


def _text_columns(frame: pd.DataFrame, text_column: str | Sequence[str] | None) -> list[str]:
    columns = list(frame.columns)
    if text_column is None:
        if TEXT_FIELD in columns:
            return [TEXT_FIELD]
        strings = [name for name in columns if any(isinstance(value, str) for value in frame[name])]
        raise FieldError(
            "The DataFrame has no column 'text': say which one holds the texts, as in text_column='title', or which "
            f"ones to join, as in text_column=['title', 'description']. Columns with strings: {available(strings)}"
        )
    names = [text_column] if isinstance(text_column, str) else list(text_column)
    for name in names:
        if name not in columns:
            raise FieldError(f"The DataFrame has no text_column={name!r}. {available(columns)}")
    if not names:
        raise FieldError(f"text_column= names no column. {available(columns)}")
    return names


def _joined_texts(frame: pd.DataFrame, names: list[str]) -> list[str]:
    where = "column " + " and ".join(map(repr, names))
    if len(names) == 1:
        return _checked_texts(frame[names[0]].tolist(), where)
    for name in names:
        _check_strings(frame[name].tolist(), f"column {name!r}")
    rows = zip(*(frame[name].tolist() for name in names), strict=True)
    # A headline without a description is a text still: what is there is joined.
    return _checked_texts(["\n".join(part for part in row if not _is_missing(part) and part) for row in rows], where)


def _checked_texts(texts: list[Any], where: str) -> list[str]:
    if not texts:
        raise DataError(f"There are no texts in {where}: give at least one.")
    _check_strings(texts, where)
    empty = [row for row, text in enumerate(texts) if _is_missing(text) or not text.strip()]
    if empty:
        raise DataError(
            f"Missing or empty texts in {where}: {named(empty, range(len(texts)), 'row')}. "
            "They have no meaning to cluster by: drop these rows, or fill them."
        )
    return texts


def _check_strings(values: list[Any], where: str) -> None:
    others = [row for row, value in enumerate(values) if not isinstance(value, str) and not _is_missing(value)]
    if others:
        raise DataError(
            f"Texts must be str; in {where} the first other is {values[others[0]]!r}, of type "
            f"{type(values[others[0]]).__name__}: {named(others, range(len(values)), 'row')}."
        )
    broken = [row for row, value in enumerate(values) if isinstance(value, str) and not _is_unicode(value)]
    if broken:
        raise DataError(
            f"Texts in {where} hold lone surrogates, which UTF-8 cannot store: "
            f"{named(broken, range(len(values)), 'row')}. Read the file with its right encoding, or errors='replace'."
        )


def _given_keys(name: str, values: list[Any], where: str, way_out: str) -> list[Any]:
    rows = range(len(values))
    missing = [row for row, value in enumerate(values) if _is_missing(value)]
    if missing:
        raise DataError(f"Keys are missing in {where}: {named(missing, rows, 'row')}. Every row needs one.")
    kinds = {type(value) for value in values}
    if kinds not in ({int}, {str}):
        raise DataError(
            f"Keys in {where} are of type {', '.join(sorted(kind.__name__ for kind in kinds))}; they must be int or "
            f"str, all of one kind. Convert them, or {way_out} to have keys derived from the texts."
        )
    if kinds == {int} and not all(-(2**63) <= value < 2**63 for value in values):
        raise DataError(f"Keys in {where} do not fit into 64 bits. Convert them to str.")
    counts = Counter(values)
    if twice := [value for value, count in counts.items() if count > 1]:
        raise DataError(
            f"Keys in {where} are not unique: {named(range(len(twice)), twice, 'key')}. Correct them, or {way_out} to "
            "have keys derived from the texts."
        )
    if kinds == {str}:
        check_lengths(values, LONGEST_TEXT, name)
    return values


def _check_names(names: list[str], key_field: str) -> None:
    bad = {name: _field_name(name) for name in names if not _FIELD_NAME.fullmatch(name)}
    if bad:
        raise FieldError(
            "Milvus allows letters, digits and underscores in the name of a field. Rename columns first, for example "
            f"frame.rename(columns={bad!r})."
        )
    for name in names:
        if name in (TEXT_FIELD, VECTOR_FIELD) or names.count(name) > 1:
            raise FieldError(
                f"The DataFrame has a column {name!r}, which is the name of the field for "
                f"{ {TEXT_FIELD: 'the texts', VECTOR_FIELD: 'the vectors', key_field: 'the keys'}[name] }. "
                "Rename or drop it."
            )


def _field_name(name: str) -> str:
    """Return the nearest name that Milvus allows."""
    allowed = re.sub(r"\W", "_", name, flags=re.ASCII)[:255]
    return allowed if _FIELD_NAME.fullmatch(allowed) else f"_{allowed}"[:255]


def _column(name: str, values: list[Any]) -> Column:
    """Convert a column to the Milvus type that keeps it."""
    plain = [None if _is_missing(value) else _plain(value) for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds <= {str}:
        _check_strings(plain, f"column {name!r}")
        check_lengths(plain, LONGEST_TEXT, name)
        return Column("VARCHAR", plain)
    if kinds == {bool}:
        return Column("BOOL", plain)
    if kinds == {int} and all(value is None or -(2**63) <= value < 2**63 for value in plain):
        return Column("INT64", plain)
    if kinds <= {int, float}:
        return Column("DOUBLE", [None if value is None else float(value) for value in plain])
    return Column("JSON", [None if value is None else _as_json(name, row, value) for row, value in enumerate(plain)])


def _plain(value: Any) -> Any:
    """Turn NumPy scalars into Python's, and dates and times into ISO 8601."""
    if isinstance(value, dt.date | dt.time):
        return value.isoformat()
    return value.item() if hasattr(value, "item") and getattr(value, "ndim", 1) == 0 else value


def _as_json(name: str, row: int, value: Any) -> Any:
    try:
        return json.loads(json.dumps(value, default=_readable, allow_nan=False))
    except (TypeError, ValueError) as error:
        raise DataError(
            f"Column {name!r} holds {type(value).__name__} in row {row}, which cannot be stored as JSON ({error}). "
            "Convert the column to str, or drop it."
        ) from None


def _readable(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else str(_plain(value))


def _is_missing(value: Any) -> bool:
    """Whether a cell is empty: None, NaN, NaT or pandas' NA."""
    import pandas as pd

    return value is None or (pd.api.types.is_scalar(value) and bool(pd.isna(value)))


def _is_unicode(text: str) -> bool:
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
