"""What a reader has added to a collection: names of clusters, stars, and saved selections.

Everything is held by primary key, never by row number or cluster number: it outlives a re-clustering, a restart and a
collection that grew.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np

from cluster_explorer.errors import InvalidParameterError, available
from cluster_explorer.exploring.selection import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from cluster_explorer.values import IdArray, IntArray

SetOperation: TypeAlias = Literal["union", "intersection", "difference"]

#: Characters of a name, at most.
MAX_NAME_LENGTH = 200
#: Share of the rows of both, named rows and cluster, that must be in both for the cluster to bear the name.
_SAME = 0.25
_OPERATIONS: dict[str, Callable[[IdArray, IdArray], IdArray]] = {
    "union": np.union1d,
    "intersection": np.intersect1d,
    "difference": np.setdiff1d,
}


@dataclass(frozen=True, eq=False)
class NamedRows:
    """Rows under a name: the members that a cluster had when it was named, or a saved selection.

    Attributes
    ----------
    name : str
    ids : ndarray of shape (m,), int64 or object
        Primary keys, unique and ascending.
    """

    name: str
    ids: IdArray = field(repr=False)

    def __len__(self) -> int:
        return len(self.ids)


def _no_ids() -> IdArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Annotations:
    """What a reader has added to a collection.

    Attributes
    ----------
    cluster_names : tuple of NamedRows
        Names given to clusters, with the members the clusters then had; `given_names` finds the clusters that bear
        them now.
    starred : ndarray of shape (m,), int64 or object
        Primary keys, unique and ascending.
    selections : tuple of NamedRows
        Saved selections, the oldest first; no two have the same name.
    titles : tuple of NamedRows
        Titles that a model or a function gave to clusters, held as names are; a given name comes before them.
    """

    cluster_names: tuple[NamedRows, ...] = ()
    starred: IdArray = field(default_factory=_no_ids, repr=False)
    selections: tuple[NamedRows, ...] = ()
    titles: tuple[NamedRows, ...] = ()

    def with_star(self, ids: IdArray, *, on: bool) -> Annotations:
        """Return a copy in which rows are starred, or no longer.

        Examples
        --------
        >>> Annotations().with_star(np.array([7, 3]), on=True).starred.tolist()
        [3, 7]
        """
        # without stars there is no telling yet whether keys are numbers or strings
        before = self.starred if len(self.starred) else ids[:0]
        return replace(self, starred=_OPERATIONS["union" if on else "difference"](before, ids))

    def with_selection(self, name: str, ids: IdArray) -> Annotations:
        """Return a copy that also holds a selection, of unique keys in any order; one of the same name is replaced.

        Raises
        ------
        InvalidParameterError
            If the name is empty or too long.
        """
        saved = NamedRows(valid_name(name), _OPERATIONS["union"](ids, ids[:0]))
        others = [other for other in self.selections if other.name != saved.name]
        return replace(self, selections=(*others, saved))

    def without_selection(self, name: str) -> Annotations:
        """Return a copy without a saved selection.

        Raises
        ------
        InvalidParameterError
            If there is none of that name; the message lists those that exist.
        """
        found = self.selection(name)
        return replace(self, selections=tuple(saved for saved in self.selections if saved is not found))

    def selection(self, name: str) -> NamedRows:
        """Return a saved selection by name.

        Raises
        ------
        InvalidParameterError
            If there is none of that name; the message lists those that exist.
        """
        for saved in self.selections:
            if saved.name == name:
                return saved
        names = [saved.name for saved in self.selections]
        raise InvalidParameterError(f"There is no saved selection {name!r}. {available(names)}")

    def combined(self, names: Iterable[str], how: SetOperation) -> IdArray:
        """Combine saved selections, from left to right.

        Parameters
        ----------
        names : iterable of str
        how : {"union", "intersection", "difference"}
            A difference takes all others away from the first.

        Returns
        -------
        ndarray of shape (m,)
            Primary keys, ascending.

        Examples
        --------
        >>> saved = Annotations().with_selection("a", np.array([1, 2])).with_selection("b", np.array([2, 3]))
        >>> saved.combined(["a", "b"], "difference").tolist()
        [1]
        """
        if how not in _OPERATIONS:
            raise InvalidParameterError(f"how={how!r} is not a choice. {available(_OPERATIONS)}")
        held = [self.selection(name).ids for name in names]
        if not held:
            raise InvalidParameterError(
                f"Name at least one saved selection. {available(saved.name for saved in self.selections)}"
            )
        ids = held[0]
        for other in held[1:]:
            ids = _OPERATIONS[how](ids, other)
        return ids

    def with_cluster_name(self, name: str, label: int, ids: IdArray, labels: IntArray) -> Annotations:
        """Return a copy in which a cluster bears a name.

        Parameters
        ----------
        name : str
            "" takes its given name away, so that its keywords show again.
        label : int
        ids : ndarray of shape (n,)
            Primary keys of all rows, ascending.
        labels : ndarray of shape (n,), int32
            Cluster of each row.

        Raises
        ------
        InvalidParameterError
            If the name is too long.
        """
        borne = _bearers(self.cluster_names, ids, labels)
        others = [named for index, named in enumerate(self.cluster_names) if borne.get(index) != label]
        if name.strip():
            others.append(NamedRows(valid_name(name), ids[labels == label]))
        return replace(self, cluster_names=tuple(others))

    def with_titles(self, titles: Mapping[int, str], ids: IdArray, labels: IntArray) -> Annotations:
        """Return a copy in which clusters bear titles; those of other clusters stay.

        Parameters
        ----------
        titles : mapping of int to str
            Title by cluster.
        ids : ndarray of shape (n,)
            Primary keys of all rows, ascending.
        labels : ndarray of shape (n,), int32
            Cluster of each row.
        """
        borne = _bearers(self.titles, ids, labels)
        others = [titled for index, titled in enumerate(self.titles) if borne.get(index) not in titles]
        added = [NamedRows(valid_name(title), ids[labels == label]) for label, title in titles.items()]
        return replace(self, titles=(*others, *added))


def valid_name(name: str) -> str:
    """Return a name on one line, without space at its ends.

    Raises
    ------
    InvalidParameterError
        If nothing is left, or it is longer than 200 characters.

    Examples
    --------
    >>> valid_name("  harbour   strikes ")
    'harbour strikes'
    """
    line = " ".join(name.split())
    if not line:
        raise InvalidParameterError("A name needs at least one character that is not a space.")
    if len(line) > MAX_NAME_LENGTH:
        raise InvalidParameterError(f"A name has at most {MAX_NAME_LENGTH} characters; this one has {len(line)}.")
    return line


def given_names(annotations: Annotations, ids: IdArray, labels: IntArray) -> dict[int, str]:
    """Find which clusters bear the names that were given.

    A name goes to the cluster that shares most with the rows it was given to (Jaccard index, at least 0.25), one to
    one. Names depend on the clustering alone, not on those seen before it: a name whose cluster was merged or fell
    apart waits, and is back when the cluster is.

    Parameters
    ----------
    annotations : Annotations
    ids : ndarray of shape (n,)
        Primary keys of all rows, ascending.
    labels : ndarray of shape (n,), int32
        Cluster of each row; -1 is noise, which bears no name.

    Returns
    -------
    dict of int to str
        Name by cluster.

    Examples
    --------
    >>> ids = np.array([10, 20, 30, 40])
    >>> named = Annotations().with_cluster_name("ports", 1, ids, np.array([0, 0, 1, 1]))
    >>> given_names(named, ids, np.array([1, 1, 0, 0]))
    {0: 'ports'}
    """
    names = annotations.cluster_names
    return {label: names[index].name for index, label in _bearers(names, ids, labels).items()}


def given_titles(annotations: Annotations, ids: IdArray, labels: IntArray) -> dict[int, str]:
    """Find which clusters bear the titles that were given, as `given_names` does for names.

    Examples
    --------
    >>> ids, labels = np.array([10, 20, 30, 40]), np.array([0, 0, 1, 1])
    >>> titled = Annotations().with_titles({0: "Ports", 1: "Comets"}, ids, labels)
    >>> given_titles(titled, ids, np.array([1, 1, 0, -1]))
    {1: 'Ports', 0: 'Comets'}
    """
    titles = annotations.titles
    return {label: titles[index].name for index, label in _bearers(titles, ids, labels).items()}


def _bearers(names: tuple[NamedRows, ...], ids: IdArray, labels: IntArray) -> dict[int, int]:
    """Return the cluster that bears each name, by the name's place."""
    n_clusters = int(labels.max(initial=-1)) + 1
    if not names or not n_clusters:
        return {}
    from scipy.optimize import linear_sum_assignment

    sizes = np.bincount(labels + 1, minlength=n_clusters + 1)[1:]
    shared = np.zeros((len(names), n_clusters))
    for index, named in enumerate(names):
        members = labels[rows_with_ids(ids, named.ids)]
        both = np.bincount(members + 1, minlength=n_clusters + 1)[1:]
        shared[index] = both / np.maximum(len(named.ids) + sizes - both, 1)
    shared[shared < _SAME] = 0
    found = zip(*linear_sum_assignment(shared, maximize=True), strict=True)
    return {int(index): int(label) for index, label in found if shared[index, label] > 0}


def rows_with_ids(ids: IdArray, wanted: IdArray) -> IntArray:
    """Return the row numbers of those primary keys that are among `ids`; the others are passed over.

    Examples
    --------
    >>> rows_with_ids(np.array([10, 20, 30]), np.array([20, 25]))
    array([1], dtype=int32)
    """
    if not len(wanted) or not len(ids) or (ids.dtype == object) != (wanted.dtype == object):
        return np.empty(0, dtype=np.int32)
    places = np.minimum(np.searchsorted(ids, wanted), len(ids) - 1)
    return np.unique(places[ids[places] == wanted]).astype(np.int32)


def selection_of(ids: IdArray, wanted: IdArray) -> Selection:
    """Return the selection of those primary keys that are among `ids`."""
    return Selection(rows_with_ids(ids, wanted), "ids")
