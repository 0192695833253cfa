"""The map: one Plotly FigureWidget with one WebGL trace, a projection of the state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cluster_explorer.selection import Polygon
from cluster_explorer.widget.palette import stepped_scale

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cluster_explorer.state import State
    from cluster_explorer.values import FloatArray, IntArray

_HEIGHT = 560
_HIDDEN_AXIS = {"visible": False, "showgrid": False, "zeroline": False}
#: Rows drawn up to each limit, and the diameter of their points in pixels.
_POINT_SIZES = ((2_000, 7.0), (10_000, 5.5), (50_000, 4.0), (200_000, 3.0))
_SMALLEST = 2.0


class MapIntents(Protocol):
    """What the map asks for when its own lasso was used, in a front end without the panel's."""

    def select_polygon(self, polygon: Polygon) -> None:
        """Select the rows inside an outline."""


class Scatter:
    """Draws positions, colours and the selection; holds nothing that the state does not say.

    Parameters
    ----------
    intents : MapIntents
        Told when Plotly's own lasso or box was used.
    """

    def __init__(self, intents: MapIntents) -> None:
        import plotly.graph_objects as go

        self._intents = intents
        self.figure: go.FigureWidget = go.FigureWidget(layout=_layout())
        # the only way to plotly.js' configuration that a FigureWidget has
        self.figure._config = {"displaylogo": False, "scrollZoom": True, "responsive": True}  # noqa: SLF001
        self.figure.layout.annotations = [_message("Nothing computed yet")]

    def render(self, before: State, after: State) -> None:
        """Bring the figure from one state to the next, with one message."""
        moved = after.results.layout is not before.results.layout
        recolored = moved or after.results.clustering is not before.results.clustering
        selected = moved or after.selection is not before.selection
        with self.figure.batch_update():
            if moved:
                self._draw(after)
            if recolored:
                self._color(after)
            if selected and self.figure.data:
                rows = after.selection.rows
                self.figure.data[0].selectedpoints = rows if len(rows) else None
            if after.results.layout is None and after.status is not before.status:
                self.figure.layout.annotations = [_message(_waiting(after))]

    def _draw(self, state: State) -> None:
        layout = state.results.layout
        if layout is None:
            return
        axes = dict(zip("xyz", layout.positions.T, strict=False))
        trace = self.figure.data[0] if self.figure.data else None
        if trace is not None and ("z" in trace) == ("z" in axes):
            trace.update({name: np.ascontiguousarray(values) for name, values in axes.items()})
        else:
            self.figure.data = ()
            self.figure.add_trace(_trace(layout.positions))
            if layout.n_components == 2:
                self.figure.data[0].on_selection(self._on_plotly_selection)
        # a new map is seen whole; recolouring keeps the zoom
        self.figure.layout.uirevision = f"{id(layout)}" if layout.finished else "first"
        self.figure.layout.annotations = []

    def _color(self, state: State) -> None:
        if not self.figure.data:
            return
        codes = color_codes(state)
        n_colors = int(codes.max(initial=0))
        marker = self.figure.data[0].marker
        marker.color = codes
        marker.colorscale = stepped_scale(n_colors)
        marker.cmin, marker.cmax = -0.5, n_colors + 0.5

    def _on_plotly_selection(self, _trace: Any, _points: Any, selector: Any) -> None:
        if hasattr(selector, "xs"):
            self._intents.select_polygon(Polygon(selector.xs, selector.ys))
        elif hasattr(selector, "xrange"):
            (x0, x1), (y0, y1) = selector.xrange, selector.yrange
            self._intents.select_polygon(Polygon(np.array([x0, x1, x1, x0]), np.array([y0, y0, y1, y1])))


def color_codes(state: State) -> IntArray:
    """Return a number for the colour of each row: 0 for noise, colour number + 1 for members of a cluster."""
    clustering, layout = state.results.clustering, state.results.layout
    if clustering is None:
        return np.zeros(0 if layout is None else len(layout.positions), dtype=np.int32)
    codes = np.array([0, *(color + 1 for color in state.identities.colors)], dtype=np.int32)
    return codes[clustering.labels + 1]


def _layout() -> dict[str, Any]:
    return {
        "height": _HEIGHT,
        "autosize": True,
        "margin": {"l": 0, "r": 0, "t": 0, "b": 0},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "xaxis": _HIDDEN_AXIS,
        "yaxis": _HIDDEN_AXIS,
        "scene": {"xaxis": _HIDDEN_AXIS, "yaxis": _HIDDEN_AXIS, "zaxis": _HIDDEN_AXIS, "bgcolor": "rgba(0,0,0,0)"},
        "showlegend": False,
        "dragmode": "lasso",
        "hovermode": "closest",
        "modebar": {
            "orientation": "h",
            "bgcolor": "rgba(0,0,0,0)",
            "color": "rgba(127,127,127,0.8)",
            "activecolor": "#1976d2",
            "remove": ["autoScale2d", "hoverClosestGl2d", "toggleHover", "toImage"],
        },
    }


def _trace(positions: FloatArray) -> go.Scattergl | go.Scatter3d:
    import plotly.graph_objects as go

    axes = {name: np.ascontiguousarray(values) for name, values in zip("xyz", positions.T, strict=False)}
    kind = go.Scatter3d if positions.shape[1] == 3 else go.Scattergl
    size = next((size for limit, size in _POINT_SIZES if len(positions) <= limit), _SMALLEST)
    look: dict[str, Any] = {"marker": {"size": size, "opacity": 0.85, "line": {"width": 0}}}
    if kind is go.Scattergl:
        look["unselected"] = {"marker": {"opacity": 0.12}}
        look["selected"] = {"marker": {"opacity": 1.0}}
    return kind(mode="markers", hoverinfo="none", **axes, **look)


def _message(text: str) -> dict[str, Any]:
    return {
        "text": text,
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        "x": 0.5,
        "y": 0.5,
        "font": {"size": 14, "color": "#8a8f98"},
    }


def _waiting(state: State) -> str:
    if state.status.state == "running":
        return f"{state.status.title} …"
    return {"failed": "There is no map yet", "cancelled": "Cancelled before there was a map"}.get(
        state.status.state, ""
    )
