"""What a user holds in a notebook: `ClusterExplorer`, traits and methods over a `Session`, and its widget."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import traitlets

from cluster_explorer.params import Params
from cluster_explorer.saving import Origin, read_session
from cluster_explorer.session import Session
from cluster_explorer.session.titling import check_titler
from cluster_explorer.widget.ahead import load_ahead
from cluster_explorer.widget.facade.describing import DescribingFacade
from cluster_explorer.widget.facade.exporting import ExportingFacade
from cluster_explorer.widget.facade.finding import FindingFacade
from cluster_explorer.widget.facade.refreshing import RefreshingFacade
from cluster_explorer.widget.facade.saving import refuse_to_guess_server
from cluster_explorer.widget.facade.writing import WritingFacade
from cluster_explorer.widget.params_trait import ParamsTrait
from cluster_explorer.worker.reports import Status

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd
    from ipywidgets import VBox

    from cluster_explorer.state import State
    from cluster_explorer.titles import ChatTitles, Titler
    from cluster_explorer.widget.static_picture import StaticPicture
    from cluster_explorer.widget.view import ExplorerView


class ClusterExplorer(ExportingFacade, FindingFacade, DescribingFacade, WritingFacade, RefreshingFacade):
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
    metric : {"cosine", "euclidean", "ip"}, optional
        How vectors are compared; that of their index when left out, and cosine where there is none. By another metric
        than that of the index, neighbours are searched in this process.
    partition_names : sequence of str
        Partitions to explore; all when none are named.
    build_index : bool
        Whether to build an index where the vectors have none, which a server needs to load them.
    hold_vectors : bool, optional
        Whether the vectors are read into memory. By default they are, except where they take more than 256 MB and
        Milvus is a server, which then searches; ids, graph and positions are held in any case.
    embedding_function : object, optional
        A pymilvus-model embedding function, or a callable from a list of str to an array; for queries.
    titles : ChatTitles or callable, optional
        Who may be asked for titles of clusters: an endpoint, or a callable from a `TitleSample` (keywords and texts of
        a cluster) to a str. Nobody is asked before `title_clusters` is called or clicked.
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

    params = ParamsTrait(Params)
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
        metric: str | None = None,
        partition_names: Sequence[str] = (),
        build_index: bool = False,
        hold_vectors: bool | None = None,
        embedding_function: object | None = None,
        titles: Titler | ChatTitles | None = None,
        params: Params | Mapping[str, object] | None = None,
        timeout: float = 30.0,
    ) -> None:
        from cluster_explorer.library import MilvusLibrary
        from cluster_explorer.milvus import open_collection

        load_ahead()
        start = params if isinstance(params, Params) else Params().changed(dict(params or {}))
        check_titler(titles)
        collection = open_collection(
            uri,
            collection_name,
            token=token,
            db_name=db_name,
            filter=filter,
            vector_field=vector_field,
            text_field=text_field,
            metric=metric,
            partition_names=partition_names,
            build_index=build_index,
            timeout=timeout,
        )
        info = collection.info
        self._origin = Origin(
            info.uri,
            collection_name,
            db_name,
            filter,
            info.vector_field,
            info.text_field,
            "\n".join(info.partition_names),
            metric or "",
        )
        self._embedding_function = embedding_function
        library = MilvusLibrary(collection, hold_vectors=hold_vectors)
        self._begin(Session(library, start, embedding_function), collection_name)
        self.titles = titles

    def _begin(self, session: Session, title: str) -> None:
        """Show a session in the traits."""
        self._title = title
        self._closed = False
        self._session = session
        self._view: ExplorerView | None = None
        self._picture: StaticPicture | None = None
        self._shown_ids: tuple[object, ...] = ()
        super().__init__(params=session.state.params)
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
        titles: Titler | ChatTitles | None = None,
        params: Params | Mapping[str, object] | None = None,
        timeout: float = 30.0,
    ) -> ClusterExplorer:
        """Put texts into a collection, with their embeddings and metadata, and open it.

        Rows are known by their keys, which are derived from the texts unless a column holds them: running the same cell
        again, after an interrupt or a crash, goes on where it stopped and duplicates nothing.

        Parameters
        ----------
        texts : sequence of str, or DataFrame
            Of a DataFrame, all other columns are kept as fields: str, int, float and bool as they are, dates as
            ISO 8601, lists and dicts as JSON.
        uri, collection_name, token, db_name, timeout
            As in `ClusterExplorer`. A collection that does not exist is made.
        embedding_function : object, optional
            A pymilvus-model embedding function (dense output, or the ``dense`` part of a hybrid such as BGE-M3's), or a
            callable from a list of str to an array of shape (n, d).
        vectors : array of shape (n, d), optional
            Embeddings, for those who have them; then no embedding function is needed.
        text_column : str or sequence of str, optional
            Column(s) of the DataFrame that make up the text; several are joined by newlines, and kept as fields too.
            ``"text"`` when left out.
        id_column : str, optional
            Column with unique keys of your own, int or str. When left out, a column ``"id"`` is taken; without one,
            keys are derived from the texts.
        metric : {"cosine", "euclidean", "ip"}, optional
            How vectors are compared, also in Milvus' spelling (``"COSINE"``, ``"L2"``, ``"IP"``); as the collection
            does where there is one, otherwise cosine.
        titles, params
            As in `ClusterExplorer`.

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

        load_ahead()
        # what is wrong with them is told before anything is written
        check_titler(titles)
        start = params if isinstance(params, Params) else Params().changed(dict(params or {}))
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
            titles=titles,
            params=start,
            timeout=timeout,
        )

    @classmethod
    def load(
        cls,
        path: str | Path,
        uri: str | None = None,
        collection_name: str | None = None,
        *,
        token: str | None = None,
        embedding_function: object | None = None,
        titles: Titler | ChatTitles | None = None,
        hold_vectors: bool | None = None,
        timeout: float = 30.0,
    ) -> ClusterExplorer:
        """Open a collection as an exploration of it was saved: nothing is searched again.

        The rows are read (about 10,000 a second) and compared with what the collection held when it was saved. Where it
        has changed, one sentence in the widget says how, and the map is computed anew from what is there now.

        Parameters
        ----------
        path : str or Path
            What `save` wrote. Loading it executes nothing.
        uri, collection_name : str, optional
            Where the collection is now, if it has moved; otherwise where it was.
        token, embedding_function, titles, hold_vectors, timeout
            As in `ClusterExplorer`; none of them is ever saved. A token for a server goes with `uri`: a file that
            others may have written does not decide whom it is sent to.

        Returns
        -------
        ClusterExplorer

        Raises
        ------
        SavedFileError
            If the file is missing, is no session file, is damaged, or was written by a newer version.
        InvalidParameterError
            If there is a token, and only the file says for which server.
        ClusterExplorerError
            If the collection cannot be opened.
        """
        saved = read_session(path)
        origin = saved.origin
        if token is not None and uri is None:
            refuse_to_guess_server(origin)
        explorer = cls(
            uri or origin.uri,
            collection_name or origin.collection_name,
            token=token,
            db_name=origin.db_name,
            filter=origin.filter,
            vector_field=origin.vector_field or None,
            text_field=origin.text_field or None,
            metric=origin.metric or None,
            partition_names=origin.partition_names.split("\n") if origin.partition_names else (),
            hold_vectors=hold_vectors,
            embedding_function=embedding_function,
            titles=titles,
            params=saved.params,
            timeout=timeout,
        )
        try:
            explorer._resume(saved)
        except BaseException:
            explorer.close()
            raise
        return explorer

    def close(self) -> None:
        """Stop the work, release the collection (and the lock of a Lite file); closing the widget does the same."""
        if self._closed:
            return
        self._closed = True
        if self._picture is not None:
            self._picture.close()
        self._session.close()
        if self._view is not None:
            self._view.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # -- showing ---------------------------------------------------------------------------------------------------

    @property
    def widget(self) -> VBox:
        """The widget, to be put into other layouts; asking for it starts the work in the background."""
        if self._view is None:
            from cluster_explorer.widget.view import ExplorerView

            self._view = ExplorerView(self._session, self._title, on_close=self.close)
            # observers of the traits are told when the widget shows what they are told of
            self._session.store.unsubscribe(self._project)
            self._session.store.subscribe(self._project)
            self._session.show()
        return self._view.root

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle = self.widget._repr_mimebundle_(include=include, exclude=exclude)
        if self._picture is None:
            from cluster_explorer.widget.static_picture import StaticPicture

            self._picture = StaticPicture(self._session, self._title)
        self._picture.show()
        return {**bundle, "text/plain": repr(self)}

    def _display_(self) -> object:
        """Show map and panel in marimo."""
        from cluster_explorer.widget.marimo_view import marimo_view

        self.widget  # noqa: B018 - asking for it makes the view, and starts the work
        assert self._view is not None  # noqa: S101 - made above
        return marimo_view(self._view)

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
        if change["new"] is self._shown_ids:
            return
        try:
            self._session.select_ids(change["new"])
        except BaseException:
            # the trait says what is selected, also when somebody wished for what cannot be
            self.selected_ids = self._shown_ids
            raise
