"""The text panel: an anywidget that shows the state and sends intents; the protocol is in ``js/PROTOCOL.md``."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from cluster_explorer.errors import ClusterExplorerError
from cluster_explorer.reading import count_by_cluster, label_anchors, reading_order, shortened
from cluster_explorer.selection import Polygon
from cluster_explorer.widget.palette import css_color

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.values import IntArray

_log = logging.getLogger(__name__)

_STATIC = Path(__file__).parent.parent / "static"
_ROW_LENGTH = 500
_NEIGHBOR_LENGTH = 200
_SNIPPET_LENGTH = 140
_PAGE_AT_MOST = 100
_UNASKED = -1
#: What the distances of a graph are, by its metric.
_METRICS = {"cosine": "Euclidean, of unit vectors", "ip": "Euclidean, of unit vectors", "euclidean": "Euclidean"}


class PanelWidget(anywidget.AnyWidget):
    """The panel's model in the browser: small traits down, custom messages both ways."""

    _esm = _STATIC / "panel.js"
    _css = _STATIC / "panel.css"

    n_components = traitlets.Int(2).tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    n_rows = traitlets.Int(0).tag(sync=True)
    text_field = traitlets.Unicode("").tag(sync=True)
    clusters = traitlets.List(trait=traitlets.Dict()).tag(sync=True)
    selection = traitlets.Dict().tag(sync=True)
    inspected = traitlets.Int(-1).tag(sync=True)
    notice = traitlets.Unicode("").tag(sync=True)
    colors_revision = traitlets.Int(0).tag(sync=True)


