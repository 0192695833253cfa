"""Finding: what was asked and found, the filter with the fields to choose from, and what the colours show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.exploring.columns import MISSING
from cluster_explorer.exploring.finding import FIELD_PREFIX, selected_hits
from cluster_explorer.session.finding import BUILT_IN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.exploring.columns import Column
    from cluster_explorer.exploring.finding import Hits, RowFilter
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget

#: Texts that a question brings.
_LIMIT = 50
#: Hits that are lit up on the map.
_LIT = 200
#: Categories of a field that are listed to be ticked, the most frequent; the others are looked for by their letters.
_LISTED = 100
_LABELS = {"cluster": "cluster", "confidence": "confidence", "trust": "trust in the map"}
#: Colours that show what a scale looks like.
_SHOWN_COLORS = 9


class FindingPart:
    """Keeps the traits `finding`, `filtering` and `coloring`, and answers what the ask box, filter and legend send.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._session = session
        self._widget = widget
        widget.finding = self._finding(session.state)
        widget.filtering = self._filtering(session.state)
        widget.coloring = coloring_trait(session.state, session.library.metadata_fields)

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        finding, filtering = self._session.finding, self._session.filtering
        return {
            "ask": lambda message: finding.start_asking(message["question"], _LIMIT, message["by"]),
            "more_like": lambda _message: finding.start_more_like(None, _LIMIT),
            "stop_asking": lambda _message: finding.cancel(),
            "want_field": lambda message: self._session.metadata.want([message["field"]]),
            "filter_expression": lambda message: filtering.start(message["expression"]),
            "filter_places": self._choose,
            "filter_tick": self._tick,
            "find_values": self._find_values,
            "filter_range": self._limit,
            "filter_outside": lambda message: _ignore(filtering.set_outside(message["outside"])),
            "clear_filter": lambda _message: filtering.clear(),
            "color_by": lambda message: finding.color_by(message["by"]),
            "select_color": lambda message: finding.select_color(int(message["code"]), message["mode"]),
            "isolate_color": lambda message: _ignore(finding.isolate_color(int(message["code"]))),
        }

    def render(self, before: State, after: State) -> None:
        """Bring the traits from one state to the next."""
        found, is_shown = after.finding, after.selection.kind == "hits"
        asked = (found.hits, found.errand, found.problem)
        recolored = after.coloring is not before.coloring
        relit = is_shown and (recolored or after.selection is not before.selection)
        if relit or asked != (before.finding.hits, before.finding.errand, before.finding.problem):
            self._widget.finding = self._finding(after)
        narrowed = found.filter is not before.finding.filter or found.columns is not before.finding.columns
        read = (after.metadata.reading, after.metadata.problem) != (before.metadata.reading, before.metadata.problem)
        if narrowed or read or after.results.rows is not before.results.rows:
            self._widget.filtering = self._filtering(after)
        if recolored or found.color_by != before.finding.color_by or found.columns is not before.finding.columns:
            self._widget.coloring = coloring_trait(after, self._session.library.metadata_fields)

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _choose(self, message: Message) -> None:
        places = message["places"]
        self._session.filtering.choose(message["field"], None if places is None else [int(place) for place in places])

    def _tick(self, message: Message) -> None:
        self._session.filtering.tick(message["field"], int(message["place"]), on=bool(message["on"]))

    def _find_values(self, message: Message) -> None:
        """Send the categories that hold some letters: of many, only the most frequent have a box."""
        field, text = str(message["field"]), str(message["text"])
        state = self._session.state
        column = state.finding.columns[field]
        found = column.holding(text)
        boxes = _boxes(column, found[:_LISTED], state.finding.filter.chosen.get(field))
        answer = {"field": field, "text": text, "categories": boxes, "others": max(len(found) - _LISTED, 0)}
        self._widget.send({"type": "values", **answer})

    def _limit(self, message: Message) -> None:
        """Narrow to a range; one that leaves nothing out is no range."""
        column = self._session.state.finding.columns[message["field"]]
        span = (float(message["low"]), float(message["high"]))
        ends = column.span
        is_whole = ends is not None and span[0] <= ends[0] and span[1] >= ends[1]
        self._session.filtering.limit(column.name, None if is_whole else span)

    def _finding(self, state: State) -> dict[str, Any]:
        finding = state.finding
        errand = finding.errand
        # what a filter has taken out of them since is neither listed nor lit
        hits = selected_hits(state.selection, finding.hits) or finding.hits
        return {
            "can_embed": self._session.finding.can_embed,
            "doing": "" if errand is None else errand.title,
            "fraction": 0.0 if errand is None else round(errand.fraction, 3),
            "problem": finding.problem,
            "hits": None if hits is None else _hits(state, hits),
        }

    def _filtering(self, state: State) -> dict[str, Any]:
        row_filter, rows, columns = state.finding.filter, state.results.rows, state.finding.columns.by_name
        fields = self._session.library.metadata_fields
        return {
            "expression": row_filter.expression,
            "outside": row_filter.outside,
            "rows": 0 if rows is None else len(rows),
            "kept": None if row_filter.kept is None else int(row_filter.kept.sum()),
            "fields": [_field(name, columns.get(name), row_filter) for name in fields],
            "reading": list(state.metadata.reading),
            "problem": state.metadata.problem,
        }


