"""The clusters as a table: what there is to say of each in a line."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.session.annotating import shown_names

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.exploring.members import Members
    from cluster_explorer.state import State


@dataclass(frozen=True)
class ClusterLine:
    """One cluster, as far as a filter leaves it.

    Attributes
    ----------
    label : int
    name : str
        What it is called; "" where nothing is known of it.
    size : int
        Rows in it as the map shows it, attached noise included.
    n_core : int
        Those of them that are in it by the strict labels.
    keywords : tuple of str
        The best first.
    probability : float
        Mean probability of the rows that are in it by the strict labels, 0 to 1, whatever a filter leaves of them.
    """

    label: int
    name: str
    size: int
    n_core: int
    keywords: tuple[str, ...]
    probability: float


def cluster_table(state: State) -> tuple[ClusterLine, ...]:
    """Describe the clusters that the filter leaves something of, the largest first; none before there are any."""
    members = state.results.members
    if members is None:
        return ()
    kept = state.finding.filter.kept
    sizes, core_sizes = (
        np.bincount((labels if kept is None else labels[kept]) + 1, minlength=members.n_clusters + 1)[1:]
        for labels in (members.labels, members.clustering.labels)
    )
    names, found = shown_names(state), state.results.names
    keywords = found.keywords if found is not None else ()
    means = _mean_probabilities(members)
    lines = (
        ClusterLine(
            label=label,
            name=names[label] if label < len(names) else "",
            size=int(sizes[label]),
            n_core=int(core_sizes[label]),
            keywords=tuple(keywords[label]) if label < len(keywords) else (),
            probability=float(means[label]),
        )
        for label in range(members.n_clusters)
    )
    return tuple(sorted((line for line in lines if line.size), key=lambda line: -line.size))


def _mean_probabilities(members: Members) -> npt.NDArray[np.float64]:
    """Return the mean probability of each cluster's own members, without the noise attached to it."""
    own = members.clustering.labels
    inside = own >= 0
    sums = np.bincount(own[inside], weights=members.probabilities[inside], minlength=members.n_clusters)
    means: npt.NDArray[np.float64] = sums / np.maximum(np.bincount(own[inside], minlength=members.n_clusters), 1)
    return means
