"""The parameter landscape: the leaf clusters of every `min_cluster_size`, in a small plot; a click shows those."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import anywidget
import ipywidgets
import numpy as np
import traitlets

from cluster_explorer.widget.shown_value import shown_value

if TYPE_CHECKING:
    from cluster_explorer.session import Session
    from cluster_explorer.stages.persistence import Landscape
    from cluster_explorer.state import State

_STATIC = Path(__file__).parent.parent / "static"


class LandscapeWidget(anywidget.AnyWidget):
    """The plot's model in the browser; it sends ``{type: "choose", min_cluster_size}``."""

    _esm = _STATIC / "landscape.js"
    _css = _STATIC / "landscape.css"

    curves = traitlets.Dict().tag(sync=True)
    min_cluster_size = traitlets.Int(0).tag(sync=True)


class LandscapePlot:
    """Shows the landscape of the tree and the levels in it, and asks for the leaves of the size that was chosen.

    Parameters
    ----------
    session : Session
        Where choices go.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self.plot = LandscapeWidget()
        self.plot.on_msg(self._on_message)
        self.coarser = ipywidgets.Button(description="‹", tooltip="Coarser: the leaves of the next level up, fewer")
        self.finer = ipywidgets.Button(description="›", tooltip="Finer: the leaves of the next level down, more")
        self.level = ipywidgets.Label()
        self.coarser.on_click(lambda _button: self._step(-1))
        self.finer.on_click(lambda _button: self._step(1))
        stepper = ipywidgets.HBox([ipywidgets.Label("level"), self.coarser, self.level, self.finer])
        stepper.add_class("ce-level")
        self.widget = ipywidgets.HBox([self.plot, stepper])
        self.widget.add_class("ce-landscape")
        self._show(session.state)

    def render(self, before: State, after: State) -> None:
        """Bring the plot from one state to the next."""
        if after.results.landscape is not before.results.landscape or after.params is not before.params:
            self._show(after)

    def _show(self, state: State) -> None:
        landscape = state.results.landscape
        if landscape is None:
            return
        if self._session.state.results.landscape is landscape and self.plot.curves.get("key") != id(landscape):
            self.plot.curves = {"key": id(landscape), **curves(landscape)}
        size = _leaf_size(state)
        self.plot.min_cluster_size = size
        place = _level_of(landscape, size)
        self.level.value = f"{'–' if place is None else place + 1} of {len(landscape.levels)}"
        self.coarser.disabled = _level_beside(landscape, size, -1) is None
        self.finer.disabled = _level_beside(landscape, size, 1) is None

    def _step(self, by: int) -> None:
        state = self._session.state
        landscape = state.results.landscape
        level = None if landscape is None else _level_beside(landscape, _leaf_size(state), by)
        if level is not None:
            self._session.steering.choose_size(level)

    def _on_message(self, _widget: object, message: dict[str, Any], _buffers: object) -> None:
        size = message.get("min_cluster_size")
        if message.get("type") == "choose" and isinstance(size, int) and size >= 2:
            self._session.steering.choose_size(size)


def curves(landscape: Landscape) -> dict[str, list[float]]:
    """Return the landscape as the browser draws it.

    Every size is sent, so that the caption is right wherever the pointer is. They are few: two groups that part at
    many different sizes have many rows, and a million rows have some hundreds of sizes.

    Examples
    --------
    >>> from cluster_explorer.stages.persistence import Landscape
    >>> values = np.array([1.0, 3.0])
    >>> found = Landscape(np.array([5, 9]), np.array([3, 2]), values / 10, values, np.array([1]))
    >>> curves(found)["peaks"]
    [9]
    """
    return {
        "sizes": landscape.min_cluster_size.tolist(),
        "n_clusters": landscape.n_clusters.tolist(),
        "noise": np.round(landscape.noise_share, 4).tolist(),
        "persistence": landscape.persistence.tolist(),
        "peaks": landscape.min_cluster_size[landscape.peaks].tolist(),
    }


def _leaf_size(state: State) -> int:
    """Return the size in force where the leaves are shown, which are what the landscape counts; else 0."""
    return int(shown_value(state, "min_cluster_size")) if state.params.cluster_selection_method == "leaf" else 0


def _named(landscape: Landscape, size: int) -> int:
    """Return the size by which the landscape names the stretch of sizes that all give the same clusters."""
    sizes = landscape.min_cluster_size
    place = int(np.searchsorted(sizes, size))
    return int(sizes[place]) if place < len(sizes) else size


def _level_of(landscape: Landscape, size: int) -> int | None:
    """Return the place among the levels, coarse to fine, that shows the clusters of a size."""
    named = _named(landscape, size)
    return landscape.levels.index(named) if size and named in landscape.levels else None


def _level_beside(landscape: Landscape, size: int, by: int) -> int | None:
    """Return the next level that is coarser (`by` < 0) or finer than a size; without one, the coarsest or finest."""
    named = _named(landscape, size)
    levels = [level for level in landscape.levels if not size or (level - named) * by < 0]
    if not levels:
        return None
    # coarse to fine: the nearest of the coarser ones is the last
    is_last = (by < 0) == bool(size)
    return levels[-1] if is_last else levels[0]
