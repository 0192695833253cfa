"""Tables of the rows: CSV that a spreadsheet opens safely, and Parquet."""

from __future__ import annotations

import csv
import io
import re
from numbers import Number
from pathlib import Path
from typing import TYPE_CHECKING

from cluster_explorer.files import written_whole

if TYPE_CHECKING:
    import pandas as pd

#: What makes a spreadsheet take a cell for a formula (OWASP, CSV Injection).
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
#: A formula where programs that split at semicolons (as Excel does in half of Europe), tabs or lines begin a cell.
_FORMULA_INSIDE = re.compile(r"([;\t\r\n]\"*)(?=[=+\-@＝＋－＠])")


def write_csv(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as CSV (UTF-8, with a header), made safe against formula injection.

    A text that begins with ``=``, ``+``, ``-``, ``@`` (or their full-width forms), a tab or a line break gets a ``'``
    before it, so that no spreadsheet runs it. So does what follows a semicolon, a tab or a line break inside a text,
    where some programs begin a cell whatever the quotes say. Numbers stay as they are. Parquet keeps texts unchanged.

    Parameters
    ----------
    frame : DataFrame
    path : str or Path

    Raises
    ------
    SavedFileError
        If the file cannot be written.
    """
    safe = frame.rename(columns=harmless)
    for place in range(safe.shape[1]):
        if not _is_plain(safe.iloc[:, place]):
            safe.isetitem(place, safe.iloc[:, place].map(harmless).array)
    with written_whole(path) as handle:
        text = io.TextIOWrapper(handle, encoding="utf-8", errors="replace", newline="", write_through=True)
        # every text in quotes: a bare carriage return inside one would begin a row, and a formula with it
        safe.to_csv(text, index=False, quoting=csv.QUOTE_NONNUMERIC)
        text.detach()
    return Path(path)


def write_parquet(frame: pd.DataFrame, path: str | Path) -> Path:
    """Write a table as Parquet, texts unchanged; columns of mixed kinds are written as text.

    Raises
    ------
    SavedFileError
        If the file cannot be written.
    """
    table = frame.copy()
    for place in range(table.shape[1]):
        column = table.iloc[:, place]
        if not _is_plain(column) and len(set(map(type, column))) > 1:
            table.isetitem(place, column.map(_as_text).array)
    with written_whole(path) as handle:
        table.to_parquet(handle, index=False)
    return Path(path)


def harmless(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula.

    Examples
    --------
    >>> harmless("=1+1"), harmless(-5), harmless("a - b")
    ("'=1+1", -5, 'a - b')
    >>> harmless("a;=1+1")
    "a;'=1+1"
    """
    if isinstance(value, Number) or value is None:
        return value
    text = _FORMULA_INSIDE.sub(r"\1'", str(value))
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def _is_plain(column: pd.Series) -> bool:
    return column.dtype.kind in "biufM"


def _as_text(value: object) -> str | None:
    missing = value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN
    return None if missing else str(value)
