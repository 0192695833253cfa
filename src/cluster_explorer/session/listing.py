"""Arranging the list of selected texts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.annotations import rows_with_ids
from cluster_explorer.errors import ClusterExplorerError, DataError
from cluster_explorer.exploring.finding import FIELD_PREFIX, field_of, selected_hits
from cluster_explorer.exploring.listing import ListedRows, Listing, arranged, grouped, holding, sort_keys
from cluster_explorer.exploring.reading import reading_order
from cluster_explorer.exploring.selection import Selection

if TYPE_CHECKING:
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.session.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.values import FloatArray, IntArray, Rows

#: Texts that stay in Milvus are looked through up to this many; the answer must not take minutes.
_MOST_FETCHED = 20_000
_CHUNK = 2_000


@dataclass(frozen=True, eq=False)
class Listed:
    """The list of selected texts.

    Attributes
    ----------
    rows : ListedRows
    problem : str
        Why it is not as was wished, or "".
    is_awaited : bool
        Whether the field to sort by is still to come.
    held : Rows or None
        What its row numbers count.
    members : Members or None
        Of the same rows.
    """

    rows: ListedRows
    problem: str
    is_awaited: bool
    held: Rows | None = None
    members: Members | None = None


class ListingIntents:
    """Changes how the selected texts are listed, and says which rows the list holds.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def arrange(self, listing: Listing) -> None:
        """Arrange the list in another way; a field to sort by is read in the background, and the list follows then.

        Raises
        ------
        FieldError
            If there is no such field.
        """
        name = field_of(listing.sort)
        self._session.metadata.checked(() if name is None else [name])
        self._session.store.apply(lambda state: replace(state, listing=listing))

    def select_listed(self) -> None:
        """Select what the list is narrowed to."""
        rows = np.sort(self._narrowed(self._session.state))
        self._session.store.apply(
            lambda state: replace(
                state, selection=Selection(rows, "ids"), listing=replace(state.listing, query="", starred_only=False)
            )
        )

    def impossible_sorts(self, state: State) -> tuple[str, ...]:
        """Return what cannot be sorted by here, as far as that is known."""
        columns = state.finding.columns.by_name.values()
        fields = tuple(FIELD_PREFIX + column.name for column in columns if not column.has_order)
        return fields if state.results.rows is None or _vectors(state) is not None else ("distance", *fields)

    def listed(self, state: State) -> Listed:
        """Return the list; what it cannot be narrowed to or sorted by is left out, and said."""
        name = field_of(state.listing.sort)
        is_awaited = name is not None and name not in state.finding.columns.by_name
        unsorted = replace(state, listing=replace(state.listing, sort="auto"))
        wished = unsorted if is_awaited else state
        problems: list[str] = []
        try:
            rows = self._narrowed(state)
        except ClusterExplorerError as error:
            problems.append(str(error))
            rows = self._narrowed(replace(state, listing=replace(state.listing, query="")))
        try:
            listed = _arranged(wished, rows)
        except ClusterExplorerError as error:
            problems.append(str(error))
            listed = _arranged(unsorted, rows)
        return Listed(listed, " ".join(problems), is_awaited, state.results.rows, state.results.members)

    def _narrowed(self, state: State) -> IntArray:
        rows = state.selection.rows
        if state.listing.starred_only and state.results.rows is not None:
            rows = np.intersect1d(rows, rows_with_ids(state.results.rows.ids, state.annotations.starred))
        terms = state.listing.terms
        return rows[holding(self._texts(rows, state.results.rows), terms)] if terms and len(rows) else rows

    def _texts(self, rows: IntArray, held: Rows | None) -> list[str]:
        if (held is None or held.texts is None) and len(rows) > _MOST_FETCHED:
            raise DataError(
                f"The texts stay in Milvus, and {len(rows):,} are too many to look through. "
                f"Select at most {_MOST_FETCHED:,}, or ask the map for words."
            )
        chunks = (rows[start : start + _CHUNK] for start in range(0, len(rows), _CHUNK))
        return [text for chunk in chunks for text in self._session.texts(chunk, held)]


def _arranged(state: State, rows: IntArray) -> ListedRows:
    listing, members = state.listing, state.results.members
    labels = members.labels if listing.grouped and members is not None else None
    if listing.sort == "auto":
        if members is None:
            return ListedRows(rows)
        hits = selected_hits(state.selection, state.finding.hits)
        if hits is not None:
            # hits stay in the order they were found in, whatever their clusters
            return ListedRows(hits.rows[np.isin(hits.rows, rows)])
        ordered = reading_order(rows, members)
        return grouped(ordered, members.labels) if listing.grouped else ListedRows(ordered)
    column = state.finding.columns.by_name.get(field_of(listing.sort) or "")
    keys = sort_keys(listing, rows, members, _vectors(state), column)
    return arranged(rows, keys, descending=listing.descending, labels=labels)


def _vectors(state: State) -> FloatArray | None:
    graph, rows = state.results.graph, state.results.rows
    if graph is not None and graph.vectors is not None:
        return graph.vectors
    return rows.vectors if rows is not None else None