def coloring_trait(state: State, fields: Sequence[str]) -> dict[str, Any]:
    """Describe what the colours show, and what else they could: these fields, beside what is always there."""
    coloring, columns = state.coloring, state.finding.columns.by_name
    choices = [
        {"value": FIELD_PREFIX + name, "label": name, "usable": name not in columns or columns[name].has_colors}
        for name in fields
    ]
    scale = coloring.colors[1:] if coloring.kind in ("numbers", "dates") else ()
    places = np.linspace(0, max(len(scale) - 2, 0), _SHOWN_COLORS).astype(int) if scale else ()
    return {
        "wanted": state.finding.color_by,
        "by": coloring.by,
        "kind": coloring.kind,
        "choices": [*({"value": name, "label": _LABELS[name]} for name in BUILT_IN), *choices],
        "legend": [
            {"code": entry.code, "name": entry.name, "color": entry.color, "count": entry.count}
            for entry in coloring.legend
        ],
        "low": coloring.low,
        "high": coloring.high,
        "colors": [scale[place] for place in places],
    }


def _hits(state: State, hits: Hits) -> dict[str, Any]:
    layout, best = state.results.layout, hits.rows[:_LIT]
    positions = (
        [{}] * len(best)
        if layout is None
        else [dict(zip("xyz", place, strict=False)) for place in layout.positions[best].tolist()]
    )
    return {
        "kind": hits.kind,
        "question": hits.question,
        "score_name": hits.score_name,
        "count": len(hits.rows),
        "found": hits.n_found,
        "best": [
            {"row": row, "score": round(score, 6), "color": state.coloring.color_of(row), **place}
            for row, score, place in zip(best.tolist(), hits.scores.tolist(), positions, strict=False)
        ],
    }


def _field(name: str, column: Column | None, row_filter: RowFilter) -> dict[str, Any]:
    if column is None:
        return {"name": name, "kind": "unread"}
    if column.kind == "other":
        return {"name": name, "kind": "other"}
    if column.kind == "categories":
        chosen = row_filter.chosen.get(name)
        n_listed = min(len(column.categories), _LISTED)
        places = [*range(n_listed), *([MISSING] if column.n_missing else [])]
        return {
            "name": name,
            "kind": column.kind,
            "categories": _boxes(column, places, chosen),
            "others": len(column.categories) - n_listed,
            "chosen": None if chosen is None else len(chosen),
        }
    low, high = column.span or (0.0, 0.0)
    # ends that are open, or lie outside of what there is, are those of the slider
    first, last = (min(max(end, low), high) for end in row_filter.ranges.get(name, (low, high)))
    return {"name": name, "kind": column.kind, "low": low, "high": high, "from": first, "to": last}


def _boxes(column: Column, places: Sequence[int], chosen: tuple[int, ...] | None) -> list[dict[str, Any]]:
    """Return what is to be ticked for some places."""
    ticked = None if chosen is None else frozenset(chosen)
    return [
        {
            "place": place,
            "name": "" if place == MISSING else column.categories[place],
            "count": column.n_missing if place == MISSING else int(column.counts[place]),
            "on": ticked is None or place in ticked,
        }
        for place in places
    ]


def _ignore(_row_filter: RowFilter) -> None:
    """Answer nothing: the filter is told by its trait."""
