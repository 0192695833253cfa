"""The map: one Plotly FigureWidget with one WebGL trace, a projection of the state."""

from __future__ import annotations

import base64
import logging
import threading
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cluster_explorer.exploring.density import png
from cluster_explorer.exploring.palette import stepped_scale
from cluster_explorer.exploring.selection import Polygon
from cluster_explorer.widget.closing import close_all
from cluster_explorer.widget.later import Later
from cluster_explorer.widget.sampled import SampledMap

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from cluster_explorer.exploring.density import Tint
    from cluster_explorer.exploring.sampling import Drawing
    from cluster_explorer.state import State
    from cluster_explorer.values import FloatArray, Layout

_HEIGHT = 560
#: Of plotly.js. Its button to share a chart would upload it.
_CONFIG = {"displaylogo": False, "scrollZoom": True, "responsive": True, "showSendToCloud": False}
_HIDDEN_AXIS = {"visible": False, "showgrid": False, "zeroline": False}
#: Rows drawn up to each limit, and the diameter of their points in pixels.
_POINT_SIZES = ((2_000, 7.0), (10_000, 5.5), (50_000, 4.0), (200_000, 3.0))
_SMALLEST = 2.0
#: The same for a sample, whose points stand on the tint of density.
_SAMPLE_SIZES = ((500, 6.0), (2_000, 5.0), (8_000, 4.0), (40_000, 3.0))
_FADED = "rgba(154,160,166,0.1)"


#: Seconds between a selection's texts and its points. Drawing the points keeps the browser busy for as long again, and
#: with less than this it comes before the texts have been painted (0.33 s to the first text instead of 0.18 s).
_AFTER_TEXTS = 0.2
#: Points that are drawn at once: as quickly as a text.
_MANY = 5_000

_log = logging.getLogger(__name__)


class MapIntents(Protocol):
    """What the map asks for when its own lasso was used, in a front end without the panel's."""

    def select_polygon(self, polygon: Polygon) -> None:
        """Select the rows inside an outline."""

    def notify(self, notice: str) -> None:
        """Show one sentence."""


class Scatter:
    """Draws positions, colours and the selection; holds nothing that does not follow from the state.

    Parameters
    ----------
    intents : MapIntents
        Told when Plotly's own lasso or box was used.
    """

    def __init__(self, intents: MapIntents) -> None:
        import plotly.graph_objects as go

        self._intents = intents
        self._wanted: State
        self._painted: State | None = None
        self._painting = threading.Lock()
        self._later = Later(self._paint_later)
        self._map: SampledMap | None = None
        self._drawing: Drawing | None = None
        self.figure: go.FigureWidget = go.FigureWidget(layout=_layout())
        # the only way to plotly.js' configuration that a FigureWidget has
        self.figure._config = _CONFIG  # noqa: SLF001
        self.figure.layout.annotations = [_message("Nothing computed yet")]

    def render(self, before: State, after: State) -> None:
        """Bring the figure from one state to the next.

        Many points are chosen and drawn a moment later and on a thread of their own: texts are read meanwhile, and of a
        turning wheel only the last view is drawn.
        """
        moved = after.results.layout is not before.results.layout
        self._wanted = after
        if moved or self._drawing is None or self._drawing.n_drawn < _MANY:
            self._paint()
        elif _looks_different(before, after):
            self._later.ask(_AFTER_TEXTS if after.selection is not before.selection else 0.0)

    def close(self) -> None:
        """Draw no more, and take the figure off the page."""
        self._later.close()
        close_all([self.figure])

    def _paint_later(self) -> None:
        try:
            self._paint()
        except Exception as error:  # noqa: BLE001 - as a view's, it must not be lost
            # nobody reads what a thread raises: it goes to the log, and one sentence to the widget
            _log.exception("The map could not be drawn")
            self._intents.notify(f"The map could not be drawn: {type(error).__name__}: {error}")

    def _paint(self) -> None:
        """Bring the figure from the state that it shows to the one that is wanted, with one message."""
        with self._painting:
            before, after = self._painted, self._wanted
            self._painted = after
            layout = after.results.layout
            if layout is None:
                if before is None or after.status is not before.status:
                    self.figure.layout.annotations = [_message(_waiting(after))]
            elif before is None or _looks_different(before, after):
                self._show(before, after, layout)

    def _show(self, before: State | None, after: State, layout: Layout) -> None:
        moved = before is None or layout is not before.results.layout
        recolored = before is None or after.coloring is not before.coloring
        selected = before is None or after.selection is not before.selection
        if self._map is None or self._map.layout is not layout:
            self._map = SampledMap.of(layout)
        drawing = self._map.drawing(after)
        redrawn = moved or self._drawing is None or not np.array_equal(self._drawing.rows, drawing.rows)
        tint = self._map.tint(after, drawing)
        with self.figure.batch_update():
            if redrawn:
                self._draw(layout, drawing)
            if moved:
                # a new map is seen whole; recolouring keeps the zoom
                self.figure.layout.uirevision = f"{id(layout)}" if layout.finished else "first"
            if redrawn or recolored or selected:
                self._color(after, drawing)
            if tint is not None or self.figure.layout.images:
                self.figure.layout.images = [] if tint is None else [_image(tint)]
            self.figure.layout.annotations = [_drawn(drawing)] if drawing.is_sample else []
        self._drawing = drawing

    def _draw(self, layout: Layout, drawing: Drawing) -> None:
        """Put the points where they are."""
        axes = {
            name: np.ascontiguousarray(values[drawing.rows])
            for name, values in zip("xyz", layout.positions.T, strict=False)
        }
        trace = self.figure.data[0] if self.figure.data else None
        if trace is None or ("z" in trace) != ("z" in axes):
            self.figure.data = ()
            self.figure.add_trace(_trace(axes))
            trace = self.figure.data[0]
            if layout.n_components == 2:
                trace.on_selection(self._on_plotly_selection)
        else:
            trace.update(axes)
        trace.marker.size = _point_size(drawing)
        # without row numbers, a point's place in the trace is its row
        trace.customdata = drawing.rows if drawing.is_sample else None

    def _color(self, state: State, drawing: Drawing) -> None:
        """Give the points their colours, and let those stand out that are selected."""
        trace, selection = self.figure.data[0], state.selection.rows
        codes, colors = state.coloring.codes[drawing.rows].astype(np.int32), state.coloring.colors
        places = np.searchsorted(drawing.rows, selection)
        places = places[drawing.rows[np.minimum(places, len(drawing.rows) - 1)] == selection].astype(np.int32)
        if "z" not in trace:
            trace.selectedpoints = places if len(selection) else None
        elif len(selection):
            # points in space cannot be selected in Plotly: the others fade by a colour of their own
            faded = np.full_like(codes, len(colors))
            faded[places] = codes[places]
            codes, colors = faded, (*colors, _FADED)
        trace.marker.color = codes
        trace.marker.colorscale = stepped_scale(colors)
        trace.marker.cmin, trace.marker.cmax = -0.5, len(colors) - 0.5

    def _on_plotly_selection(self, _trace: Any, _points: Any, selector: Any) -> None:
        if hasattr(selector, "xs"):
            self._intents.select_polygon(Polygon(selector.xs, selector.ys))
        elif hasattr(selector, "xrange"):
            (x0, x1), (y0, y1) = selector.xrange, selector.yrange
            self._intents.select_polygon(Polygon(np.array([x0, x1, x1, x0]), np.array([y0, y0, y1, y1])))


