"""Changing parameters and selecting rows, as the controls and the lasso do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, cast, get_args

import numpy as np

from cluster_explorer.errors import InvalidParameterError, available
from cluster_explorer.exploring.selection import MODES, Polygon
from cluster_explorer.session.steering import What
from cluster_explorer.widget.facade.results import ResultsFacade

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt
    import pandas as pd

    from cluster_explorer.exploring.selection import Mode
    from cluster_explorer.params import Auto, Method, Neighbors, Space
    from cluster_explorer.values import Clustering


class SteeringFacade(ResultsFacade):
    """What the controls and the breadcrumb do, by name."""

    def recluster(
        self,
        *,
        min_cluster_size: int | Auto | None = None,
        min_samples: int | None = None,
        space: Space | None = None,
        cluster_selection_method: Method | None = None,
        cluster_selection_epsilon: float | None = None,
        resolution: float | None = None,
        noise_threshold: float | None = None,
        n_neighbors: int | None = None,
        layout_n_neighbors: int | None = None,
        min_dist: float | None = None,
        n_components: int | None = None,
        random_state: int | None = None,
        neighbors: Neighbors | None = None,
    ) -> Clustering:
        """Change parameters, wait for the clusters, and return them; what is not named stays as it is.

        A widget that is on show follows; a map that has to be drawn anew is drawn in the background. `Params` says what
        each parameter means, and what is allowed.

        Parameters
        ----------
        min_cluster_size, min_samples, space, cluster_selection_method, random_state
            What the clusters are found with. Another `space` brings its own `cluster_selection_method`, unless one is
            named.
        cluster_selection_epsilon : float
            Read with ``cluster_selection_method`` ``"eom"`` and ``"leaf"``; kept, and without effect, otherwise.
        resolution : float
            Read with ``cluster_selection_method="modularity"``; kept, and without effect, otherwise.
        noise_threshold : float
            Read when noise is attached: it changes `attached_labels`, and neither clusters nor `labels`.
        n_neighbors, neighbors
            What the graph is made with. More neighbours than are held, and another `neighbors`, search anew.
        layout_n_neighbors, min_dist, n_components
            What the map is drawn with; clusters do not depend on them. `random_state` is the map's seed as well.

        Returns
        -------
        Clustering
            The clusters that `cluster_graph` finds in `knn_graph_` by the same parameters, with the numbers that they
            had before. Of what was drilled down to (`cluster_only`), those of these rows alone.

        Raises
        ------
        InvalidParameterError
            If a value is out of its range.
        ClusterExplorerError
            If the work failed; the map and its parameters are then as before.
        """
        wanted: dict[str, object] = {
            "min_cluster_size": min_cluster_size,
            "min_samples": min_samples,
            "space": space,
            "cluster_selection_method": cluster_selection_method,
            "cluster_selection_epsilon": cluster_selection_epsilon,
            "resolution": resolution,
            "noise_threshold": noise_threshold,
            "n_neighbors": n_neighbors,
            "layout_n_neighbors": layout_n_neighbors,
            "min_dist": min_dist,
            "n_components": n_components,
            "random_state": random_state,
            "neighbors": neighbors,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        wished = self._session.state.params.changed(changes)
        return self._clusters_after(lambda: self._session.set_params(wished))

    def select(
        self,
        *,
        ids: Iterable[object] | None = None,
        cluster: int | None = None,
        polygon: npt.ArrayLike | None = None,
        mode: Mode = "replace",
    ) -> pd.DataFrame:
        """Select rows by key, by cluster, or inside a polygon on the map; return them as `selection` does.

        Parameters
        ----------
        ids : iterable, optional
            Primary keys.
        cluster : int, optional
            A cluster as the map shows it, attached noise included; -1 is the noise that is left.
        polygon : array of shape (m, 2), optional
            Corners of an outline, in the coordinates of `positions_`.
        mode : {"replace", "add", "subtract", "intersect"}

        Raises
        ------
        InvalidParameterError
            Unless exactly one of `ids`, `cluster` and `polygon` is given.
        """
        if sum(choice is not None for choice in (ids, cluster, polygon)) != 1:
            raise InvalidParameterError("select() takes exactly one of ids=..., cluster=... and polygon=...")
        check_mode(mode)
        if ids is not None:
            self._result("rows")
            self._session.select_ids(ids, mode)
        elif cluster is not None:
            self._members()
            self._session.select_cluster(cluster, mode)
        elif polygon is not None:
            self._result("layout")
            self._session.select_polygon(_polygon(polygon), mode)
        return self.selection

    def cluster_only(self, rows: Literal["selection", "noise"] | Iterable[object], name: str = "") -> Clustering:
        """Drill down: cluster some rows by themselves, from the graph that is there, and return the clusters.

        Parameters
        ----------
        rows : {"selection", "noise"} or iterable
            What is selected, what belongs to no cluster, or primary keys.
        name : str
            What the breadcrumb calls them.

        Returns
        -------
        Clustering
            Of all rows; those outside have label -1. `cluster_up` and `cluster_all` lead back.

        Raises
        ------
        InvalidParameterError
            If `rows` is another word.
        DataError
            If these are too few rows, or keys are not in the collection.
        """
        self._members()
        steering = self._session.steering
        # an array of keys is not to be compared as a whole
        if isinstance(rows, str):
            if rows not in get_args(What):
                raise InvalidParameterError(
                    f"rows={rows!r:.100} is not a choice. {available(get_args(What))} Or give a list of primary keys."
                )
            return self._clusters_after(lambda: steering.drill_down(cast("What", rows), name))
        chosen = self._session.rows_of(rows)
        return self._clusters_after(lambda: steering.drill_down_to(chosen, name or "chosen rows"))

    def cluster_up(self) -> Clustering:
        """Come back from the last `cluster_only`, one step of the breadcrumb; return the clusters.

        Where nothing was drilled down to, all rows are clustered as they were.

        Examples
        --------
        >>> ex.cluster_only("selection", name="sport")  # doctest: +SKIP
        >>> ex.cluster_only("noise")  # doctest: +SKIP
        >>> ex.cluster_up()  # the clusters of "sport"  # doctest: +SKIP
        """
        return self._clusters_after(self._session.steering.go_up)

    def cluster_all(self) -> Clustering:
        """Come back from every `cluster_only`: cluster all rows, and return the clusters."""
        return self._clusters_after(lambda: self._session.steering.go_up_to(None))

    def zoom(self, *, cluster: int) -> None:
        """Show a cluster on the map as large as it fits.

        Raises
        ------
        InvalidParameterError
            If there is no such cluster.
        """
        self._result("layout")
        self._clustering()
        self._session.viewing.zoom_to_cluster(cluster)

    def clear_selection(self) -> None:
        """Select nothing."""
        self._session.clear_selection()

    def cancel(self) -> None:
        """Stop what runs in the background; the map stays as it is."""
        self._session.cancel()


def check_mode(mode: str) -> None:
    """Raise `InvalidParameterError` unless `mode` is a way to bring a selection together with the present one."""
    if mode not in MODES:
        raise InvalidParameterError(f"mode={mode!r} is not a choice. {available(MODES)}")


def _polygon(corners: npt.ArrayLike) -> Polygon:
    array = np.asarray(corners, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise InvalidParameterError(f"polygon must be an array of corners, shape (m, 2); its shape is {array.shape}.")
    return Polygon(array[:, 0], array[:, 1])
