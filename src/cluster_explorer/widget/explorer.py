"""What a user holds in a notebook: `ClusterExplorer`, traits and methods over a `Session`, and its widget."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import traitlets

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.jobs import Status
from cluster_explorer.params import Params
from cluster_explorer.selection import Polygon
from cluster_explorer.session import Session

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    import numpy.typing as npt
    import pandas as pd
    from hdbscan.plots import CondensedTree
    from ipywidgets import VBox

    from cluster_explorer.params import Method, Neighbors, Space
    from cluster_explorer.pipeline import Results
    from cluster_explorer.selection import Mode
    from cluster_explorer.state import State
    from cluster_explorer.values import Clustering, FloatArray, IdArray, IntArray, KnnGraph
    from cluster_explorer.widget.view import ExplorerView


class _ParamsTrait(traitlets.Instance[Params]):
    """Parameters; a mapping is taken as changes to the present ones."""

    def validate(self, obj: Any, value: Any) -> Any:
        if isinstance(value, Mapping):
            value = obj.params.changed(dict(value))
        return super().validate(obj, value)


class ClusterExplorer(traitlets.HasTraits):
    """A map of the clusters in a Milvus collection, to read and to steer.

    As the last line of a cell it shows the widget and starts the work in the background. In a script, or before it is
    shown, asking for a result computes what that result needs.

    Parameters
    ----------
    uri : str
        A Milvus Lite file (``"news.db"``), a server (``"http://localhost:19530"``) or a Zilliz Cloud endpoint.
    collection_name : str
    token : str, optional
        ``"user:password"`` or an API key. It is kept out of traits, reprs and messages.
    db_name : str
        Database on the server.
    filter : str
        A Milvus filter expression; only rows that match are explored.
    vector_field, text_field : str, optional
        Needed only when the collection has several that would do.
    embedding_function : object, optional
        A pymilvus-model embedding function, or a callable from a list of str to an array; for queries.
    params : Params or mapping, optional
        What to begin with.
    timeout : float
        Seconds that a single call to Milvus may take.

    Attributes
    ----------
    params : Params
        Trait. Assign ``ex.params.changed({"min_dist": 0.5})`` or a dict of changes; the controls follow.
    selected_ids : tuple
        Trait. Primary keys of the selected rows; assign to select.
    status : Status
        Trait, read-only. What the worker is doing.

    Raises
    ------
    ClusterExplorerError
        If the collection cannot be opened; the message says why and what to do.

    Examples
    --------
    >>> ex = ClusterExplorer("news.db", "headlines")  # doctest: +SKIP
    >>> ex.recluster(min_cluster_size=20)  # doctest: +SKIP
    """

    params = _ParamsTrait(Params)
    selected_ids = traitlets.Tuple()
    status = traitlets.Instance(Status, read_only=True)

    def __init__(
        self,
        uri: str,
        collection_name: str,
        *,
        token: str | None = None,
        db_name: str = "",
        filter: str = "",  # noqa: A002 - Milvus' own name for it
        vector_field: str | None = None,
        text_field: str | None = None,
        embedding_function: object | None = None,
        params: Params | Mapping[str, object] | None = None,
        timeout: float = 30.0,
    ) -> None:
        from cluster_explorer.library import MilvusLibrary
        from cluster_explorer.milvus import open_collection

        start = params if isinstance(params, Params) else Params().changed(dict(params or {}))
        collection = open_collection(
            uri,
            collection_name,
            token=token,
            db_name=db_name,
            filter=filter,
            vector_field=vector_field,
            text_field=text_field,
            timeout=timeout,
        )
        self._title = collection_name
        self._embedding_function = embedding_function
        self._session = Session(MilvusLibrary(collection), start)
        self._view: ExplorerView | None = None
        self._shown_ids: tuple[object, ...] = ()
        super().__init__(params=start)
        self.set_trait("status", self._session.state.status)
        self._session.store.subscribe(self._project)

    @classmethod
    def from_texts(
        cls,
        texts: Sequence[str] | pd.DataFrame,
        *,
        uri: str,
        collection_name: str,
        embedding_function: object | None = None,
        vectors: npt.ArrayLike | None = None,
        text_column: str | Sequence[str] | None = None,
        id_column: str | None = None,
        metric: str | None = None,
        token: str | None = None,
        db_name: str = "",
        params: Params | Mapping[str, object] | None = None,
        timeout: float = 30.0,
    ) -> ClusterExplorer:
        """Put texts into a collection, with their embeddings and metadata, and open it.

        Keys are derived from the texts, so running the same cell again, after an interrupt or a crash, goes on where it
        stopped and duplicates nothing.

        Parameters
        ----------
        texts : sequence of str, or DataFrame
            Of a DataFrame, all other columns are kept as fields.
        uri, collection_name, token, db_name, timeout
            As in `ClusterExplorer`. A collection that does not exist is made.
        embedding_function : object, optional
            A pymilvus-model embedding function (dense output, or the ``dense`` part of a hybrid such as BGE-M3's), or a
            callable from a list of str to an array of shape (n, d).
        vectors : array of shape (n, d), optional
            Embeddings, for those who have them; then no embedding function is needed.
        text_column : str or sequence of str, optional
            Column(s) of the DataFrame that make up the text; several are joined by newlines.
        id_column : str, optional
            Column with keys of your own, int or str.
        metric : {"COSINE", "L2", "IP"}, optional
            Metric of the index; that of the collection where there is one, otherwise cosine.
        params : Params or mapping, optional

        Returns
        -------
        ClusterExplorer

        Raises
        ------
        ClusterExplorerError
            If the texts or vectors cannot be used, or do not fit the collection that exists.
        """
        from cluster_explorer.ingest import ingest
        from cluster_explorer.widget.progress import progress_bar

        with progress_bar("Writing texts") as on_progress:
            ingest(
                texts,
                uri=uri,
                collection_name=collection_name,
                embedding_function=embedding_function,
                vectors=vectors,
                text_column=text_column,
                id_column=id_column,
                metric=metric,
                token=token,
                db_name=db_name,
                timeout=timeout,
                on_progress=on_progress,
            )
        return cls(
            uri,
            collection_name,
            token=token,
            db_name=db_name,
            embedding_function=embedding_function,
            params=params,
            timeout=timeout,
        )

    # -- results ---------------------------------------------------------------------------------------------------

    @property
    def labels_(self) -> IntArray:
        """Cluster of each row, shape (n,), int32; -1 is noise. Rows are ascending by primary key."""
        return self._clustering().labels

    @property
    def probabilities_(self) -> FloatArray:
        """Strength of each row's membership, shape (n,), float32, 0 to 1; 0 for noise."""
        return self._clustering().probabilities

    @property
    def condensed_tree_(self) -> CondensedTree:
        """The hierarchy of the clusters, as `hdbscan.plots.CondensedTree`."""
        return self._clustering().condensed_tree

    @property
    def positions_(self) -> FloatArray:
        """Positions on the map, shape (n, 2) or (n, 3), float32."""
        positions: FloatArray = self._result("layout").positions
        return positions

    @property
    def knn_graph_(self) -> KnnGraph:
        """The kNN graph that clusters and map are computed from."""
        graph: KnnGraph = self._result("graph")
        return graph

    @property
    def ids_(self) -> IdArray:
        """Primary key of each row, shape (n,), ascending."""
        ids: IdArray = self._result("rows").ids
        return ids

    @property
    def selection(self) -> pd.DataFrame:
        """The selected rows: id, text, cluster, probability, x, y (and z of a 3-D map), in reading order."""
        from cluster_explorer.reading import reading_order

        rows = self._session.state.selection.rows
        return self._frame(reading_order(rows, self._clustering()))

    def to_frame(self) -> pd.DataFrame:
        """Return every row: id, text, cluster, probability, x, y (and z of a 3-D map), ascending by id."""
        return self._frame(np.arange(len(self.ids_), dtype=np.int32))

    # -- steering --------------------------------------------------------------------------------------------------

    def recluster(
        self,
        *,
        min_cluster_size: int | None = None,
        min_samples: int | None = None,
        space: Space | None = None,
        cluster_selection_method: Method | None = None,
        cluster_selection_epsilon: float | None = None,
        n_neighbors: int | None = None,
        layout_n_neighbors: int | None = None,
        min_dist: float | None = None,
        n_components: int | None = None,
        random_state: int | None = None,
        neighbors: Neighbors | None = None,
    ) -> Clustering:
        """Change parameters, wait for the clusters, and return them; what is not named stays as it is.

        A widget that is on show follows; a map that has to be drawn anew is drawn in the background.

        Returns
        -------
        Clustering

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
            "n_neighbors": n_neighbors,
            "layout_n_neighbors": layout_n_neighbors,
            "min_dist": min_dist,
            "n_components": n_components,
            "random_state": random_state,
            "neighbors": neighbors,
        }
        changes = {name: value for name, value in wanted.items() if value is not None}
        self._session.set_params(self._session.state.params.changed(changes))
        return self._clustering()

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
            A cluster; -1 is the noise.
        polygon : array of shape (m, 2), optional
            Corners of an outline, in the coordinates of `positions_`.
        mode : {"replace", "add", "subtract"}

        Raises
        ------
        InvalidParameterError
            Unless exactly one of `ids`, `cluster` and `polygon` is given.
        """
        if sum(choice is not None for choice in (ids, cluster, polygon)) != 1:
            raise InvalidParameterError("select() takes exactly one of ids=..., cluster=... and polygon=...")
        if mode not in ("replace", "add", "subtract"):
            raise InvalidParameterError(f"mode={mode!r} is not a choice. Available: 'replace', 'add', 'subtract'.")
        if ids is not None:
            self._result("rows")
            self._session.select_ids(ids, mode)
        elif cluster is not None:
            self._clustering()
            self._session.select_cluster(cluster, mode)
        elif polygon is not None:
            self._result("layout")
            self._session.select_polygon(_polygon(polygon), mode)
        return self.selection

    def clear_selection(self) -> None:
        """Select nothing."""
        self._session.clear_selection()

    def cancel(self) -> None:
        """Stop what runs in the background; the map stays as it is."""
        self._session.cancel()

    def close(self) -> None:
        """Stop the worker, release the collection (and the lock of a Milvus Lite file), and close the widget."""
        self._session.close()
        if self._view is not None:
            self._view.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    # -- showing ---------------------------------------------------------------------------------------------------

    @property
    def widget(self) -> VBox:
        """The widget, to be put into other layouts; asking for it starts the work in the background."""
        if self._view is None:
            from cluster_explorer.widget.view import ExplorerView

            self._view = ExplorerView(self._session, self._title)
            # observers of the traits are told when the widget shows what they are told of
            self._session.store.unsubscribe(self._project)
            self._session.store.subscribe(self._project)
            self._session.show()
        return self._view.root

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle = self.widget._repr_mimebundle_(include=include, exclude=exclude)
        return {**bundle, "text/plain": repr(self)}

    def __repr__(self) -> str:
        rows = self._session.state.results.rows
        size = "" if rows is None else f", {len(rows):,} rows"
        return f"ClusterExplorer({self._title!r}{size}, {self._session.state.status.state})"

    # -- traits, both ways -----------------------------------------------------------------------------------------

    def _project(self, before: State, after: State) -> None:
        """Show the state in the traits."""
        if after.params != self.params:
            self.params = after.params
        if after.selection is not before.selection:
            rows = after.results.rows
            self._shown_ids = tuple(rows.ids[after.selection.rows].tolist()) if rows is not None else ()
            self.selected_ids = self._shown_ids
        if after.status != before.status:
            self.set_trait("status", after.status)

    @traitlets.observe("params")
    def _wish_for_params(self, change: Any) -> None:
        self._session.set_params(change["new"])

    @traitlets.observe("selected_ids")
    def _wish_for_selection(self, change: Any) -> None:
        if change["new"] is not self._shown_ids:
            self._session.select_ids(change["new"])

    # -- inside ----------------------------------------------------------------------------------------------------

    def _clustering(self) -> Clustering:
        clustering: Clustering = self._result("clustering")
        return clustering

    def _result(self, target: str) -> Any:
        from cluster_explorer.widget.progress import status_bar

        with status_bar() as on_status:
            results: Results = self._session.require(target, on_status=on_status)
        return results.by_stage[target]

    def _frame(self, rows: IntArray) -> pd.DataFrame:
        import pandas as pd

        clustering, positions = self._clustering(), self.positions_
        return pd.DataFrame(
            {
                "id": self.ids_[rows],
                "text": pd.Series(self._session.texts(rows), dtype="object"),
                "cluster": clustering.labels[rows],
                "probability": clustering.probabilities[rows],
                **{axis: positions[rows, column] for column, axis in enumerate("xyz"[: positions.shape[1]])},
            }
        )


def _polygon(corners: npt.ArrayLike) -> Polygon:
    array = np.asarray(corners, dtype=np.float64)
    if array.ndim != 2 or array.shape[1] != 2:
        raise InvalidParameterError(f"polygon must be an array of corners, shape (m, 2); its shape is {array.shape}.")
    return Polygon(array[:, 0], array[:, 1])
