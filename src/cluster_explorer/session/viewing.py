"""Where the user looks on the map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import InvalidParameterError, clusters_there
from cluster_explorer.exploring.aim import aim_at

if TYPE_CHECKING:
    from cluster_explorer.exploring.aim import Aim
    from cluster_explorer.exploring.sampling import Viewport
    from cluster_explorer.state import Store


class Viewing:
    """Carries out what the map's zoom asks for.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def look_at(self, viewport: Viewport | None) -> None:
        """Look at a part of the map, or (None) at all of it: a map that draws a sample draws another one."""
        self._store.apply(lambda state: state if state.viewport == viewport else replace(state, viewport=viewport))

    def zoom_to(self, aim: Aim) -> None:
        """Show a part of the map."""
        self._store.apply(lambda state: replace(state, aim=aim))

    def zoom_to_cluster(self, label: int) -> None:
        """Show a cluster as large as it fits.

        Raises
        ------
        InvalidParameterError
            If there is no such cluster, or no map yet.
        """
        results = self._store.state.results
        members, layout = results.members, results.layout
        if members is None or layout is None:
            raise InvalidParameterError("There is no map yet to zoom. Show the widget first.")
        rows = np.flatnonzero(members.labels == label)
        if not len(rows):
            raise InvalidParameterError(f"There is no cluster {label}: {clusters_there(members.n_clusters)}.")
        self.zoom_to(aim_at(layout.positions[rows, :2]))
