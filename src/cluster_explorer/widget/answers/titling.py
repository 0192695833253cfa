"""Titles: what would be sent, asking for them, and how far that is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_explorer.widget.answers.background import answer_later

if TYPE_CHECKING:
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
        widget.titling = self._trait(session.state)

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {
            "titles_estimate": self._estimate,
            "titles_start": lambda _message: self._session.titling.start(),
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
        session, widget = self._session, self._widget
        answer_later(session, widget, message, lambda: widget.send(_estimate_message(session.titling.estimate())))


def _estimate_message(found: TitleEstimate) -> dict[str, Any]:
    return {
        "type": "titles_estimate",
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
