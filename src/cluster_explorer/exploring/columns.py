"""What the fields of a collection hold: categories, numbers or dates, one value a row."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cluster_explorer.errors import FieldError, available

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    import pandas as pd

    from cluster_explorer.values import IntArray

ColumnKind: TypeAlias = Literal["categories", "numbers", "dates", "other"]

#: Whole numbers with at most this many values are categories (a year, a rating); more are a scale.
_FEW_NUMBERS = 12
#: Values tell groups of rows apart while they repeat: at most this many of them, and twice each on average.
_MOST_GROUPS = 1_000
_FEWEST_UNREPEATED = 20
_DATE = re.compile(r"\d{4}-\d{2}(-\d{2})?([T ]\d{2}:\d{2}|$)")
_LOOKED_AT = 200
#: Longest text of a category: it is a label in a list, and may come from anywhere.
_LONGEST = 200
_DIGITS = re.compile(r"(\d+)")

#: Where a row without a value stands among the places of categories.
MISSING = -1


@dataclass(frozen=True, eq=False)
class Column:
    """The values of one field.

    Attributes
    ----------
    name : str
    kind : {"categories", "numbers", "dates", "other"}
        "other" for what is neither (lists, values of several kinds): it can be read, but not chosen from.
    codes : ndarray of shape (n,), int32
        Of categories: place of each row's value in `categories`, `MISSING` where there is none. Empty otherwise.
    categories : tuple of str
        Of categories: the values as text, the most frequent first; numbers ascending.
    are_numbers : bool
        Whether the categories are numbers.
    numbers : ndarray of shape (n,), float64
        Of numbers and dates; dates are seconds since 1970 (UTC). NaN where missing. Empty otherwise.
    """

    name: str
    kind: ColumnKind
    codes: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int32), repr=False)
    categories: tuple[str, ...] = field(default=(), repr=False)
    are_numbers: bool = False
    numbers: npt.NDArray[np.float64] = field(default_factory=lambda: np.empty(0), repr=False)

    @cached_property
    def counts(self) -> npt.NDArray[np.int64]:
        """Rows of each category."""
        return np.bincount(self.codes + 1, minlength=len(self.categories) + 1)[1:]

    def places(self, values: Iterable[str | None]) -> tuple[int, ...]:
        """Return the places of categories, `MISSING` for None; those that there are not are left out.

        Examples
        --------
        >>> column_of("section", ["sport", "sport", "chess", None]).places(["chess", None, "golf"])
        (1, -1)
        """
        wanted = dict.fromkeys(values)
        place_of: dict[str | None, int] = {None: MISSING}
        place_of |= {name: place for place, name in enumerate(self.categories) if name in wanted}
        return tuple(place_of[value] for value in wanted if value in place_of)

    def holding(self, text: str) -> list[int]:
        """Return the places of the categories that hold a text, whatever its case, the most frequent first.

        Examples
        --------
        >>> column_of("author", ["Ann Lee", "Bo", "LEE"]).holding("lee")
        [0, 2]
        """
        wanted = text.casefold()
        return [place for place, name in enumerate(self.categories) if wanted in name.casefold()]

    @cached_property
    def n_missing(self) -> int:
        """Rows without a category."""
        return int((self.codes == MISSING).sum())

    @property
    def has_groups(self) -> bool:
        """Whether these are categories that rows share: of texts and links, nearly every row has its own."""
        n_most = min(_MOST_GROUPS, max(_FEWEST_UNREPEATED, int(self.counts.sum()) // 2))
        return self.kind == "categories" and len(self.categories) <= n_most

    @property
    def has_order(self) -> bool:
        """Whether rows can be sorted by it."""
        return self.kind != "other"

    @cached_property
    def has_colors(self) -> bool:
        """Whether colours tell something of it; where every row has a value of its own, they do not."""
        if self.kind != "categories":
            return self.kind != "other"
        return len(self.categories) <= _FEWEST_UNREPEATED or int(self.counts.max()) > 1

    @cached_property
    def ranks(self) -> npt.NDArray[np.float64]:
        """What rows are sorted by: numbers by their size, names as people sort them; NaN where a value is missing.

        Examples
        --------
        >>> column_of("chapter", ["part 10", "Part 2", None, "part 10"]).ranks
        array([ 1.,  0., nan,  1.])
        """
        if self.kind != "categories":
            return self.numbers
        places = range(len(self.categories))
        order = places if self.are_numbers else sorted(places, key=lambda place: _as_sorted(self.categories[place]))
        rank = np.empty(len(places) + 1)
        rank[list(order)] = np.arange(len(places))
        rank[MISSING] = np.nan
        ranked: npt.NDArray[np.float64] = rank[self.codes]
        return ranked

    @property
    def span(self) -> tuple[float, float] | None:
        """Least and greatest number; None without any."""
        there = self.numbers[np.isfinite(self.numbers)]
        return (float(there.min()), float(there.max())) if len(there) else None


@dataclass(frozen=True, eq=False)
class Columns:
    """The fields beside key, vector and text, for all rows.

    Attributes
    ----------
    by_name : mapping of str to Column
    """

    by_name: Mapping[str, Column] = field(default_factory=lambda: MappingProxyType({}))

    def __getitem__(self, name: str) -> Column:
        try:
            return self.by_name[name]
        except KeyError:
            raise FieldError(f"There is no field {name!r}. {available(self.by_name)}") from None


def typed_columns(
    read: Mapping[str, pd.Series[Any]], read_before: Mapping[str, pd.Series[Any]], before: Columns
) -> Columns:
    """Find out what the fields hold that have been read; those that were there before are taken over.

    Parameters
    ----------
    read, read_before : mapping of str to pandas.Series
        Fields as read now and before, in the order of the rows.
    before : Columns
        What those read before hold.
    """

    def column(name: str, series: pd.Series[Any]) -> Column:
        held = before.by_name.get(name) if read_before.get(name) is series else None
        return held or column_of(name, series.tolist())

    return Columns(MappingProxyType({name: column(name, series) for name, series in read.items()}))


def column_of(name: str, values: Sequence[Any]) -> Column:
    """Find out what a field holds.

    Parameters
    ----------
    name : str
    values : sequence
        One value a row, as read from Milvus. None, NaN and pandas' NA are missing, and so are blank strings: a field of
        Milvus that is not nullable has no other way to say so.

    Returns
    -------
    Column

    Examples
    --------
    >>> column_of("year", [2024, 2025, None, 2025]).categories
    ('2024', '2025')
    >>> column_of("published", ["2025-03-01", "2025-03-02", None]).kind
    'dates'
    """
    plain = [None if _is_missing(value) else value for value in values]
    kinds = {type(value) for value in plain if value is not None}
    if kinds and kinds <= {int, float}:
        return _number_column(name, plain)
    if kinds == {str}:
        return _dates(name, plain) or _categories(name, plain)
    if kinds == {bool}:
        return _categories(name, plain)
    return Column(name, "other")


def _number_column(name: str, values: list[Any]) -> Column:
    few = {value for value in values if value is not None}
    if len(few) <= _FEW_NUMBERS and all(isinstance(value, int) for value in few):
        # as they are: a float would change the last digits of long ones, such as the ids of accounts
        return _categories(name, values, are_numbers=True)
    numbers = np.array([np.nan if value is None else float(value) for value in values])
    there = numbers[np.isfinite(numbers)]
    if len(there) and (there % 1 == 0).all() and len(np.unique(there)) <= _FEW_NUMBERS:
        whole = [None if not np.isfinite(number) else int(number) for number in numbers]
        return _categories(name, whole, are_numbers=True)
    numbers[~np.isfinite(numbers)] = np.nan
    return Column(name, "numbers" if len(there) else "other", numbers=numbers)


def _dates(name: str, values: list[Any]) -> Column | None:
    """Read ISO 8601 dates and times; None where the strings are something else."""
    some = [value for value in values if value is not None][:_LOOKED_AT]
    if not all(_DATE.match(value) for value in some):
        return None
    import pandas as pd

    stamps = pd.to_datetime(pd.Series(values, dtype="object"), errors="coerce", format="ISO8601", utc=True)
    missing = stamps.isna().to_numpy()
    if missing.sum() > sum(value is None for value in values) + len(values) // 50:
        return None
    numbers = stamps.to_numpy(dtype="datetime64[ns]").astype(np.int64) / 1e9
    numbers[missing] = np.nan
    return Column(name, "dates", numbers=numbers)


def _categories(name: str, values: list[Any], *, are_numbers: bool = False) -> Column:
    counts = Counter(value for value in values if value is not None)
    order = sorted(counts) if are_numbers else sorted(counts, key=lambda value: (-counts[value], str(value)))
    place = {value: code for code, value in enumerate(order)}
    codes = np.array([MISSING if value is None else place[value] for value in values], dtype=np.int32)
    return Column(name, "categories", codes, tuple(_label(value) for value in order), are_numbers)


def _as_sorted(name: str) -> list[str | int]:
    """Split a name so that 2 comes before 10, whatever the case of the letters."""
    return [int(part) if place % 2 else part for place, part in enumerate(_DIGITS.split(name.casefold()))]


def _label(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"


def _is_missing(value: object) -> bool:
    """Whether a cell is empty; lists and other containers are something."""
    import pandas as pd

    if isinstance(value, str):
        return not value or value.isspace()
    return value is None or value is pd.NA or (isinstance(value, float) and value != value)  # noqa: PLR0124
