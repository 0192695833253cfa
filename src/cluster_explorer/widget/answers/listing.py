"""The list of selected texts: how it is arranged, which rows it holds, and copying all of it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.exploring.finding import FIELD_PREFIX, field_of, words_found
from cluster_explorer.exploring.listing import ListedRows, Listing
from cluster_explorer.exporting.tables import harmless
from cluster_explorer.session.listing import Listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cluster_explorer.exploring.columns import Column
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget

#: Characters that are copied at most: more than a clipboard is good for, and far below what Jupyter carries.
_MOST_COPIED = 5_000_000
_CHUNK = 1_000


class ListingPart:
    """Keeps the trait `listing`, and answers `arrange`, `select_listed` and `copy`.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._session = session
        self._widget = widget
        self._told = Listed(ListedRows(), "", is_awaited=False)
        widget.listing = self._trait(session.state, revision=0)

    @property
    def listed(self) -> Listed:
        """The list as the browser was told of it last."""
        return self._told

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {
            "arrange": self._arrange,
            "select_listed": lambda _message: self._session.listing.select_listed(),
            "copy": self._copy,
        }

    def render(self, before: State, after: State) -> None:
        """List anew what has changed; other rows, or another arrangement of them, make another revision."""
        stars = after.listing.starred_only and after.annotations.starred is not before.annotations.starred
        is_sorted_anew = _sorting_column(after) is not _sorting_column(before)
        is_arranged_anew = after.listing != before.listing or stars or is_sorted_anew
        is_other = after.selection is not before.selection or is_arranged_anew
        if is_other or after.results.members is not before.results.members:
            self._told = self._session.listing.listed(after)
        elif _sortable_from(after) == _sortable_from(before):
            return
        is_same = after.selection.rows is before.selection.rows and not is_arranged_anew
        self._widget.listing = self._trait(after, self._widget.listing["revision"] + (0 if is_same else 1))

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _trait(self, state: State, revision: int) -> dict[str, Any]:
        listing = state.listing
        sorts = ("sort", "descending", "grouped", "query", "starred_only")
        listed = self._told.rows
        groups = zip(listed.labels, listed.starts, strict=True)
        return {
            "revision": revision,
            "count": len(listed),
            **{name: getattr(listing, name) for name in sorts},
            "terms": list(listing.terms),
            "marks": list(marks_of(state)),
            "groups": [{"label": label, "start": start} for label, start in groups],
            "fields": list(self._session.library.metadata_fields),
            "impossible": list(self._session.listing.impossible_sorts(state)),
            "awaited": self._told.is_awaited,
            "problem": self._told.problem,
        }

    def _arrange(self, message: Message) -> None:
        sort = str(message["sort"])
        self._session.listing.arrange(
            Listing(
                sort=sort if sort in self._sorts() else "auto",
                descending=bool(message["descending"]),
                grouped=bool(message["grouped"]),
                query=str(message["query"]),
                starred_only=bool(message["starred_only"]),
            )
        )

    def _sorts(self) -> tuple[str, ...]:
        fields = (FIELD_PREFIX + name for name in self._session.library.metadata_fields)
        return ("auto", "order", "probability", "distance", *fields)

    def _copy(self, message: Message) -> None:
        """Send the texts of the whole list, as far as they fit, or the whole text of one row."""
        if message.get("row") is not None:
            row = np.array([int(message["row"])], dtype=np.int32)
            answer = {"request": message["request"], "n_copied": 1, "n_listed": 1}
            self._widget.send({"type": "copied", **answer, "text": self._session.texts(row, self._told.held)[0]})
            return
        # the list may become another one, of other rows, while its texts are read
        listed, as_table = self._told, message["format"] == "table"
        parts: list[str] = ["id\tcluster\tprobability\ttext"] if as_table else []
        length = n_copied = 0
        for part in self._table(listed) if as_table else self._texts(listed):
            length += len(part)
            if length > _MOST_COPIED and n_copied:
                break
            parts.append(part)
            n_copied += 1
        text = ("\n" if as_table else "\n\n").join(parts)
        answer = {"request": message["request"], "n_copied": n_copied, "n_listed": len(listed.rows)}
        self._widget.send({"type": "copied", **answer, "text": text})

    def _texts(self, listed: Listed) -> Iterator[str]:
        for start in range(0, len(listed.rows), _CHUNK):
            yield from self._session.texts(listed.rows.rows[start : start + _CHUNK], listed.held)

    def _table(self, listed: Listed) -> Iterator[str]:
        rows, members = listed.held, listed.members
        for row, text in zip(listed.rows.rows.tolist(), self._texts(listed), strict=False):
            label = int(members.labels[row]) if members is not None else -1
            probability = float(members.probabilities[row]) if members is not None else 0.0
            key = rows.ids[row] if rows is not None else row
            line = io.StringIO()
            cells = [harmless(key), label, f"{probability:.4f}", harmless(text)]
            csv.writer(line, dialect="excel-tab", lineterminator="").writerow(cells)
            yield line.getvalue()


def _sorting_column(state: State) -> Column | None:
    return state.finding.columns.by_name.get(field_of(state.listing.sort) or "")


def _sortable_from(state: State) -> tuple[object, ...]:
    """All that says what can be sorted by; values are compared by identity."""
    return tuple(id(value) for value in (state.finding.columns, state.results.rows, state.results.graph))


def marks_of(state: State) -> tuple[str, ...]:
    """Return what is marked in the texts of the list: what it is narrowed to, and the words its texts were found by."""
    return (*state.listing.terms, *words_found(state.selection, state.finding.hits))
