"""Names of clusters, stars and saved selections, from Python."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from cluster_explorer.annotations import rows_with_ids
from cluster_explorer.widget.facade.steering import SteeringFacade, check_mode

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import pandas as pd

    from cluster_explorer.annotations import Annotations, SetOperation
    from cluster_explorer.exploring.selection import Mode
    from cluster_explorer.values import IdArray


class AnnotatingFacade(SteeringFacade):
    """What a reader adds to a collection; held by primary key, so that it outlives every re-clustering."""

    @property
    def annotations(self) -> Annotations:
        """Names, stars and saved selections, as one frozen value."""
        return self._session.state.annotations

    @property
    def cluster_names(self) -> Mapping[int, str]:
        """The names that were given to the present clusters, by cluster; those without one are not in it."""
        self._clustering()
        return MappingProxyType(self._session.annotating.names())

    def rename_cluster(self, cluster: int, name: str) -> None:
        """Give a cluster a name of your own; it stays with the cluster when the clustering changes.

        Parameters
        ----------
        cluster : int
            Its number in `labels_`.
        name : str
            At most 200 characters; "" goes back to the keywords.

        Raises
        ------
        InvalidParameterError
            If there is no such cluster, or the name is too long.

        Examples
        --------
        >>> ex.rename_cluster(7, "harbour strikes")  # doctest: +SKIP
        """
        self._clustering()
        self._session.annotating.rename_cluster(cluster, name)

    @property
    def starred(self) -> pd.DataFrame:
        """The starred rows, as `selection` gives the selected ones, ascending by id."""
        return self._frame(rows_with_ids(self.ids_, self.annotations.starred))

    def star(self, ids: Iterable[object]) -> None:
        """Star rows by primary key.

        Raises
        ------
        DataError
            If a key is not in the collection.
        """
        self._result("rows")
        self._session.annotating.star(self._session.rows_of(ids))

    def unstar(self, ids: Iterable[object]) -> None:
        """Take the stars of rows away, by primary key.

        Raises
        ------
        DataError
            If a key is not in the collection.
        """
        self._result("rows")
        self._session.annotating.star(self._session.rows_of(ids), on=False)

    @property
    def saved_selections(self) -> Mapping[str, IdArray]:
        """The primary keys of every saved selection, by name; the oldest first."""
        return MappingProxyType({saved.name: saved.ids for saved in self.annotations.selections})

    def save_selection(self, name: str) -> None:
        """Keep the selected rows under a name; a saved selection of that name is replaced.

        Raises
        ------
        InvalidParameterError
            If nothing is selected, or the name is empty or longer than 200 characters.
        """
        self._session.annotating.save_selection(name)

    def delete_selection(self, name: str) -> None:
        """Forget a saved selection; what is selected stays.

        Raises
        ------
        InvalidParameterError
            If there is none of that name; the message lists those that exist.
        """
        self._session.annotating.delete_selection(name)

    def select_saved(self, *names: str, how: SetOperation = "union", mode: Mode = "replace") -> pd.DataFrame:
        """Select saved selections, combined; return the selected rows as `selection` does.

        Parameters
        ----------
        *names : str
            One saved selection, or several.
        how : {"union", "intersection", "difference"}
            How several are combined; a difference takes all others away from the first.
        mode : {"replace", "add", "subtract", "intersect"}
            How the outcome is brought together with what is selected now.

        Raises
        ------
        InvalidParameterError
            If there is none of that name; the message lists those that exist.

        Examples
        --------
        >>> ex.select_saved("strikes", "harbours", how="intersection")  # doctest: +SKIP
        """
        check_mode(mode)
        self._result("rows")
        self._session.annotating.select_saved(names, how, mode)
        return self.selection

    def select_starred(self, mode: Mode = "replace") -> pd.DataFrame:
        """Select the starred rows; return the selected rows as `selection` does."""
        check_mode(mode)
        self._result("rows")
        self._session.annotating.select_starred(mode)
        return self.selection
