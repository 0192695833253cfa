"""What clusters and selections are about: pure functions of texts, labels, the graph and metadata."""

from __future__ import annotations

from cluster_explorer.describe.contrasts import Contrast, contrast, most_telling
from cluster_explorer.describe.duplicates import DuplicateGroups, DuplicateScale, duplicate_scale, near_duplicates
from cluster_explorer.describe.exemplars import BorderRows, Centrality, border_rows, central_rows, centrality
from cluster_explorer.describe.keywords import ClusterNames, name_clusters
from cluster_explorer.describe.shares import FieldShares, ValueShare, ValueTable, field_shares, value_table
from cluster_explorer.describe.words import Terms, count_known_terms, count_terms, spread_terms

__all__ = [
    "BorderRows",
    "Centrality",
    "ClusterNames",
    "Contrast",
    "DuplicateGroups",
    "DuplicateScale",
    "FieldShares",
    "Terms",
    "ValueShare",
    "ValueTable",
    "border_rows",
    "central_rows",
    "centrality",
    "contrast",
    "count_known_terms",
    "count_terms",
    "duplicate_scale",
    "field_shares",
    "most_telling",
    "name_clusters",
    "near_duplicates",
    "spread_terms",
    "value_table",
]
