"""What clusters and selections are about, asked of the session: computed when asked for, and kept while it holds."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np

from cluster_explorer.describe import (
    BorderRows,
    Centrality,
    DuplicateGroups,
    DuplicateScale,
    FieldShares,
    border_rows,
    central_rows,
    centrality,
    contrast,
    count_known_terms,
    duplicate_scale,
    field_shares,
    most_telling,
    near_duplicates,
    value_table,
)
from cluster_explorer.errors import InvalidParameterError, clusters_there
from cluster_explorer.exploring.finding import looked_at
from cluster_explorer.session.lane import Lane
from cluster_explorer.stages.index_health import sampled_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    import numpy.typing as npt
    import pandas as pd
    from scipy.sparse import csr_array

    from cluster_explorer.describe import Contrast, Terms, ValueTable
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.session.session import Session
    from cluster_explorer.values import FloatArray, IntArray, KnnGraph, ProgressCallback

T = TypeVar("T")

_N_TEXTS = 5
_N_TERMS = 12
#: Where words were counted in a sample: so many texts are read of the rows that are compared, should it hold fewer.
_FEWEST_READ = 2_000


@dataclass(frozen=True, eq=False)
class ClusterDescription:
    """What a cluster is about, as far as a filter leaves it.

    Attributes
    ----------
    label : int
    size : int
    keywords : tuple of str
    central : ndarray of shape (m,), int32
        Its most central rows, the most central first.
    border : BorderRows
        Its rows that lean most to other clusters.
    probability : float
        Mean membership probability, 0 to 1; attached noise is left out.
    shares : tuple of FieldShares or None
        Metadata by field; None while it has not been read.
    """

    label: int
    size: int
    keywords: tuple[str, ...]
    central: IntArray = field(repr=False)
    border: BorderRows = field(repr=False)
    probability: float
    shares: tuple[FieldShares, ...] | None = field(repr=False)


@dataclass(frozen=True, eq=False)
class SelectionDescription:
    """What sets the selected rows apart from all others that are looked at.

    Attributes
    ----------
    n_rows, n_others : int
    n_read, n_others_read : int
        How many texts of each words were counted in: all of them, or a sample of a large collection.
    terms : tuple of Contrast
        Over-represented terms that say different things, the strongest first.
    metadata : tuple of Contrast or None
        Over-represented metadata values; None while the metadata has not been read.
    """

    n_rows: int
    n_others: int
    n_read: int
    n_others_read: int
    terms: tuple[Contrast, ...]
    metadata: tuple[Contrast, ...] | None


class Describing:
    """Answers what clusters and selections are about.

    Parameters
    ----------
    session : Session
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._lane = Lane("cluster-explorer-describing")
        self._centrality: _Kept[Centrality] = _Kept()
        self._tables: dict[int, tuple[pd.Series[Any], ValueTable | None]] = {}

    def cluster(self, label: int, n_texts: int = _N_TEXTS) -> ClusterDescription:
        """Describe a cluster, with its metadata as far as that has been read.

        Raises
        ------
        InvalidParameterError
            If there is no such cluster.
        """
        results = self._session.require("graph", "members", "names")
        members: Members = results.by_stage["members"]
        graph: KnnGraph = results.by_stage["graph"]
        if not 0 <= label < members.n_clusters:
            raise InvalidParameterError(
                f"There is no cluster {label} to describe: {clusters_there(members.n_clusters)}."
            )
        standing = self.centrality(graph, members)
        left = looked_at(self._session.state.finding.filter, members)
        if left is not None:
            members = replace(members, labels=np.where(left, members.labels, -1))
        rows = np.flatnonzero(members.labels == label).astype(np.int32)
        others = _others(len(members.labels), left, rows)
        names = results.names
        tables = self._held_tables()
        return ClusterDescription(
            label=label,
            size=len(rows),
            keywords=names.keywords[label] if names is not None and label < len(names.keywords) else (),
            central=central_rows(standing, members, label, n_texts, graph),
            border=border_rows(standing, members, label, n_texts),
            probability=_mean(members.probabilities[rows[~members.attached[rows]]]),
            shares=None if tables is None else tuple(field_shares(table, rows, others=others) for table in tables),
        )

    def selection(self) -> SelectionDescription:
        """Compare the selected rows with all others that are looked at: those clustered, and left by the filter.

        Compared are their words, and their metadata as far as that has been read.
        """
        results, state = self._session.require("terms"), self._session.state
        rows = state.selection.rows
        left = looked_at(state.finding.filter, results.members)
        others = _others(len(results.by_stage["rows"]), left, rows)
        terms: Terms = results.by_stage["terms"]
        words = self._words(terms, rows, others)
        found = contrast(words.counts, terms.vocabulary, words.rows, words.others)
        tables = self._held_tables()
        return SelectionDescription(
            n_rows=len(rows),
            n_others=len(others),
            n_read=len(words.rows),
            n_others_read=len(words.others),
            terms=most_telling(found, _N_TERMS),
            metadata=None if tables is None else _telling_values(tables, rows, others),
        )

    def near_duplicates(self, threshold: float | None = None) -> DuplicateGroups:
        """Find groups of nearly identical rows that are looked at; without a threshold, at the suggested one."""
        graph, state = self._graph(), self._session.state
        wanted = duplicate_scale(graph).suggested if threshold is None else threshold
        return near_duplicates(graph, wanted, looked_at(state.finding.filter, state.results.members))

    def duplicate_scale(self) -> DuplicateScale:
        """Return which thresholds make sense here."""
        return duplicate_scale(self._graph())

    def read_metadata(self, *, on_progress: ProgressCallback | None = None) -> None:
        """Read all metadata that has not been read, and wait for it."""
        self._session.metadata.read(on_progress=on_progress)

    def in_background(self, kind: str, work: Callable[[], None]) -> None:
        """Run something that asks the questions above, away from the thread that answers the browser."""
        self._lane.submit(kind, work)

    def centrality(self, graph: KnnGraph, members: Members) -> Centrality:
        """Measure how central each row is, once for the members as they are."""
        return self._centrality.get((graph, members), lambda: centrality(graph, members))

    def close(self) -> None:
        """Stop answering."""
        self._lane.close()

    def _words(self, terms: Terms, rows: IntArray, others: IntArray) -> _Words:
        """Count the words of the rows that are compared.

        Where a sample of the collection was read, its texts count, and further ones where it holds few of the rows: a
        selection may be smaller than what a sample shows.
        """
        if terms.read is None:
            return _Words(terms.counts, rows, others)
        from scipy.sparse import vstack

        here, elsewhere = (self._sampled_words(terms, terms.read, some) for some in (rows, others))
        places = np.arange(here.shape[0] + elsewhere.shape[0], dtype=np.int32)
        return _Words(vstack([here, elsewhere], "csr"), places[: here.shape[0]], places[here.shape[0] :])

    def _sampled_words(self, terms: Terms, read: IntArray, rows: IntArray) -> csr_array:
        from scipy.sparse import vstack

        known = np.intersect1d(rows, read)
        unread = np.setdiff1d(rows, known)
        more = unread[sampled_rows(len(unread), max(_FEWEST_READ - len(known), 0))]
        return vstack([terms.counts[known], count_known_terms(self._session.texts(more), terms)], "csr")

    def _graph(self) -> KnnGraph:
        graph: KnnGraph = self._session.require("graph").by_stage["graph"]
        return graph

    def _held_tables(self) -> list[ValueTable] | None:
        """Return the metadata fields that can be counted; None while none have been read."""
        metadata = self._session.state.metadata
        rows = self._session.state.results.rows
        fields = self._session.metadata.fields
        if rows is None or metadata.lacks(rows.ids, fields):
            return None
        return self._tables_of({name: metadata.columns[name] for name in fields})

    def _tables_of(self, columns: Mapping[str, pd.Series[Any]]) -> list[ValueTable]:
        # the column is kept beside its table: its number stays its own for as long
        held = {id(column): self._tables.get(id(column)) for column in columns.values()}
        self._tables = {id(column): held[id(column)] or (column, value_table(column)) for column in columns.values()}
        return [table for _, table in self._tables.values() if table is not None]


