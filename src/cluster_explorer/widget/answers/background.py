"""Answers that take longer than a message should: given from the session's own thread for them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from cluster_explorer.errors import sentence_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.session import Session
    from cluster_explorer.widget.answers.part import Message
    from cluster_explorer.widget.panel import PanelWidget

_log = logging.getLogger(__name__)


def error_message(message: Message, text: str) -> Message:
    """Return what tells the browser that a message of its could not be answered, and why.

    Examples
    --------
    >>> error_message({"type": "page", "request": 3}, "The server went away.")
    {'type': 'error', 'request': 3, 'of': 'page', 'message': 'The server went away.'}
    """
    return {"type": "error", "request": message.get("request"), "of": message.get("type", ""), "message": text}


def answer_later(session: Session, widget: PanelWidget, message: Message, work: Callable[[], None]) -> None:
    """Do what a message asks for, away from the thread that answers the browser; errors are told to the browser.

    A message that waits is dropped when another of its type comes.
    """

    def run() -> None:
        try:
            work()
        except Exception as error:  # noqa: BLE001 - whatever happens is told, never lost in a thread
            said = sentence_of(error, _log)
            widget.send(error_message(message, said))

    session.describing.in_background(message["type"], run)
