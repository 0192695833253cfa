"""Naming clusters, starring rows, saving selections."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cluster_explorer.annotations import Annotations, given_names, given_titles, selection_of
from cluster_explorer.errors import InvalidParameterError, clusters_there
from cluster_explorer.exploring.finding import within

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cluster_explorer.annotations import SetOperation
    from cluster_explorer.exploring.selection import Mode
    from cluster_explorer.pipeline import Results
    from cluster_explorer.state import State, Store
    from cluster_explorer.values import Clustering, IdArray, IntArray, Rows


def shown_names(state: State) -> list[str]:
    """Return what each present cluster is called, as `names_of` does."""
    return names_of(state.annotations, state.results)


def names_of(annotations: Annotations, results: Results) -> list[str]:
    """Return what each cluster of some results is called: the name a reader gave it, or its title, or its keywords.

    Returns
    -------
    list of str
        Cluster 0, 1, ...; "" for those that nothing is known of.
    """
    rows, clustering, keywords = results.rows, results.clustering, results.names
    if rows is None or clustering is None:
        return []
    given = given_names(annotations, rows.ids, clustering.labels)
    titles = given_titles(annotations, rows.ids, clustering.labels)
    return [
        given.get(label) or titles.get(label) or (keywords.name(label) if keywords is not None else "")
        for label in range(clustering.n_clusters)
    ]


def are_renamed(before: State, after: State) -> bool:
    """Return whether names or titles were given or taken away between two states."""
    old, new = before.annotations, after.annotations
    return new.cluster_names is not old.cluster_names or new.titles is not old.titles


class Annotating:
    """Carries out what a reader adds to the collection; every change makes another `Annotations` in the state.

    Parameters
    ----------
    store : Store
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    def rename_cluster(self, label: int, name: str) -> None:
        """Give a cluster a name of the reader's own; "" goes back to its keywords.

        Raises
        ------
        InvalidParameterError
            If there is no such cluster, or the name is too long.
        """
        rows, clustering = self._rows(), self._clustering()
        if not 0 <= label < clustering.n_clusters:
            raise InvalidParameterError(f"Cluster {label} cannot be named: {clusters_there(clustering.n_clusters)}.")
        self._annotate(lambda notes: notes.with_cluster_name(name, label, rows.ids, clustering.labels))

    def names(self) -> dict[int, str]:
        """Return the names that a reader gave to the present clusters, by cluster."""
        results = self._store.state.results
        if results.rows is None or results.clustering is None:
            return {}
        return given_names(self._store.state.annotations, results.rows.ids, results.clustering.labels)

    def titles(self) -> dict[int, str]:
        """Return the titles that a model or a function gave to the present clusters, by cluster."""
        results = self._store.state.results
        if results.rows is None or results.clustering is None:
            return {}
        return given_titles(self._store.state.annotations, results.rows.ids, results.clustering.labels)

    def add_titles(self, titles: Mapping[int, str], ids: IdArray, clustering: Clustering) -> None:
        """Let clusters bear titles; `ids` and `clustering` are those of the rows that the titles were made for."""
        self._annotate(lambda notes: notes.with_titles(titles, ids, clustering.labels))

    def star(self, rows: IntArray, *, on: bool = True) -> None:
        """Star rows, or take their stars away."""
        ids = self._rows().ids[rows]
        self._annotate(lambda notes: notes.with_star(ids, on=on))

    def save_selection(self, name: str) -> None:
        """Keep the selected rows under a name; a saved selection of that name is replaced.

        Raises
        ------
        InvalidParameterError
            If nothing is selected, or the name is empty or too long.
        """
        selection = self._store.state.selection
        if not len(selection):
            raise InvalidParameterError("Nothing is selected. Draw a lasso, or use select(), then save the selection.")
        ids = self._rows().ids[selection.rows]
        self._annotate(lambda notes: notes.with_selection(name, ids))

    def delete_selection(self, name: str) -> None:
        """Forget a saved selection."""
        self._annotate(lambda notes: notes.without_selection(name))

    def select_saved(self, names: Iterable[str], how: SetOperation = "union", mode: Mode = "replace") -> None:
        """Select saved selections, combined; keys that have left the collection are passed over, and counted aloud."""
        self._select(self._store.state.annotations.combined(names, how), mode)

    def select_starred(self, mode: Mode = "replace") -> None:
        """Select the starred rows."""
        self._select(self._store.state.annotations.starred, mode)

    def _select(self, ids: IdArray, mode: Mode) -> None:
        found = selection_of(self._rows().ids, ids)
        n_lost = len(ids) - len(found)
        notice = f"{n_lost:,} of these {len(ids):,} texts are no longer in the collection." if n_lost else ""

        def change(state: State) -> State:
            left = within(found, state.finding.filter)
            return replace(state, selection=state.selection.combined(left, mode), notice=notice or state.notice)

        self._store.apply(change)

    def _annotate(self, change: Callable[[Annotations], Annotations]) -> None:
        change(self._store.state.annotations)  # what is wrong with a wish is raised to whoever wished
        self._store.apply(lambda state: replace(state, annotations=change(state.annotations)))

    def _rows(self) -> Rows:
        rows = self._store.state.results.rows
        if rows is None:
            raise InvalidParameterError("The rows are not read yet. Show the widget, or ask for labels_ first.")
        return rows

    def _clustering(self) -> Clustering:
        clustering = self._store.state.results.clustering
        if clustering is None:
            raise InvalidParameterError("There are no clusters yet. Show the widget, or ask for labels_ first.")
        return clustering