@dataclass(frozen=True, eq=False)
class _Words:
    """How often each term occurs in texts, and which of them are of the rows asked about, and of the others."""

    counts: csr_array
    rows: IntArray
    others: IntArray


def _others(n_rows: int, left: npt.NDArray[np.bool_] | None, rows: IntArray) -> IntArray:
    """Return the rows that are left beside some; None leaves all."""
    is_other = np.ones(n_rows, dtype=bool) if left is None else left.copy()
    is_other[rows] = False
    return np.flatnonzero(is_other).astype(np.int32)


def _telling_values(tables: Iterable[ValueTable], rows: IntArray, others: IntArray) -> tuple[Contrast, ...]:
    """Find the values that are over-represented among some rows, the strongest of all fields first."""
    values = [one for table in tables for one in contrast(table.presence, table.names, rows, others, field=table.field)]
    return tuple(sorted(values, key=lambda one: -one.strength))


def _mean(shares: FloatArray) -> float:
    """Return the mean; 0 of nothing: where a filter leaves only noise that is attached."""
    return float(shares.mean()) if len(shares) else 0.0


class _Kept(Generic[T]):
    """The last answer, with the values that it was computed from."""

    def __init__(self) -> None:
        self._last: tuple[tuple[object, ...], T] | None = None

    def get(self, values: tuple[object, ...], compute: Callable[[], T]) -> T:
        last = self._last
        if last is None or any(one is not other for one, other in zip(last[0], values, strict=True)):
            last = self._last = (values, compute())
        return last[1]
