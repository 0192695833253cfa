"""What the pipeline is made of: a source of rows, results that remember what they were computed with, and stages."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from cluster_explorer.exploring.answering import Answering
from cluster_explorer.write_back import Writable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    import pandas as pd

    from cluster_explorer.describe import ClusterNames
    from cluster_explorer.exploring.identity import Followed
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.params import Params
    from cluster_explorer.stages.index_health import IndexHealth
    from cluster_explorer.stages.persistence import Landscape
    from cluster_explorer.values import (
        Clustering,
        FloatArray,
        KnnGraph,
        Layout,
        OutsideSearch,
        ProgressCallback,
        Rows,
        RowSearch,
        SpanningTree,
    )

Key: TypeAlias = tuple[object, ...]


class Source(Protocol):
    """Where rows come from: a Milvus collection, or anything that can do the same."""

    @property
    def metric(self) -> str:
        """``"cosine"``, ``"euclidean"`` or ``"ip"``."""

    @property
    def searches_well(self) -> bool:
        """Whether neighbours are better searched by the source than in this process."""

    @property
    def most_neighbors(self) -> int | None:
        """As many neighbours of a row as the source finds in one search; None where that has no limit."""

    def scan(self, *, on_progress: ProgressCallback | None = None) -> Rows:
        """Read all rows, ascending by primary key."""

    def search_graph(self, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
        """Let the source search the neighbours of every row."""

    def row_search(self, among: Rows) -> RowSearch:
        """Let the source search the neighbours of some rows among these, where their vectors are not held."""

    def outside_search(self, rows: Rows) -> OutsideSearch:
        """Let the source find what joins the components of a graph whose vectors are not held."""

    def vectors(self, ids: Sequence[int] | Sequence[str]) -> Rows:
        """Read the vectors of some rows; those that have gone are left out. Ids are ascending."""

    def texts(self, ids: Sequence[int] | Sequence[str]) -> list[str]:
        """Read the texts of some rows; "" where one is missing."""


class Library(Source, Answering, Writable, Protocol):
    """A source whose rows can also be read one by one."""

    @property
    def damage(self) -> str:
        """What is known to be lost of the rows, as one sentence; "" where nothing is."""

    @property
    def text_field(self) -> str:
        """The field that holds the texts."""

    def fetch(self, ids: Sequence[int] | Sequence[str], fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Read texts and metadata of some rows, in the order asked for."""

    @property
    def metadata_fields(self) -> tuple[str, ...]:
        """The fields beside key, vectors and texts."""

    def columns(self, fields: Sequence[str], *, on_progress: ProgressCallback | None = None) -> pd.DataFrame:
        """Read whole fields of all rows, the ids as index."""

    def cut_off(self) -> None:
        """Let nobody wait any longer for whoever is away."""

    def close(self) -> None:
        """Release the connection, and the lock of a Milvus Lite file."""


