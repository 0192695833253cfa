"""Whether what a session file holds makes sense: compiled code trusts what it is given, so this does not."""

from __future__ import annotations

from dataclasses import astuple, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.annotations import MAX_NAME_LENGTH, Annotations, NamedRows
from cluster_explorer.describe import ClusterNames
from cluster_explorer.exploring.identity import Identities, RowColors
from cluster_explorer.saving.fingerprint import Fingerprint, fingerprint
from cluster_explorer.values import Clustering, KnnGraph, Layout, Rows, Scope, SpanningTree

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cluster_explorer.values import Dendrogram, IdArray

#: What each stage that is kept results in.
STAGE_TYPES: dict[str, type[Any]] = {
    "neighbors": KnnGraph,
    "scoped": KnnGraph,
    "measured": KnnGraph,
    "tree": SpanningTree,
    "clustering": Clustering,
    "attached": Clustering,
    "layout": Layout,
    "names": ClusterNames,
    "trust": np.ndarray,
}
#: Colours that may be numbered beyond as many as there are rows.
_SPARE_COLORS = 10_000
#: Scopes within each other, at most.
_DEEPEST = 100


@dataclass(frozen=True, eq=False)
class Checker:
    """Checks what was read, for one collection.

    Parameters
    ----------
    ids : ndarray of shape (n,)
        Primary keys of its rows, as the file has them.
    damaged : callable
        Makes the error for what makes no sense.
    """

    ids: IdArray
    damaged: Callable[[str], Exception]

    def check_ids(self, seen: Fingerprint) -> None:
        """Raise unless the keys are those that the fingerprint was taken of."""
        require = _Requirement("rows", self.damaged)
        require.keys(self.ids)
        if self.ids.dtype == object:
            ascending = all(isinstance(key, str) for key in self.ids) and bool((self.ids[1:] > self.ids[:-1]).all())
        else:
            ascending = bool((self.ids[1:] > self.ids[:-1]).all())
        require.true(ascending, "keys")
        found = fingerprint(Rows(self.ids, None))
        require.true(type(seen.n_rows) is int and seen.n_rows == found.n_rows and seen.ids == found.ids, "keys")
        texts = (seen.first, seen.last, seen.vectors, seen.texts)
        require.true(all(text is None or isinstance(text, str) for text in texts), "fingerprints")

    def checked(self, stage: str, value: object) -> Any:
        """Return the result of a stage as it may be used; raise unless it is of its type and fits the rows."""
        kind = STAGE_TYPES.get(stage)
        if kind is None or not isinstance(value, kind):
            raise self.damaged(f"its {stage!r} is not what that stage results in")
        n_rows = len(self.ids)
        if isinstance(value, KnnGraph):
            _check_graph(value, self.ids, self.damaged)
        elif isinstance(value, Clustering):
            _check_clustering(value, n_rows, self.damaged)
        elif isinstance(value, SpanningTree):
            _check_tree(value, n_rows, self.damaged)
            return replace(value, dendrogram=_dendrogram(value))
        elif isinstance(value, Layout):
            require = _Requirement("layout", self.damaged)
            positions = require.array(value.positions, np.float32, (n_rows, None))
            require.true(positions.shape[1] in (2, 3) and bool(np.isfinite(positions).all()), "positions")
            require.true(value.finished is True, "positions")
        elif isinstance(value, ClusterNames):
            words = value.keywords
            sound = isinstance(words, tuple) and all(
                isinstance(group, tuple) and all(isinstance(word, str) for word in group) for group in words
            )
            _Requirement("names", self.damaged).true(sound, "keywords")
        else:
            _Requirement("trust", self.damaged).array(value, np.float32, (n_rows,))
        return value

    def check_identities(self, identities: object) -> None:
        """Raise unless colours are numbers of which no more than there are rows have to be made."""
        require = _Requirement("colours", self.damaged)
        if not isinstance(identities, Identities):
            raise self.damaged("its colours are not as they were written")
        require.true(self._are_colors(identities.colors), "numbers")
        require.true(all(type(count) is int for count in astuple(identities)[1:]), "counts")

    def check_memory(self, by_scope: object, looks: object, scope: Scope | None) -> None:
        """Raise unless colours are remembered of the rows of a checked scope and of those around it, outermost first.

        Parameters
        ----------
        by_scope : tuple of (RowColors or None)
            Of all rows, and of each scope.
        looks : tuple of (str, tuple of int)
        scope : Scope or None
        """
        require = _Requirement("remembered colours", self.damaged)
        sizes = [len(self.ids), *(len(step) for step in (scope.path if scope is not None else ()))]
        if not isinstance(by_scope, tuple) or len(by_scope) != len(sizes) or not isinstance(looks, tuple):
            raise self.damaged("its remembered colours are not as they were written")
        for worn, n_rows in zip(by_scope, sizes, strict=True):
            if worn is None:
                continue
            if not isinstance(worn, RowColors):
                raise self.damaged("its remembered colours are not as they were written")
            require.numbers(worn.colors, (n_rows,), -1, self._n_colors)
            require.array(worn.noise, np.bool_, (n_rows,))
            require.true(bool((worn.noise | (worn.colors >= 0)).all()), "numbers")
        for look in looks:
            sound = isinstance(look, tuple) and len(look) == 2 and isinstance(look[0], str)
            require.true(sound and self._are_colors(look[1]), "numbers")

    @property
    def _n_colors(self) -> int:
        # a few clusters may wear the colours of many earlier ones, of a collection that has become smaller since
        return len(self.ids) + _SPARE_COLORS

    def _are_colors(self, colors: object) -> bool:
        """Tell whether no two clusters share a colour, and no more of them than fit have to be made."""
        if not isinstance(colors, tuple) or not all(type(color) is int for color in colors):
            return False
        return len(set(colors)) == len(colors) and all(0 <= color < self._n_colors for color in colors)

    def check_annotations(self, annotations: object) -> None:
        """Raise unless names are texts, and keys are numbers or texts."""
        if not isinstance(annotations, Annotations):
            raise self.damaged("its annotations are not as they were written")
        require = _Requirement("annotations", self.damaged)
        named = (annotations.cluster_names, annotations.selections, annotations.titles)
        require.true(all(isinstance(group, tuple) for group in named), "names")
        for rows in (*annotations.cluster_names, *annotations.selections, *annotations.titles):
            require.true(isinstance(rows, NamedRows) and isinstance(rows.name, str), "names")
            require.keys(rows.ids)
        require.keys(annotations.starred)

    def check_titles(self, titles: object) -> None:
        """Raise unless titles that need not be asked for again are names by texts."""
        require = _Requirement("titles", self.damaged)
        require.true(isinstance(titles, dict), "names")
        for title in titles.values() if isinstance(titles, dict) else ():
            sound = isinstance(title, str) and title == " ".join(title.split()) and 0 < len(title) <= MAX_NAME_LENGTH
            require.true(sound, "names")

    def check_scope(self, scope: object) -> None:
        """Raise unless a scope, and those around it, are of rows of the collection."""
        require = _Requirement("scope", self.damaged)
        depth = 0
        while scope is not None:
            depth += 1
            if not isinstance(scope, Scope) or not isinstance(scope.name, str) or depth > _DEEPEST:
                raise self.damaged("the names of its scope make no sense")
            rows = require.array(scope.rows, np.int32, (None,))
            require.numbers(rows, rows.shape, 0, len(self.ids))
            require.true(bool((np.diff(rows) > 0).all()), "row numbers")
            scope = scope.parent


