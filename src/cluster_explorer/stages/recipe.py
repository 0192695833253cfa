"""The default clustering in one call: from a neighbour graph to labels, with noise and with the noise attached."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from cluster_explorer.params import Params
from cluster_explorer.stages.affinities import graph_affinities
from cluster_explorer.stages.attach import with_noise_attached
from cluster_explorer.stages.clustering import cluster, spanning_tree
from cluster_explorer.stages.copies import distinct_rows
from cluster_explorer.stages.graph_embedding import embed_graph, measure_in_embedding
from cluster_explorer.stages.modularity import FINEST, finest_groups
from cluster_explorer.stages.persistence import landscape
from cluster_explorer.values import ignore_progress, part_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.params import Auto, Method, Space
    from cluster_explorer.stages.persistence import Landscape
    from cluster_explorer.values import Clustering, KnnGraph, OutsideSearch, ProgressCallback

#: Shares of the time that have passed after each step.
_COPIES_FOUND, _EMBEDDED, _TREE_DONE, _CLUSTERED = 0.1, 0.8, 0.85, 0.95


def cluster_graph(
    graph: KnnGraph,
    *,
    space: Space = Params.space,
    min_cluster_size: int | Auto = Params.min_cluster_size,
    min_samples: int = Params.min_samples,
    cluster_selection_method: Method | None = None,
    cluster_selection_epsilon: float = Params.cluster_selection_epsilon,
    resolution: float = Params.resolution,
    noise_threshold: float = 0.0,
    random_state: int = Params.random_state,
    vectors: npt.ArrayLike | None = None,
    search_outside: OutsideSearch | None = None,
    on_progress: ProgressCallback | None = None,
) -> Clustering:
    """Cluster all rows of a neighbour graph as the explorer does, and attach all noise.

    The explorer finds the same clusters by the same parameters, as long as it is not drilled down to some of the rows.
    Defaults are those of `Params`, but for the dial of the noise: the explorer shows at first what is attached with a
    confidence of 0.5, and `labels`, `attached_labels` and `confidence` hold what is seen at every position of the dial.

    In the space of the graph: the graph is embedded (`embed_graph`), HDBSCAN* finds the hierarchy of dense groups
    there, and the groups of it that together have the greatest modularity on the graph are the clusters. In the space
    of the distances: HDBSCAN* on the distances as they are, with excess of mass, as in the tutorial. Noise is then
    attached along the graph (`attach_noise`).

    Parameters
    ----------
    graph : KnnGraph
        Neighbours and distances.
    space : {"graph", "distance"}
        Where to look for dense groups.
    min_cluster_size : int or "auto"
        Smallest group that counts as a cluster. ``"auto"`` is 5 with ``"modularity"``, which decides how coarse the
        clusters are; else the size at which the leaves of the hierarchy are most persistent (`landscape`).
    min_samples : int
        As in `hdbscan.HDBSCAN`.
    cluster_selection_method : {"modularity", "eom", "leaf"}, optional
        Which groups of the hierarchy are the clusters: those that together have the greatest modularity on the graph,
        those that persist longest, or those that split no further. Left out, ``"modularity"`` in the space of the graph
        and ``"eom"`` among the distances.
    cluster_selection_epsilon : float
        With ``"eom"`` and ``"leaf"``: clusters closer than this distance are merged.
    resolution : float
        With ``"modularity"``: more gives more and smaller clusters, 1 is Newman's modularity.
    noise_threshold : float
        Noise is attached to a cluster when its confidence reaches this, 0 to 1: at 0 all of it that a cluster can be
        reached from, at 1 none. As in the explorer's first map with ``Params().noise_threshold``.
    random_state : int
        Seed of the embedding. The same graph and seed give the same labels, in whatever order the rows come.
    vectors : array_like of shape (n, d), optional
        In the space of the distances, what joins the components of a graph that does not hold its vectors.
    search_outside : callable, optional
        The same where there are no vectors either; see `OutsideSearch`.
    on_progress : callable, optional
        Told the share of the work done, 0 to 1; may raise `Cancelled` to stop.

    Returns
    -------
    Clustering
        `labels` with noise as -1, `attached_labels` with noise attached as far as `noise_threshold` says, and the
        `confidence` of each row.

    Raises
    ------
    InvalidParameterError
        If a parameter is out of its range.
    DataError
        In the space of the distances, if components cannot be joined since there are no vectors.

    References
    ----------
    .. [1] Campello, Moulavi, Sander: Density-Based Clustering Based on Hierarchical Density Estimates. PAKDD 2013.
    .. [2] Reichardt, Bornholdt: Statistical mechanics of community detection. Physical Review E 74, 2006.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer import knn_graph
    >>> points = np.random.default_rng(0).normal(size=(100, 8))
    >>> points[60:] += 9
    >>> cluster_graph(knn_graph(points, metric="euclidean")).attached_labels[[0, 59, 60, 99]].tolist()
    [0, 0, 1, 1]
    """
    params = Params(
        space=space,
        min_cluster_size=min_cluster_size,
        cluster_selection_method=cast("Method", cluster_selection_method),  # None is the space's own
        cluster_selection_epsilon=cluster_selection_epsilon,
        resolution=resolution,
        noise_threshold=noise_threshold,
        random_state=random_state,
    )
    method = params.cluster_selection_method
    report = on_progress or ignore_progress
    distinct = distinct_rows(graph, on_progress=part_of(report, 0.0, _COPIES_FOUND))
    affinities = graph_affinities(distinct)
    measured, measuring = graph, _COPIES_FOUND
    if params.space == "graph":
        within = part_of(report, _COPIES_FOUND, _EMBEDDED)
        embedding = embed_graph(distinct.graph, random_state=params.random_state, on_progress=within)
        measured = measure_in_embedding(graph, embedding.of_copies(graph.ids, distinct.kind))
        measuring, vectors = _EMBEDDED, None
    tree = spanning_tree(
        measured,
        min_samples,
        vectors=vectors,
        search_outside=search_outside,
        on_progress=part_of(report, measuring, _TREE_DONE),
    )
    size = smallest_cluster(params.min_cluster_size, method, landscape(tree))
    if method == "modularity":
        groups = finest_groups(affinities, tree, on_progress=part_of(report, _TREE_DONE, _CLUSTERED))
        found = groups.hierarchy(size).cut(params.resolution)
    else:
        found = cluster(tree, size, method, params.cluster_selection_epsilon)
    attaching = part_of(report, _CLUSTERED, 1.0)
    return with_noise_attached(affinities, found, params.noise_threshold, on_progress=attaching)


def smallest_cluster(min_cluster_size: int | Auto, method: Method, landscape: Landscape) -> int:
    """Return the size that parameters ask for, where they say "auto" as well.

    Parameters
    ----------
    min_cluster_size : int or "auto"
    method : {"modularity", "eom", "leaf"}
        With ``"modularity"``, which decides itself how coarse clusters are, ``"auto"`` only keeps groups apart that are
        worth telling apart; else it is the size at which the leaves of the hierarchy are most persistent.
    landscape : Landscape
        Of the same tree.

    Examples
    --------
    >>> import numpy as np
    >>> from cluster_explorer.stages.persistence import Landscape
    >>> values = np.array([1.0, 3.0])
    >>> found = Landscape(np.array([5, 9]), np.array([3, 2]), values / 10, values, np.array([1]))
    >>> [smallest_cluster("auto", method, found) for method in ("modularity", "eom", "leaf")]
    [5, 9, 9]
    """
    if min_cluster_size != "auto":
        return min_cluster_size
    return FINEST if method == "modularity" else landscape.best
