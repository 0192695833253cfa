"""What is clustered, and how finely: drilling down and back, and stepping through levels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from cluster_explorer.errors import DataError
from cluster_explorer.session.annotating import shown_names
from cluster_explorer.values import Scope

if TYPE_CHECKING:
    from cluster_explorer.session.session import Session
    from cluster_explorer.values import IntArray

What: TypeAlias = Literal["selection", "noise"]

_NAME_LENGTH = 40


class Steering:
    """Intents that change which rows are clustered, and at which level.

    Parameters
    ----------
    session : Session
        Whose parameters change.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def drill_down(self, what: What, name: str = "") -> None:
        """Cluster only what is selected, or only the noise.

        Raises
        ------
        DataError
            If these are too few rows.
        """
        if what == "selection":
            self.drill_down_to(self._session.state.selection.rows, name or self._selection_name())
        else:
            members = self._session.state.results.members
            noise = np.empty(0, dtype=np.int32) if members is None else np.flatnonzero(members.noise).astype(np.int32)
            self.drill_down_to(noise, name or "noise")

    def drill_down_to(self, rows: IntArray, name: str) -> None:
        """Cluster only some rows, within what is clustered now.

        Raises
        ------
        DataError
            If there are too few of them.
        """
        self.enter(self.scope_within(self._session.state.params.scope, rows, name))
        # it is all that is in colour now, and said as much by the breadcrumb
        self._session.clear_selection()

    def scope_within(self, parent: Scope | None, rows: IntArray, name: str) -> Scope:
        """Return the scope of some rows within another one, or within all rows (None); nothing changes yet.

        Raises
        ------
        DataError
            If there are too few of them.
        """
        if parent is not None:
            rows = np.intersect1d(rows, parent.rows).astype(np.int32)
        min_samples = self._session.state.params.min_samples
        if len(rows) <= min_samples:
            raise DataError(
                f"{len(rows)} texts are too few to be clustered by themselves: more than "
                f"min_samples={min_samples} are needed. Select more texts, or choose a smaller min_samples."
            )
        return Scope(name, rows, parent)

    def enter(self, scope: Scope) -> None:
        """Cluster only the rows of a scope."""
        self._session.set_params(self._session.state.params.changed({"scope": scope}))

    def go_up(self) -> None:
        """Come back to what was clustered before the last drilling down, if there was any."""
        scope = self._session.state.params.scope
        if scope is not None:
            self.go_up_to(scope.parent)

    def go_up_to(self, scope: Scope | None) -> None:
        """Come back to a scope that was left by drilling down; None is the whole collection."""
        self._session.set_params(self._session.state.params.changed({"scope": scope}))

    def choose_size(self, min_cluster_size: int) -> None:
        """Show the leaves of the hierarchy at a size, as the landscape counts them."""
        self._session.set_params(
            self._session.state.params.changed(
                {"min_cluster_size": min_cluster_size, "cluster_selection_method": "leaf"}
            )
        )

    def choose_automatically(self) -> None:
        """Let clusters be selected as the space does by itself, whatever was chosen in the landscape."""
        self._session.set_params(
            self._session.state.params.changed({"min_cluster_size": "auto", "cluster_selection_method": None})
        )

    def _selection_name(self) -> str:
        """Name the selection after the cluster that it is, if it is one."""
        state = self._session.state
        if state.selection.kind != "cluster" or state.results.members is None or not len(state.selection):
            return "selection"
        labels = np.unique(state.results.members.labels[state.selection.rows])
        if len(labels) != 1:
            return "selection"
        label = int(labels[0])
        if label < 0:
            return "noise"
        return (shown_names(state)[label] or f"cluster {label}")[:_NAME_LENGTH]