class _Requirement:
    """Checks the parts of one value."""

    def __init__(self, what: str, damaged: Callable[[str], Exception]) -> None:
        self._what, self._damaged = what, damaged

    def true(self, condition: bool, what: str) -> None:  # noqa: FBT001 - an assertion that is kept
        if not condition:
            raise self._damaged(f"the {what} of its {self._what} make no sense")

    def array(self, array: Any, dtype: type[np.generic], shape: tuple[int | None, ...]) -> npt.NDArray[Any]:
        fits = isinstance(array, np.ndarray) and array.dtype == dtype and array.ndim == len(shape)
        self.true(
            fits and all(want is None or have == want for have, want in zip(array.shape, shape, strict=True)), "arrays"
        )
        checked: npt.NDArray[Any] = array
        return checked

    def keys(self, array: Any) -> None:
        """Primary keys: whole numbers or str."""
        self.true(isinstance(array, np.ndarray) and array.dtype in (np.int64, np.object_) and array.ndim == 1, "keys")

    def numbers(self, array: Any, shape: tuple[int | None, ...], low: int, high: int) -> None:
        """Whole numbers from `low` to `high` - 1."""
        whole = self.array(array, np.int32, shape)
        self.true(not whole.size or (int(whole.min()) >= low and int(whole.max()) < high), "row numbers")


