"""Narrowing down to some rows: by an expression of Milvus, by the values of fields, and clustering what is left."""

from __future__ import annotations

from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import Cancelled, ClusterExplorerError, DataError, InvalidParameterError, available
from cluster_explorer.exploring.columns import MISSING
from cluster_explorer.exploring.filter_query import FilterQuery, chosen_places, query_of
from cluster_explorer.exploring.finding import RowFilter, places_of, rows_left, within
from cluster_explorer.values import ignore_progress

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import numpy.typing as npt

    from cluster_explorer.exploring.finding import Outside
    from cluster_explorer.session.errands import Errands, Work
    from cluster_explorer.session.session import Session
    from cluster_explorer.state import Change, State
    from cluster_explorer.values import IdArray, ProgressCallback, Rows, Scope

_FILTER_SCOPE = "filter"
_NOT_ASKED = "The filter was not applied to the rows as they are now: all are shown."


@dataclass(frozen=True, eq=False)
class _Wish:
    """An expression, and the errand that runs it."""

    expression: str
    work: Work


@dataclass(frozen=True, eq=False)
class _Matched:
    """What Milvus finds for an expression, by primary key: that says the same of any rows.

    Attributes
    ----------
    expression : str
        "" leaves all.
    keys : tuple or None
        None without an expression.
    """

    expression: str = ""
    keys: tuple[Any, ...] | None = None

    def among(self, ids: IdArray) -> npt.NDArray[np.bool_] | None:
        """Tell which of some rows are found; None without an expression."""
        if self.keys is None:
            return None
        rows, there = places_of(ids, self.keys)
        matching = np.zeros(len(ids), dtype=bool)
        matching[rows[there]] = True
        return matching


@dataclass(frozen=True, eq=False)
class _Change:
    """What a filter is to be; its other parts stay as they are."""

    matched: _Matched | None = None
    chosen: Mapping[str, tuple[int, ...]] | None = None
    ranges: Mapping[str, tuple[float, float]] | None = None
    outside: Outside | None = None

    def of(self, row_filter: RowFilter, ids: IdArray) -> RowFilter:
        """Return the filter that becomes of another; which rows it leaves is still to be found."""
        matched = self.matched
        return RowFilter(
            row_filter.expression if matched is None else matched.expression,
            row_filter.matching if matched is None else matched.among(ids),
            row_filter.chosen if self.chosen is None else self.chosen,
            row_filter.ranges if self.ranges is None else self.ranges,
            self.outside or row_filter.outside,
        )


