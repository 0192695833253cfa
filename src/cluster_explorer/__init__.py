"""ClusterExplorer: a Milvus collection of text embeddings as a map of clusters to read, steer and write back.

The public names are imported when first used, so that ``import cluster_explorer`` stays fast.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cluster_explorer.errors import (
        AuthenticationError,
        Cancelled,
        ClusterExplorerError,
        CollectionNotFoundError,
        ConnectionFailedError,
        DatabaseLockedError,
        DataError,
        EmbeddingError,
        FieldError,
        FilterError,
        InvalidParameterError,
        MessageTooLargeError,
        MilvusOperationError,
        OldDatabaseError,
        RequestRefusedError,
        SavedFileError,
        ServerNotReadyError,
        TitleError,
        TitleServiceError,
    )
    from cluster_explorer.params import Params
    from cluster_explorer.session.refreshing import RefreshReport
    from cluster_explorer.stages.attach import Attached, attach_noise
    from cluster_explorer.stages.clustering import cluster, spanning_tree
    from cluster_explorer.stages.graph import graph_from_neighbors, knn_graph
    from cluster_explorer.stages.index_health import IndexHealth
    from cluster_explorer.stages.persistence import Landscape, landscape
    from cluster_explorer.stages.projection import layout
    from cluster_explorer.stages.recipe import cluster_graph
    from cluster_explorer.stages.trust import map_trust
    from cluster_explorer.titles import ChatTitles, TitleEstimate, TitleResults, TitleSample
    from cluster_explorer.values import Clustering, KnnGraph, Layout, Rows, SpanningTree
    from cluster_explorer.widget.explorer import ClusterExplorer
    from cluster_explorer.widget.facade.describing import ClusterReport
    from cluster_explorer.write_back import UndoReport, WriteReport

__version__ = "0.1.0"

_HOME = {
    "Attached": "stages.attach",
    "AuthenticationError": "errors",
    "Cancelled": "errors",
    "ChatTitles": "titles",
    "ClusterExplorer": "widget.explorer",
    "ClusterExplorerError": "errors",
    "ClusterReport": "widget.facade.describing",
    "Clustering": "values",
    "CollectionNotFoundError": "errors",
    "ConnectionFailedError": "errors",
    "DataError": "errors",
    "DatabaseLockedError": "errors",
    "EmbeddingError": "errors",
    "FieldError": "errors",
    "FilterError": "errors",
    "IndexHealth": "stages.index_health",
    "InvalidParameterError": "errors",
    "KnnGraph": "values",
    "Landscape": "stages.persistence",
    "Layout": "values",
    "MessageTooLargeError": "errors",
    "MilvusOperationError": "errors",
    "OldDatabaseError": "errors",
    "Params": "params",
    "RefreshReport": "session.refreshing",
    "RequestRefusedError": "errors",
    "Rows": "values",
    "SavedFileError": "errors",
    "ServerNotReadyError": "errors",
    "SpanningTree": "values",
    "TitleError": "errors",
    "TitleEstimate": "titles",
    "TitleResults": "titles",
    "TitleSample": "titles",
    "TitleServiceError": "errors",
    "UndoReport": "write_back",
    "WriteReport": "write_back",
    "attach_noise": "stages.attach",
    "cluster": "stages.clustering",
    "cluster_graph": "stages.recipe",
    "graph_from_neighbors": "stages.graph",
    "knn_graph": "stages.graph",
    "landscape": "stages.persistence",
    "layout": "stages.projection",
    "map_trust": "stages.trust",
    "spanning_tree": "stages.clustering",
}

__all__ = [
    "Attached",
    "AuthenticationError",
    "Cancelled",
    "ChatTitles",
    "ClusterExplorer",
    "ClusterExplorerError",
    "ClusterReport",
    "Clustering",
    "CollectionNotFoundError",
    "ConnectionFailedError",
    "DataError",
    "DatabaseLockedError",
    "EmbeddingError",
    "FieldError",
    "FilterError",
    "IndexHealth",
    "InvalidParameterError",
    "KnnGraph",
    "Landscape",
    "Layout",
    "MessageTooLargeError",
    "MilvusOperationError",
    "OldDatabaseError",
    "Params",
    "RefreshReport",
    "RequestRefusedError",
    "Rows",
    "SavedFileError",
    "ServerNotReadyError",
    "SpanningTree",
    "TitleError",
    "TitleEstimate",
    "TitleResults",
    "TitleSample",
    "TitleServiceError",
    "UndoReport",
    "WriteReport",
    "attach_noise",
    "cluster",
    "cluster_graph",
    "graph_from_neighbors",
    "knn_graph",
    "landscape",
    "layout",
    "map_trust",
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
