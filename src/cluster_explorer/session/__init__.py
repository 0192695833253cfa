"""An exploration of one collection: the state, the worker, and every intent a view can have. Knows no notebook.

Each kind of intent has a module of its own; `Session` brings them together.
"""

from __future__ import annotations

from cluster_explorer.session.detail import Detail, Neighbor
from cluster_explorer.session.session import Session

__all__ = ["Detail", "Neighbor", "Session"]
