"""Names, stars and saved selections, as the panel makes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget


class AnnotatingPart:
    """Keeps the trait `annotations`, and answers what adds to them.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._annotating = session.annotating
        self._widget = widget
        widget.annotations = {"stars_revision": 0, "n_starred": 0, "selections": []}

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {
            "rename_cluster": lambda message: self._annotating.rename_cluster(int(message["label"]), message["name"]),
            "star": self._star,
            "save_selection": lambda message: self._annotating.save_selection(message["name"]),
            "delete_selection": lambda message: self._annotating.delete_selection(message["name"]),
            "select_saved": lambda message: self._annotating.select_saved([message["name"]], mode=message["mode"]),
            "select_starred": lambda message: self._annotating.select_starred(message["mode"]),
        }

    def render(self, before: State, after: State) -> None:
        """Count the stars, and list the saved selections."""
        if after.annotations is before.annotations:
            return
        same_stars = after.annotations.starred is before.annotations.starred
        self._widget.annotations = {
            "stars_revision": self._widget.annotations["stars_revision"] + (0 if same_stars else 1),
            "n_starred": len(after.annotations.starred),
            "selections": [{"name": saved.name, "count": len(saved)} for saved in after.annotations.selections],
        }

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _star(self, message: Message) -> None:
        self._annotating.star(np.array([int(message["row"])], dtype=np.int32), on=bool(message["on"]))
