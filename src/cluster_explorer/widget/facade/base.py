"""What every part of the facade stands on: the session, and waiting for results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import traitlets

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.exploring.members import Members
    from cluster_explorer.pipeline import Results
    from cluster_explorer.session import Session
    from cluster_explorer.values import Clustering


class FacadeBase(traitlets.HasTraits):
    """Holds the session that all methods speak to; `ClusterExplorer` makes it."""

    _session: Session

    def _clustering(self) -> Clustering:
        clustering: Clustering = self._result("clustering")
        return clustering

    def _members(self) -> Members:
        members: Members = self._result("members")
        return members

    def _result(self, target: str, *, since: int | None = None) -> Any:
        from cluster_explorer.widget.progress import status_bar

        with status_bar() as on_status:
            results: Results = self._session.require(target, since=since, on_status=on_status)
        return results.by_stage[target]

    def _clusters_after(self, change: Callable[[], None]) -> Clustering:
        """Make a change, and return the clusters that it leads to; raise what it fails of."""
        since = self._session.n_stops
        change()
        members: Members = self._result("members", since=since)
        return members.as_clustering