class Panel:
    """Shows the state in a `PanelWidget`, and answers what the browser asks.

    Parameters
    ----------
    session : Session
        Where intents go and texts come from.
    title : str
        Name of the collection.
    """

    def __init__(self, session: Session, title: str) -> None:
        self._session = session
        self._order: IntArray = np.empty(0, dtype=np.int32)
        self.widget = PanelWidget(
            title=title, text_field=session.library.text_field, selection=_selection_trait(session.state, revision=0)
        )
        self.widget.on_msg(self._on_message)
        self._answers = {
            "select_polygon": self._select_polygon,
            "select_cluster": lambda message: session.select_cluster(int(message["label"]), message["mode"]),
            "clear": lambda _message: session.clear_selection(),
            "inspect": self._inspect,
            "page": self._send_page,
            "snippet": self._send_snippet,
        }

    # -- the state, down -------------------------------------------------------------------------------------------

    def render(self, before: State, after: State) -> None:
        """Bring the panel from one state to the next."""
        old, new = before.results, after.results
        with self.widget.hold_sync():
            if new.rows is not old.rows and new.rows is not None:
                self.widget.n_rows = len(new.rows)
            if new.layout is not old.layout and new.layout is not None:
                self.widget.n_components = new.layout.n_components
            if new.clustering is not old.clustering or new.layout is not old.layout or new.names is not old.names:
                self.widget.clusters = _cluster_traits(after)
            if after.selection is not before.selection or new.clustering is not old.clustering:
                self._order = reading_order(after.selection.rows, new.clustering)
            if new.clustering is not old.clustering or new.layout is not old.layout:
                self.widget.colors_revision += 1
            if after.selection is not before.selection or new.clustering is not old.clustering:
                same_rows = after.selection.rows is before.selection.rows
                revision = self.widget.selection["revision"] + (0 if same_rows else 1)
                self.widget.selection = _selection_trait(after, revision)
            self.widget.inspected = after.inspected
            self.widget.notice = after.notice
        if after.selection is not before.selection and len(after.selection):
            # the first page goes along unasked: it saves the browser a question
            self._send_page(
                {"request": _UNASKED, "revision": self.widget.selection["revision"], "start": 0, "stop": 50}
            )
        if after.inspected >= 0 and (after.inspected != before.inspected or new.graph is not old.graph):
            self._send_detail(after.inspected)

    # -- messages --------------------------------------------------------------------------------------------------

    def _on_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        answer = self._answers.get(message.get("type", ""))
        if answer is None:
            _log.warning("The panel sent a message of unknown type %r", message.get("type"))
            return
        try:
            answer(message)
        except ClusterExplorerError as error:
            self._send_error(message, str(error))
        except Exception as error:  # noqa: BLE001 - what a message handler raises reaches no cell
            _log.exception("The panel's message %r could not be answered", message.get("type"))
            self._send_error(message, f"Unexpected {type(error).__name__}: {error}")

    def _send_error(self, message: dict[str, Any], text: str) -> None:
        self.widget.send({"type": "error", "request": message.get("request"), "message": text})

    def _select_polygon(self, message: dict[str, Any]) -> None:
        polygon = Polygon(np.asarray(message["x"]), np.asarray(message["y"]))
        matrix = message.get("matrix")
        self._session.select_polygon(
            polygon, message["mode"], None if matrix is None else np.asarray(matrix, dtype=np.float64)
        )

    def _inspect(self, message: dict[str, Any]) -> None:
        row = int(message["row"])
        if row >= 0 and row == self._session.state.inspected:
            # a view that was made later asks for what others show already
            self._send_detail(row)
        else:
            self._session.inspect(row)

    def _send_page(self, message: dict[str, Any]) -> None:
        start, stop = int(message["start"]), int(message["stop"])
        order = self._order
        rows = order[max(start, 0) : min(stop, start + _PAGE_AT_MOST)]
        texts = self._session.texts(rows)
        shown = [
            {**self._point(int(row)), "text": shortened(text, _ROW_LENGTH)}
            for row, text in zip(rows, texts, strict=True)
        ]
        answer = {key: message[key] for key in ("request", "revision")}
        self.widget.send({"type": "page", **answer, "start": max(start, 0), "rows": shown})

    def _send_snippet(self, message: dict[str, Any]) -> None:
        row = int(message["row"])
        text = shortened(self._session.texts(np.array([row], dtype=np.int32))[0], _SNIPPET_LENGTH)
        self.widget.send({"type": "snippet", "request": message["request"], **self._point(row), "text": text})

    def _send_detail(self, row: int) -> None:
        detail = self._session.detail(row)
        others = np.array([neighbor.row for neighbor in detail.neighbors], dtype=np.int32)
        neighbors = [
            {
                **self._point(neighbor.row),
                "text": shortened(text, _NEIGHBOR_LENGTH),
                "distance": round(neighbor.distance, 6),
            }
            for neighbor, text in zip(detail.neighbors, self._session.texts(others), strict=True)
        ]
        graph = self._session.state.results.graph
        self.widget.send(
            {
                "type": "detail",
                **self._point(row),
                "text": detail.text,
                "fields": [{"name": name, "value": value} for name, value in detail.fields],
                "neighbors": neighbors,
                "metric": _METRICS.get(graph.metric, graph.metric) if graph is not None else "",
            }
        )

    def _point(self, row: int) -> dict[str, Any]:
        """Everything but the text that the browser shows of a row."""
        state = self._session.state
        rows, clustering, layout = state.results.rows, state.results.clustering, state.results.layout
        label = int(clustering.labels[row]) if clustering is not None else -1
        point: dict[str, Any] = {
            "row": row,
            # as text, since automatic keys are larger than the browser's whole numbers
            "id": str(rows.ids[row]) if rows is not None else "",
            "label": label,
            "color": _color_of(state, label),
            "probability": round(float(clustering.probabilities[row]), 4) if clustering is not None else 0.0,
        }
        if layout is not None:
            point |= dict(zip("xyz", layout.positions[row].tolist(), strict=False))
        return point


def _color_of(state: State, label: int) -> str:
    return css_color(state.identities.colors[label] if 0 <= label < len(state.identities.colors) else None)


def _cluster_traits(state: State) -> list[dict[str, Any]]:
    """Describe every cluster, the largest first, and the noise last."""
    clustering, layout, names = state.results.clustering, state.results.layout, state.results.names
    if clustering is None:
        return []
    anchors = label_anchors(layout.positions, clustering).tolist() if layout is not None else None
    sizes = np.bincount(clustering.labels + 1, minlength=clustering.n_clusters + 1)
    described = [
        {
            "label": label,
            "name": names.name(label) if names is not None else "",
            "color": _color_of(state, label),
            "size": int(sizes[label + 1]),
            **(dict(zip("xyz", anchors[label], strict=False)) if anchors is not None else {}),
        }
        for label in range(clustering.n_clusters)
    ]
    described.sort(key=lambda cluster: -int(str(cluster["size"])))
    if sizes[0]:
        described.append({"label": -1, "name": "noise", "color": css_color(None), "size": int(sizes[0])})
    return described


def _selection_trait(state: State, revision: int) -> dict[str, Any]:
    selection = state.selection
    outline = selection.outline
    return {
        "revision": revision,
        "kind": selection.kind,
        "count": len(selection),
        "clusters": [
            {"label": label, "count": count}
            for label, count in count_by_cluster(selection.rows, state.results.clustering)
        ],
        "outline": None if outline is None else {"x": outline.x.tolist(), "y": outline.y.tolist()},
    }
