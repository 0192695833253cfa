"""Same cluster, same colour: clusters are followed from one clustering to the next by their best overlap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.values import IntArray

#: Share of a cluster's rows that must go somewhere for the cluster to count as having gone there.
_PART = 0.25


@dataclass(frozen=True)
class Identities:
    """The colour number of each cluster, and what changed when clusters were last computed.

    Attributes
    ----------
    colors : tuple of int
        Colour number of cluster 0, 1, ...; no two clusters of one clustering share one.
    n_split, n_merged : int
        Earlier clusters that fell apart; present clusters that several earlier ones went into.
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


def follow(before: IntArray | None, identities: Identities, after: IntArray) -> Identities:
    """Give each cluster the colour of the earlier cluster that it shares most rows with, one to one.

    The assignment with the largest total overlap is found by the Hungarian method (`scipy.optimize`); clusters without
    a predecessor get the lowest free colour numbers, the largest cluster first.

    Parameters
    ----------
    before : ndarray of shape (n,), int32, or None
        Earlier labels; None at the beginning.
    identities : Identities
        Colours of the earlier clusters.
    after : ndarray of shape (n,), int32
        Present labels.

    Returns
    -------
    Identities

    Examples
    --------
    >>> follow(np.array([0, 0, 1, 1]), Identities(colors=(7, 3)), np.array([1, 1, 0, 0])).colors
    (3, 7)
    """
    sizes = np.bincount(after[after >= 0], minlength=int(after.max(initial=-1)) + 1)
    if before is None or len(before) != len(after):
        return Identities(colors=_with_free_colors({}, sizes))
    overlap = _overlap(before, after, len(identities.colors), len(sizes))
    flows = overlap / np.maximum(overlap.sum(axis=1, keepdims=True), 1)
    return Identities(
        colors=_with_free_colors(_inherited(overlap, identities.colors), sizes),
        n_split=int(((flows >= _PART).sum(axis=1) > 1).sum()),
        n_merged=int(((flows > 0.5).sum(axis=0) > 1).sum()),
        n_left_noise=int(((before < 0) & (after >= 0)).sum()),
        n_became_noise=int(((before >= 0) & (after < 0)).sum()),
    )


def _overlap(before: IntArray, after: IntArray, n_before: int, n_after: int) -> npt.NDArray[np.int64]:
    both = (before >= 0) & (after >= 0)
    pairs = before[both].astype(np.int64) * n_after + after[both]
    return np.bincount(pairs, minlength=n_before * n_after).reshape(n_before, n_after)


def _inherited(overlap: npt.NDArray[np.int64], colors: tuple[int, ...]) -> dict[int, int]:
    from scipy.optimize import linear_sum_assignment

    earlier, present = linear_sum_assignment(overlap, maximize=True)
    return {int(new): colors[old] for old, new in zip(earlier, present, strict=True) if overlap[old, new] > 0}


def _with_free_colors(inherited: dict[int, int], sizes: npt.NDArray[np.int64]) -> tuple[int, ...]:
    taken = set(inherited.values())
    free = (color for color in range(len(taken) + len(sizes)) if color not in taken)
    colors = dict(inherited)
    for label in np.argsort(-sizes, kind="stable").tolist():
        if label not in colors:
            colors[label] = next(free)
    return tuple(colors[label] for label in range(len(sizes)))
