"""ClusterExplorer: a Milvus collection of text embeddings as a map of clusters to read, steer and write back.

The public names are imported when first used, so that ``import cluster_explorer`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cluster_explorer.attach import attach_noise
    from cluster_explorer.clustering import cluster, spanning_tree
    from cluster_explorer.errors import Cancelled, ClusterExplorerError
    from cluster_explorer.graph import knn_graph
    from cluster_explorer.params import Params
    from cluster_explorer.projection import layout
    from cluster_explorer.recipe import cluster_graph
    from cluster_explorer.values import Clustering, KnnGraph, Layout, Rows, SpanningTree
    from cluster_explorer.widget.explorer import ClusterExplorer

__version__ = "0.1.0"

_HOME = {
    "Cancelled": "errors",
    "ClusterExplorer": "widget.explorer",
    "ClusterExplorerError": "errors",
    "Clustering": "values",
    "KnnGraph": "values",
    "Layout": "values",
    "Params": "params",
    "Rows": "values",
    "SpanningTree": "values",
    "attach_noise": "attach",
    "cluster": "clustering",
    "cluster_graph": "recipe",
    "knn_graph": "graph",
    "layout": "projection",
    "spanning_tree": "clustering",
}

__all__ = [
    "Cancelled",
    "ClusterExplorer",
    "ClusterExplorerError",
    "Clustering",
    "KnnGraph",
    "Layout",
    "Params",
    "Rows",
    "SpanningTree",
    "attach_noise",
    "cluster",
    "cluster_graph",
    "knn_graph",
    "layout",
    "spanning_tree",
]


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
