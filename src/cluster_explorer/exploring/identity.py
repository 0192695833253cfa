"""Same cluster, same colour, same number: clusters are followed from one clustering to the next by their best overlap.

A clustering that one comes back to looks as it did: its colours are remembered. So is the colour of rows that have
become noise, for when their cluster appears again. Numbers follow colours as far as they can: a clustering numbers its
clusters 0, 1, ... without gaps, while colours that are not in use have gaps.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from hashlib import blake2b
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from cluster_explorer.values import Clustering, IntArray, Scope

    BoolArray = npt.NDArray[np.bool_]
    Counts = npt.NDArray[np.int64]

#: A cluster is still the same if more than this share of its rows stay together.
_WHOLE = 0.75
#: Share of its rows that a cluster takes from an earlier one to count as a part of it, or gives to be merged.
_MOST = 0.5
#: Clusterings whose colours are remembered, the last ones: a slider that is moved shows dozens.
_MOST_LOOKS = 200
#: Parts of a collection that are remembered row by row, beside the whole of it and the one that is looked at.
_MOST_SCOPES = 5


@dataclass(frozen=True)
class Identities:
    """The colour number of each cluster, and what changed when clusters were last computed.

    Attributes
    ----------
    colors : tuple of int
        Colour number of cluster 0, 1, ...; no two clusters of one clustering share one.
    n_split, n_merged : int
        Earlier clusters that fell apart: several clusters are mostly made of one, or a quarter and more of it went
        elsewhere. Present clusters that several earlier ones went into.
    n_left_noise, n_became_noise : int
        Rows.
    """

    colors: tuple[int, ...] = ()
    n_split: int = 0
    n_merged: int = 0
    n_left_noise: int = 0
    n_became_noise: int = 0

    @property
    def sentence(self) -> str:
        """What changed, in a few words; empty if nothing did.

        Examples
        --------
        >>> Identities(n_split=3, n_merged=1, n_left_noise=212).sentence
        '3 split, 1 merged, 212 rows left noise'
        """
        parts = [
            (self.n_split, "split"),
            (self.n_merged, "merged"),
            (self.n_left_noise, "rows left noise"),
            (self.n_became_noise, "rows became noise"),
        ]
        return ", ".join(f"{count:,} {what}" for count, what in parts if count)


@dataclass(frozen=True, eq=False)
class RowColors:
    """The colour that each of some rows wore last.

    Attributes
    ----------
    colors : ndarray of shape (m,), int32
        Colour number of the cluster that the row was in last; -1 if it never was in any.
    noise : ndarray of shape (m,), bool
        Whether the row is in no cluster at present.
    """

    colors: IntArray = field(repr=False)
    noise: BoolArray = field(repr=False)

    @property
    def present(self) -> IntArray:
        """Colour number of the cluster that each row is in, shape (m,), int32; -1 for noise."""
        return np.where(self.noise, np.int32(-1), self.colors)

    def at(self, places: IntArray) -> RowColors:
        """Return those of some of the rows."""
        return RowColors(self.colors[places], self.noise[places])

    def after(self, labels: IntArray, colors: tuple[int, ...]) -> RowColors:
        """Return them for the clusters that came next: noise keeps the colour it had."""
        noise = labels < 0
        worn = np.array([*colors, -1], dtype=np.int32)[labels]
        return RowColors(np.where(noise, self.colors, worn), noise)


def without_colors(n_rows: int) -> RowColors:
    """Return the colours of rows that were in no cluster yet."""
    return RowColors(np.full(n_rows, -1, dtype=np.int32), np.ones(n_rows, dtype=np.bool_))


@dataclass(frozen=True, eq=False)
class Memory:
    """What clusters looked like, so that what one comes back to looks as it did.

    Attributes
    ----------
    by_scope : mapping of Scope or None to RowColors
        What the rows of each scope wore last.
    looks : mapping of str to tuple of int
        The colours of clusterings seen before, by a fingerprint of their labels; the latest last.
    """

    by_scope: Mapping[Scope | None, RowColors] = field(default_factory=lambda: MappingProxyType({}), repr=False)
    looks: Mapping[str, tuple[int, ...]] = field(default_factory=lambda: MappingProxyType({}), repr=False)

    def holding(self, clustering: Clustering, identities: Identities) -> Memory:
        """Return a copy that also remembers this clustering."""
        scope, labels = clustering.scope, clustering.clustered_labels
        earlier = self.by_scope.get(scope) or without_colors(len(labels))
        look = _fingerprint(clustering)
        looks = {known: colors for known, colors in self.looks.items() if known != look} | {look: identities.colors}
        others = [(known, worn) for known, worn in self.by_scope.items() if known is not None and known is not scope]
        kept: dict[Scope | None, RowColors] = {None: self.by_scope[None]} if None in self.by_scope else {}
        kept |= dict(others[-_MOST_SCOPES:])
        return Memory(
            MappingProxyType(kept | {scope: earlier.after(labels, identities.colors)}),
            MappingProxyType(dict(list(looks.items())[-_MOST_LOOKS:])),
        )

    def carried(self, places: IntArray, n_rows: int) -> Memory:
        """Return what is remembered of the whole collection for other rows: `places` says where each one is now."""
        whole = self.by_scope.get(None)
        if whole is None:
            return Memory()
        there, moved = places >= 0, without_colors(n_rows)
        moved.colors[places[there]], moved.noise[places[there]] = whole.colors[there], whole.noise[there]
        return Memory(MappingProxyType({None: moved}))

    def identify(self, clustering: Clustering) -> Identities:
        """Give clusters the colours they had, or those of the ones before in the same scope, or else around it.

        What changed is told within one scope only: drilling down changes no cluster.
        """
        scope, labels = clustering.scope, clustering.clustered_labels
        within = scope
        while within is not None and within not in self.by_scope:
            within = within.parent
        earlier = self.by_scope.get(within)
        if earlier is None:
            found = follow(without_colors(len(labels)), labels)
        elif within is scope:
            found = follow(earlier, labels)
        else:
            found = follow(earlier.at(_places(within, clustering)), labels)
        seen = self.looks.get(_fingerprint(clustering), ())
        # a look that was read from a file may be anything
        colors = seen if len(seen) == len(found.colors) else found.colors
        return replace(found, colors=colors) if earlier is not None and within is scope else Identities(colors)


@dataclass(frozen=True, eq=False)
class Followed:
    """What has become of the clusters that there were, and what is remembered for those that come next.

    Attributes
    ----------
    identities : Identities
        The colours of the clusters, by the numbers that they have now, and what changed.
    memory : Memory
    numbers : tuple of int
        The number of each cluster: of the largest first, by which they were found.
    """

    identities: Identities = field(default_factory=Identities)
    memory: Memory = field(default_factory=Memory)
    numbers: tuple[int, ...] = ()

    def carried(self, places: IntArray, n_rows: int) -> Followed:
        """Return what is remembered for other rows: `places` says where each one is now."""
        return replace(self, memory=self.memory.carried(places, n_rows))

    def by(self, found: Clustering, *, tell: bool = True) -> Followed:
        """Follow the clusters to those that were found next.

        Parameters
        ----------
        found : Clustering
            The largest cluster first.
        tell : bool
            Whether to tell what split and merged; among other rows there is no telling.
        """
        known = self.memory.identify(found)
        before = {color: number for number, color in enumerate(self.identities.colors)}
        numbers = numbers_of(known.colors, before)
        colors = dict(zip(numbers, known.colors, strict=True))
        now = replace(known if tell else Identities(), colors=tuple(colors[number] for number in range(len(numbers))))
        return Followed(now, self.memory.holding(found, known), numbers)


def numbers_of(colors: tuple[int, ...], before: Mapping[int, int] = MappingProxyType({})) -> tuple[int, ...]:
    """Give clusters the numbers 0, 1, ...: that of their colour, else the one they have, else one that is free.

    Parameters
    ----------
    colors : tuple of int
        Colour number of each cluster, the largest first. At first it is the cluster's number as well.
    before : mapping of int to int, optional
        By colour number: the number that its cluster has.

    Examples
    --------
    >>> numbers_of((2, 7, 0, 9), before={9: 3})
    (2, 1, 0, 3)
    """
    n_clusters = len(colors)
    numbers = {color: color for color in colors if color < n_clusters}
    free = set(range(n_clusters)).difference(numbers)
    for color in colors:
        if color not in numbers and before.get(color) in free:
            numbers[color] = before[color]
            free.remove(before[color])
    left = iter(sorted(free))
    return tuple(numbers[color] if color in numbers else next(left) for color in colors)


def renumbered(clustering: Clustering, numbers: tuple[int, ...]) -> Clustering:
    """Return a clustering with other numbers for the same clusters.

    Parameters
    ----------
    clustering : Clustering
    numbers : tuple of int
        The new number of cluster 0, 1, ...; a permutation.

    Examples
    --------
    >>> from cluster_explorer.values import Clustering
    >>> found = Clustering(np.array([0, 0, 1, -1], np.int32), np.ones(4, np.float32), n_clusters=2)
    >>> renumbered(found, (1, 0)).labels.tolist()
    [1, 1, 0, -1]
    """
    if numbers == tuple(range(clustering.n_clusters)):
        return clustering
    # -1 picks the last one
    number = np.array([*numbers, -1], dtype=np.int32)
    hierarchy, attached = clustering.hierarchy, clustering.attached_labels
    return replace(
        clustering,
        labels=number[clustering.labels],
        attached_labels=None if attached is None else number[attached],
        hierarchy=None if hierarchy is None else replace(hierarchy, label=number[hierarchy.label]),
    )


def follow(earlier: RowColors, labels: IntArray) -> Identities:
    """Give each cluster the colour of the earlier cluster that it shares most rows with, one to one.

    The assignment with the largest total overlap is found among the pairs that share rows, which are few, by the
    method of Jonker and Volgenant (`scipy.sparse.csgraph.min_weight_full_bipartite_matching`). Clusters without a
    predecessor get the colour that most of their rows wore last, if it is free; the others the lowest free colour
    numbers, the largest cluster first.

    Parameters
    ----------
    earlier : RowColors
        What the rows wore last.
    labels : ndarray of shape (m,), int32
        Present labels of the same rows.

    Returns
    -------
    Identities

    Examples
    --------
    >>> before = RowColors(np.array([7, 7, 3, 3]), np.zeros(4, dtype=bool))
    >>> follow(before, np.array([1, 1, 0, 0])).colors
    (3, 7)
    """
    sizes = np.bincount(labels[labels >= 0], minlength=int(labels.max(initial=-1)) + 1)
    before = _Overlap.between(earlier.present, labels, len(sizes))
    colors = before.assigned({})
    colors = _Overlap.between(np.where(earlier.noise, earlier.colors, -1), labels, len(sizes)).assigned(colors)
    return Identities(
        colors=_with_free_colors(colors, sizes),
        n_split=before.n_split(sizes),
        n_merged=before.n_merged,
        n_left_noise=int((earlier.noise & (labels >= 0)).sum()),
        n_became_noise=int((~earlier.noise & (labels < 0)).sum()),
    )


@dataclass(frozen=True, eq=False)
class _Overlap:
    """Rows that colours and clusters share: one entry for each pair that shares any.

    Attributes
    ----------
    worn : ndarray of shape (c,), int32
        The colours that there are, ascending.
    n_clusters : int
    color : ndarray of shape (m,), int64
        Which of the colours, ascending.
    cluster : ndarray of shape (m,), int64
    rows : ndarray of shape (m,), int64
        How many they share, 1 or more.
    """

    worn: IntArray
    n_clusters: int
    color: Counts
    cluster: Counts
    rows: Counts

    @classmethod
    def between(cls, colors: IntArray, labels: IntArray, n_clusters: int) -> _Overlap:
        both = (colors >= 0) & (labels >= 0)
        worn = np.unique(colors[colors >= 0])
        pairs, rows = np.unique(
            np.searchsorted(worn, colors[both]) * np.int64(n_clusters) + labels[both], return_counts=True
        )
        color, cluster = np.divmod(pairs, max(n_clusters, 1))
        return cls(worn, n_clusters, color, cluster, rows)

    def assigned(self, given: dict[int, int]) -> dict[int, int]:
        """Return the colour of each cluster that has one, those that are `given` first."""
        from scipy.sparse import coo_array
        from scipy.sparse.csgraph import min_weight_full_bipartite_matching

        free = ~np.isin(self.worn, list(given.values()))[self.color] & ~np.isin(self.cluster, list(given))
        if not free.any():
            return given
        n_colors = len(self.worn)
        # Each colour may also go with none, for less than a row all together: so that there is always a matching.
        nobody = np.arange(n_colors)
        shares = np.concatenate([self.rows[free], np.full(n_colors, 0.5 / n_colors)])
        places = (
            np.concatenate([self.color[free], nobody]),
            np.concatenate([self.cluster[free], self.n_clusters + nobody]),
        )
        shape = (n_colors, self.n_clusters + n_colors)
        old, new = min_weight_full_bipartite_matching(coo_array((shares, places), shape).tocsr(), maximize=True)
        found = new < self.n_clusters
        return {**given, **dict(zip(new[found].tolist(), self.worn[old[found]].tolist(), strict=True))}

    @property
    def flows(self) -> npt.NDArray[np.float64]:
        """Share of the rows of a colour, among those that are in a cluster, that each pair has."""
        totals = np.bincount(self.color, weights=self.rows, minlength=len(self.worn))
        return self.rows / totals[self.color]

    def n_split(self, sizes: Counts) -> int:
        """Colours that fell apart, into however many parts."""
        parts = self.rows > _MOST * sizes[self.cluster]
        n_parts = np.bincount(self.color[parts], minlength=len(self.worn))
        largest = np.zeros(len(self.worn))
        np.maximum.at(largest, self.color, self.flows)
        return int(((n_parts > 1) | ((largest > 0) & (largest <= _WHOLE))).sum())

    @property
    def n_merged(self) -> int:
        """Clusters that several colours went into."""
        return int((np.bincount(self.cluster[self.flows > _MOST]) > 1).sum())


def _places(within: Scope | None, clustering: Clustering) -> IntArray:
    """Return where the rows of a clustering are among those of a scope around it."""
    inner = clustering.scope
    rows = np.arange(len(clustering.labels), dtype=np.int32) if inner is None else inner.rows
    return rows if within is None else np.searchsorted(within.rows, rows).astype(np.int32)


def _fingerprint(clustering: Clustering) -> str:
    return blake2b(np.ascontiguousarray(clustering.labels, dtype=np.int32).tobytes(), digest_size=16).hexdigest()


def _with_free_colors(inherited: dict[int, int], sizes: Counts) -> tuple[int, ...]:
    taken = set(inherited.values())
    free = (color for color in range(len(taken) + len(sizes)) if color not in taken)
    colors = dict(inherited)
    for label in np.argsort(-sizes, kind="stable").tolist():
        if label not in colors:
            colors[label] = next(free)
    return tuple(colors[label] for label in range(len(sizes)))
