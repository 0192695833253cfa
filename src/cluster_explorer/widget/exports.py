"""What is shown, as values to export: the projections that the browser gets, taken without one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.exploring.palette import NOISE
from cluster_explorer.exploring.reading import METRICS
from cluster_explorer.exploring.selection import Selection
from cluster_explorer.exporting.page import Page
from cluster_explorer.exporting.picture import Named, Picture
from cluster_explorer.pipeline import Results
from cluster_explorer.session.annotating import shown_names
from cluster_explorer.state import State
from cluster_explorer.widget.answers.clusters import cluster_traits
from cluster_explorer.widget.answers.finding import coloring_trait
from cluster_explorer.widget.answers.selecting import selection_trait
from cluster_explorer.widget.scatter import Scatter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy.typing as npt
    import pandas as pd

    from cluster_explorer.exploring.coloring import Coloring
    from cluster_explorer.session import Session
    from cluster_explorer.values import IntArray, KnnGraph


#: Values of a scale that a legend names.
_STOPS = 5


def panel_traits(state: State, title: str, text_field: str) -> dict[str, Any]:
    """Return what the panel's features that work without a kernel are given of the state, by name of the trait.

    The others have no trait there, and leave themselves out.
    """
    results = state.results
    return {
        "n_components": 2 if results.layout is None else results.layout.n_components,
        "title": title,
        "n_rows": 0 if results.rows is None else len(results.rows),
        "text_field": text_field,
        "clusters": cluster_traits(state),
        "selection": selection_trait(state, revision=0),
        "inspected": state.inspected,
        "colors_revision": 1,
    }


def picture_of(session: Session, title: str) -> Picture:
    """Return the map as it is coloured now, with its names and what the colours stand for."""
    state = session.state
    names = shown_names(session.state)
    clusters = [
        Named(
            _name_of(cluster["label"], names),
            cluster["color"],
            cluster["size"],
            tuple(cluster[axis] for axis in "xyz" if axis in cluster) or None,
        )
        for cluster in cluster_traits(state)
    ]
    layout, coloring = state.results.layout, state.coloring
    if layout is None:
        raise ValueError("There is no map yet.")  # the caller computes it first
    n_rows, n_shown = len(layout.positions), int(_in_colour(state, len(layout.positions)).sum())
    caption = title if coloring.by == "cluster" else f"{title}, by {coloring.by}"
    part = "" if n_shown == n_rows else f"{n_shown:,} of "
    return Picture(
        f"{caption}: {part}{n_rows:,} text{'' if n_rows == 1 else 's'}",
        layout.positions,
        coloring.codes,
        coloring.colors,
        names=tuple(named for named in clusters if named.at is not None),
        legend=tuple(clusters) if coloring.kind == "clusters" else _legend(coloring),
    )


def page_of(session: Session, title: str, columns: Mapping[str, pd.Series[Any]]) -> Page:
    """Return the map, the texts and what the panel shows of them, as a page without a kernel needs them.

    What a filter leaves out, or what lies outside of what is drilled down to, is not in the page.
    """
    # what is selected here is not selected there
    state = replace(session.state, selection=Selection(), inspected=-1, notice="")
    results = state.results
    held, graph, layout, members = results.rows, results.graph, results.layout, results.members
    if held is None or graph is None or layout is None or members is None:
        raise ValueError("There is no map yet.")  # the caller computes it first
    rows = np.flatnonzero(_in_colour(state, len(held))).astype(np.int32)
    shown = members.among(rows)
    positions, codes = layout.positions[rows], state.coloring.codes[rows]
    drawn = Results(MappingProxyType({"layout": replace(layout, positions=positions), "members": shown}))
    title = title if len(rows) == len(held) else f"{title} ({len(rows):,} of {len(held):,} texts)"
    return Page(
        title=title,
        traits=_page_traits(session, state, title, len(rows)),
        figure=_figure_of(session, State(state.params, drawn, coloring=replace(state.coloring, codes=codes))),
        ids=[str(key) for key in held.ids[rows].tolist()],
        texts=session.texts(rows),
        labels=shown.labels,
        probabilities=shown.probabilities,
        confidence=shown.confidence,
        positions=positions,
        codes=codes,
        colors=(NOISE, *state.coloring.colors[1:]),
        graph=_graph_among(graph, rows),
        metric=METRICS.get(graph.metric, graph.metric),
        columns={name: _written_column(column.iloc[rows]) for name, column in columns.items()},
    )


def _in_colour(state: State, n_rows: int) -> npt.NDArray[np.bool_]:
    """Return which rows are neither filtered out nor outside of what is clustered."""
    kept, members = state.finding.filter.kept, state.results.members
    inside = np.ones(n_rows, dtype=bool) if members is None else members.inside
    return inside if kept is None else inside & kept


def _page_traits(session: Session, state: State, title: str, n_rows: int) -> dict[str, Any]:
    names = shown_names(state)
    traits = panel_traits(state, title, session.library.text_field) | {"n_rows": n_rows}
    traits["clusters"] = [cluster | {"name": _name_of(cluster["label"], names)} for cluster in traits["clusters"]]
    if state.coloring.kind != "clusters":
        # other colours cannot be chosen there: they would have to be in the page
        coloring = coloring_trait(state, session.library.metadata_fields)
        traits["coloring"] = coloring | {
            "choices": [choice for choice in coloring["choices"] if choice["value"] == coloring["wanted"]],
            "legend": [entry for entry in coloring["legend"] if entry["count"]],
        }
    return traits


def _graph_among(graph: KnnGraph, rows: IntArray) -> KnnGraph:
    """Return the neighbours of some rows among them, numbered anew; those that are left out leave gaps."""
    # one place more than there are rows, for -1
    place = np.full(len(graph) + 1, -1, dtype=np.int32)
    place[rows] = np.arange(len(rows), dtype=np.int32)
    return replace(
        graph, ids=graph.ids[rows], indices=place[graph.indices[rows]], distances=graph.distances[rows], vectors=None
    )


def _name_of(label: int, names: Sequence[str]) -> str:
    return "noise" if label < 0 else names[label] or f"Cluster {label}"


def _figure_of(session: Session, state: State) -> str:
    scatter = Scatter(session)
    try:
        scatter.render(State(state.params), state)
        return str(scatter.figure.to_json())
    finally:
        scatter.close()


def _written_column(column: pd.Series[Any]) -> list[str]:
    missing = column.isna()
    return ["" if absent else str(value) for value, absent in zip(column, missing, strict=True)]


def _legend(coloring: Coloring) -> tuple[Named, ...]:
    if coloring.legend:
        return tuple(Named(entry.name, entry.color, entry.count) for entry in coloring.legend)
    if coloring.low is None or coloring.high is None or len(coloring.colors) < 2:
        return ()
    colors = coloring.colors[1:]
    shares = np.linspace(1, 0, _STOPS)
    values = coloring.low + shares * (coloring.high - coloring.low)
    return tuple(
        Named(_written(value, coloring.kind), colors[round(share * (len(colors) - 1))], None)
        for value, share in zip(values.tolist(), shares.tolist(), strict=True)
    )


def _written(value: float, kind: str) -> str:
    return datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%d") if kind == "dates" else f"{value:,.4g}"
