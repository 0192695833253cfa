"""The controls: sliders and switches that show the parameters and send wishes; the row that says what is being done."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from cluster_explorer.errors import InvalidParameterError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.params import Params
    from cluster_explorer.session import Session
    from cluster_explorer.state import State


@dataclass(frozen=True)
class Group:
    """A few controls that belong together.

    Attributes
    ----------
    title : str
    names : tuple of str
        Parameters, in order.
    """

    title: str
    names: tuple[str, ...]


GROUPS = (
    Group(
        "Clusters",
        ("min_cluster_size", "min_samples", "cluster_selection_method", "cluster_selection_epsilon", "space"),
    ),
    Group("Graph", ("n_neighbors",)),
    Group("Map", ("layout_n_neighbors", "min_dist", "n_components")),
)


class Controls:
    """One control for each parameter.

    Parameters
    ----------
    session : Session
        Where wishes go.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        params = session.state.params
        self.by_name = _make_controls(params)
        for name, control in self.by_name.items():
            control.observe(self._sender(name), names="value")
        self.widget = ipywidgets.HBox(
            [self._group(group) for group in GROUPS], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        self.widget.add_class("ce-controls")

    def render(self, before: State, after: State) -> None:
        """Bring the controls from one state to the next."""
        if after.results.rows is not before.results.rows and after.results.rows is not None:
            self._fit_ranges(len(after.results.rows))
        if after.results.tree is not before.results.tree and after.results.tree is not None:
            weight = after.results.tree.weight
            self.by_name["cluster_selection_epsilon"].max = max(round(float(weight.max(initial=1.0)), 2), 0.01)
        if after.params is not before.params:
            self._show(after.params)

    def _show(self, params: Params) -> None:
        for name, control in self.by_name.items():
            value = getattr(params, name)
            if getattr(control, "max", value) < value:
                control.max = value
            if name == "min_samples":
                control.max = max(params.n_neighbors, value)
            control.value = value

    def _fit_ranges(self, n_rows: int) -> None:
        self.by_name["min_cluster_size"].max = max(60, n_rows // 15, self._session.state.params.min_cluster_size)
        for name in ("n_neighbors", "layout_n_neighbors"):
            control = self.by_name[name]
            control.max = max(min(100, n_rows - 1), control.value)

    def _sender(self, name: str) -> Callable[[dict[str, Any]], None]:
        def send(change: dict[str, Any]) -> None:
            wish(self._session, name, change["new"])

        return send

    def _group(self, group: Group) -> ipywidgets.VBox:
        title = ipywidgets.HTML(f"<span>{escape(group.title)}</span>")
        title.add_class("ce-group-title")
        row = ipywidgets.HBox(
            [self.by_name[name] for name in group.names], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        box = ipywidgets.VBox([title, row])
        box.add_class("ce-group")
        return box


def wish(session: Session, name: str, value: object) -> None:
    """Wish for one other parameter; `min_samples` follows when fewer neighbours are wished for than it needs."""
    params = session.state.params
    if getattr(params, name) == value:
        return
    changes = {name: value}
    if name == "n_neighbors":
        changes["min_samples"] = min(params.min_samples, int(str(value)))
    try:
        session.set_params(params.changed(changes))
    except InvalidParameterError as error:
        session.notify(str(error))


def _make_controls(params: Params) -> dict[str, Any]:
    """Make a control for each parameter; those of dear stages speak when they are let go, the others as they move."""

    def slider(name: str, low: int, high: int, tooltip: str, *, live: bool) -> ipywidgets.IntSlider:
        value = getattr(params, name)
        return ipywidgets.IntSlider(
            value=value,
            min=low,
            max=max(high, value),
            description=name,
            tooltip=tooltip,
            continuous_update=live,
            style={"description_width": "initial"},
        )

    def float_slider(name: str, high: float, step: float, tooltip: str, *, live: bool) -> ipywidgets.FloatSlider:
        value = getattr(params, name)
        return ipywidgets.FloatSlider(
            value=value,
            min=0.0,
            max=max(high, value),
            step=step,
            readout_format=".2f",
            description=name,
            tooltip=tooltip,
            continuous_update=live,
            style={"description_width": "initial"},
        )

    def switch(name: str, options: list[tuple[str, object]], tooltips: list[str]) -> ipywidgets.ToggleButtons:
        buttons = ipywidgets.ToggleButtons(
            options=options,
            value=getattr(params, name),
            description=name,
            tooltips=tooltips,
            style={"description_width": "initial", "button_width": "auto"},
        )
        buttons.add_class("ce-switch")
        return buttons

    return {
        "min_cluster_size": slider(
            "min_cluster_size",
            2,
            max(60, params.min_cluster_size),
            "Smallest group that counts as a cluster",
            live=True,
        ),
        "min_samples": slider(
            "min_samples", 1, params.n_neighbors, "Neighbours that make a point dense: more means more noise", live=True
        ),
        "space": switch(
            "space",
            [("graph", "graph"), ("distance", "distance")],
            ["In an embedding of the neighbour graph: little noise", "Among the distances themselves: plain HDBSCAN"],
        ),
        "cluster_selection_method": switch(
            "cluster_selection_method",
            [("eom", "eom"), ("leaf", "leaf")],
            ["Excess of mass: fewer, larger clusters", "Leaves of the hierarchy: more, finer clusters"],
        ),
        "cluster_selection_epsilon": float_slider(
            "cluster_selection_epsilon", 1.0, 0.01, "Clusters closer than this distance are merged", live=True
        ),
        "n_neighbors": slider(
            "n_neighbors", 2, 100, "Neighbours of each row in the graph; more than are held are searched", live=False
        ),
        "layout_n_neighbors": slider(
            "layout_n_neighbors", 2, 100, "Neighbours that the map looks at (UMAP's n_neighbors)", live=False
        ),
        "min_dist": float_slider("min_dist", 1.0, 0.01, "How tightly the map packs its points (UMAP)", live=False),
        "n_components": switch(
            "n_components", [("2-D", 2), ("3-D", 3)], ["A flat map, with lasso", "A map in space, to turn"]
        ),
    }


class StatusRow:
    """Says what is being done and how long it takes, with Cancel; or why it failed, with Try again.

    Parameters
    ----------
    session : Session
        Where Cancel and Try again go.
    """

    def __init__(self, session: Session) -> None:
        self._bar = ipywidgets.FloatProgress(min=0.0, max=1.0, layout=ipywidgets.Layout(width="160px"))
        self._text = ipywidgets.HTML()
        self._text.add_class("ce-status-text")
        self._cancel = ipywidgets.Button(description="Cancel", tooltip="Stop, and keep the map as it is")
        self._retry = ipywidgets.Button(description="Try again", tooltip="Do again what failed or was cancelled")
        self._cancel.on_click(lambda _button: session.cancel())
        self._retry.on_click(lambda _button: session.retry())
        self.widget = ipywidgets.HBox([self._bar, self._cancel, self._retry, self._text])
        self.widget.add_class("ce-status")
        self._show(session.state)

    def render(self, before: State, after: State) -> None:
        """Bring the row from one state to the next."""
        if after.status is not before.status or after.results is not before.results or after.notice != before.notice:
            self._show(after)

    def _show(self, state: State) -> None:
        status = state.status
        running = status.state == "running" and bool(status.title)
        nothing_shown = state.results.layout is None
        _set_visible(self._bar, visible=running)
        _set_visible(self._cancel, visible=running)
        _set_visible(self._retry, visible=status.state == "failed" or (status.state == "cancelled" and nothing_shown))
        self._bar.value = status.fraction if running else 0.0
        self._text.value = f'<span role="status">{escape(status_line(state))}</span>'
        if status.state == "failed":
            self.widget.add_class("ce-failed")
        else:
            self.widget.remove_class("ce-failed")


def status_line(state: State) -> str:
    """Return one line on what is being done, what failed, or what is shown."""
    status = state.status
    if status.state == "running" and status.title:
        return f"{status.title} · {_time_left(status.remaining)}" if status.remaining is not None else status.title
    if status.state == "failed":
        kept = " The map is as it was before." if state.results.layout is not None else ""
        return f"{status.message}{kept}"
    cancelled = "Cancelled; the map is as it was before. " if status.state == "cancelled" else ""
    return cancelled + (state.notice or _summary(state))


def _summary(state: State) -> str:
    rows, graph, tree, clustering = (
        state.results.rows,
        state.results.graph,
        state.results.tree,
        state.results.clustering,
    )
    if rows is None or graph is None or tree is None or clustering is None:
        return ""
    clusters = f"{clustering.n_clusters:,} cluster{'' if clustering.n_clusters == 1 else 's'}"
    noise = f"{clustering.n_noise / max(len(rows), 1):.0%} noise"
    components = f"{graph.n_components:,} component{'' if graph.n_components == 1 else 's'}"
    # what is proven is proven of distances between vectors, not of those in an embedding
    proven = f", {tree.certified:.1%} of the tree proven exact" if state.params.space == "distance" else ""
    parts = [
        f"{len(rows):,} texts, {clusters}, {noise}",
        f"{graph.n_neighbors} neighbours, {components}{proven}",
        state.identities.sentence,
    ]
    return " · ".join(part for part in parts if part)


def _time_left(seconds: float) -> str:
    if seconds < 1.5:
        return "about a second left"
    if seconds < 90:
        return f"about {seconds:.0f} seconds left"
    return f"about {seconds / 60:.0f} minutes left"


def _set_visible(widget: Any, *, visible: bool) -> None:
    display = None if visible else "none"
    if widget.layout.display != display:
        widget.layout.display = display
