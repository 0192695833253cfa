"""The one state of an explorer, and the one place where it changes.

Cells, widget callbacks and the worker are three threads. Each hands over a change (a function from state to state);
changes are applied one after the other, and after each one the views are told. A view that causes another change while
it draws gets it applied next, not in between.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

from cluster_explorer.annotations import Annotations
from cluster_explorer.exploring.coloring import Coloring, color_by_cluster, color_by_column, color_by_share
from cluster_explorer.exploring.columns import typed_columns
from cluster_explorer.exploring.finding import Finding, RowFilter, field_of, looked_at
from cluster_explorer.exploring.identity import Identities
from cluster_explorer.exploring.listing import Listing
from cluster_explorer.exploring.metadata import Metadata
from cluster_explorer.exploring.selection import Selection, rows_now
from cluster_explorer.pipeline import Results
from cluster_explorer.titles.status import TitlingStatus
from cluster_explorer.worker.reports import Status
from cluster_explorer.write_back import Writing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import pandas as pd

    from cluster_explorer.exploring.aim import Aim
    from cluster_explorer.exploring.sampling import Viewport
    from cluster_explorer.params import Params
    from cluster_explorer.worker.reports import Report

#: One and the same each time, so that it is known by its identity.
_NO_FIELDS: Mapping[str, pd.Series[Any]] = MappingProxyType({})

_log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class State:
    """All that the views show.

    Attributes
    ----------
    params : Params
        What is wanted.
    results : Results
        What there is, to show.
    selection : Selection
    annotations : Annotations
        Names, stars and saved selections.
    listing : Listing
        How the list of selected texts is arranged.
    finding : Finding
        What the rows are coloured by, which are left by a filter, and what was found last.
    coloring : Coloring
        The colour of every row; follows from the rest.
    inspected : int
        Row whose whole text is open, or -1.
    viewport : Viewport or None
        The part of the map that is looked at; None is all of it.
    aim : Aim or None
        Where the map was last told to look.
    status : Status
        What the worker is doing.
    notice : str
        One sentence for the user, or "".
    metadata : Metadata
        Metadata fields of all rows, as far as somebody asked for them.
    titling : TitlingStatus
        How far the asking for titles is.
    writing : Writing
        What is being written back, and what was.
    """

    params: Params
    results: Results = field(default_factory=Results)
    selection: Selection = field(default_factory=Selection)
    annotations: Annotations = field(default_factory=Annotations)
    listing: Listing = field(default_factory=Listing)
    finding: Finding = field(default_factory=Finding)
    coloring: Coloring = field(default_factory=Coloring)
    inspected: int = -1
    viewport: Viewport | None = None
    aim: Aim | None = None
    status: Status = field(default_factory=Status)
    notice: str = ""
    metadata: Metadata = field(default_factory=Metadata)
    titling: TitlingStatus = field(default_factory=TitlingStatus)
    writing: Writing = field(default_factory=Writing)

    @property
    def identities(self) -> Identities:
        """The colour of each cluster, and what the last re-clustering changed."""
        followed, members = self.results.followed, self.results.members
        if followed is None:
            return Identities()
        if members is not None and len(followed.identities.colors) != members.n_clusters:
            # those of a session file, which were found on another machine perhaps
            return Identities(tuple(range(members.n_clusters)))
        return followed.identities


Change: TypeAlias = "Callable[[State], State]"
View: TypeAlias = "Callable[[State, State], None]"


class Store:
    """Holds the state, applies changes in order, and tells the views.

    Parameters
    ----------
    state : State
        What to begin with.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._views: list[View] = []
        self._guard = threading.Condition()
        self._waiting: deque[Change] = deque()
        self._applier: int | None = None
        self._handed_in = 0
        self._applied = 0

    @property
    def state(self) -> State:
        """The state as it is."""
        return self._state

    def subscribe(self, view: View) -> None:
        """Tell `view` of every change from now on, with the state before and after."""
        self._views.append(view)

    def unsubscribe(self, view: View) -> None:
        """Tell `view` no longer."""
        self._views.remove(view)

    def apply(self, change: Change) -> None:
        """Apply a change and return when the views show it.

        Called from inside a view, it returns at once and the change comes next.
        """
        with self._guard:
            ticket = self._hand_in(change)
            if self._applier == threading.get_ident():
                return
            while self._applier is not None and self._applied < ticket:
                self._guard.wait()
        self._drain()

    def post(self, change: Change) -> None:
        """Apply a change without waiting for whoever is applying others; for the worker."""
        with self._guard:
            self._hand_in(change)
        self._drain()

    def _hand_in(self, change: Change) -> int:
        self._waiting.append(change)
        self._handed_in += 1
        return self._handed_in

    def _drain(self) -> None:
        with self._guard:
            if self._applier is not None:
                return
            self._applier = threading.get_ident()
        try:
            while (change := self._next()) is not None:
                try:
                    self._change(change)
                finally:
                    with self._guard:
                        self._applied += 1
                        self._guard.notify_all()
        finally:
            with self._guard:
                if self._applier == threading.get_ident():
                    self._applier = None
                self._guard.notify_all()

    def _next(self) -> Change | None:
        with self._guard:
            if self._waiting:
                return self._waiting.popleft()
            # released here as well, under the lock, so that no change slips in between unseen
            self._applier = None
            return None

    def _change(self, change: Change) -> None:
        before = self._state
        after = change(before)
        if after is before:
            return
        self._state = after = _settled(before, after)
        for view in tuple(self._views):
            try:
                view(before, after)
            except Exception as error:  # noqa: BLE001 - one broken view must not silence the others
                # nobody reads what a callback raises: it goes to the log, and one sentence to the widget
                _log.exception("A view could not show the state")
                self._waiting.append(_noticed(f"A view failed: {type(error).__name__}: {error}"))
                self._handed_in += 1


