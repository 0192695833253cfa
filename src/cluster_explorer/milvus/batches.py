"""Cut rows into parts that are small enough for one message."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: Servers refuse messages above 64 MB.
MESSAGE_BYTES = 8 * 2**20


def by_bytes(rows: Sequence[dict[str, Any]], largest: int = MESSAGE_BYTES) -> Iterator[list[dict[str, Any]]]:
    """Cut rows into parts of at most about `largest` bytes; a row that is larger is a part of its own.

    Examples
    --------
    >>> [len(part) for part in by_bytes([{"text": "a" * 10}] * 5, largest=70)]
    [2, 2, 1]
    """
    part: list[dict[str, Any]] = []
    size = 0
    for row in rows:
        row_size = row_bytes(row)
        if part and size + row_size > largest:
            yield part
            part, size = [], 0
        part.append(row)
        size += row_size
    if part:
        yield part


def row_bytes(row: Mapping[str, Any]) -> int:
    """Estimate the bytes of a row in a message; a character takes up to three.

    Examples
    --------
    >>> row_bytes({"text": "abc", "vector": np.zeros(4, dtype=np.float32)})
    25
    """
    return sum(_value_bytes(value) for value in row.values())


def _value_bytes(value: Any) -> int:
    if isinstance(value, np.ndarray):
        return value.nbytes
    if isinstance(value, bytes):
        return len(value)
    return len(str(value)) * 3
