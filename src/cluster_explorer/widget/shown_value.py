"""The value of a parameter as controls show it: what is in force, an automatic one as a number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_explorer.params import RANGES

if TYPE_CHECKING:
    from cluster_explorer.state import State


def shown_value(state: State, name: str) -> Any:
    """Return the value of a parameter that is in force, as far as it is known: an automatic one as a number."""
    from cluster_explorer.stages.recipe import smallest_cluster

    params, landscape = state.params, state.results.landscape
    value = getattr(params, name)
    if value != "auto" or name != "min_cluster_size":
        return value
    if landscape is None:
        return int(RANGES[name][0])
    return smallest_cluster(value, params.cluster_selection_method, landscape)
