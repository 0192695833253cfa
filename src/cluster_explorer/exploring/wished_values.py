"""What is asked of a field in Python: a list of values, or a pair of ends between which its values lie."""

from __future__ import annotations

import calendar
import datetime as dt
import math
import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import InvalidParameterError, available
from cluster_explorer.exploring.columns import MISSING

if TYPE_CHECKING:
    from cluster_explorer.exploring.columns import Column

#: An end that is open. It is finite, since neither session files nor browsers know infinity.
_OPEN = sys.float_info.max
#: Categories that an error lists, at most.
_LISTED = 20
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = 86_400
#: Dates that name more than a moment.
_YEAR, _MONTH, _DATE = (re.compile(pattern) for pattern in (r"\d{4}", r"\d{4}-\d\d", r"\d{4}-?\d\d-?\d\d"))


def wished_places(column: Column, wanted: object) -> tuple[int, ...]:
    """Return the places of the categories that are asked for.

    Parameters
    ----------
    column : Column
        Of categories.
    wanted : object
        A list of them, in which None stands for no value; of numbers, also a tuple (least, greatest).

    Raises
    ------
    InvalidParameterError
        If it is something else, or one of the categories is not there.

    Examples
    --------
    >>> from cluster_explorer.exploring.columns import column_of
    >>> years = column_of("year", [2023, 2024, 2025, None])
    >>> wished_places(years, [2023, 2025, None]), wished_places(years, (2023, 2025)), wished_places(years, (2024, None))
    ((0, 2, -1), (0, 1, 2), (1, 2))
    """
    if isinstance(wanted, tuple):
        if not column.are_numbers:
            raise InvalidParameterError(
                f"Field {column.name!r} holds categories, of which no range can be taken: give a list, as in "
                f"[{column.categories[0]!r}], not {wanted!r:.100}. {available(column.categories[:_LISTED])}"
            )
        low, high = _numbers(column, _ends(column, wanted))
        return tuple(place for place, name in enumerate(column.categories) if low <= int(name) <= high)
    if isinstance(wanted, str) or not isinstance(wanted, Sequence):
        raise InvalidParameterError(f"The values of field {column.name!r} must be a list, not {wanted!r:.100}.")
    names = [_name_of(value) for value in wanted]
    place_of = {name: place for place, name in enumerate(column.categories)}
    unknown = [name for name in names if name is not None and name not in place_of]
    if unknown:
        raise InvalidParameterError(
            f"Field {column.name!r} has no value {unknown[0]!r:.100}. {available(column.categories[:_LISTED])}"
        )
    return tuple(MISSING if name is None else place_of[name] for name in names)


def wished_span(column: Column, wanted: object) -> tuple[float, float]:
    """Return the range that is asked for; of dates, in seconds since 1970.

    Parameters
    ----------
    column : Column
        Of numbers or dates.
    wanted : object
        A tuple (least, greatest), None for an end that is open.

    Raises
    ------
    InvalidParameterError
        If it is something else.

    Examples
    --------
    >>> from cluster_explorer.exploring.columns import column_of
    >>> dates = column_of("day", ["2025-03-01", "2025-03-31T15:00"])
    >>> low, high = wished_span(dates, ("2025-03-01", "2025-03-31"))
    >>> [bool(low <= number <= high) for number in dates.numbers], round((high - low) / 86400, 6)
    ([True, True], 31.0)
    """
    ends = _ends(column, wanted)
    if column.kind != "dates":
        low, high = _numbers(column, ends)
        return float(low), float(high)
    first, last = (None if end is None else _stretch(column, end) for end in ends)
    if first is not None and last is not None and first.start > last.start:
        first, last = last, first
    return -_OPEN if first is None else first.start, _OPEN if last is None else last.stop


def refuse_values(column: Column) -> InvalidParameterError:
    """Return the error for a field whose values cannot be chosen from."""
    return InvalidParameterError(
        f"Field {column.name!r} holds lists, values of several kinds or nothing at all, which cannot be filtered by "
        "value. Use filter_rows() with an expression in Milvus' filter language, as in "
        f"filter_rows('ARRAY_CONTAINS({column.name}, 1)')."
    )


@dataclass(frozen=True)
class _Stretch:
    """The first and the last moment of what a date names, in seconds since 1970."""

    start: float
    stop: float


def _ends(column: Column, wanted: object) -> tuple[object, object]:
    if not isinstance(wanted, tuple) or len(wanted) != 2:
        raise InvalidParameterError(
            f"Field {column.name!r} holds {'numbers' if column.are_numbers else column.kind}: give a tuple "
            f"(least, greatest), with None for an end that is open, not {wanted!r:.100}."
        )
    return wanted[0], wanted[1]


def _numbers(column: Column, ends: tuple[object, object]) -> tuple[float, float]:
    """Return the ends of a range of numbers; whole ones as they are, since a float would change the last digits."""
    for end in ends:
        is_number = not isinstance(end, bool) and isinstance(end, Real) and end == end  # noqa: PLR0124 - not NaN
        if end is not None and not is_number:
            raise InvalidParameterError(
                f"{end!r:.100} is no end of a range of field {column.name!r}, which holds numbers: give numbers, or "
                "None for an end that is open."
            )
    low, high = (default if end is None else _plain(end) for end, default in zip(ends, (-_OPEN, _OPEN), strict=True))
    return min(low, high), max(low, high)


def _plain(number: object) -> float:
    plain = int(number) if isinstance(number, Integral) else float(number)  # type: ignore[arg-type] # checked before
    return min(max(plain, -_OPEN), _OPEN)


def _stretch(column: Column, value: object) -> _Stretch:
    """Return what a date names: a moment, or the day, month or year that it gives alone."""
    text = value.isoformat() if isinstance(value, dt.date) else str(value).strip()
    whole = f"{text}-01-01" if _YEAR.fullmatch(text) else f"{text}-01" if _MONTH.fullmatch(text) else text
    try:
        # a number is a date to nobody, but 20250331 would be read as one
        found = dt.datetime.fromisoformat(whole) if isinstance(value, (str, dt.date, np.datetime64)) else None
    except ValueError:
        found = None
    if found is None:
        raise InvalidParameterError(
            f"{value!r:.100} is no date for field {column.name!r}: give dates as in ('2025-01-01', '2025-03-31'), or "
            "None for an end that is open."
        )
    moment = found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)
    # as the field's own values are made of nanoseconds
    start = (moment - _EPOCH) // dt.timedelta(microseconds=1) * 1_000 / 1e9
    if _YEAR.fullmatch(text):
        days = 365 + calendar.isleap(found.year)
    elif _MONTH.fullmatch(text):
        days = calendar.monthrange(found.year, found.month)[1]
    else:
        days = 1 if _DATE.fullmatch(text) else 0
    return _Stretch(start, float(np.nextafter(start + days * _DAY, -math.inf)) if days else start)


def _name_of(value: object) -> str | None:
    """Return what a value is called among the categories; None and blank strings are no value."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    return str(value).lower() if isinstance(value, bool) else str(value)