def reported(report: Report) -> Change:
    """Return the change that a report of the worker makes."""

    def change(shown: State) -> State:
        results = report.results if report.results is not None else shown.results
        state = _carried(shown, results)
        return replace(
            state,
            results=results,
            params=report.params or state.params,
            status=report.status,
            notice=report.notice or state.notice,
            selection=_surviving(state, results),
            # another map is seen whole; its view is told by the browser when it is drawn
            viewport=state.viewport if results.layout is state.results.layout else None,
        )

    return change


def _carried(state: State, results: Results) -> State:
    """Let what holds row numbers follow its rows, where the collection was read anew."""
    earlier, rows = state.results.rows, results.rows
    if earlier is None or rows is None or rows is earlier:
        return state
    places = rows_now(earlier.ids, rows.ids)
    selected = places[state.selection.rows]
    selected = np.sort(selected[selected >= 0])
    kind = state.selection.kind if len(selected) else "none"
    return replace(
        state,
        selection=replace(state.selection, rows=selected, kind=kind, outline=None),
        inspected=int(places[state.inspected]) if state.inspected >= 0 else -1,
    )


def _surviving(state: State, results: Results) -> Selection:
    """Keep the selected rows; an outline on a map that has changed no longer says which they are."""
    if state.selection.outline is None or state.results.layout is results.layout:
        return state.selection
    return replace(state.selection, outline=None)


def _settled(before: State, after: State) -> State:
    """Let what follows from the rest follow: fields to choose from, filters of rows that are there, and colours."""
    if before.results.rows is not None and after.results.rows is not before.results.rows:
        # what was found among other rows says nothing of these
        after = replace(after, finding=Finding(color_by=after.finding.color_by))
    if _fields(after) is not _fields(before):
        columns = typed_columns(_fields(after), _fields(before), before.finding.columns)
        after = replace(after, finding=replace(after.finding, columns=columns))
        if any(name not in columns.by_name for name in (*after.finding.filter.chosen, *after.finding.filter.ranges)):
            # a field that was written holds other values now: places of the old ones say nothing of them
            after = replace(after, finding=replace(after.finding, filter=RowFilter()))
    return _colored(before, after)


def _fields(state: State) -> Mapping[str, pd.Series[Any]]:
    """Return the fields that have been read of the rows that are there."""
    rows, metadata = state.results.rows, state.metadata
    return metadata.columns if rows is not None and metadata.ids is rows.ids else _NO_FIELDS


def _colored(before: State, after: State) -> State:
    """Let the colours follow from what they show."""
    if _colored_from(before) == _colored_from(after):
        return after
    coloring = _coloring(after)
    row_filter = after.finding.filter
    # clusters are not coloured outside of what was clustered, anything else would be
    kept = row_filter.kept if coloring.by == "cluster" else looked_at(row_filter, after.results.members)
    return replace(after, coloring=coloring if kept is None else coloring.dimmed(kept))


def _colored_from(state: State) -> tuple[object, ...]:
    """All that the colours depend on; values are compared by identity."""
    results, finding = state.results, state.finding
    shown = (results.rows, results.members, finding.columns, results.trust, finding.filter.kept)
    return (*(id(value) for value in shown), state.identities, finding.color_by)


def _coloring(state: State) -> Coloring:
    """Return the colours wished for, or those of clusters until there is what they show."""
    results, by = state.results, state.finding.color_by
    members = results.members
    column = state.finding.columns.by_name.get(field_of(by) or "")
    if column is not None and column.has_colors:
        return color_by_column(column)
    if by == "trust" and results.trust is not None:
        return color_by_share(by, results.trust)
    if by == "confidence" and members is not None:
        return color_by_share(by, members.confidence)
    return color_by_cluster(members, state.identities, len(results.rows) if results.rows is not None else 0)


def _noticed(notice: str) -> Change:
    return lambda state: state if state.notice == notice else replace(state, notice=notice)
