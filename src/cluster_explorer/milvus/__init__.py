"""Everything that talks to Milvus: open a collection, inspect, scan, fetch and search it.

Milvus Lite, a Milvus server and Zilliz Cloud are opened by the same call; they differ in `uri` and `token` only.
"""

from __future__ import annotations

from cluster_explorer.milvus.collection import Collection
from cluster_explorer.milvus.opening import open_collection
from cluster_explorer.milvus.questions import Found
from cluster_explorer.milvus.schema import CollectionInfo

__all__ = ["Collection", "CollectionInfo", "Found", "open_collection"]
