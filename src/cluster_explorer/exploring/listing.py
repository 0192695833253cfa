"""How the list of selected texts is arranged: what it is sorted by, whether by cluster, and what it is narrowed to."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError, available
from cluster_explorer.exploring.finding import FIELD_PREFIX

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.exploring.columns import Column
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.values import FloatArray, IntArray

#: What can be sorted by, besides ``"field:"`` and the name of a field.
SORTS = ("auto", "order", "probability", "distance")
MAX_QUERY_LENGTH = 300
_TERM = re.compile(r'"([^"]+)"|(\S+)')
_BEFORE_HIT = 60
_ELLIPSIS = "…"


@dataclass(frozen=True)
class Listing:
    """How the list of selected texts is arranged.

    Attributes
    ----------
    sort : str
        "auto" (hits in the order they were found, otherwise the surest members first), "order" (by primary key),
        "probability", "distance" (to the centre of the cluster), or ``"field:"`` and the name of a field.
    descending : bool
        Whether the largest comes first; of no meaning for "auto".
    grouped : bool
        Whether clusters stay together, the largest share first and noise last.
    query : str
        Words that a text must hold, all of them, in any case; those within double quotes as one phrase.
    starred_only : bool
    """

    sort: str = "auto"
    descending: bool = False
    grouped: bool = True
    query: str = ""
    starred_only: bool = False

    def __post_init__(self) -> None:
        if self.sort not in SORTS and not self.sort.startswith(FIELD_PREFIX):
            raise InvalidParameterError(
                f"The list cannot be sorted by {self.sort!r}. {available([*SORTS, FIELD_PREFIX + '<name>'])}"
            )
        if len(self.query) > MAX_QUERY_LENGTH:
            raise InvalidParameterError(f"Words to look for have at most {MAX_QUERY_LENGTH} characters in all.")

    @property
    def terms(self) -> tuple[str, ...]:
        """What a text must hold, as it was typed.

        Examples
        --------
        >>> Listing(query='port "New  York"').terms
        ('port', 'New York')
        """
        found = ((phrase or word) for phrase, word in _TERM.findall(self.query))
        return tuple(term for term in (" ".join(each.split()) for each in found) if term.strip('"'))


@dataclass(frozen=True, eq=False)
class ListedRows:
    """The rows of the list, and where its groups begin.

    Attributes
    ----------
    rows : ndarray of shape (m,), int32
        Row numbers, in the order of the list.
    labels : tuple of int
        The cluster of each group; empty where the list is not grouped.
    starts : tuple of int
        The place of each group's first row.
    """

    rows: IntArray = field(default_factory=lambda: np.empty(0, dtype=np.int32), repr=False)
    labels: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.rows)


def holding(texts: list[str], terms: tuple[str, ...]) -> npt.NDArray[np.bool_]:
    """Tell which texts hold all terms, whatever their case.

    Examples
    --------
    >>> holding(["The Port of Piraeus", "a report", "ship"], ("port", "THE")).tolist()
    [True, False, False]
    """
    patterns = [re.compile(pattern_of(term), re.IGNORECASE) for term in terms]
    return np.fromiter((all(p.search(text) for p in patterns) for text in texts), dtype=bool, count=len(texts))


def pattern_of(term: str) -> str:
    """Return a regular expression for a term, in which any white space stands for any other."""
    return r"\s+".join(re.escape(part) for part in term.split())


def excerpt(text: str, terms: tuple[str, ...], length: int) -> str:
    """Cut a text to about `length` characters around the first term, or to its beginning.

    Examples
    --------
    >>> excerpt("word " * 100 + "needle " + "word " * 100, ("needle",), 80).find("needle") > 0
    True
    >>> excerpt("short", ("needle",), 80)
    'short'
    """
    if len(text) <= length:
        return text
    found = [hit.start() for term in terms if (hit := re.search(pattern_of(term), text, re.IGNORECASE))]
    first = min(found, default=0)
    if first < length - _BEFORE_HIT:
        return text[: length - 1].rstrip() + _ELLIPSIS
    start = first - _BEFORE_HIT
    cut = text[start : start + length - 2].strip()
    return _ELLIPSIS + cut + (_ELLIPSIS if start + length - 2 < len(text) else "")


def distances_to_centre(vectors: FloatArray, labels: IntArray, rows: IntArray) -> npt.NDArray[np.float64]:
    """Measure how far rows are from the mean of their cluster's vectors.

    Parameters
    ----------
    vectors : ndarray of shape (n, d), float32
    labels : ndarray of shape (n,), int32
        Cluster of each row; -1 is noise.
    rows : ndarray of shape (m,), int32

    Returns
    -------
    ndarray of shape (m,), float64
        Euclidean distances; NaN for noise, which has no centre.

    Examples
    --------
    >>> distances_to_centre(np.array([[0.0], [2.0], [9.0]]), np.array([0, 0, -1]), np.array([0, 2]))
    array([ 1., nan])
    """
    distances = np.full(len(rows), np.nan)
    for label in np.unique(labels[rows]):
        if label >= 0:
            centre = vectors[labels == label].mean(axis=0, dtype=np.float64)
            wanted = labels[rows] == label
            distances[wanted] = np.linalg.norm(vectors[rows[wanted]] - centre, axis=1)
    return distances


def sort_keys(
    listing: Listing, rows: IntArray, members: Members | None, vectors: FloatArray | None, column: Column | None
) -> npt.NDArray[np.float64]:
    """Return the numbers to sort rows by; NaN goes last, whichever way the list runs.

    Raises
    ------
    DataError
        If what the sort needs is not there; the message says what.
    """
    if listing.sort == "order":
        return rows.astype(np.float64)
    if listing.sort.startswith(FIELD_PREFIX):
        if column is None:
            raise DataError(f"The field {listing.sort.removeprefix(FIELD_PREFIX)!r} has not been read.")
        if not column.has_order:
            raise DataError(without_order(column.name))
        ranks: npt.NDArray[np.float64] = column.ranks[rows]
        return ranks
    if members is None:
        raise DataError("There are no clusters yet to sort by.")
    if listing.sort == "distance":
        if vectors is None:
            raise DataError("The vectors stay in Milvus, so distances to the centre are not at hand.")
        return distances_to_centre(vectors, members.labels, rows)
    keys: npt.NDArray[np.float64] = (members.probabilities[rows] + members.confidence[rows]).astype(np.float64)
    return keys


def without_order(field: str) -> str:
    """Say why texts cannot be sorted by a field."""
    return f"Field {field!r} holds lists, values of several kinds or nothing at all, which have no order."


def arranged(rows: IntArray, keys: npt.NDArray[np.float64], *, descending: bool, labels: IntArray | None) -> ListedRows:
    """Arrange rows by keys, within their clusters where there are labels.

    Parameters
    ----------
    rows : ndarray of shape (m,), int32
    keys : ndarray of shape (m,), float64
    descending : bool
    labels : ndarray of shape (n,), int32, or None
        Cluster of every row of the collection; None for a list without groups.

    Examples
    --------
    >>> found = arranged(np.array([0, 1, 2]), np.array([1.0, 3.0, 2.0]), descending=True, labels=np.array([0, 1, 1]))
    >>> found.rows.tolist(), found.labels, found.starts
    ([1, 2, 0], (1, 0), (0, 2))
    """
    keys = -keys if descending else keys
    if labels is None:
        return ListedRows(rows[np.lexsort((rows, keys))])
    own = labels[rows]
    _, place, counts = np.unique(own, return_inverse=True, return_counts=True)
    share = np.where(own < 0, 1, -counts[place])
    return grouped(rows[np.lexsort((rows, keys, own, share))], labels)


def grouped(rows: IntArray, labels: IntArray) -> ListedRows:
    """Mark where each cluster begins in rows that are arranged by cluster."""
    own = labels[rows]
    starts = np.flatnonzero(np.diff(own, prepend=own[:1] - 1)) if len(rows) else np.empty(0, dtype=np.int64)
    return ListedRows(rows, tuple(own[starts].tolist()), tuple(starts.tolist()))
