"""Answers to what the browser says of the view."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.exploring.aim import Aim
from cluster_explorer.exploring.sampling import Viewport

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cluster_explorer.session import Session


class ViewingAnswers:
    """Takes the part of the map that is looked at.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.answers: Mapping[str, Callable[[dict[str, Any]], object]] = {
            "viewport": self._viewport,
            "zoom": self._zoom,
            "zoom_cluster": lambda message: session.viewing.zoom_to_cluster(int(message["label"])),
        }

    def _viewport(self, message: dict[str, Any]) -> None:
        (x0, x1), (y0, y1) = sorted(message["x"]), sorted(message["y"])
        size = float(message["width"]), float(message["height"])
        self._session.viewing.look_at(Viewport(float(x0), float(x1), float(y0), float(y1), *size))

    def _zoom(self, message: dict[str, Any]) -> None:
        x0, x1, y0, y1 = (float(value) for value in (*message["x"], *message["y"]))
        if not all(map(math.isfinite, (x0, x1, y0, y1))):
            raise InvalidParameterError("The part of the map to look at has no finite corners.")
        self._session.viewing.zoom_to(Aim((x0, x1), (y0, y1)))
