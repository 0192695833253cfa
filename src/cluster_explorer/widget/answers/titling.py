"""Titles: what would be sent, asking for them, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.widget.answers.background import answer_later

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.titles import TitleEstimate
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget

#: Clusters of which the browser is shown what would be sent, whole.
_MOST_SHOWN = 100


class TitlingPart:
    """Keeps the trait `titling`, and answers `titles_estimate`, `titles_start` and `titles_cancel`.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._session = session
        self._widget = widget
        #: What the browser was told would be sent, by the revision that it agrees to; the last one alone.
        self._shown: Mapping[int, TitleEstimate] = {}
        self._revision = 0
        widget.titling = self._trait(session.state)

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {
            "titles_estimate": self._estimate,
            "titles_start": self._start,
            "titles_cancel": lambda _message: self._session.titling.cancel(),
        }

    def render(self, before: State, after: State) -> None:
        """Tell how far the asking is."""
        if after.titling is not before.titling:
            self._widget.titling = self._trait(after)

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _trait(self, state: State) -> dict[str, Any]:
        status = state.titling
        return {
            "available": self._session.titling.titler is not None,
            "state": status.state,
            "fraction": round(status.fraction, 3),
            "n_titles": status.n_titles,
            "n_failed": status.n_failed,
            "message": status.message,
        }

    def _estimate(self, message: Message) -> None:
        answer_later(self._session, self._widget, message, self._send_estimate)

    def _send_estimate(self) -> None:
        found = self._session.titling.estimate()
        self._revision += 1
        self._shown = {self._revision: found}
        self._widget.send(_estimate_message(found, self._revision))

    def _start(self, message: Message) -> None:
        """Ask for what was shown, and for nothing that was not."""
        shown = self._shown.get(int(message["revision"]))
        if shown is None:
            raise InvalidParameterError(
                "Nothing was sent: it has been counted anew what would be. Look at it again, then press the button."
            )
        self._session.titling.start(shown=shown)


def _estimate_message(found: TitleEstimate, revision: int) -> dict[str, Any]:
    return {
        "type": "titles_estimate",
        "revision": revision,
        "destination": found.destination,
        "leaves_machine": found.leaves_machine,
        "n_clusters": found.n_clusters,
        "n_requests": found.n_requests,
        "n_cached": found.n_cached,
        "n_texts": found.n_texts,
        "n_tokens": found.n_tokens,
        "samples": [
            {"label": sample.label, "keywords": list(sample.keywords), "texts": list(sample.texts)}
            for sample in found.samples[:_MOST_SHOWN]
        ],
    }
