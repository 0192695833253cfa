"""The controls by themselves: a slider or a switch for each parameter, with what it means as its tooltip."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import ipywidgets

from cluster_explorer.params import RANGES

if TYPE_CHECKING:
    from cluster_explorer.params import Params


def make_controls(params: Params) -> dict[str, Any]:
    """Make a control for each parameter; those of expensive stages answer when let go, the others as they move."""

    def slider(name: str, high: int, tooltip: str, *, live: bool) -> ipywidgets.IntSlider:
        low, value = int(RANGES[name][0]), getattr(params, name)
        value = low if value == "auto" else value
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
        # the first step that is allowed: the others are round numbers then as well
        low = math.ceil(RANGES[name][0] / step) * step
        return ipywidgets.FloatSlider(
            value=value,
            min=min(low, value),
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
            60,
            "Smallest group that counts as a cluster",
            live=True,
        ),
        "min_samples": slider(
            "min_samples", params.n_neighbors, "Neighbours that make a point dense: more means more noise", live=True
        ),
        "space": switch(
            "space",
            [("graph", "graph"), ("distance", "distance")],
            ["In an embedding of the neighbour graph: little noise", "Among the distances themselves: plain HDBSCAN"],
        ),
        "cluster_selection_method": switch(
            "cluster_selection_method",
            [("modularity", "modularity"), ("eom", "eom"), ("leaf", "leaf")],
            [
                "The groups of the hierarchy that fit the neighbour graph best",
                "Excess of mass: fewer, larger clusters",
                "Leaves of the hierarchy: more, finer clusters",
            ],
        ),
        "resolution": float_slider(
            "resolution", 10.0, 0.1, "More gives more and smaller clusters; 1 is Newman's modularity", live=True
        ),
        "noise_threshold": float_slider(
            "noise_threshold",
            1.0,
            0.05,
            "Noise joins a cluster, in a lighter colour, from this confidence on: 0 all of it, 1 none",
            live=True,
        ),
        "cluster_selection_epsilon": float_slider(
            "cluster_selection_epsilon", 1.0, 0.01, "Clusters closer than this distance are merged", live=True
        ),
        "n_neighbors": slider(
            "n_neighbors", 100, "Neighbours of each row in the graph; more than are held are searched", live=False
        ),
        "layout_n_neighbors": slider(
            "layout_n_neighbors", 100, "Neighbours that the map looks at (UMAP's n_neighbors)", live=False
        ),
        "min_dist": float_slider("min_dist", 1.0, 0.01, "How tightly the map packs its points (UMAP)", live=False),
        "n_components": switch(
            "n_components", [("2-D", 2), ("3-D", 3)], ["A flat map, with lasso", "A map in space, to turn"]
        ),
    }
