"""An exploration of one collection: the state, the worker, and every intent a view can have. Knows no notebook."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.jobs import Engine
from cluster_explorer.pipeline import ALL_TARGETS
from cluster_explorer.selection import Polygon, Selection, rows_inside, seen_from
from cluster_explorer.state import State, Store, reported

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import numpy.typing as npt

    from cluster_explorer.jobs import Report, Status
    from cluster_explorer.params import Params
    from cluster_explorer.pipeline import Library, Results
    from cluster_explorer.selection import Mode
    from cluster_explorer.values import Clustering, IntArray, Layout, Rows

_SHOWN_MISSING = 5


@dataclass(frozen=True, eq=False)
class Neighbor:
    """A neighbour of a row.

    Attributes
    ----------
    row : int
    distance : float
    """

    row: int
    distance: float


@dataclass(frozen=True, eq=False)
class Detail:
    """Everything there is to read about one row.

    Attributes
    ----------
    row : int
    text : str
        The whole text.
    fields : tuple of (str, str)
        Metadata, by name.
    neighbors : tuple of Neighbor
        Its nearest neighbours in the graph, nearest first.
    """

    row: int
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    neighbors: tuple[Neighbor, ...] = field(default=())


class Session:
    """Holds the state of an exploration and carries out what views and users ask for.

    Parameters
    ----------
    library : Library
        The opened collection.
    params : Params
        What to begin with.
    """

    def __init__(self, library: Library, params: Params) -> None:
        self.library = library
        self.store = Store(State(params))
        self._engine = Engine(library, params, self._on_report)
        self._targets: frozenset[str] = frozenset()

    @property
    def state(self) -> State:
        """The state as it is."""
        return self.store.state

    # -- results ---------------------------------------------------------------------------------------------------

    def show(self) -> None:
        """Start, in the background, everything that a view shows."""
        self._targets |= frozenset(ALL_TARGETS)
        self._engine.want(self.state.params, ALL_TARGETS)

    def require(self, *targets: str, on_status: Callable[[Status], None] | None = None) -> Results:
        """Compute what is missing of some results, and return them all.

        Raises
        ------
        ClusterExplorerError
            What made the work fail; `Cancelled` when somebody cancelled it.
        """
        self._targets |= frozenset(targets)
        return self._engine.wait(self.state.params, targets, on_status=on_status)

    def retry(self) -> None:
        """Try again what failed or was cancelled."""
        self._engine.want(self.state.params, self._targets)

    def cancel(self) -> None:
        """Stop what runs; what is shown stays, with its parameters."""
        self._engine.cancel()

    def close(self) -> None:
        """Stop the worker, and release the collection."""
        self._engine.close()
        self.library.close()

    # -- intents ---------------------------------------------------------------------------------------------------

    def set_params(self, params: Params) -> None:
        """Wish for other parameters; what they make stale is computed in the background if it is shown."""
        if params == self.state.params:
            return
        self.store.apply(lambda state: replace(state, params=params, notice=""))
        self._engine.want(params, self._targets)

    def select_polygon(
        self, polygon: Polygon, mode: Mode = "replace", matrix: npt.NDArray[np.float64] | None = None
    ) -> None:
        """Select the rows inside an outline on the map; with `matrix`, on the map as it is seen (3-D)."""
        layout: Layout = self._shown("layout")
        positions = layout.positions if matrix is None else seen_from(layout.positions, matrix)
        outline = polygon if matrix is None and mode == "replace" else None
        self._select(Selection(rows_inside(positions, polygon), "polygon", outline), mode)

    def select_cluster(self, label: int, mode: Mode = "replace") -> None:
        """Select the members of a cluster; -1 is the noise."""
        clustering: Clustering = self._shown("clustering")
        if not -1 <= label < clustering.n_clusters:
            raise InvalidParameterError(
                f"There is no cluster {label}: there are clusters 0 to {clustering.n_clusters - 1}, and -1 for noise."
            )
        self._select(Selection(np.flatnonzero(clustering.labels == label).astype(np.int32), "cluster"), mode)

    def select_ids(self, ids: Iterable[object], mode: Mode = "replace") -> None:
        """Select rows by primary key."""
        self._select(Selection(self.rows_of(ids), "ids"), mode)

    def clear_selection(self) -> None:
        """Select nothing."""
        self.store.apply(lambda state: replace(state, selection=Selection()) if len(state.selection) else state)

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

    def rows_of(self, ids: Iterable[object]) -> IntArray:
        """Return the row numbers of primary keys, ascending.

        Raises
        ------
        DataError
            If a key is not in the collection.
        """
        rows = self._rows()
        wanted = list(ids)
        if not wanted:
            return np.empty(0, dtype=np.int32)
        keys = np.array(wanted, dtype=object if rows.ids.dtype == object else np.int64)
        places = np.clip(np.searchsorted(rows.ids, keys), 0, len(rows) - 1)
        missing = keys[rows.ids[places] != keys]
        if len(missing):
            listed = ", ".join(repr(key) for key in missing[:_SHOWN_MISSING].tolist())
            raise DataError(f"{len(missing)} of {len(wanted)} ids are not in the collection, among them {listed}.")
        return np.unique(places).astype(np.int32)

    def texts(self, rows: IntArray) -> list[str]:
        """Return the texts of rows, from memory or from Milvus; "" for rows that were deleted since."""
        held = self._rows()
        if held.texts is not None:
            return [str(text) for text in held.texts[rows]]
        frame = self.library.fetch(held.ids[rows].tolist(), [self.library.text_field])
        return ["" if _is_missing(text) else str(text) for text in frame[self.library.text_field]]

    def detail(self, row: int) -> Detail:
        """Read everything there is about one row."""
        rows, graph = self._rows(), self.state.results.graph
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
        self.store.apply(lambda state: replace(state, selection=state.selection.combined(selection, mode)))

    def _rows(self) -> Rows:
        rows: Rows = self._shown("rows")
        return rows

    def _shown(self, target: str) -> Any:
        """Return a result that is on show; compute it first where there is none."""
        results = self.state.results
        if target not in results.by_stage:
            results = self.require(target)
        return results.by_stage[target]


def _is_missing(value: object) -> bool:
    return value is None or (isinstance(value, float) and value != value)  # noqa: PLR0124 - NaN alone differs from itself
