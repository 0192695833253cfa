"""Filter expressions: values quoted so that hostile ones stay values."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


def literal(value: int | str) -> str:
    r"""Write a primary key as a literal of Milvus' filter language.

    Examples
    --------
    >>> literal(7), literal('say "hi"')
    ('7', '"say \\"hi\\""')
    """
    if isinstance(value, str):
        return f'"{value.translate(_ESCAPES)}"'
    return str(int(value))


def one_of(field: str, values: Iterable[int | str]) -> str:
    """Filter that selects the rows whose field holds one of the values.

    Examples
    --------
    >>> one_of("id", [3, 5])
    'id in [3, 5]'
    """
    return f"{field} in [{', '.join(literal(value) for value in values)}]"


def greater_than(field: str, value: int | str) -> str:
    """Filter that selects the rows whose field is above the value.

    Examples
    --------
    >>> greater_than("id", 3)
    'id > 3'
    """
    return f"{field} > {literal(value)}"


def both(first: str, second: str) -> str:
    """Filter that selects the rows which both filters select; an empty filter selects all.

    Examples
    --------
    >>> both("id > 3", "section == 'sport' or section == 'chess'")
    "(id > 3) and (section == 'sport' or section == 'chess')"
    >>> both("", "id > 3")
    'id > 3'
    """
    if not first or not second:
        return first or second
    return f"({first}) and ({second})"
