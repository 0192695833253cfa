"""Taking in what others have added, changed or deleted since the collection was read."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cluster_explorer.stages.patching import compare_rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.session.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.values import Rows
    from cluster_explorer.worker.reports import Status

#: Above this share of new points, placed by their neighbours alone, a map is worth drawing anew.
_MANY = 0.2


@dataclass(frozen=True)
class RefreshReport:
    """What a refresh found.

    Attributes
    ----------
    n_added, n_changed, n_removed : int
        Rows that came, whose vector or text is another, and that went.
    n_rows : int
        Rows that there are now.
    sentence : str
        The same, to read; and why a filter is no longer in force, where it is not.
    """

    n_added: int
    n_changed: int
    n_removed: int
    n_rows: int
    sentence: str


class Refreshing:
    """Brings the exploration up to the collection without starting over.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        #: Whether a refresh was asked for, and has neither come to its end nor been replaced.
        self.due = False
        self._is_starting = False
        session.store.subscribe(self._on_state)

    def start(self, *, redraw: bool = False) -> None:
        """Read the collection anew in the background; the map stays as it is until all is there."""
        if self._session.state.results.rows is None:
            self._session.show()
            return
        self._prepare()
        self._session.renew(without=_remade(redraw=redraw))

    def run(self, *, redraw: bool = False, on_status: Callable[[Status], None] | None = None) -> RefreshReport:
        """Refresh, wait for it and for the filter that is asked again, and tell what had changed.

        Raises
        ------
        ClusterExplorerError
            What made it fail; the exploration is as it was. `Cancelled` when somebody cancelled it.
        """
        before = self._session.require("rows", "clustering", on_status=on_status).rows
        self._prepare()
        targets = ("rows", "clustering", "layout")
        after = self._session.renewed(*targets, without=_remade(redraw=redraw), on_status=on_status).rows
        assert before is not None and after is not None  # noqa: S101, PT018 - required above
        problem = self._session.filtering.settle()
        changes = compare_rows(before, after)
        sentence = f"{changes.sentence} {problem}".strip()
        return RefreshReport(changes.n_added, changes.n_changed, changes.n_removed, len(after), sentence)

    def _prepare(self) -> None:
        self.due = self._is_starting = True
        params = self._session.state.params
        if params.scope is not None:
            # a scope is made of row numbers, which will mean other rows
            self._session.set_params(params.changed({"scope": None}))

    def _on_state(self, before: State, after: State) -> None:
        if after.status.state != before.status.state:
            self._follow(before.status.state, after.status.state)
        old, new = before.results.rows, after.results.rows
        if new is None or new is old:
            return
        if old is None:
            said = self._session.library.damage
        else:
            self.due = False
            said = _told(old, new, drawn=before.results.layout is not None)
        said = f"{said} {_meanwhile(new.n_changed)}".strip()
        if said:
            self._session.store.post(lambda state: replace(state, notice=said))

    def _follow(self, before: str, after: str) -> None:
        """Forget a refresh that came to nothing when other work has begun since, or has come to its end."""
        if after == "ready" or (before in ("failed", "cancelled") and not self._is_starting):
            self.due = False
        self._is_starting = False


def _remade(*, redraw: bool) -> frozenset[str]:
    """Which results are made anew rather than patched."""
    return frozenset({"layout"}) if redraw else frozenset()


def _told(old: Rows, new: Rows, *, drawn: bool) -> str:
    changes = compare_rows(old, new)
    if not drawn or changes.n_moved <= _MANY * len(new):
        return changes.sentence
    placed = f"{changes.n_moved:,} points were placed by their neighbours; refresh(redraw=True) draws the map anew."
    return f"{changes.sentence} {placed}"


def _meanwhile(n_changed: int) -> str:
    if not n_changed:
        return ""
    rows = "1 row" if n_changed == 1 else f"{n_changed:,} rows"
    return f"Others added or deleted {rows} while the collection was read; Refresh takes them in."
