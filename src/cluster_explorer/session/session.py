"""An exploration of one collection: the state, the worker, and every intent a view can have. Knows no notebook."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Iterable
from dataclasses import replace
from numbers import Integral
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError, clusters_there
from cluster_explorer.exploring.selection import Polygon, Selection, rows_inside, seen_from
from cluster_explorer.pipeline import ALL_TARGETS
from cluster_explorer.session.annotating import Annotating
from cluster_explorer.session.describing import Describing
from cluster_explorer.session.detail import Detail, Neighbor
from cluster_explorer.session.fields import FieldWishes
from cluster_explorer.session.filtering import Filtering
from cluster_explorer.session.finding import FindingIntents
from cluster_explorer.session.listing import ListingIntents
from cluster_explorer.session.metadata import MetadataReading
from cluster_explorer.session.refreshing import Refreshing
from cluster_explorer.session.steering import Steering
from cluster_explorer.session.titling import Titling
from cluster_explorer.session.viewing import Viewing
from cluster_explorer.session.writing import WritingBack
from cluster_explorer.state import State, Store, reported
from cluster_explorer.worker.jobs import Engine

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cluster_explorer.exploring.members import Members
    from cluster_explorer.exploring.selection import Mode
    from cluster_explorer.params import Params
    from cluster_explorer.pipeline import Library, Results
    from cluster_explorer.values import IdArray, IntArray, Layout, Rows
    from cluster_explorer.worker.reports import Report, Status

_SHOWN_MISSING = 5
#: Seconds that what is being written has to end when the explorer is closed.
_PATIENCE = 2.0
#: Milvus' keys that are numbers are of 64 bits.
_LEAST_KEY, _GREATEST_KEY = -(2**63), 2**63 - 1


class Session:
    """Holds the state of an exploration and carries out what views and users ask for.

    Parameters
    ----------
    library : Library
        The opened collection.
    params : Params
        What to begin with.
    embedding_function : object, optional
        What questions are embedded with.

    Attributes
    ----------
    finding : FindingIntents
        Asking and colours.
    filtering : Filtering
        Which rows are left.
    viewing : Viewing
        Intents that concern the part of the map that is looked at.
    """

    def __init__(self, library: Library, params: Params, embedding_function: object | None = None) -> None:
        self.library = library
        self.store = Store(State(params))
        self.annotating = Annotating(self.store)
        self._engine = Engine(library, params, self._on_report)
        self._targets: frozenset[str] = frozenset()
        self.metadata = MetadataReading(self)
        self.writing = WritingBack(self)
        self.refreshing = Refreshing(self)
        self.viewing = Viewing(self.store)
        self.describing = Describing(self)
        self.titling = Titling(self)
        self.finding = FindingIntents(self, embedding_function)
        self.filtering = Filtering(self, self.finding.errands)
        self.steering = Steering(self)
        self.listing = ListingIntents(self)
        # one that nobody holds any more, neither a variable nor a widget, would keep its collection open
        self._dropped = weakref.finalize(self, _close_aside, library)
        self._dropped.atexit = False
        self._field_wishes = FieldWishes(self)

    @property
    def state(self) -> State:
        """The state as it is."""
        return self.store.state

    def resume(self, state: State) -> None:
        """Go on from the state of an earlier session; nothing may have been asked for before."""
        self._engine.resume(state.results, state.params)
        self.store.apply(lambda _new: state)

    # -- results ---------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Start, in the background, everything that a view shows."""
        self.want(*ALL_TARGETS)

    @property
    def n_stops(self) -> int:
        """How often work has failed or was cancelled."""
        return self._engine.n_stops

    def require(
        self, *targets: str, since: int | None = None, on_status: Callable[[Status], None] | None = None
    ) -> Results:
        """Compute what is missing of some results, and return them all.

        With `since`, which is `n_stops` before a change was wished for, it is also raised when that change failed
        meanwhile, and what was there before is there again.

        Raises
        ------
        ClusterExplorerError
            What made the work fail; `Cancelled` when somebody cancelled it.
        """
        self._targets |= frozenset(targets)
        return self._engine.wait(self.state.params, targets, since=since, on_status=on_status)

    def want(self, *targets: str) -> None:
        """Start some results in the background, and keep them up to date from now on."""
        self._targets |= frozenset(targets)
        self._engine.want(self.state.params, targets)

    def retry(self) -> None:
        """Try again what failed or was cancelled."""
        if self.refreshing.due:
            self.refreshing.start()
        else:
            self._engine.want(self.state.params, self._targets)

    def renew(self, *, without: frozenset[str] = frozenset()) -> None:
        """Read the collection anew in the background, and bring all that there is up to it."""
        self._engine.renew(self.state.params, without=without)

    def renewed(
        self,
        *targets: str,
        without: frozenset[str] = frozenset(),
        on_status: Callable[[Status], None] | None = None,
    ) -> Results:
        """Read the collection anew, and return all results when they are up to it.

        Raises
        ------
        ClusterExplorerError
            What made the work fail; `Cancelled` when somebody cancelled it. The exploration is as it was.
        """
        self._targets |= frozenset(targets)
        return self._engine.renew_and_wait(self.state.params, targets, without=without, on_status=on_status)

    def cancel(self) -> None:
        """Stop what runs; what is shown stays, with its parameters."""
        self._engine.cancel()

    def close(self) -> None:
        """Stop the worker, and release the collection."""
        # What computes is waited for, but what waits for a server is not for long: its connection is closed under it. A
        # batch of labels that was on its way may be stored or not; the journal knows of it.
        cutting = threading.Timer(_PATIENCE, self.library.cut_off)
        cutting.daemon = True
        cutting.start()
        self.writing.cancel()
        self._engine.close()
        self.titling.close()
        self.finding.close()
        self.metadata.close()
        self.describing.close()
        self.writing.close()
        cutting.cancel()
        self._dropped.detach()
        self.library.close()

    # -- intents ---------------------------------------------------------------------------------------------------

    def set_params(self, params: Params) -> None:
        """Wish for other parameters; what they make stale is computed in the background if it is shown."""
        if params == self.state.params:
            return
        self.store.apply(lambda state: replace(state, params=params, notice=""))
        self._engine.want(params)

    def select_polygon(
        self, polygon: Polygon, mode: Mode = "replace", matrix: npt.NDArray[np.float64] | None = None
    ) -> None:
        """Select the rows inside an outline on the map; with `matrix`, on the map as it is seen (3-D)."""
        layout: Layout = self._shown("layout")
        positions = layout.positions if matrix is None else seen_from(layout.positions, matrix)
        outline = polygon if matrix is None and mode == "replace" else None
        self._select(Selection(rows_inside(positions, polygon), "polygon", outline), mode)

    def select_cluster(self, label: int, mode: Mode = "replace") -> None:
        """Select the members of a cluster as they are shown; -1 is the noise."""
        members: Members = self._shown("members")
        if not -1 <= label < members.n_clusters:
            raise InvalidParameterError(
                f"There is no cluster {label}: {clusters_there(members.n_clusters)}, and -1 for noise."
            )
        chosen = members.noise if label < 0 else members.labels == label
        self._select(Selection(np.flatnonzero(chosen).astype(np.int32), "cluster"), mode)

    def select_ids(self, ids: Iterable[object], mode: Mode = "replace") -> None:
        """Select rows by primary key."""
        self._select(Selection(self.rows_of(ids), "ids"), mode)

    def select_rows(self, rows: IntArray, mode: Mode = "replace") -> None:
        """Select rows by number, ascending."""
        self._select(Selection(rows, "rows" if len(rows) else "none"), mode)

    def clear_selection(self) -> None:
        """Select nothing."""
        # a selection of no rows is one all the same: the lasso that drew it is on the map
        self.store.apply(
            lambda state: state if state.selection.kind == "none" else replace(state, selection=Selection())
        )

    def notify(self, notice: str) -> None:
        """Show one sentence until the next change of parameters."""
        self.store.apply(lambda state: replace(state, notice=notice))

    def inspect(self, row: int) -> None:
        """Open the whole text of a row; -1 closes it."""
        rows = self.state.results.rows
        if row >= (0 if rows is None else len(rows)):
            raise InvalidParameterError(f"There is no row {row}.")
        self.store.apply(lambda state: replace(state, inspected=max(row, -1)) if state.inspected != row else state)

    # -- reading ---------------------------------------------------------------------------------------------------

    def shown_rows(self) -> Rows:
        """Return the rows that are on show; they are read first where there are none."""
        rows: Rows = self._shown("rows")
        return rows

    def rows_of(self, ids: Iterable[object]) -> IntArray:
        """Return the row numbers of primary keys, ascending.

        Raises
        ------
        DataError
            If a key is not in the collection, or cannot be a key of it.
        """
        rows = self.shown_rows()
        if isinstance(ids, str) or not isinstance(ids, Iterable):
            raise DataError(f"ids must be a list of primary keys, not {ids!r:.100}.")
        wanted = list(ids)
        if not wanted:
            return np.empty(0, dtype=np.int32)
        _check_keys(wanted, rows.ids)
        keys = np.array(wanted, dtype=object if rows.ids.dtype == object else np.int64)
        places = np.clip(np.searchsorted(rows.ids, keys), 0, len(rows) - 1)
        missing = keys[rows.ids[places] != keys]
        if len(missing):
            listed = ", ".join(repr(key) for key in missing[:_SHOWN_MISSING].tolist())
            raise DataError(f"{len(missing)} of {len(wanted)} ids are not in the collection, among them {listed}.")
        return np.unique(places).astype(np.int32)

    def texts(self, rows: IntArray, held: Rows | None = None) -> list[str]:
        """Return the texts of rows, from memory or from Milvus; "" for rows that were deleted since.

        `held` are the rows that the numbers count, where these are not the ones on show.
        """
        held = self.shown_rows() if held is None else held
        if held.texts is not None:
            return [str(text) for text in held.texts[rows]]
        frame = self.library.fetch(held.ids[rows].tolist(), [self.library.text_field])
        return ["" if _is_missing(text) else str(text) for text in frame[self.library.text_field]]

    def detail(self, row: int) -> Detail:
        """Read everything there is about one row."""
        rows, graph = self.shown_rows(), self.state.results.graph
        frame = self.library.fetch([rows.ids[row]])
        record = {str(name): value for name, value in frame.iloc[0].items()}
        found_text = record.pop(self.library.text_field, None)
        text = "" if _is_missing(found_text) else str(found_text)
        neighbors: tuple[Neighbor, ...] = ()
        if graph is not None:
            found = zip(graph.indices[row].tolist(), graph.distances[row].tolist(), strict=True)
            neighbors = tuple(Neighbor(other, distance) for other, distance in found if other >= 0)
        lines = set(text.splitlines())
        # a field that is a line of the text (title, description) would only say it twice
        fields = tuple(
            (name, str(value)) for name, value in record.items() if not _is_missing(value) and str(value) not in lines
        )
        return Detail(row, text, fields, neighbors)

    # -- inside ----------------------------------------------------------------------------------------------------

    def _on_report(self, report: Report) -> None:
        self.store.post(reported(report))

    def _select(self, selection: Selection, mode: Mode) -> None:
        """Select what of these rows is left by the filter."""

        def change(state: State) -> State:
            kept = replace(selection, rows=state.finding.filter.within(selection.rows))
            return replace(state, selection=state.selection.combined(kept, mode))

        self.store.apply(change)

    def _shown(self, target: str) -> Any:
        """Return a result that is on show; compute it first where there is none."""
        results = self.state.results
        if target not in results.by_stage:
            results = self.require(target)
        return results.by_stage[target]


def _close_aside(library: Library) -> None:
    """Close a library, but not on a thread that is just collecting garbage: it may hold a lock that this needs."""
    threading.Thread(target=library.close, name="cluster-explorer-closing", daemon=True).start()


def _check_keys(keys: list[object], ids: IdArray) -> None:
    """Raise `DataError` unless all keys are of the kind that a collection has."""
    is_text = ids.dtype == object
    for key in keys:
        fits = isinstance(key, str) if is_text else isinstance(key, Integral) and not isinstance(key, bool)
        if not fits or (isinstance(key, Integral) and not _LEAST_KEY <= int(key) <= _GREATEST_KEY):
            example = f", such as {ids[:1].tolist()[0]!r}" if len(ids) else ""
            kind = "texts" if is_text else "whole numbers"
            raise DataError(f"{key!r:.100} is no primary key of this collection: its keys are {kind}{example}.")


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN alone differs from itself
