"""The explorer as it is shown: controls above, the map and the panel side by side below."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import ipywidgets

from cluster_explorer.widget.controls import Controls, StatusRow
from cluster_explorer.widget.panel import Panel
from cluster_explorer.widget.scatter import Scatter

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State

_STYLE = Path(__file__).with_name("explorer.css")


class ExplorerView:
    """Puts the parts together and lets each show the state.

    Parameters
    ----------
    session : Session
        What is shown, and where intents go.
    title : str
        Name of the collection.
    """

    def __init__(self, session: Session, title: str) -> None:
        self.controls = Controls(session)
        self.status = StatusRow(session)
        self.scatter = Scatter(session)
        self.panel = Panel(session, title)
        style = ipywidgets.HTML(f"<style>{_STYLE.read_text(encoding='utf-8')}</style>")
        style.layout.display = "none"
        map_box = ipywidgets.Box([self.scatter.figure])
        map_box.add_class("ce-map")
        panel_box = ipywidgets.Box([self.panel.widget])
        panel_box.add_class("ce-side")
        main = ipywidgets.HBox([map_box, panel_box])
        main.add_class("ce-main")
        self.root = ipywidgets.VBox([style, self.controls.widget, self.status.widget, main])
        self.root.add_class("ce-root")
        # the panel first: texts are read while the browser still redraws the map
        self._parts = (self.panel, self.controls, self.status, self.scatter)
        # what has been computed before the first showing is shown at once
        start = type(session.state)(session.state.params)
        self.render(start, session.state)
        self._store = session.store
        self._store.subscribe(self.render)

    def render(self, before: State, after: State) -> None:
        """Bring every part from one state to the next."""
        for part in self._parts:
            part.render(before, after)

    def close(self) -> None:
        """Show the state no longer, and take the widgets off the page."""
        self._store.unsubscribe(self.render)
        for widget in (self.panel.widget, self.scatter.figure, self.root):
            widget.close()
