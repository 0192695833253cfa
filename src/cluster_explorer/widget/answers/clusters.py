"""The clusters: which there are, and choosing one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.exploring.palette import css_color
from cluster_explorer.exploring.reading import label_anchors
from cluster_explorer.session.annotating import are_renamed
from cluster_explorer.session.cluster_table import cluster_table
from cluster_explorer.widget.answers.points import color_of

if TYPE_CHECKING:
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


def cluster_traits(state: State) -> list[dict[str, Any]]:
    """Describe every cluster, the largest first, and the noise last."""
    members, layout, kept = state.results.members, state.results.layout, state.finding.filter.kept
    if members is None:
        return []
    anchors = label_anchors(layout.positions, members).tolist() if layout is not None else None
    described: list[dict[str, Any]] = [
        {
            "label": line.label,
            "name": line.name,
            "keywords": list(line.keywords),
            "probability": round(line.probability, 4),
            "color": color_of(state, line.label),
            "size": line.size,
            **(dict(zip("xyz", anchors[line.label], strict=False)) if anchors is not None else {}),
        }
        # a cluster that the filter leaves nothing of is not on the map
        for line in cluster_table(state)
    ]
    n_noise = members.n_noise if kept is None else int(np.count_nonzero(members.noise & kept))
    if n_noise:
        described.append({"label": -1, "name": "noise", "color": css_color(None), "size": n_noise})
    return described
