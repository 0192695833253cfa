"""Bringing an exploration up to its collection."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cluster_explorer.widget.facade.base import FacadeBase

if TYPE_CHECKING:
    from cluster_explorer.session.refreshing import RefreshReport


class RefreshingFacade(FacadeBase):
    """Collections change while people look at them."""

    def refresh(self, *, redraw: bool = False) -> RefreshReport:
        """Take in the rows that were added, changed or deleted since the collection was read.

        Nothing starts over: neighbours are searched only for what changed, clusters are found anew from the patched
        graph, and new points are placed by their neighbours on the map, where all others stay. Selection, names and
        stars stay with their rows, and a filter is asked again.

        Parameters
        ----------
        redraw : bool
            Whether to draw the map anew.

        Returns
        -------
        RefreshReport
            How many rows were added, changed and deleted.

        Raises
        ------
        ClusterExplorerError
            When Milvus fails; the exploration is as it was before. `Cancelled` when somebody cancelled it.

        Examples
        --------
        >>> ex.refresh().sentence  # doctest: +SKIP
        '120 rows added, 3 changed, 7 deleted.'
        """
        from cluster_explorer.widget.progress import status_bar

        with status_bar() as on_status:
            return self._session.refreshing.run(redraw=redraw, on_status=on_status)
