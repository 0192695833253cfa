"""The stages, each a plain function of what it is given, and the table that says what each one needs."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.errors import DataError, InvalidParameterError
from cluster_explorer.pipeline.work import Stage, Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cluster_explorer.describe import ClusterNames, Terms
    from cluster_explorer.exploring.identity import Followed
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.params import Params
    from cluster_explorer.stages.affinities import Affinities
    from cluster_explorer.stages.copies import DistinctRows
    from cluster_explorer.stages.index_health import IndexHealth
    from cluster_explorer.stages.modularity import FinestGroups, ModularHierarchy
    from cluster_explorer.stages.persistence import Landscape
    from cluster_explorer.values import Clustering, FloatArray, KnnGraph, Layout, Rows, SpanningTree

#: Below this there is nothing to compare.
_FEWEST_ROWS = 3
#: Rows whose components are joined for the proof alone, at most: it may compare all pairs.
_MOST_JOINED = 5_000
#: Texts that words are counted in, at most: of those that are held, and of those that are fetched.
_TEXTS_READ, _TEXTS_FETCHED = 200_000, 20_000


def neighbors_wanted(params: Params, n_rows: int) -> int:
    """Return how many neighbours of each row the graph and the map need between them; in few rows, all the others."""
    return min(max(params.n_neighbors, params.layout_n_neighbors), n_rows - 1)


def _rows(work: Work) -> Rows:
    return work.source.scan(on_progress=work.on_progress)


def _neighbors(work: Work) -> KnnGraph:
    from cluster_explorer.stages.graph import knn_graph
    from cluster_explorer.stages.patching import compare_rows, patch_graph, patch_searched_graph

    rows: Rows = work["rows"]
    _check_rows(rows)
    if rows.vectors is None and work.params.neighbors == "faiss":
        raise InvalidParameterError(
            "neighbors='faiss' searches in this process and needs the vectors, which are not held here. Open the "
            "collection with hold_vectors=True, or choose neighbors='auto'."
        )
    wanted = neighbors_wanted(work.params, len(rows))
    held: KnnGraph | None = work.earlier.get("neighbors")
    # a graph of few rows, with all there were, may hold too few now that there are more
    if held is not None and held.n_neighbors >= wanted:
        changes = compare_rows(work.earlier["rows"], rows)
        if held.vectors is not None and rows.vectors is not None:
            return patch_graph(held, rows.ids, rows.vectors, changes, on_progress=work.on_progress)
        if rows.digests is not None and changes.n_moved < len(rows) // 2:
            search = work.source.row_search(rows)
            return patch_searched_graph(
                held,
                rows.ids,
                changes,
                search,
                most_neighbors=work.source.most_neighbors,
                on_progress=work.on_progress,
            )
    by_source = work.params.neighbors == "milvus" or (work.params.neighbors == "auto" and work.source.searches_well)
    if by_source or rows.vectors is None:
        return work.source.search_graph(rows, wanted, on_progress=work.on_progress)
    return knn_graph(rows.vectors, wanted, work.source.metric, rows.ids, on_progress=work.on_progress)


def _check_rows(rows: Rows) -> None:
    """Refuse what no map can be made of, before anything is searched."""
    n_rows = len(rows)
    if n_rows < _FEWEST_ROWS:
        what = "one row" if n_rows == 1 else f"{n_rows} rows"
        raise DataError(
            f"The collection has {what}: a map of clusters needs at least {_FEWEST_ROWS}. Add rows, or open a filter "
            "that matches more."
        )
    if rows.vectors is not None and bool((rows.vectors == rows.vectors[0]).all()):
        raise DataError(
            f"All {n_rows} rows hold the same vector, so there are no clusters to find. Check what the embedding "
            "function returned when the rows were written, and write them anew."
        )


def _graph(work: Work) -> KnnGraph:
    from cluster_explorer.stages.graph import slice_graph

    return slice_graph(work["neighbors"], work.params.n_neighbors)


def _scoped(work: Work) -> KnnGraph:
    from cluster_explorer.stages.subgraph import restrict_graph

    graph: KnnGraph = work["graph"]
    scope = work.params.scope
    if scope is None:
        return graph
    if len(scope) <= work.params.min_samples:
        raise DataError(
            f"{len(scope)} texts are too few to be clustered by themselves: more than "
            f"min_samples={work.params.min_samples} are needed. Choose more texts, or a smaller min_samples."
        )
    return restrict_graph(graph, scope.rows, on_progress=work.on_progress)


def _distinct(work: Work) -> DistinctRows:
    from cluster_explorer.stages.copies import distinct_rows

    return distinct_rows(work["scoped"], on_progress=work.on_progress)


def _affinities(work: Work) -> Affinities:
    from cluster_explorer.stages.affinities import graph_affinities

    return graph_affinities(work["distinct"])


def _measured(work: Work) -> KnnGraph:
    from cluster_explorer.stages.graph_embedding import embed_graph, measure_in_embedding

    graph: KnnGraph = work["scoped"]
    distinct: DistinctRows = work["distinct"]
    if work.params.space == "distance":
        return graph
    embedding = embed_graph(distinct.graph, random_state=work.params.random_state, on_progress=work.on_progress)
    return measure_in_embedding(graph, embedding.of_copies(graph.ids, distinct.kind))


def _tree(work: Work) -> SpanningTree:
    from cluster_explorer.stages.clustering import spanning_tree

    measured: KnnGraph = work["measured"]
    whole = work.params.scope is None
    if measured.vectors is None and not whole and measured.n_components > 1:
        raise DataError(
            f"These texts fall into {measured.n_components} components, and the vectors that would join them are not "
            "held. Choose space='graph', which needs none."
        )
    outside = work.source.outside_search(work["rows"]) if measured.vectors is None and whole else None
    return spanning_tree(measured, work.params.min_samples, search_outside=outside, on_progress=work.on_progress)


def _landscape(work: Work) -> Landscape:
    from cluster_explorer.stages.persistence import landscape

    return landscape(work["tree"])


def _finest(work: Work) -> FinestGroups | None:
    from cluster_explorer.stages.modularity import finest_groups

    if work.params.cluster_selection_method != "modularity":
        return None
    return finest_groups(work["affinities"], work["tree"], on_progress=work.on_progress)


def _groups(work: Work) -> ModularHierarchy | None:
    finest: FinestGroups | None = work["finest"]
    if finest is None:
        return None
    return finest.hierarchy(_smallest_cluster(work), on_progress=work.on_progress)


def _found(work: Work) -> Clustering:
    from cluster_explorer.stages.clustering import cluster

    params = work.params
    groups: ModularHierarchy | None = work["groups"]
    if params.cluster_selection_method == "modularity" and groups is not None:
        found = groups.cut(params.resolution)
    elif params.cluster_selection_method != "modularity":
        found = cluster(
            work["tree"],
            min_cluster_size=_smallest_cluster(work),
            cluster_selection_method=params.cluster_selection_method,
            cluster_selection_epsilon=params.cluster_selection_epsilon,
        )
    return found if params.scope is None else found.spread_over(params.scope, n_rows=len(work["rows"]))


def _followed(work: Work) -> Followed:
    from cluster_explorer.exploring.identity import Followed
    from cluster_explorer.exploring.selection import rows_now

    rows: Rows = work["rows"]
    before, earlier = work.shown.followed or Followed(), work.shown.rows
    is_other = earlier is not None and earlier is not rows
    if earlier is not None and is_other:
        before = before.carried(rows_now(earlier.ids, rows.ids), len(rows))
    return before.by(work["found"], tell=not is_other)


def _clustering(work: Work) -> Clustering:
    from cluster_explorer.exploring.identity import renumbered

    followed: Followed = work["followed"]
    return renumbered(work["found"], followed.numbers)


def _attached(work: Work) -> Clustering:
    from cluster_explorer.exploring.identity import renumbered
    from cluster_explorer.stages.attach import with_noise_attached

    clustering: Clustering = work["clustering"]
    followed: Followed = work["followed"]
    # by the numbers that clusters were found with: which of two equally near ones noise joins depends on no history
    found = with_noise_attached(work["affinities"], work["found"], on_progress=work.on_progress)
    attached = renumbered(found, followed.numbers)
    return replace(clustering, attached_labels=attached.attached_labels, confidence=attached.confidence)


def _not_attached(work: Work) -> Clustering:
    """Noise stays noise, until it is attached."""
    found: Clustering = work["clustering"]
    return found


def _smallest_cluster(work: Work) -> int:
    from cluster_explorer.stages.recipe import smallest_cluster

    params = work.params
    return smallest_cluster(params.min_cluster_size, params.cluster_selection_method, work["landscape"])


def _members(work: Work) -> Members:
    from cluster_explorer.exploring.members import members_at

    return members_at(work["attached"], work.params.noise_threshold)


def _layout(work: Work) -> Layout:
    from cluster_explorer.stages.graph import slice_graph
    from cluster_explorer.stages.patching import compare_rows
    from cluster_explorer.stages.placing import patch_layout
    from cluster_explorer.stages.projection import layout

    params = work.params
    graph = slice_graph(work["neighbors"], params.layout_n_neighbors)
    held: Layout | None = work.earlier.get("layout")
    if held is not None and held.finished:
        return patch_layout(held, graph, compare_rows(work.earlier["rows"], work["rows"]))
    return layout(
        graph,
        n_components=params.n_components,
        min_dist=params.min_dist,
        random_state=params.random_state,
        on_progress=work.on_progress,
        on_step=work.on_layout,
    )


def _terms(work: Work) -> Terms:
    from cluster_explorer.describe import count_terms, spread_terms
    from cluster_explorer.stages.index_health import sampled_rows

    rows: Rows = work["rows"]
    if rows.texts is not None and len(rows) <= _TEXTS_READ:
        return count_terms(rows.texts, on_progress=work.on_progress)
    # words are counted in as many texts as fit in memory whatever the size of the collection
    sample = sampled_rows(len(rows), _TEXTS_READ if rows.texts is not None else _TEXTS_FETCHED)
    texts = work.source.texts(rows.ids[sample].tolist()) if rows.texts is None else rows.texts[sample]
    return spread_terms(count_terms(np.array(texts, dtype=object), on_progress=work.on_progress), sample, len(rows))


def _names(work: Work) -> ClusterNames:
    from cluster_explorer.describe import name_clusters

    return name_clusters(work["terms"], work["clustering"].labels)


def _trust(work: Work) -> FloatArray:
    from cluster_explorer.stages.trust import map_trust

    return map_trust(work["graph"], work["layout"], on_progress=work.on_progress)


def _health(work: Work) -> IndexHealth:
    from cluster_explorer.stages.index_health import CANDIDATES, SAMPLE, index_health, sampled_rows, searched_health

    rows: Rows = work["rows"]
    graph: KnnGraph = work["neighbors"]
    if graph.recall is not None:
        return searched_health(graph)
    sample = sampled_rows(len(rows), SAMPLE)
    if rows.vectors is not None:
        return index_health(graph, sample, rows.vectors[sample], np.arange(len(rows), dtype=np.int32), rows.vectors)
    # rows that have been deleted since are left out
    sampled = work.source.vectors(rows.ids[sample].tolist())
    work.on_progress(0.1)
    candidates = work.source.vectors(rows.ids[sampled_rows(len(rows), CANDIDATES, seed=1)].tolist())
    if sampled.vectors is None or candidates.vectors is None:
        raise DataError("The rows whose neighbours were to be checked are no longer in the collection. Refresh.")
    places, others = (np.searchsorted(rows.ids, found.ids).astype(np.int32) for found in (sampled, candidates))
    return index_health(graph, places, sampled.vectors, others, candidates.vectors)


def _certified(work: Work) -> float | None:
    """Return the proven share of the tree of distances, where that is known or found in no time."""
    from cluster_explorer.stages.clustering import spanning_tree

    graph: KnnGraph = work["scoped"]
    if not graph.exact:
        # neighbours that may not be the nearest prove nothing
        return None
    if work.params.space == "distance":
        tree: SpanningTree = work["tree"]
    elif graph.n_components == 1 or (graph.vectors is not None and len(graph) <= _MOST_JOINED):
        tree = spanning_tree(graph, work.params.min_samples, on_progress=work.on_progress)
    else:
        return None
    return tree.certified


STAGES: tuple[Stage, ...] = (
    Stage("rows", "Reading rows", (), (), _rows),
    Stage("neighbors", "Searching neighbours", ("rows",), ("neighbors",), _neighbors),
    Stage("graph", "Preparing the graph", ("neighbors",), ("n_neighbors",), _graph),
    Stage("scoped", "Choosing the rows", ("graph",), ("scope",), _scoped),
    Stage("distinct", "Grouping copies", ("scoped",), (), _distinct),
    Stage("affinities", "Weighing neighbours", ("distinct",), (), _affinities),
    Stage(
        "measured",
        "Embedding the graph",
        ("scoped", "distinct"),
        ("space", "random_state"),
        _measured,
        unread={("space", "distance"): ("random_state",)},
    ),
    Stage("tree", "Building the spanning tree", ("rows", "measured"), ("min_samples",), _tree),
    Stage("landscape", "Looking at all sizes", ("tree",), (), _landscape),
    Stage(
        "finest",
        "Measuring groups",
        ("affinities", "tree"),
        ("cluster_selection_method",),
        _finest,
        quick=True,
    ),
    Stage(
        "groups",
        "Putting groups together",
        ("finest", "landscape"),
        ("min_cluster_size", "cluster_selection_method"),
        _groups,
        quick=True,
    ),
    Stage(
        "found",
        "Finding clusters",
        ("rows", "tree", "landscape", "groups"),
        ("min_cluster_size", "cluster_selection_method", "cluster_selection_epsilon", "resolution"),
        _found,
        quick=True,
    ),
    Stage("followed", "Following clusters", ("rows", "found"), (), _followed, quick=True),
    Stage("clustering", "Numbering clusters", ("found", "followed"), (), _clustering, quick=True),
    Stage(
        "attached",
        "Attaching noise",
        ("affinities", "found", "followed", "clustering"),
        (),
        _attached,
        quick=True,
        stand_in=_not_attached,
    ),
    Stage("members", "Counting members", ("attached",), ("noise_threshold",), _members, quick=True),
    Stage(
        "layout",
        "Drawing the map",
        ("neighbors",),
        ("layout_n_neighbors", "min_dist", "n_components", "random_state"),
        _layout,
    ),
    Stage("terms", "Counting words", ("rows",), (), _terms),
    Stage("names", "Naming clusters", ("terms", "clustering"), (), _names, quick=True),
    Stage("trust", "Measuring how far the map can be trusted", ("graph", "layout"), (), _trust, optional=True),
    Stage("health", "Checking the neighbours found", ("rows", "neighbors"), (), _health, optional=True),
    Stage("certified", "Proving the tree", ("scoped", "tree"), ("space", "min_samples"), _certified, optional=True),
)
STAGE: Mapping[str, Stage] = MappingProxyType({stage.name: stage for stage in STAGES})

#: Everything the widget shows.
ALL_TARGETS = ("clustering", "members", "landscape", "layout", "names", "health", "certified")
#: Parameters that only quick stages read: a change of these is answered at once.
QUICK_PARAMS: tuple[str, ...] = tuple(dict.fromkeys(name for stage in STAGES if stage.quick for name in stage.params))
