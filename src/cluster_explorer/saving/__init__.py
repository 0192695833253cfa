"""Explorations kept in a file: graph, layout, clusters and what people added, found again in seconds.

A session file is a zip of a JSON manifest and plain arrays. Nothing in it is ever executed: it holds no pickle.
"""

from __future__ import annotations

from cluster_explorer.saving.fingerprint import Fingerprint, differences, fingerprint
from cluster_explorer.saving.kept_filter import KeptFilter
from cluster_explorer.saving.session_file import Origin, SavedSession, read_session, write_session

__all__ = [
    "Fingerprint",
    "KeptFilter",
    "Origin",
    "SavedSession",
    "differences",
    "fingerprint",
    "read_session",
    "write_session",
]
