"""The map as a picture beside the widget: what a notebook shows where no widget runs.

A notebook that is converted by nbconvert, shown by a forge, or opened without a kernel has no widget, or one that waits
for scripts from a network. The picture is an output of its own, since another version of the widget's output would draw
the widget anew. It is hidden as long as the widget is in the page.
"""

from __future__ import annotations

import base64
import logging
import threading
from html import escape
from typing import TYPE_CHECKING, Any

from cluster_explorer.exporting.picture import draw
from cluster_explorer.session.annotating import are_renamed
from cluster_explorer.widget.exports import picture_of

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State

_log = logging.getLogger(__name__)
#: Seconds of quiet before the picture is drawn: a slider that moves does not draw hundreds.
_QUIET = 1.0
_WIDTH, _HEIGHT = 900, 560
_HIDDEN = "<style>body:has(.ce-root) .ce-picture { display: none }</style>"


class StaticPicture:
    """Keeps one output of the notebook up to the map.

    Parameters
    ----------
    session : Session
    title : str
        Name of the collection.
    """

    def __init__(self, session: Session, title: str) -> None:
        self._session, self._title = session, title
        self._output: Any = None
        self._timer: threading.Timer | None = None
        self._guard = threading.Lock()

    def show(self) -> None:
        """Add the output to the cell that is running, if there is a notebook; from then on it follows the map."""
        from IPython import get_ipython
        from IPython.display import HTML, display

        shell = get_ipython()
        if self._output is not None or shell is None or not hasattr(shell, "kernel"):
            return
        self._output = display(HTML(self._html()), display_id=True)  # type: ignore[no-untyped-call]
        self._session.store.subscribe(self._follow)

    def close(self) -> None:
        """Follow the map no longer; what has changed a moment ago is still drawn."""
        if self._output is not None:
            self._session.store.unsubscribe(self._follow)
        with self._guard:
            is_due = self._timer is not None and self._timer.is_alive()
            if self._timer is not None:
                self._timer.cancel()
        if is_due:
            self._update()

    def _follow(self, before: State, after: State) -> None:
        same_map = before.results is after.results and before.coloring is after.coloring
        is_shown = same_map and not are_renamed(before, after)
        if after.results.names is None or (is_shown and before.status.state == after.status.state):
            return
        with self._guard:
            if self._timer is not None:
                self._timer.cancel()
            self._timer = threading.Timer(_QUIET, self._update)
            self._timer.daemon = True
            self._timer.start()

    def _update(self) -> None:
        from IPython.display import HTML

        try:
            self._output.update(HTML(self._html()))  # type: ignore[no-untyped-call]
        except Exception:  # noqa: BLE001 - whatever it is, it goes to the log
            # a picture that cannot be drawn must disturb nobody
            _log.exception("The picture beside the widget could not be drawn")

    def _html(self) -> str:
        results = self._session.state.results
        if results.layout is None or results.members is None or results.names is None:
            return ""
        content = draw(picture_of(self._session, self._title), "png", width=_WIDTH, height=_HEIGHT)
        source = f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}"
        name = escape(f"Map of {self._title}", quote=True)
        return f'{_HIDDEN}<img class="ce-picture" alt="{name}" width="{_WIDTH}" src="{source}">'
