"""Filter expressions: values quoted so that hostile ones stay values."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

#: Characters that a pattern may not hold literally.
_WILDCARDS = str.maketrans(dict.fromkeys("%_\\", "_"))
_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n", "\r": r"\r", "\t": r"\t"})


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
#: Words of the language, which Milvus allows as names of dynamic fields only.
_WORDS = frozenset({"and", "or", "not", "in", "like", "exists"})


def is_name(field: str) -> bool:
    """Tell whether a field can be named in an expression as it is; dynamic fields may have any name.

    Examples
    --------
    >>> is_name("created_at"), is_name("created at"), is_name("like")
    (True, False, False)
    """
    return _NAME.fullmatch(field) is not None and field.lower() not in _WORDS


def named(field: str) -> str:
    """Write the name of a field; one that is no name in the language is looked up among the dynamic fields.

    Examples
    --------
    >>> named("section"), named("created at")
    ('section', '$meta["created at"]')
    """
    return field if is_name(field) else f"$meta[{literal(field)}]"


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
    return f"{named(field)} in [{', '.join(literal(value) for value in values)}]"


def none_of(field: str, values: Iterable[int | str]) -> str:
    """Filter that selects the rows whose field holds none of the values.

    Examples
    --------
    >>> none_of("id", ["a", "b"])
    'id not in ["a", "b"]'
    """
    return f"{named(field)} not in [{', '.join(literal(value) for value in values)}]"


def greater_than(field: str, value: int | str) -> str:
    """Filter that selects the rows whose field is above the value.

    Examples
    --------
    >>> greater_than("id", 3)
    'id > 3'
    """
    return f"{named(field)} > {literal(value)}"


def holds_like(field: str, value: float | str) -> str:
    """Filter that selects the rows whose field holds something of the type of a value.

    Examples
    --------
    >>> holds_like("cluster", 7)
    'cluster >= 0 or cluster < 0'
    """
    name = named(field)
    return f'{name} >= ""' if isinstance(value, str) else f"{name} >= 0 or {name} < 0"


def holds_word(field: str, word: str) -> str:
    r"""Filter that selects the rows whose text holds a word, as it is typed, in lower case, Capitalised or in CAPITALS.

    Milvus' LIKE tells cases apart. What a pattern may not hold literally (%, _ and the backslash, whose escapes
    differ between versions) stands for any one character here: look at the texts that are found.

    Examples
    --------
    >>> holds_word("text", "sea")
    'text like "%sea%" or text like "%Sea%" or text like "%SEA%"'
    >>> holds_word("text", "100%")
    'text like "%100_%"'
    """
    forms = dict.fromkeys([word, word.lower(), word[:1].upper() + word[1:].lower(), word.upper()])
    patterns = dict.fromkeys(form.translate(_WILDCARDS) for form in forms)
    return " or ".join(f"{named(field)} like {literal(f'%{pattern}%')}" for pattern in patterns)


def matches_words(field: str, words: Iterable[str]) -> str:
    r"""Filter that selects the rows whose text holds all words, as the field's own analyzer has them.

    Examples
    --------
    >>> matches_words("text", ["sea", 'say "hi"'])
    'TEXT_MATCH(text, "sea") and TEXT_MATCH(text, "say \\"hi\\"")'
    """
    return " and ".join(f"TEXT_MATCH({field}, {literal(word)})" for word in words)


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
