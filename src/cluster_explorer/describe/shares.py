"""Metadata as values that can be counted, and the share of each in some rows."""

from __future__ import annotations

import dataclasses
import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.describe.scripts import cleaned
from cluster_explorer.exploring.columns import column_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_array

    from cluster_explorer.exploring.columns import Column
    from cluster_explorer.values import IntArray

_RANGES = 5
#: Elements of lists that are nearly all different tell nothing about groups.
_FEW = 12
_DISTINCT = 0.5
_MAX_VALUES = 2_000
_LONGEST_VALUE = 200
_NUMBER = re.compile(r"-?\d+")


@dataclass(frozen=True, eq=False)
class ValueTable:
    """Which of a field's values each row has.

    Attributes
    ----------
    field : str
    names : tuple of str
        The values as text; numbers and dates with many values are given as ranges, in ascending order.
    presence : csr_array of shape (n, m), int32
        1 where a row has a value; a row may have several (array fields), or none.
    n_rows : int
        Rows that have any value.
    ordered : bool
        Whether the values have an order of their own.
    """

    field: str
    names: tuple[str, ...]
    presence: csr_array = dataclasses.field(repr=False)
    n_rows: int
    ordered: bool = False


@dataclass(frozen=True)
class ValueShare:
    """One value among some rows.

    Attributes
    ----------
    value : str
    count : int
        Rows among these that have it.
    share, share_overall : float
        Share of the rows that have it, 0 to 1: among these, and among all.
    """

    value: str
    count: int
    share: float
    share_overall: float


@dataclass(frozen=True)
class FieldShares:
    """The values of one field among some rows.

    Attributes
    ----------
    field : str
    shares : tuple of ValueShare
        The most frequent first, or in their own order where they have one.
    others : int
        How many further values occur among these rows.
    missing : int
        Rows among these that have no value.
    """

    field: str
    shares: tuple[ValueShare, ...]
    others: int = 0
    missing: int = 0


def value_table(column: pd.Series[Any]) -> ValueTable | None:
    """Turn a metadata column into values that can be counted.

    Parameters
    ----------
    column : pandas.Series of length n
        Strings, numbers, booleans, dates (as text) or lists of strings and numbers; its name is the field's.

    Returns
    -------
    ValueTable or None
        None where there is nothing to count: no values, one value only, or nearly as many values as rows.

    Examples
    --------
    >>> import pandas as pd
    >>> value_table(pd.Series(["world", "sport", "world", None], name="section")).names
    ('world', 'sport')
    """
    name, n = str(column.name), len(column)
    values = column.tolist()
    typed = column_of(name, values)
    if typed.has_groups:
        ordered = all(_NUMBER.fullmatch(category) for category in typed.categories)
        return _table(name, n, np.arange(n), typed.codes, typed.categories, ordered=ordered)
    if typed.kind in ("numbers", "dates"):
        return _ranges(typed)
    return _elements(name, values)


def field_shares(
    table: ValueTable, rows: IntArray, n_values: int = 5, *, others: IntArray | None = None
) -> FieldShares:
    """Count the values of a field among some rows.

    Parameters
    ----------
    table : ValueTable
    rows : ndarray of shape (m,), int32
    n_values : int
        The most frequent ones, at most.
    others : ndarray of shape (l,), int32, optional
        The rows that together with these are all that is looked at; all there are when left out.

    Returns
    -------
    FieldShares

    Examples
    --------
    >>> import pandas as pd
    >>> table = value_table(pd.Series(["world", "sport", "world", None], name="section"))
    >>> field_shares(table, np.array([0, 1, 3])).shares[0]
    ValueShare(value='world', count=1, share=0.3333333333333333, share_overall=0.5)
    """
    among = table.presence[rows]
    counts = np.asarray(among.sum(axis=0)).ravel()
    if others is None:
        overall, n_all = np.asarray(table.presence.sum(axis=0)).ravel(), table.presence.shape[0]
    else:
        overall, n_all = counts + np.asarray(table.presence[others].sum(axis=0)).ravel(), len(rows) + len(others)
    there = np.flatnonzero(counts)
    best = there[np.lexsort((there, -counts[there]))][:n_values]
    if table.ordered:
        best = np.sort(best)
    n_these = max(len(rows), 1)
    shares = tuple(
        ValueShare(table.names[i], int(counts[i]), float(counts[i] / n_these), float(overall[i] / max(n_all, 1)))
        for i in best
    )
    return FieldShares(table.field, shares, len(there) - len(best), int((np.diff(among.indptr) == 0).sum()))


def _table(
    name: str,
    n: int,
    rows: npt.NDArray[np.integer[Any]],
    codes: npt.NDArray[np.integer[Any]],
    categories: Sequence[str],
    *,
    ordered: bool = False,
) -> ValueTable | None:
    """Lay out which row has which value; values that look the same are one."""
    from scipy.sparse import csr_array

    shown = [cleaned(category)[:_LONGEST_VALUE].strip() for category in categories]
    names = tuple(dict.fromkeys(one for one in shown if one))
    if len(names) < 2:
        return None
    place = {one: column for column, one in enumerate(names)}
    columns = np.array([place.get(one, -1) for one in shown])[codes]
    known = (codes >= 0) & (columns >= 0)
    presence = csr_array((np.ones(int(known.sum()), dtype=np.int32), (rows[known], columns[known])), (n, len(names)))
    presence.sum_duplicates()
    presence.data[:] = 1
    return ValueTable(name, names, presence, int((np.diff(presence.indptr) > 0).sum()), ordered)


def _ranges(column: Column) -> ValueTable | None:
    """Put numbers or dates into ranges that hold about as many rows each."""
    rows = np.flatnonzero(np.isfinite(column.numbers))
    numbers = column.numbers[rows]
    edges = np.unique(np.quantile(numbers, np.arange(1, _RANGES) / _RANGES, method="lower"))
    codes = np.searchsorted(edges, numbers, side="left")
    _, codes = np.unique(codes, return_inverse=True)
    write = _as_date if column.kind == "dates" else _shortly
    ends = [(numbers[codes == code].min(), numbers[codes == code].max()) for code in range(codes.max() + 1)]
    names = [_range_name(write(low), write(high)) for low, high in ends]
    return _table(column.name, len(column.numbers), rows, codes, names, ordered=True)


def _elements(name: str, values: list[Any]) -> ValueTable | None:
    """Count each element of lists for the row that holds it; anything else than lists cannot be counted."""
    found = [
        (row, str(element))
        for row, value in enumerate(values)
        if isinstance(value, (list, tuple, np.ndarray))
        for element in value
        if isinstance(element, (str, int, float, np.number))
    ]
    counts = Counter(element for _, element in found)
    if not found or len(counts) > max(_FEW, _DISTINCT * len(found)):
        return None
    categories = [element for element, _ in counts.most_common(_MAX_VALUES)]
    code = {element: place for place, element in enumerate(categories)}
    rows = np.array([row for row, _ in found])
    return _table(name, len(values), rows, np.array([code.get(element, -1) for _, element in found]), categories)


def _range_name(low: str, high: str) -> str:
    if low == high:
        return low
    # the year of a second date is left out when it is that of the first
    is_date = len(low) == len(high) == 10 and low[4] == high[4] == "-"
    return f"{low} to {high[5:] if is_date and low[:5] == high[:5] else high}"


def _as_date(seconds: float) -> str:
    return str(np.datetime64(round(seconds), "s").astype("datetime64[D]"))


def _shortly(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e15 else f"{value:.4g}"
