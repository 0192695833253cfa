"""What a person looks for: hits of a question, the rows that a filter leaves, and what colours show."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cluster_explorer.exploring.columns import Columns
from cluster_explorer.exploring.selection import Selection, rows_now

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cluster_explorer.exploring.members import Members
    from cluster_explorer.values import FloatArray, IdArray, IntArray

#: How colours by a field are named, so that a field called "cluster" is not taken for the clusters.
FIELD_PREFIX = "field:"

HitsKind: TypeAlias = Literal["meaning", "words", "similar"]
Outside: TypeAlias = Literal["grey", "anew"]


@dataclass(frozen=True, eq=False)
class Hits:
    """What was found, best first.

    Attributes
    ----------
    kind : {"meaning", "words", "similar"}
        Nearest to a question; texts that hold its words; nearest to the rows that were selected.
    question : str
        What was asked, or what the rows are similar to.
    rows : ndarray of shape (m,), int32
        Row numbers.
    scores : ndarray of shape (m,), float32
        One for each row; what they are says `score_name`.
    score_name : str
        "cosine similarity", "Euclidean distance", "occurrences", ...
    n_found : int
        Rows that match in all; more than `rows` where only the best were asked for.
    """

    kind: HitsKind
    question: str
    rows: IntArray = field(repr=False)
    scores: FloatArray = field(repr=False)
    score_name: str
    n_found: int


@dataclass(frozen=True, eq=False)
class RowFilter:
    """Which rows are looked at.

    Attributes
    ----------
    expression : str
        In Milvus' filter language; "" leaves all.
    matching : ndarray of shape (n,), bool, or None
        The rows that Milvus finds for the expression; None without one.
    chosen : mapping of str to tuple of int
        By field of categories: the places of those that are left; `columns.MISSING` leaves the rows without a value.
    ranges : mapping of str to tuple of float
        By field of numbers or dates (seconds since 1970): the least and the greatest that is left.
    outside : {"grey", "anew"}
        Whether the other rows turn grey, or the rows that are left are clustered anew.
    kept : ndarray of shape (n,), bool, or None
        The rows that are left; None for all.
    """

    expression: str = ""
    matching: npt.NDArray[np.bool_] | None = field(default=None, repr=False)
    chosen: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}))
    ranges: Mapping[str, tuple[float, float]] = field(default_factory=lambda: MappingProxyType({}))
    outside: Outside = "grey"
    kept: npt.NDArray[np.bool_] | None = field(default=None, repr=False)

    def within(self, rows: IntArray) -> IntArray:
        """Return those of some rows that are left."""
        return rows if self.kept is None else rows[self.kept[rows]]


@dataclass(frozen=True)
class Errand:
    """A question that is being answered in the background.

    Attributes
    ----------
    title : str
        What is being done.
    fraction : float
        Share that is done, 0 to 1; 0 while it is not known.
    """

    title: str
    fraction: float = 0.0


@dataclass(frozen=True, eq=False)
class Finding:
    """What a person looks for.

    Attributes
    ----------
    color_by : str
        "cluster", "confidence", "trust", or ``"field:"`` and the name of a field.
    columns : Columns
        The fields that can be coloured by or chosen from, as far as they have been read.
    hits : Hits or None
        What was found last.
    filter : RowFilter
    errand : Errand or None
        What is being looked for.
    problem : str
        One sentence on why nothing was found, or "".
    """

    color_by: str = "cluster"
    columns: Columns = field(default_factory=Columns)
    hits: Hits | None = None
    filter: RowFilter = field(default_factory=RowFilter)
    errand: Errand | None = None
    problem: str = ""


def field_of(by: str) -> str | None:
    """Return the name of the field that is coloured or sorted by; None where it is none.

    Examples
    --------
    >>> field_of("field:section"), field_of("cluster")
    ('section', None)
    """
    return by.removeprefix(FIELD_PREFIX) if by.startswith(FIELD_PREFIX) else None


def selected_hits(selection: Selection, hits: Hits | None) -> Hits | None:
    """Return the hits that are still selected, best first; None where the selection is none of hits.

    Examples
    --------
    >>> hits = Hits("words", "port", np.array([4, 2, 7]), np.array([3.0, 2.0, 1.0]), "occurrences", 3)
    >>> selected_hits(Selection(np.array([2, 4]), "hits"), hits).rows.tolist()
    [4, 2]
    """
    if selection.kind != "hits" or hits is None:
        return None
    left = np.isin(hits.rows, selection.rows)
    return hits if left.all() else replace(hits, rows=hits.rows[left], scores=hits.scores[left])


def hits_now(hits: Hits, before: IdArray, after: IdArray) -> Hits:
    """Return hits by the row numbers that they have after a collection was read anew; those gone are left out.

    Parameters
    ----------
    hits : Hits
    before, after : ndarray
        Primary keys, unique and ascending.

    Examples
    --------
    >>> hits = Hits("words", "port", np.array([2, 0]), np.array([3.0, 2.0]), "occurrences", 2)
    >>> hits_now(hits, np.array([10, 20, 30]), np.array([5, 10, 30])).rows.tolist()
    [2, 1]
    """
    rows = rows_now(before, after)[hits.rows]
    there = rows >= 0
    n_found = hits.n_found - int((~there).sum())
    return replace(hits, rows=rows[there], scores=hits.scores[there], n_found=n_found)


def words_found(selection: Selection, hits: Hits | None) -> tuple[str, ...]:
    """Return the words that the selected rows were found by, as they were typed; none where it was not by words.

    Examples
    --------
    >>> hits = Hits("words", "Port strike", np.array([4]), np.array([3.0]), "occurrences", 1)
    >>> words_found(Selection(np.array([4]), "hits"), hits)
    ('Port', 'strike')
    """
    # a question that is asked by its meaning has words that nothing was found by
    if selection.kind != "hits" or hits is None or hits.kind != "words":
        return ()
    return tuple(hits.question.split())


def score_of(selection: Selection, hits: Hits | None, row: int) -> float | None:
    """Return the score of a row among the hits that are selected; None for other rows."""
    if selection.kind != "hits" or hits is None:
        return None
    places = np.flatnonzero(hits.rows == row)
    return float(hits.scores[places[0]]) if len(places) else None


def places_of(ids: IdArray, keys: Iterable[object]) -> tuple[IntArray, npt.NDArray[np.bool_]]:
    """Return the row of each primary key, and whether it is there.

    Examples
    --------
    >>> rows, there = places_of(np.array([10, 20, 30]), [30, 25])
    >>> rows[there].tolist()
    [2]
    """
    wanted = np.array(list(keys), dtype=ids.dtype)
    places = np.clip(np.searchsorted(ids, wanted), 0, max(len(ids) - 1, 0)).astype(np.int32)
    return places, ids[places] == wanted


def within(selection: Selection, row_filter: RowFilter) -> Selection:
    """Return what is left of a selection by a filter; its outline goes where rows do.

    Examples
    --------
    >>> from cluster_explorer.exploring.selection import Selection
    >>> within(Selection(np.array([0, 2]), "ids"), RowFilter(kept=np.array([True, True, False]))).rows.tolist()
    [0]
    """
    rows = row_filter.within(selection.rows)
    return selection if len(rows) == len(selection.rows) else Selection(rows, selection.kind if len(rows) else "none")


def looked_at(row_filter: RowFilter, members: Members | None) -> npt.NDArray[np.bool_] | None:
    """Tell which rows are looked at: those that were clustered, and are left by the filter; None for all.

    Examples
    --------
    >>> looked_at(RowFilter(kept=np.array([True, False])), None)
    array([ True, False])
    """
    if members is None or members.clustering.scope is None:
        return row_filter.kept
    return members.inside if row_filter.kept is None else members.inside & row_filter.kept


def rows_left(row_filter: RowFilter, columns: Columns) -> npt.NDArray[np.bool_] | None:
    """Find the rows that all parts of a filter leave.

    Parameters
    ----------
    row_filter : RowFilter
    columns : Columns
        With the fields that values are chosen of or ranges are given for.

    Returns
    -------
    ndarray of shape (n,), bool, or None
        None where the filter leaves all rows.

    Examples
    --------
    >>> from cluster_explorer.exploring.columns import Columns, column_of
    >>> columns = Columns({"year": column_of("year", [2023, 2024, None])})
    >>> rows_left(RowFilter(chosen={"year": (1,)}), columns)
    array([False,  True, False])
    """
    parts = [] if row_filter.matching is None else [row_filter.matching]
    parts += [np.isin(columns[name].codes, places) for name, places in row_filter.chosen.items()]
    for name, (low, high) in row_filter.ranges.items():
        numbers = columns[name].numbers
        parts.append((numbers >= low) & (numbers <= high))
    return np.logical_and.reduce(parts) if parts else None
