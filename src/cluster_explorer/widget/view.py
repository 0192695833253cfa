"""The explorer as it is shown: controls above, the map and the panel side by side below."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets

from cluster_explorer.state import State
from cluster_explorer.widget.aiming import Aiming
from cluster_explorer.widget.closing import Root, close_all
from cluster_explorer.widget.collection_row import CollectionRow
from cluster_explorer.widget.controls import Controls
from cluster_explorer.widget.panel import Panel
from cluster_explorer.widget.scatter import Scatter
from cluster_explorer.widget.scope_bar import ScopeBar
from cluster_explorer.widget.status import StatusRow

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.session import Session

STYLE = Path(__file__).with_name("explorer.css")


class ExplorerView:
    """Puts the parts together and lets each show the state.

    Parameters
    ----------
    session : Session
        What is shown, and where intents go.
    title : str
        Name of the collection.
    on_close : callable
        Called when somebody closes the widget.
    """

    def __init__(self, session: Session, title: str, on_close: Callable[[], None]) -> None:
        self.controls = Controls(session)
        self.status = StatusRow(session)
        self.scope = ScopeBar(session)
        self.scatter = Scatter(session)
        self.panel = Panel(session, title)
        self.collection_row = CollectionRow(session)
        style = ipywidgets.HTML(f"<style>{STYLE.read_text(encoding='utf-8')}</style>")
        style.layout.display = "none"
        map_box = ipywidgets.Box([self.scatter.figure])
        map_box.add_class("ce-map")
        panel_box = ipywidgets.Box([self.panel.widget])
        panel_box.add_class("ce-side")
        main = ipywidgets.HBox([map_box, panel_box])
        main.add_class("ce-main")
        line = ipywidgets.HBox([self.status.widget, self.scope.widget])
        line.add_class("ce-line")
        parts = [style, self.controls.widget, line, main, self.collection_row.widget]
        self.root = Root(parts, on_close)
        self.root.add_class("ce-root")
        aiming = Aiming(self.scatter.figure)
        # the panel first: texts are read while the browser still redraws the map
        self._parts = (self.panel, self.controls, self.status, self.scope, self.scatter, aiming, self.collection_row)
        # what has been computed before the first showing is shown at once
        start, shown = State(session.state.params), session.state
        for part in self._parts:
            part.render(start, shown)
        self._store = session.store
        # each part by itself: one that fails never keeps the others from showing a change
        for part in self._parts:
            self._store.subscribe(part.render)

    def close(self) -> None:
        """Show the state no longer, and take the widgets off the page."""
        for part in self._parts:
            self._store.unsubscribe(part.render)
        self.scatter.close()
        close_all([self.root])
