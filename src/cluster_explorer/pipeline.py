"""From a source of rows to a clustered map: which stage needs what, and what a change of parameters makes stale.

Nothing here knows a notebook, a widget or Milvus. Every stage is a row of `STAGES`; every result remembers the
parameters it was computed with, so what a change makes stale follows from comparing them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from cluster_explorer.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    import pandas as pd

    from cluster_explorer.describe import ClusterNames, Terms
    from cluster_explorer.params import Params
    from cluster_explorer.values import Clustering, KnnGraph, Layout, ProgressCallback, Rows, SpanningTree

Key: TypeAlias = tuple[object, ...]

#: Below this there is nothing to compare.
_FEWEST_ROWS = 3


class Source(Protocol):
    """Where rows come from: a Milvus collection, or anything that can do the same."""

    @property
    def metric(self) -> str:
        """``"cosine"``, ``"euclidean"`` or ``"ip"``."""

    @property
    def searches_well(self) -> bool:
        """Whether neighbours are better searched by the source than in this process."""

    def scan(self, *, on_progress: ProgressCallback | None = None) -> Rows:
        """Read all rows, ascending by primary key."""

    def search_graph(self, rows: Rows, n_neighbors: int, *, on_progress: ProgressCallback | None = None) -> KnnGraph:
        """Let the source search the neighbours of every row."""


class Library(Source, Protocol):
    """A source whose rows can also be read one by one."""

    @property
    def text_field(self) -> str:
        """The field that holds the texts."""

    def fetch(self, ids: Sequence[int] | Sequence[str], fields: Sequence[str] | None = None) -> pd.DataFrame:
        """Read texts and metadata of some rows, in the order asked for."""

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
        What each result depends on; equal keys mean equal results.
    """

    by_stage: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    keys: Mapping[str, Key] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def with_result(self, name: str, value: object, key: Key) -> Results:
        """Return a copy that also holds `value` as the result of the stage `name`."""
        return Results(
            MappingProxyType({**self.by_stage, name: value}),
            MappingProxyType({**self.keys, name: key}),
        )

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
    def layout(self) -> Layout | None:
        """Positions on the map."""
        return self.by_stage.get("layout")

    @property
    def names(self) -> ClusterNames | None:
        """What the clusters are about."""
        return self.by_stage.get("names")


