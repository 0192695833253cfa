"""The controls: sliders and switches that show the parameters and send wishes."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import ipywidgets

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.params import OWN_METHOD
from cluster_explorer.widget.control_kinds import make_controls
from cluster_explorer.widget.landscape_plot import LandscapePlot
from cluster_explorer.widget.shown_value import shown_value
from cluster_explorer.widget.status import set_visible

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
    Group("Clusters", ("min_cluster_size", "landscape", "space", "cluster_selection_method")),
    Group("Grain and noise", ("resolution", "cluster_selection_epsilon", "min_samples", "noise_threshold")),
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
        self.by_name = make_controls(params)
        for name, control in self.by_name.items():
            control.observe(self._sender(name), names="value")
        self.auto_size = ipywidgets.ToggleButton(
            value=params.min_cluster_size == "auto", description="auto", tooltip=auto_tooltip(params)
        )
        self.auto_size.add_class("ce-auto")
        self.auto_size.observe(self._send_auto, names="value")
        self.landscape = LandscapePlot(session)
        self.widget = ipywidgets.HBox(
            [self._group(group) for group in GROUPS], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        self.widget.add_class("ce-controls")
        self._show(session.state)

    def render(self, before: State, after: State) -> None:
        """Bring the controls from one state to the next."""
        if after.results.rows is not before.results.rows and after.results.rows is not None:
            self._fit_ranges(len(after.results.rows))
        if after.results.tree is not before.results.tree and after.results.tree is not None:
            weight = after.results.tree.weight
            self.by_name["cluster_selection_epsilon"].max = max(round(float(weight.max(initial=1.0)), 2), 0.01)
        if after.params is not before.params or after.results.landscape is not before.results.landscape:
            self._show(after)
        self.landscape.render(before, after)

    def _show(self, state: State) -> None:
        params = state.params
        for name, control in self.by_name.items():
            value = shown_value(state, name)
            if getattr(control, "max", value) < value:
                control.max = value
            if getattr(control, "min", value) > value:
                control.min = value
            control.value = value
            if name == "min_samples":
                # after the value: a smaller range moves a value beyond it, and that would be sent as a wish
                control.max = max(params.n_neighbors, value)
        self.auto_size.value = params.min_cluster_size == "auto"
        self.auto_size.tooltip = auto_tooltip(params)
        modular = params.cluster_selection_method == "modularity"
        set_visible(self.by_name["resolution"], visible=modular)
        set_visible(self.by_name["cluster_selection_epsilon"], visible=not modular)

    def _send_auto(self, change: dict[str, Any]) -> None:
        state = self._session.state
        # the button follows the parameters as well, and then asks for nothing
        if change["new"] == (state.params.min_cluster_size == "auto"):
            return
        if change["new"]:
            self._session.steering.choose_automatically()
        else:
            self._wish("min_cluster_size", shown_value(state, "min_cluster_size"))

    def _fit_ranges(self, n_rows: int) -> None:
        self.by_name["min_cluster_size"].max = max(
            60, n_rows // 15, shown_value(self._session.state, "min_cluster_size")
        )
        for name in ("n_neighbors", "layout_n_neighbors"):
            control = self.by_name[name]
            control.max = max(min(100, n_rows - 1), control.value)

    def _sender(self, name: str) -> Callable[[dict[str, Any]], None]:
        def send(change: dict[str, Any]) -> None:
            # sliders count in binary fractions: five steps of 0.1 are a little more than 0.5
            value = round(change["new"], 6) if isinstance(change["new"], float) else change["new"]
            # a control that was set to what is in force, chosen automatically perhaps, asks for nothing
            if value != shown_value(self._session.state, name):
                self._wish(name, value)

        return send

    def _wish(self, name: str, value: object) -> None:
        """Send a wish; one that is refused leaves the controls at what is in force."""
        if not wish(self._session, name, value):
            self._show(self._session.state)

    def _control(self, name: str) -> Any:
        if name == "landscape":
            return self.landscape.widget
        control = self.by_name[name]
        if name == "min_cluster_size":
            control = ipywidgets.HBox([control, self.auto_size])
            control.add_class("ce-size")
        return control

    def _group(self, group: Group) -> ipywidgets.VBox:
        title = ipywidgets.HTML(f"<span>{escape(group.title)}</span>")
        title.add_class("ce-group-title")
        row = ipywidgets.HBox(
            [self._control(name) for name in group.names], layout=ipywidgets.Layout(flex_flow="row wrap")
        )
        box = ipywidgets.VBox([title, row])
        box.add_class("ce-group")
        return box


def auto_tooltip(params: Params) -> str:
    """Return what "auto" does: what it is doing, or what it would do, which is what the space does by itself."""
    is_on = params.min_cluster_size == "auto"
    method = params.cluster_selection_method if is_on else OWN_METHOD[params.space]
    if method == "modularity":
        return "Choose by itself: modularity decides how coarse the clusters are, among groups of all sizes"
    return "Choose min_cluster_size by itself: where clusters are most persistent"


def wish(session: Session, name: str, value: object) -> bool:
    """Wish for one other parameter, and return whether that can be; if not, the notice says why.

    `min_samples` follows when fewer neighbours are wished for than it needs.
    """
    params = session.state.params
    if getattr(params, name) == value:
        return True
    changes = {name: value}
    if name == "n_neighbors":
        changes["min_samples"] = min(params.min_samples, int(str(value)))
    try:
        session.set_params(params.changed(changes))
    except InvalidParameterError as error:
        session.notify(str(error))
        return False
    return True
