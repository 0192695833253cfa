"""What a collection held when it was saved, small enough to keep, and what has changed since."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.vectors import digests_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cluster_explorer.values import Rows

_SIZE = 16


@dataclass(frozen=True)
class Fingerprint:
    """What rows held.

    Attributes
    ----------
    n_rows : int
    first, last : int or str or None
        The smallest and the largest primary key.
    ids : str
        BLAKE2b of all primary keys, hexadecimal.
    vectors, texts : str or None
        The same of the digests of all vectors, and of all texts; None where they were left in Milvus unread.
    """

    n_rows: int
    first: int | str | None
    last: int | str | None
    ids: str
    vectors: str | None = None
    texts: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the fields, fit for JSON; keys as text, since automatic ones exceed what JSON holds everywhere."""
        return asdict(self) | {"first": _shown(self.first), "last": _shown(self.last)}

    @property
    def key_range(self) -> str:
        """The smallest and the largest primary key, to read."""
        return f"{_shown(self.first)} to {_shown(self.last)}"


@dataclass(frozen=True)
class Differences:
    """What has changed in a collection since it was saved.

    Attributes
    ----------
    sentence : str
        To read; "" when nothing has.
    rows_or_vectors : bool
        Whether graph, clusters and map have to be computed anew.
    texts : bool
        Whether the words of the clusters have to be found anew.
    """

    sentence: str = ""
    rows_or_vectors: bool = False
    texts: bool = False


def fingerprint(rows: Rows) -> Fingerprint:
    """Take the fingerprint of rows.

    Examples
    --------
    >>> from cluster_explorer.values import Rows
    >>> fingerprint(Rows(np.array([3, 5, 9]), None)).key_range
    '3 to 9'
    """
    held = len(rows) > 0
    # alike whether the vectors are held or were only looked at
    digests = rows.digests if rows.vectors is None else digests_of(rows.vectors)
    return Fingerprint(
        n_rows=len(rows),
        first=rows.ids[0] if held else None,
        last=rows.ids[-1] if held else None,
        ids=_digest_of_strings(rows.ids.tolist()) if rows.ids.dtype == object else _digest(rows.ids),
        vectors=None if digests is None else _digest(digests),
        texts=None if rows.texts is None else _digest_of_strings(rows.texts.tolist()),
    )


def differences(saved: Fingerprint, present: Fingerprint, saved_on: str) -> Differences:
    """Say in one sentence what has changed.

    Parameters
    ----------
    saved, present : Fingerprint
    saved_on : str
        When it was saved, to read.

    Examples
    --------
    >>> before = Fingerprint(3, 1, 3, "a", "b", "c")
    >>> differences(before, before, "2026-11-25").sentence
    ''
    >>> differences(before, Fingerprint(4, 1, 4, "x", "y", "z"), "2026-11-25").sentence
    'The collection has changed since 2026-11-25: 3 rows then, 4 now. The map is computed anew.'
    """
    rows = saved.ids != present.ids
    vectors = _differ(saved.vectors, present.vectors)
    texts = _differ(saved.texts, present.texts)
    if not (rows or vectors or texts):
        return Differences()
    if saved.n_rows != present.n_rows:
        what = f"{saved.n_rows:,} rows then, {present.n_rows:,} now"
    elif saved.key_range != present.key_range:
        what = f"keys {saved.key_range} then, {present.key_range} now"
    elif rows:
        what = f"still {present.n_rows:,} rows, but not the same keys"
    elif vectors:
        what = "the same keys, but other vectors"
    else:
        what = "the same keys and vectors, but other texts"
    anew = "The map is computed anew." if rows or vectors else "The map is kept, and names are found anew."
    return Differences(
        f"The collection has changed since {saved_on}: {what}. {anew}", rows_or_vectors=rows or vectors, texts=texts
    )


def _differ(before: str | None, after: str | None) -> bool:
    """Whether both are known and differ; what was left in Milvus then or now cannot be compared."""
    return before is not None and after is not None and before != after


def _digest(array: np.ndarray[Any, Any]) -> str:
    digest = hashlib.blake2b(f"{array.dtype.str}{array.shape}".encode(), digest_size=_SIZE)
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()


def _digest_of_strings(values: Iterable[object]) -> str:
    digest = hashlib.blake2b(digest_size=_SIZE)
    for value in values:
        encoded = str(value).encode("utf-8", "surrogatepass")
        # with its length, so that moving a character to the next text is seen
        digest.update(len(encoded).to_bytes(8, "little"))
        digest.update(encoded)
    return digest.hexdigest()


def _shown(key: object) -> str:
    return "" if key is None else str(key)
