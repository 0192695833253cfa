"""Texts: a page of the selection, the snippet of a point, and everything about one row."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.annotations import rows_with_ids
from cluster_explorer.exploring.listing import excerpt
from cluster_explorer.exploring.reading import METRICS, shortened
from cluster_explorer.widget.answers.background import answer_later
from cluster_explorer.widget.answers.listing import marks_of
from cluster_explorer.widget.answers.points import point_of

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.values import IntArray
    from cluster_explorer.widget.answers.listing import ListingPart
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget

_ROW_LENGTH = 500
_NEIGHBOR_LENGTH = 200
_SNIPPET_LENGTH = 140
_PAGE_AT_MOST = 100
_UNASKED = -1


class ReadingPart:
    """Keeps the trait `inspected`, and answers `page`, `snippet` and `inspect`.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    listing : ListingPart
        Which rows the list holds, in which order.
    """

    def __init__(self, session: Session, widget: PanelWidget, listing: ListingPart) -> None:
        self._session = session
        self._widget = widget
        self._listing = listing

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {
            "page": self._send_page,
            "snippet": self._send_snippet,
            "inspect": self._inspect,
            "detail": lambda message: self._send_detail(int(message["row"])),
        }

    def render(self, before: State, after: State) -> None:  # noqa: ARG002 - as every part has it
        """Follow the row that is open."""
        self._widget.inspected = after.inspected

    def tell(self, before: State, after: State) -> None:
        """Send the first page of a new list and the text that was opened: it saves the browser a question.

        Texts that are held in memory are sent at once. What Milvus is asked for comes from another thread: whoever
        applies changes to the state never waits for a server.
        """
        if len(self._listing.listed.rows) and (
            after.selection is not before.selection or after.listing is not before.listing
        ):
            message = {"request": _UNASKED, "revision": self._widget.listing["revision"], "start": 0, "stop": 50}
            held = after.results.rows
            if held is not None and held.texts is not None:
                self._send_page(message)
            else:
                unasked = {**message, "type": "unasked_page", "request": None}
                answer_later(self._session, self._widget, unasked, lambda: self._send_unasked_page(message))
        other_graph = after.results.graph is not before.results.graph
        if after.inspected >= 0 and (after.inspected != before.inspected or other_graph):
            row = after.inspected
            answer_later(self._session, self._widget, {"type": "detail"}, lambda: self._send_unasked_detail(row))

    def _send_unasked_page(self, message: Message) -> None:
        """Send the first page, unless the list is another one by now."""
        if message["revision"] == self._widget.listing["revision"]:
            self._send_page(message)

    def _send_unasked_detail(self, row: int) -> None:
        """Send what there is about the row that is open, unless another one is by now."""
        if row == self._session.state.inspected:
            self._send_detail(row)

    def _inspect(self, message: Message) -> None:
        row, is_open = int(message["row"]), int(message["row"]) == self._session.state.inspected
        if not is_open:
            self._session.inspect(row)
        if "request" in message:
            self._widget.send({"type": "inspected", "request": message["request"]})
        if is_open and row >= 0:
            # a view that was made later asks for what others show already
            self._send_detail(row)

    def _send_page(self, message: Message) -> None:
        state, listed = self._session.state, self._listing.listed
        if listed.held is not state.results.rows:
            # its row numbers are of before a refresh: a list of the rows that are there now is on its way
            return
        start, stop = int(message["start"]), int(message["stop"])
        rows = listed.rows.rows[max(start, 0) : min(stop, start + _PAGE_AT_MOST)]
        texts = self._session.texts(rows, listed.held)
        marks, starred = marks_of(state), _starred(state, rows)
        shown = [
            {**point_of(state, row), "text": excerpt(text, marks, _ROW_LENGTH), "starred": star}
            for row, text, star in zip(rows.tolist(), texts, starred, strict=True)
        ]
        answer = {key: message[key] for key in ("request", "revision")}
        self._widget.send({"type": "page", **answer, "start": max(start, 0), "rows": shown})

    def _send_snippet(self, message: Message) -> None:
        row = int(message["row"])
        text = shortened(self._session.texts(np.array([row], dtype=np.int32))[0], _SNIPPET_LENGTH)
        point = point_of(self._session.state, row)
        self._widget.send({"type": "snippet", "request": message["request"], **point, "text": text})

    def _send_detail(self, row: int) -> None:
        detail, state = self._session.detail(row), self._session.state
        others = np.array([neighbor.row for neighbor in detail.neighbors], dtype=np.int32)
        neighbors = [
            {
                **point_of(state, neighbor.row),
                "text": shortened(text, _NEIGHBOR_LENGTH),
                "distance": round(neighbor.distance, 6),
            }
            for neighbor, text in zip(detail.neighbors, self._session.texts(others), strict=True)
        ]
        graph = state.results.graph
        self._widget.send(
            {
                "type": "detail",
                **point_of(state, row),
                "text": detail.text,
                "starred": _starred(state, np.array([row], dtype=np.int32))[0],
                "fields": [{"name": name, "value": value} for name, value in detail.fields],
                "neighbors": neighbors,
                "metric": METRICS.get(graph.metric, graph.metric) if graph is not None else "",
            }
        )


def _starred(state: State, rows: IntArray) -> list[bool]:
    held = state.results.rows
    if held is None:
        return [False] * len(rows)
    return [bool(star) for star in np.isin(rows, rows_with_ids(held.ids, state.annotations.starred))]