@dataclass(frozen=True, eq=False)
class Work:
    """What a stage is given: the source, the results so far, the parameters, and whom to tell.

    Attributes
    ----------
    on_layout : callable or None
        Told of every picture on the way while a layout is being refined.
    """

    source: Source
    results: Results
    params: Params
    on_progress: ProgressCallback
    on_layout: Callable[[Layout], None] | None = None

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
        Whether it runs at once, even in the middle of another stage's work.
    """

    name: str
    title: str
    needs: tuple[str, ...]
    params: tuple[str, ...]
    run: Callable[[Work], object] = field(repr=False)
    quick: bool = False


def _rows(work: Work) -> Rows:
    return work.source.scan(on_progress=work.on_progress)


def _neighbors(work: Work) -> KnnGraph:
    from cluster_explorer.graph import knn_graph

    rows: Rows = work["rows"]
    wanted = neighbors_wanted(work.params)
    _check_rows(rows, wanted)
    by_source = work.params.neighbors == "milvus" or (work.params.neighbors == "auto" and work.source.searches_well)
    if by_source or rows.vectors is None:
        return work.source.search_graph(rows, wanted, on_progress=work.on_progress)
    return knn_graph(rows.vectors, wanted, work.source.metric, rows.ids, on_progress=work.on_progress)


def _check_rows(rows: Rows, wanted: int) -> None:
    """Refuse what no map can be made of, before anything is searched."""
    n_rows = len(rows)
    if n_rows < _FEWEST_ROWS:
        what = "one row" if n_rows == 1 else f"{n_rows} rows"
        raise DataError(
            f"The collection has {what}: a map of clusters needs at least {_FEWEST_ROWS}. Add rows, or open a filter "
            "that matches more."
        )
    if n_rows <= wanted:
        raise DataError(
            f"The collection has {n_rows} rows, too few for {wanted} neighbours of each. Add rows, or choose "
            f"n_neighbors and layout_n_neighbors of at most {n_rows - 1}."
        )
    if rows.vectors is not None and bool((rows.vectors == rows.vectors[0]).all()):
        raise DataError(
            f"All {n_rows} rows hold the same vector, so there are no clusters to find. Check what the embedding "
            "function returned when the rows were written, and write them anew."
        )


def _graph(work: Work) -> KnnGraph:
    from cluster_explorer.graph import slice_graph

    return slice_graph(work["neighbors"], work.params.n_neighbors)


def _measured(work: Work) -> KnnGraph:
    from cluster_explorer.graph_embedding import embed_graph, measure_in_embedding

    graph: KnnGraph = work["graph"]
    if work.params.space == "distance":
        return graph
    embedding = embed_graph(graph, random_state=work.params.random_state, on_progress=work.on_progress)
    return measure_in_embedding(graph, embedding)


def _tree(work: Work) -> SpanningTree:
    from cluster_explorer.clustering import spanning_tree

    return spanning_tree(work["measured"], work.params.min_samples, on_progress=work.on_progress)


def _clustering(work: Work) -> Clustering:
    from cluster_explorer.clustering import cluster

    return cluster(
        work["tree"],
        min_cluster_size=work.params.min_cluster_size,
        cluster_selection_method=work.params.cluster_selection_method,
        cluster_selection_epsilon=work.params.cluster_selection_epsilon,
    )


def _layout(work: Work) -> Layout:
    from cluster_explorer.graph import slice_graph
    from cluster_explorer.projection import layout

    params = work.params
    return layout(
        slice_graph(work["neighbors"], params.layout_n_neighbors),
        n_components=params.n_components,
        min_dist=params.min_dist,
        random_state=params.random_state,
        on_progress=work.on_progress,
        on_step=work.on_layout,
    )


def _terms(work: Work) -> Terms | None:
    from cluster_explorer.describe import count_terms

    rows: Rows = work["rows"]
    return None if rows.texts is None else count_terms(rows.texts, on_progress=work.on_progress)


def _names(work: Work) -> ClusterNames | None:
    from cluster_explorer.describe import name_clusters

    terms: Terms | None = work["terms"]
    return None if terms is None else name_clusters(terms, work["clustering"].labels)


STAGES: tuple[Stage, ...] = (
    Stage("rows", "Reading rows", (), (), _rows),
    Stage("neighbors", "Searching neighbours", ("rows",), ("neighbors",), _neighbors),
    Stage("graph", "Preparing the graph", ("neighbors",), ("n_neighbors",), _graph),
    Stage("measured", "Embedding the graph", ("graph",), ("space", "random_state"), _measured),
    Stage("tree", "Building the spanning tree", ("measured",), ("min_samples",), _tree),
    Stage(
        "clustering",
        "Finding clusters",
        ("tree",),
        ("min_cluster_size", "cluster_selection_method", "cluster_selection_epsilon"),
        _clustering,
        quick=True,
    ),
    Stage(
        "layout",
        "Drawing the map",
        ("neighbors",),
        ("layout_n_neighbors", "min_dist", "n_components", "random_state"),
        _layout,
    ),
    Stage("terms", "Counting words", ("rows",), (), _terms),
    Stage("names", "Naming clusters", ("terms", "clustering"), (), _names, quick=True),
)
STAGE: Mapping[str, Stage] = MappingProxyType({stage.name: stage for stage in STAGES})

#: Everything the widget shows.
ALL_TARGETS = ("clustering", "layout", "names")
#: Parameters that only quick stages read: a change of these is answered at once.
QUICK_PARAMS: tuple[str, ...] = tuple(name for stage in STAGES if stage.quick for name in stage.params)


def neighbors_wanted(params: Params) -> int:
    """Return how many neighbours of each row the graph and the map need between them."""
    return max(params.n_neighbors, params.layout_n_neighbors)


def key_of(stage: Stage, params: Params) -> Key:
    """Return all that the result of a stage depends on: its own parameters, and those of the stages it needs.

    Examples
    --------
    >>> from cluster_explorer.params import Params
    >>> key_of(STAGE["tree"], Params()) == key_of(STAGE["tree"], Params(min_cluster_size=50))
    True
    """
    own = tuple(getattr(params, name) for name in stage.params)
    return (stage.name, *own, *(key_of(STAGE[name], params) for name in stage.needs))


def is_fresh(stage: Stage, results: Results, params: Params) -> bool:
    """Tell whether the result that is held answers `params`."""
    if results.keys.get(stage.name) != key_of(stage, params):
        return False
    if stage.name != "neighbors":
        return True
    # more neighbours than are wanted serve as well, since a graph can be sliced
    held: KnnGraph = results.by_stage["neighbors"]
    return held.n_neighbors >= neighbors_wanted(params)


def stale(results: Results, params: Params, targets: tuple[str, ...]) -> tuple[Stage, ...]:
    """Return the stages that must run, in order, before every target answers `params`.

    Examples
    --------
    >>> from cluster_explorer.params import Params
    >>> [stage.name for stage in stale(Results(), Params(), ("tree",))]
    ['rows', 'neighbors', 'graph', 'measured', 'tree']
    """
    wanted = set(targets)
    for stage in reversed(STAGES):
        if stage.name in wanted:
            wanted.update(stage.needs)
    return tuple(stage for stage in STAGES if stage.name in wanted and not is_fresh(stage, results, params))


def run_stage(stage: Stage, work: Work) -> Results:
    """Run one stage and return the results with its own among them."""
    value = stage.run(work)
    return work.results.with_result(stage.name, value, key_of(stage, work.params))
