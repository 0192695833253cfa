"""The clusters: which there are, and choosing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.exploring.palette import css_color
from cluster_explorer.exploring.reading import label_anchors
from cluster_explorer.session.annotating import are_renamed, shown_names
from cluster_explorer.widget.answers.points import color_of

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.exploring.members import Members
    from cluster_explorer.session import Session
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget


class ClustersPart:
    """Keeps the trait `clusters`, and answers `select_cluster`.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._session = session
        self._widget = widget

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {"select_cluster": self._select}

    def render(self, before: State, after: State) -> None:
        """Describe the clusters anew when something about them has changed."""
        old, new = before.results, after.results
        is_renamed = new.names is not old.names or are_renamed(before, after)
        is_counted = new.members is not old.members or after.finding.filter is not before.finding.filter
        if is_counted or is_renamed or new.layout is not old.layout:
            self._widget.clusters = cluster_traits(after)

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _select(self, message: Message) -> None:
        self._session.select_cluster(int(message["label"]), message["mode"])


def _mean_probabilities(members: Members) -> npt.NDArray[np.float64]:
    """Return the mean probability of each cluster's own members, without the noise attached to it."""
    own = members.clustering.labels
    inside = own >= 0
    sums = np.bincount(own[inside], weights=members.probabilities[inside], minlength=members.n_clusters)
    means: npt.NDArray[np.float64] = sums / np.maximum(np.bincount(own[inside], minlength=members.n_clusters), 1)
    return means


def cluster_traits(state: State) -> list[dict[str, Any]]:
    """Describe every cluster, the largest first, and the noise last."""
    members, layout, names = state.results.members, state.results.layout, shown_names(state)
    if members is None:
        return []
    kept = state.finding.filter.kept
    anchors = label_anchors(layout.positions, members).tolist() if layout is not None else None
    found = state.results.names
    keywords = found.keywords if found is not None else ()
    means = _mean_probabilities(members)
    counted = members.labels if kept is None else members.labels[kept]
    sizes = np.bincount(counted + 1, minlength=members.n_clusters + 1)
    n_noise = members.n_noise if kept is None else int(np.count_nonzero(members.noise & kept))
    described = [
        {
            "label": label,
            "name": names[label] if label < len(names) else "",
            "keywords": list(keywords[label]) if label < len(keywords) else [],
            "probability": round(float(means[label]), 4),
            "color": color_of(state, label),
            "size": int(sizes[label + 1]),
            **(dict(zip("xyz", anchors[label], strict=False)) if anchors is not None else {}),
        }
        for label in range(members.n_clusters)
    ]
    described.sort(key=lambda cluster: -int(str(cluster["size"])))
    # a cluster that the filter leaves nothing of is not on the map
    described = [cluster for cluster in described if cluster["size"]]
    if n_noise:
        described.append({"label": -1, "name": "noise", "color": css_color(None), "size": n_noise})
    return described