def _looks_different(before: State, after: State) -> bool:
    return (
        after.results.layout is not before.results.layout
        or after.coloring is not before.coloring
        or after.selection is not before.selection
        or after.viewport != before.viewport
    )


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


def _trace(axes: dict[str, FloatArray]) -> go.Scattergl | go.Scatter3d:
    import plotly.graph_objects as go

    kind = go.Scatter3d if "z" in axes else go.Scattergl
    look: dict[str, Any] = {"marker": {"opacity": 0.85, "line": {"width": 0}}}
    if kind is go.Scattergl:
        look["unselected"] = {"marker": {"opacity": 0.12}}
        look["selected"] = {"marker": {"opacity": 1.0}}
    return kind(mode="markers", hoverinfo="none", **axes, **look)


def _point_size(drawing: Drawing) -> float:
    sizes = _SAMPLE_SIZES if drawing.is_sample else _POINT_SIZES
    return next((size for limit, size in sizes if drawing.n_drawn <= limit), _SMALLEST)


def _image(tint: Tint) -> dict[str, Any]:
    view = tint.view
    return {
        "source": f"data:image/png;base64,{base64.b64encode(png(tint.pixels)).decode()}",
        "xref": "x",
        "yref": "y",
        "x": view.x0,
        "y": view.y1,
        "sizex": view.x1 - view.x0,
        "sizey": view.y1 - view.y0,
        "xanchor": "left",
        "yanchor": "top",
        "sizing": "stretch",
        "layer": "below",
    }


def _drawn(drawing: Drawing) -> dict[str, Any]:
    """Say how many rows are drawn, in a corner."""
    here = "" if drawing.n_seen == drawing.n_rows else " here"
    return {
        "text": f"{drawing.n_drawn:,} of {drawing.n_seen:,} drawn{here}",
        "showarrow": False,
        "xref": "paper",
        "yref": "paper",
        # the legend is in the other corner
        "x": 1,
        "y": 0,
        "xanchor": "right",
        "yanchor": "bottom",
        "xshift": -6,
        "yshift": 6,
        # room around it, within the ground that the panel's styles give it in the colour of the theme
        "borderpad": 3,
        "font": {"size": 11, "color": "#80868b"},
        "hovertext": "The tint shows where all rows lie. A lasso takes every row inside, drawn or not.",
    }


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