def _check_graph(graph: KnnGraph, ids: IdArray, damaged: Callable[[str], Exception]) -> None:
    require, n_rows = _Requirement("graph", damaged), len(ids)
    require.numbers(graph.indices, (n_rows, None), -1, n_rows)
    distances = require.array(graph.distances, np.float32, graph.indices.shape)
    require.true(not bool(np.isnan(distances).any()) and bool((distances >= 0).all()), "distances")
    require.keys(graph.ids)
    require.true(np.array_equal(graph.ids, ids), "keys")
    require.true(graph.metric in ("cosine", "euclidean", "ip"), "metrics")
    require.true(type(graph.n_components) is int and isinstance(graph.exact, bool), "components")
    require.true(graph.recall is None or isinstance(graph.recall, (int, float)), "recalls")
    if graph.vectors is not None:
        vectors = require.array(graph.vectors, np.float32, (n_rows, None))
        require.true(bool(np.isfinite(vectors).all()), "vectors")


def _check_tree(tree: SpanningTree, n_rows: int, damaged: Callable[[str], Exception]) -> None:
    from scipy.sparse import coo_array
    from scipy.sparse.csgraph import connected_components

    require = _Requirement("tree", damaged)
    require.true(n_rows > 1 and type(tree.min_samples) is int, "sizes")
    edges = (n_rows - 1,)
    for ends in (tree.source, tree.target):
        require.numbers(ends, edges, 0, n_rows)
    weight = require.array(tree.weight, np.float64, edges)
    require.true(bool(np.isfinite(weight).all()) and bool((np.diff(weight) >= 0).all()), "weights")
    require.true(bool(weight[0] >= 0), "weights")
    require.array(tree.core_distances, np.float64, (n_rows,))
    require.array(tree.certified_edges, np.bool_, edges)
    # n - 1 edges that connect n rows are a tree: every merge joins two parts that were apart
    joined = coo_array((np.ones(n_rows - 1, dtype=np.bool_), (tree.source, tree.target)), shape=(n_rows, n_rows))
    require.true(connected_components(joined, directed=False, return_labels=False) == 1, "edges")


def _dendrogram(tree: SpanningTree) -> Dendrogram:
    """Make the hierarchy of a checked tree: one from a file could lead compiled code anywhere."""
    from cluster_explorer._kernels.tree.edges import Edges
    from cluster_explorer._kernels.tree.single_linkage import merge_in_order

    weight = tree.weight.astype(np.float32)
    # as the tree stage calls it: arrays that may be written to, for which compiled code is on disk
    edges = Edges(tree.source.copy(), tree.target.copy(), weight, weight)
    unknown = np.full(tree.n_rows, -1.0, dtype=np.float32)
    return merge_in_order(edges, unknown, tree.certified_edges.copy()).dendrogram


def _check_clustering(clustering: Clustering, n_rows: int, damaged: Callable[[str], Exception]) -> None:
    require = _Requirement("clusters", damaged)
    require.true(type(clustering.n_clusters) is int and 0 <= clustering.n_clusters <= n_rows, "counts")
    require.true(clustering.scope is None, "scopes")
    require.numbers(clustering.labels, (n_rows,), -1, clustering.n_clusters)
    require.array(clustering.probabilities, np.float32, (n_rows,))
    if clustering.attached_labels is not None:
        require.numbers(clustering.attached_labels, (n_rows,), -1, clustering.n_clusters)
    if clustering.confidence is not None:
        require.array(clustering.confidence, np.float32, (n_rows,))
    hierarchy = clustering.hierarchy
    if hierarchy is not None:
        parts = len(require.array(hierarchy.parent, np.int32, (None,)))
        require.numbers(hierarchy.parent, (parts,), -1, parts)
        require.numbers(hierarchy.label, (parts,), -1, max(clustering.n_clusters, 1))
        require.numbers(hierarchy.row_cluster, (n_rows,), 0, parts)
        require.array(hierarchy.row_density, np.float64, (n_rows,))
        for values in (hierarchy.birth, hierarchy.death, hierarchy.stability):
            require.array(values, np.float64, (parts,))
        require.array(hierarchy.size, np.int32, (parts,))