class Filtering:
    """Changes the filter. A change is made whole or not at all: it is checked before anything of it is applied.

    When the map turns to other rows, the filter is asked again of those.

    Parameters
    ----------
    session : Session
    errands : Errands
        Where an expression is run in the background; a newer question takes its place.
    """

    def __init__(self, session: Session, errands: Errands) -> None:
        self._session = session
        self._errands = errands
        #: What was made to cluster the rows left by the filter anew.
        self._scope: Scope | None = None
        #: A filter that was in force among other rows, while it is asked of those that are there now.
        self._owed = FilterQuery()
        #: What was wished for last; it counts while it is being run.
        self._wish: _Wish | None = None
        #: Why the last one was not put in force, or "".
        self._problem = ""
        session.store.subscribe(self._follow)

    @property
    def query(self) -> FilterQuery:
        """What the filter asks for, to be asked again by another session."""
        finding = self._session.state.finding
        return query_of(finding.filter, finding.columns) if self._owed.leaves_all else self._owed

    @property
    def scope(self) -> Scope | None:
        """The scope of the rows that are left, where they were clustered anew; one may have drilled down within it."""
        mine, clustered = self._scope, self._session.state.params.scope
        is_there = mine is not None and clustered is not None and any(each is mine for each in clustered.path)
        return mine if is_there else None

    def restore(
        self, query: FilterQuery, scope: Scope | None = None, *, on_progress: ProgressCallback | None = None
    ) -> RowFilter:
        """Put the filter of an earlier session in force, asked anew of the rows that are there, and wait for it.

        Parameters
        ----------
        query : FilterQuery
        scope : Scope, optional
            The filter's own among those that are clustered. Where the same rows are left, it stays, and so does what
            was drilled down to within it; otherwise, or when the filter cannot be put in force, it is left.
        on_progress : callable, optional
        """
        self._scope = scope
        try:
            return self._narrow(self._answered(query, on_progress or ignore_progress))
        except ClusterExplorerError:
            if self.scope is not None:
                self._session.steering.go_up_to(self._parent())
            self._scope = None
            raise

    def filter_rows(
        self, expression: str, outside: Outside | None = None, *, on_progress: ProgressCallback | None = None
    ) -> RowFilter:
        """Leave the rows that an expression in Milvus' filter language selects; "" leaves all."""
        _check(outside)
        matched = self._matched(expression, on_progress or ignore_progress)
        return self._narrow(_Change(matched, outside=outside))

    def start(self, expression: str) -> None:
        """Do as `filter_rows` in the background; where the map turns to other rows meanwhile, it is asked of those."""
        if not self._owed.leaves_all:
            # the rest of the filter is being asked of other rows still: both at once, or one would replace the other
            self.ask(replace(self._owed, expression=expression.strip()))
            return

        def work(on_progress: ProgressCallback) -> Callable[[], object]:
            matched = self._matched(expression, on_progress)
            return lambda: self._narrow(_Change(matched))

        self._wish = _Wish(expression.strip(), work)
        self._errands.start("Filtering", work)

    def ask(self, query: FilterQuery) -> None:
        """Put a filter in force that was in force among other rows, in the background, in place of the one there is."""
        self._owed, self._problem = query, ""

        def work(on_progress: ProgressCallback) -> Callable[[], object]:
            try:
                change = self._answered(query, on_progress)
            except Cancelled:
                if self._give_up(query, _NOT_ASKED):
                    self._session.notify(_NOT_ASKED)
                raise
            except ClusterExplorerError as error:
                raise self._unanswered(query, error) from error
            return lambda: self._put_in_force(query, change)

        self._errands.start("Filtering", work)

    def settle(self) -> str:
        """Wait for a filter that is asked again of other rows; return why it is not in force, or ""."""
        # returns when views, and so this, have been told of all that has come in
        self._session.store.apply(lambda state: state)
        if not self._owed.leaves_all:
            self._errands.wait()
        return self._problem

    def choose(self, field: str, places: Sequence[int] | None) -> RowFilter:
        """Leave the rows with some of the categories of a field, by their places; None leaves all."""
        return self.by_values({field: places}, {})

    def tick(self, field: str, place: int, *, on: bool) -> RowFilter:
        """Leave the rows of one category more, or of one less; when none is left, all are."""
        finding = self._session.state.finding
        column = finding.columns[field]
        everything = range(MISSING if column.n_missing else 0, len(column.categories))
        ticked = set(finding.filter.chosen.get(field, everything))
        ticked = ticked | {place} if on else ticked - {place}
        is_all = not ticked or len(ticked) == len(everything)
        return self.choose(field, None if is_all else sorted(ticked))

    def limit(self, field: str, span: tuple[float, float] | None) -> RowFilter:
        """Leave the rows whose number or date (seconds since 1970) is in a range; None leaves all."""
        return self.by_values({}, {field: span})

    def by_values(
        self,
        chosen: Mapping[str, Sequence[int] | None],
        ranges: Mapping[str, tuple[float, float] | None],
        outside: Outside | None = None,
    ) -> RowFilter:
        """Leave the rows with some values, in one step; fields that are not named stay as they were.

        Parameters
        ----------
        chosen : mapping
            By field of categories: the places of those that are left, `MISSING` for the rows without a value; None for
            all.
        ranges : mapping
            By field of numbers or dates (seconds since 1970): the least and the greatest that is left; None for all.
        outside : {"grey", "anew"}, optional

        Raises
        ------
        DataError
            If no row would be left, or too few to cluster them anew; the filter is as it was.
        """
        _check(outside)
        finding = self._session.state.finding
        places = dict(finding.filter.chosen)
        for field, wanted in chosen.items():
            column = finding.columns[field]
            places.pop(field, None)
            if wanted is not None:
                places[field] = tuple(place for place in wanted if MISSING <= place < len(column.categories))
        spans = dict(finding.filter.ranges)
        for field, span in ranges.items():
            column = finding.columns[field]
            if column.kind not in ("numbers", "dates"):
                raise InvalidParameterError(f"Field {field!r} holds {column.kind}, of which no range can be taken.")
            spans.pop(field, None)
            if span is not None:
                spans[field] = (min(span), max(span))
        change = _Change(chosen=MappingProxyType(places), ranges=MappingProxyType(spans), outside=outside)
        return self._narrow(change)

    def set_outside(self, outside: Outside) -> RowFilter:
        """Say what happens to the rows that are filtered out."""
        _check(outside)
        return self._narrow(_Change(outside=outside))

    def clear(self) -> None:
        """Leave all rows, and the next filter grey."""
        none = RowFilter()
        self._narrow(_Change(_Matched(), none.chosen, none.ranges, none.outside))

    def _matched(self, expression: str, on_progress: ProgressCallback) -> _Matched:
        if not expression.strip():
            return _Matched()
        keys = self._session.library.matching(expression.strip(), on_progress=on_progress)
        return _Matched(expression.strip(), keys)

    def _answered(self, query: FilterQuery, on_progress: ProgressCallback) -> _Change:
        """Find which rows, and which places among the categories, a query is about now."""
        self._session.finding.read_fields(query.fields, on_progress=on_progress)
        chosen = chosen_places(query, self._session.state.finding.columns)
        return _Change(self._matched(query.expression, on_progress), chosen, query.ranges, query.outside)

    def _put_in_force(self, query: FilterQuery, change: _Change) -> None:
        try:
            self._narrow(change)
        except ClusterExplorerError as error:
            raise self._unanswered(query, error) from error

    def _unanswered(self, query: FilterQuery, error: ClusterExplorerError) -> DataError:
        problem = f"The filter could not be applied to the rows as they are now, so all are shown. {error}"
        self._give_up(query, problem)
        return DataError(problem)

    def _give_up(self, query: FilterQuery, problem: str) -> bool:
        """Owe a query no longer; tell whether it was owed still, and not replaced by another."""
        was_owed = self._owed is query
        if was_owed:
            self._owed, self._problem = FilterQuery(), problem
        return was_owed

    def _follow(self, before: State, after: State) -> None:
        """Ask the filter again when the map turns to other rows, or when a field of it was written."""
        lost = query_of(before.finding.filter, before.finding.columns)
        if before.results.rows is not None and after.results.rows is not before.results.rows:
            owed = self._with_wish(self._owed if lost.leaves_all else lost)
        else:
            is_unread = any(name not in after.finding.columns.by_name for name in lost.fields)
            owed = self._with_wish(lost) if is_unread else FilterQuery()
        if not owed.leaves_all:
            self.ask(owed)

    def _with_wish(self, query: FilterQuery) -> FilterQuery:
        """Return a query with the expression that was wished for since, and is being run."""
        wish = self._wish
        if wish is None or not self._errands.is_running(wish.work):
            return query
        return replace(query, expression=wish.expression)

    def _narrow(self, change: _Change) -> RowFilter:
        """Change some parts of the filter; what is selected stays selected where it is left."""
        while True:
            rows = self._session.shown_rows()
            parent, own = self._parent(), self.scope
            finding, params = self._session.state.finding, self._session.state.params
            changed = change.of(finding.filter, rows.ids)
            kept = rows_left(changed, finding.columns)
            if kept is not None and not kept.any():
                raise DataError("No row is left by this filter, so it was not applied. Choose less strictly.")
            changed = replace(changed, kept=kept)
            wanted = self._scope_of(changed, parent)
            self._session.store.apply(_filtered_by(changed, rows))
            if self._session.state.results.rows in (None, rows):
                break
            # a refresh has come in between: keys say the same of the rows that are there now, places of values do not
            if change.chosen is not None or change.ranges is not None:
                raise DataError("The collection was read anew while this filter was applied. Filter again.")
        if wanted is not None and own is not None and np.array_equal(wanted.rows, own.rows):
            # the same rows, clustered anew already: what was drilled down to within them stays
            wanted = own
        self._scope, self._owed, self._problem = wanted, FilterQuery(), ""
        if wanted is not None and wanted is own:
            return changed
        if wanted is not None:
            self._session.steering.enter(wanted)
        elif params.scope is not parent:
            self._session.steering.go_up_to(parent)
        return changed

    def _parent(self) -> Scope | None:
        """Return the scope that is there apart from the one that a filter made."""
        own = self.scope
        return self._session.state.params.scope if own is None else own.parent

    def _scope_of(self, row_filter: RowFilter, parent: Scope | None) -> Scope | None:
        """Return the scope of the rows that are left, where they are to be clustered anew."""
        if row_filter.kept is None or row_filter.outside != "anew":
            return None
        rows = np.flatnonzero(row_filter.kept).astype(np.int32)
        return self._session.steering.scope_within(parent, rows, _FILTER_SCOPE)


def _check(outside: Outside | None) -> None:
    if outside not in (None, "grey", "anew"):
        raise InvalidParameterError(f"outside={outside!r} is not a choice. {available(['grey', 'anew'])}")


def _filtered_by(row_filter: RowFilter, rows: Rows) -> Change:
    """Return the change that puts a filter of some rows in force, and none where others are on show."""

    def change(state: State) -> State:
        if state.results.rows is not None and state.results.rows is not rows:
            return state
        finding = replace(state.finding, filter=row_filter, problem="")
        return replace(state, finding=finding, selection=within(state.selection, row_filter))

    return change
