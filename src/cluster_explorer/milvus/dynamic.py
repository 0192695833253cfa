"""Dynamic fields of any name: a row may hold what is no name in Milvus' language, such as "created at"."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer.milvus.expressions import is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.milvus.schema import Record

#: All dynamic fields of a row, and all of its fields: names that Milvus gives meaning to.
ALL_DYNAMIC = "$meta"
_GROUPS = (ALL_DYNAMIC, "*")
_COUNT = "count(*)"


def output_fields(names: Sequence[str], *, is_lite: bool) -> list[str]:
    """Return what to ask Milvus for so that these fields are in the rows; `only` takes the others out again.

    Servers parse each name. Milvus Lite takes any but one, which counts the rows, and its stored fields may have any
    name as well, so that no more than needed is asked for in another way.

    Examples
    --------
    >>> output_fields(["id", "created at"], is_lite=False)
    ['id', '$meta']
    """
    odd = _odd(names, is_lite=is_lite)
    return [*(name for name in names if name not in odd), *([ALL_DYNAMIC] if odd else [])]


def only(rows: Sequence[Record], names: Sequence[str], *, is_lite: bool) -> list[Record]:
    """Return the rows with these fields alone, where all dynamic fields had to be asked for.

    Examples
    --------
    >>> only([{"id": 1, "created at": "now", "section": "a"}], ["id", "created at"], is_lite=False)
    [{'id': 1, 'created at': 'now'}]
    """
    if not _odd(names, is_lite=is_lite):
        return list(rows)
    return [{name: row[name] for name in names if name in row} for row in rows]


def text_of(value: object) -> str:
    """Return the text in a row: "" where it is missing, and what a dynamic field holds instead of one as it is written.

    Examples
    --------
    >>> text_of(None), text_of("Harbour"), text_of(7)
    ('', 'Harbour', '7')
    """
    missing = value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN
    return "" if missing else str(value)


def _odd(names: Sequence[str], *, is_lite: bool) -> set[str]:
    if any(group in names for group in _GROUPS):
        return set()
    return {name for name in names if (name == _COUNT if is_lite else not is_name(name))}
