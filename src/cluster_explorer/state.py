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
from typing import TYPE_CHECKING, TypeAlias

from cluster_explorer.identity import Identities, follow
from cluster_explorer.jobs import Status
from cluster_explorer.pipeline import Results
from cluster_explorer.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.jobs import Report
    from cluster_explorer.params import Params

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
    identities : Identities
        The colour of each cluster, and what the last re-clustering changed.
    selection : Selection
    inspected : int
        Row whose whole text is open, or -1.
    status : Status
        What the worker is doing.
    notice : str
        One sentence for the user, or "".
    """

    params: Params
    results: Results = field(default_factory=Results)
    identities: Identities = field(default_factory=Identities)
    selection: Selection = field(default_factory=Selection)
    inspected: int = -1
    status: Status = field(default_factory=Status)
    notice: str = ""


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
        self._state = after
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

    def change(state: State) -> State:
        results = report.results if report.results is not None else state.results
        return replace(
            state,
            results=results,
            params=report.params or state.params,
            status=report.status,
            selection=_surviving(state, results),
            identities=_followed(state, results),
        )

    return change


def _surviving(state: State, results: Results) -> Selection:
    """Keep the selected rows; an outline on a map that has changed no longer says which they are."""
    if state.selection.outline is None or state.results.layout is results.layout:
        return state.selection
    return replace(state.selection, outline=None)


def _followed(state: State, results: Results) -> Identities:
    """Let clusters keep their colours when the clustering changes."""
    before, after = state.results.clustering, results.clustering
    if after is None or after is before:
        return state.identities
    return follow(before.labels if before is not None else None, state.identities, after.labels)


def _noticed(notice: str) -> Change:
    return lambda state: state if state.notice == notice else replace(state, notice=notice)