@dataclass(frozen=True, eq=False)
class Results:
    """What has been computed so far, each with the parameters it was computed with.

    Attributes
    ----------
    by_stage : mapping of str to object
        Results by stage name.
    keys : mapping of str to tuple
        What each result depends on; equal keys mean equal results, but for the numbers of clusters, which follow those
        that were on show.
    earlier : Results or None
        Results of the same collection before it was read anew, while they are being brought up to it.
    """

    by_stage: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    keys: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    earlier: Results | None = field(default=None, repr=False)

    def with_result(self, name: str, value: object, key: Key) -> Results:
        """Return a copy that also holds `value` as the result of the stage `name`."""
        return Results(
            MappingProxyType({**self.by_stage, name: value}),
            MappingProxyType({**self.keys, name: key}),
            self.earlier,
        )

    def with_those_of(self, other: Results, names: Iterable[str]) -> Results:
        """Return a copy with the results of some stages taken from another one, or without them."""
        found = self.without(*names)
        for name in names:
            if name in other.by_stage:
                found = found.with_result(name, other.by_stage[name], other.keys[name])
        return found

    def without(self, *names: str) -> Results:
        """Return a copy without the results of some stages."""
        kept = [name for name in self.by_stage if name not in names]
        return Results(
            MappingProxyType({name: self.by_stage[name] for name in kept}),
            MappingProxyType({name: self.keys[name] for name in kept}),
            self.earlier,
        )

    def outdated(self) -> Results:
        """Return results of which everything has to be made of what the collection holds now, with these to go by."""
        return Results(earlier=replace(self, earlier=None))

    def settled(self) -> Results:
        """Return a copy that no longer holds the earlier results."""
        return replace(self, earlier=None)

    @property
    def rows(self) -> Rows | None:
        """The rows of the collection."""
        return self.by_stage.get("rows")

    @property
    def graph(self) -> KnnGraph | None:
        """The kNN graph that clusters are computed from."""
        return self.by_stage.get("graph")

    @property
    def tree(self) -> SpanningTree | None:
        """The spanning tree of the graph."""
        return self.by_stage.get("tree")

    @property
    def clustering(self) -> Clustering | None:
        """Labels and probabilities."""
        return self.by_stage.get("clustering")

    @property
    def followed(self) -> Followed | None:
        """What has become of the clusters that were shown before."""
        return self.by_stage.get("followed")

    @property
    def members(self) -> Members | None:
        """Which rows are shown as members of which cluster."""
        return self.by_stage.get("members")

    @property
    def landscape(self) -> Landscape | None:
        """How clusters come and go with `min_cluster_size`."""
        return self.by_stage.get("landscape")

    @property
    def layout(self) -> Layout | None:
        """Positions on the map."""
        return self.by_stage.get("layout")

    @property
    def names(self) -> ClusterNames | None:
        """What the clusters are about."""
        return self.by_stage.get("names")

    @property
    def health(self) -> IndexHealth | None:
        """How well the neighbours were found."""
        return self.by_stage.get("health")

    @property
    def certified(self) -> float | None:
        """Share of the tree of distances that is proven exact, 0 to 1; None where nothing can be said."""
        return self.by_stage.get("certified")

    @property
    def trust(self) -> FloatArray | None:
        """How far the place of each row on the map can be trusted."""
        return self.by_stage.get("trust")


@dataclass(frozen=True, eq=False)
class Work:
    """What a stage is given: the source, the results so far, the parameters, and whom to tell.

    Attributes
    ----------
    shown : Results
        What is on show, from which clusters are followed.
    earlier : mapping of str to object
        By stage: rows of the same collection before it was read anew, and what would answer these parameters for them.
    on_layout : callable or None
        Told of every picture on the way while a layout is being refined.
    """

    source: Source
    results: Results
    params: Params
    on_progress: ProgressCallback
    on_layout: Callable[[Layout], None] | None = None
    shown: Results = field(default_factory=Results, repr=False)
    earlier: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def __getitem__(self, name: str) -> Any:
        return self.results.by_stage[name]


@dataclass(frozen=True)
class Stage:
    """One step of the pipeline.

    Attributes
    ----------
    name : str
        Its name, and the name of its result.
    title : str
        What a progress bar says while it runs.
    needs : tuple of str
        Stages whose results it reads.
    params : tuple of str
        Parameters it reads.
    run : callable
        Computes the result.
    quick : bool
        Whether it may run in the middle of another stage's work; it does, where it took little time before.
    stand_in : callable, optional
        A result to show for the time being, where the stage takes long.
    optional : bool
        Whether the explorer is whole without it: one that failed is not tried again before it is asked for again.
    unread : mapping of (str, object) to tuple of str
        By parameter and value: parameters that are not read where it has that value.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    params: tuple[str, ...]
    run: Callable[[Work], object] = field(repr=False)
    quick: bool = False
    optional: bool = False
    stand_in: Callable[[Work], object] | None = field(default=None, repr=False)
    unread: Mapping[tuple[str, object], tuple[str, ...]] = field(default_factory=dict, repr=False)
