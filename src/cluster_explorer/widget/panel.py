"""The text panel: an anywidget that shows the state and sends intents; the protocol is in ``js/PROTOCOL.md``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import traitlets

from cluster_explorer.errors import sentence_of
from cluster_explorer.widget.answers.annotating import AnnotatingPart
from cluster_explorer.widget.answers.background import error_message
from cluster_explorer.widget.answers.clusters import ClustersPart
from cluster_explorer.widget.answers.describing import DescribingPart
from cluster_explorer.widget.answers.finding import FindingPart
from cluster_explorer.widget.answers.listing import ListingPart
from cluster_explorer.widget.answers.reading import ReadingPart
from cluster_explorer.widget.answers.selecting import SelectingPart
from cluster_explorer.widget.answers.titling import TitlingPart
from cluster_explorer.widget.answers.viewing import ViewingAnswers

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Part

_log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent.parent / "static"


class PanelWidget(anywidget.AnyWidget):
    """The panel's model in the browser: small traits down, custom messages both ways."""

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"

    n_components = traitlets.Int(2).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    n_rows = traitlets.Int(0).tag(sync=True)
    text_field = traitlets.Unicode("").tag(sync=True)
    clusters = traitlets.List(trait=traitlets.Dict()).tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)
    listing = traitlets.Dict().tag(sync=True)
    annotations = traitlets.Dict().tag(sync=True)
    inspected = traitlets.Int(-1).tag(sync=True)
    notice = traitlets.Unicode("").tag(sync=True)
    colors_revision = traitlets.Int(0).tag(sync=True)
    metadata_reading = traitlets.Dict().tag(sync=True)
    titling = traitlets.Dict().tag(sync=True)
    finding = traitlets.Dict().tag(sync=True)
    filtering = traitlets.Dict().tag(sync=True)
    coloring = traitlets.Dict().tag(sync=True)


class Panel:
    """Shows the state in a `PanelWidget`, and answers what the browser asks; each feature has a part of its own.

    Parameters
    ----------
    session : Session
        Where intents go and texts come from.
    title : str
        Name of the collection.
    """

    def __init__(self, session: Session, title: str) -> None:
        self.widget = PanelWidget(title=title, text_field=session.library.text_field)
        listing = ListingPart(session, self.widget)
        # in this order: the order of rows is made before the pages of it are sent
        self._parts: tuple[Part, ...] = (
            ClustersPart(session, self.widget),
            SelectingPart(session, self.widget),
            AnnotatingPart(session, self.widget),
            listing,
            ReadingPart(session, self.widget, listing),
            DescribingPart(session, self.widget),
            TitlingPart(session, self.widget),
            FindingPart(session, self.widget),
        )
        answerers = (*self._parts, ViewingAnswers(session))
        self._answers = {kind: answer for each in answerers for kind, answer in each.answers.items()}
        self.widget.on_msg(self._on_message)

    def render(self, before: State, after: State) -> None:
        """Bring the panel from one state to the next."""
        old, new = before.results, after.results
        with self.widget.hold_sync():
            if new.rows is not old.rows and new.rows is not None:
                self.widget.n_rows = len(new.rows)
            if new.layout is not old.layout and new.layout is not None:
                self.widget.n_components = new.layout.n_components
            if after.coloring is not before.coloring or new.layout is not old.layout:
                self.widget.colors_revision += 1
            self.widget.notice = after.notice
            for part in self._parts:
                part.render(before, after)
        for part in self._parts:
            part.tell(before, after)

    def _on_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        answer = self._answers.get(message.get("type", ""))
        if answer is None:
            _log.warning("The panel sent a message of unknown type %r", message.get("type"))
            return
        try:
            answer(message)
        except Exception as error:  # noqa: BLE001 - what a message handler raises reaches no cell
            self._send_error(message, sentence_of(error, _log))

    def _send_error(self, message: dict[str, Any], text: str) -> None:
        self.widget.send(error_message(message, text))
