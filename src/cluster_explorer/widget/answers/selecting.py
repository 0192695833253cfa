"""The selection: how much is selected, and of which clusters; outlines drawn in the browser."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.exploring.reading import count_by_cluster
from cluster_explorer.exploring.selection import Polygon

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget


class SelectingPart:
    """Keeps the trait `selection`, and answers `select_polygon` and `clear`.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._session = session
        self._widget = widget
        widget.selection = selection_trait(session.state, revision=0)

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {"select_polygon": self._select_polygon, "clear": self._clear}

    def render(self, before: State, after: State) -> None:
        """Count the selection anew; other rows make another revision."""
        if after.selection is before.selection and after.results.members is before.results.members:
            return
        same_rows = after.selection.rows is before.selection.rows
        revision = self._widget.selection["revision"] + (0 if same_rows else 1)
        self._widget.selection = selection_trait(after, revision)

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _select_polygon(self, message: Message) -> None:
        polygon = Polygon(np.asarray(message["x"]), np.asarray(message["y"]))
        matrix = message.get("matrix")
        self._session.select_polygon(
            polygon, message["mode"], None if matrix is None else np.asarray(matrix, dtype=np.float64)
        )

    def _clear(self, _message: Message) -> None:
        self._session.clear_selection()


def selection_trait(state: State, revision: int) -> dict[str, Any]:
    """Describe the selection: how much it is, of which clusters, and its outline."""
    selection = state.selection
    outline = selection.outline
    return {
        "revision": revision,
        "kind": selection.kind,
        "count": len(selection),
        "clusters": [
            {"label": label, "count": count} for label, count in count_by_cluster(selection.rows, state.results.members)
        ],
        "outline": None if outline is None else {"x": outline.x.tolist(), "y": outline.y.tolist()},
    }
