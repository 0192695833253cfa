"""Zooms the map when something in the panel, or a cell, asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from plotly.graph_objects import FigureWidget

    from cluster_explorer.state import State


class Aiming:
    """Sets the ranges of a flat map's axes to the aim in the state.

    Parameters
    ----------
    figure : FigureWidget
    """

    def __init__(self, figure: FigureWidget) -> None:
        self._figure = figure

    def render(self, before: State, after: State) -> None:
        """Look where the state says, once for each aim; a map in space is turned by hand alone."""
        aim, layout = after.aim, after.results.layout
        if aim is None or aim is before.aim or layout is None or layout.n_components != 2:
            return
        with self._figure.batch_update():
            # what was asked for last may be there no longer: the user has zoomed since
            self._figure.layout.xaxis.range = None
            self._figure.layout.yaxis.range = None
        with self._figure.batch_update():
            self._figure.layout.xaxis.range = aim.x
            self._figure.layout.yaxis.range = aim.y
