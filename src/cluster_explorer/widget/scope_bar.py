"""What is clustered: a breadcrumb that leads back, and the ways to drill down."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from cluster_explorer.errors import ClusterExplorerError
from cluster_explorer.widget.closing import close_all
from cluster_explorer.widget.status import set_visible

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.session.steering import What
    from cluster_explorer.state import State
    from cluster_explorer.values import Scope


class ScopeBar:
    """Shows the scope, and asks for another one.

    Parameters
    ----------
    session : Session
        Where intents go.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._path = ipywidgets.HBox()
        self._path.add_class("ce-path")
        self.selection = ipywidgets.Button(
            description="Cluster selection", tooltip="Cluster only the selected texts, from the graph that is there"
        )
        self.noise = ipywidgets.Button(
            description="Cluster noise", tooltip="Cluster only the texts that belong to no cluster"
        )
        self.selection.on_click(lambda _button: self._drill_down("selection"))
        self.noise.on_click(lambda _button: self._drill_down("noise"))
        self.widget = ipywidgets.HBox([self._path, self.selection, self.noise])
        self.widget.add_class("ce-scope")
        self._show(session.state)

    def render(self, before: State, after: State) -> None:
        """Bring the bar from one state to the next."""
        moved = after.params.scope is not before.params.scope
        counted = after.results.members is not before.results.members or after.selection is not before.selection
        if moved or counted or after.results.rows is not before.results.rows:
            self._show(after)

    def _show(self, state: State) -> None:
        members, least = state.results.members, state.params.min_samples
        self.selection.disabled = members is None or len(state.selection) <= least
        self.noise.disabled = members is None or members.n_noise <= least
        path = state.params.scope.path if state.params.scope is not None else ()
        set_visible(self._path, visible=bool(path))
        shown = self._path.children
        if not path:
            self._path.children = ()
            close_all(shown)
            return
        n_rows = len(state.results.rows) if state.results.rows is not None else 0
        steps = [self._step("All texts", n_rows, None), *(self._step(step.name, len(step), step) for step in path)]
        steps[-1].disabled = True
        arrows = [ipywidgets.Label("›") for _ in path]
        between = [widget for pair in zip(arrows, steps[1:], strict=True) for widget in pair]
        self._path.children = (steps[0], *between)
        close_all(shown)

    def _step(self, name: str, size: int, scope: Scope | None) -> ipywidgets.Button:
        button = ipywidgets.Button(description=f"{name} ({size:,})", tooltip=f"Cluster these again: {name}")
        button.on_click(lambda _button: self._session.steering.go_up_to(scope))
        return button

    def _drill_down(self, what: What) -> None:
        try:
            self._session.steering.drill_down(what)
        except ClusterExplorerError as error:
            self._session.notify(str(error))
