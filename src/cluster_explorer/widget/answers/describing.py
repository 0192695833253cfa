"""What the selection is about, and near-duplicates: answered from a thread of its own; the panel stays quick."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cluster_explorer.errors import InvalidParameterError
from cluster_explorer.exploring.reading import shortened
from cluster_explorer.widget.answers.background import answer_later
from cluster_explorer.widget.answers.points import point_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.describe import Contrast, DuplicateGroups, DuplicateScale, FieldShares
    from cluster_explorer.exploring.metadata import Metadata
    from cluster_explorer.session import Session
    from cluster_explorer.session.describing import ClusterDescription, SelectionDescription
    from cluster_explorer.state import State
    from cluster_explorer.widget.answers.part import Answers, Message
    from cluster_explorer.widget.panel import PanelWidget

_TEXT_LENGTH = 300
_SNIPPET_LENGTH = 140
#: Groups of near-duplicates that the browser is sent; how many there are is told as well.
_MOST_GROUPS = 200
_MOST_VALUES = 12


class DescribingPart:
    """Keeps the trait `metadata_reading`, and answers `about`, `near_duplicates` and what belongs to them.

    Parameters
    ----------
    session : Session
    widget : PanelWidget
    """

    def __init__(self, session: Session, widget: PanelWidget) -> None:
        self._session = session
        self._widget = widget
        self._groups: DuplicateGroups | None = None
        self._groups_revision = 0
        widget.metadata_reading = self._reading_trait(session.state)

    @property
    def answers(self) -> Answers:
        """What to do with each type of message."""
        return {
            "about": self._about,
            "read_metadata": lambda _message: self._session.metadata.want(),
            "cancel_metadata": lambda _message: self._session.metadata.cancel(),
            "near_duplicates": self._near_duplicates,
            "select_duplicates": self._select_duplicates,
        }

    def render(self, before: State, after: State) -> None:
        """Tell how far the reading of metadata is."""
        if after.metadata is not before.metadata or after.results.rows is not before.results.rows:
            self._widget.metadata_reading = self._reading_trait(after)

    def tell(self, before: State, after: State) -> None:
        """Send nothing unasked."""

    def _reading_trait(self, state: State) -> dict[str, Any]:
        return {"state": self._reading_state(state), **_progress(state.metadata)}

    def _reading_state(self, state: State) -> str:
        metadata, rows, fields = state.metadata, state.results.rows, self._session.metadata.fields
        if not fields:
            return "none"
        if metadata.reading:
            return "reading"
        if rows is not None and not metadata.lacks(rows.ids, fields):
            return "read"
        return "failed" if metadata.problem else "unread"

    # -- about the selection ---------------------------------------------------------------------------------------

    def _about(self, message: Message) -> None:
        revision = int(message["revision"])
        answer_later(self._session, self._widget, message, lambda: self._send_about(revision))

    def _send_about(self, revision: int) -> None:
        session, state = self._session, self._session.state
        label = _whole_cluster(state)
        cluster = None if label is None else self._cluster(session.describing.cluster(label))
        found = session.describing.selection()
        self._widget.send({"type": "about", "revision": revision, "cluster": cluster, **_explained(found)})

    def _cluster(self, found: ClusterDescription) -> dict[str, Any]:
        border = self._rows(found.border.rows, _TEXT_LENGTH)
        leaning = zip(found.border.toward.tolist(), found.border.leaving.tolist(), strict=True)
        return {
            "label": found.label,
            "size": found.size,
            "probability": round(found.probability, 4),
            "keywords": list(found.keywords),
            "central": self._rows(found.central, _TEXT_LENGTH),
            "border": [
                {**row, "toward": toward, "leaving": round(leaving, 4)}
                for row, (toward, leaving) in zip(border, leaning, strict=True)
            ],
            "shares": None if found.shares is None else [_shared(field) for field in found.shares],
        }

    def _rows(self, rows: np.ndarray, length: int) -> list[dict[str, Any]]:
        state = self._session.state
        return [
            {**point_of(state, row), "text": shortened(text, length)}
            for row, text in zip(rows.tolist(), self._session.texts(rows), strict=True)
        ]

    # -- near-duplicates -------------------------------------------------------------------------------------------

    def _near_duplicates(self, message: Message) -> None:
        threshold = message.get("threshold")
        wanted = None if threshold is None else float(threshold)
        answer_later(self._session, self._widget, message, lambda: self._send_duplicates(wanted))

    def _send_duplicates(self, threshold: float | None) -> None:
        describing = self._session.describing
        scale, found = describing.duplicate_scale(), describing.near_duplicates(threshold)
        self._groups, self._groups_revision = found, self._groups_revision + 1
        shown = found.groups[:_MOST_GROUPS]
        first = np.array([group[0] for group in shown], dtype=np.int32)
        groups = [
            {**row, "group": place, "size": len(shown[place])}
            for place, row in enumerate(self._rows(first, _SNIPPET_LENGTH))
        ]
        self._widget.send(
            {
                "type": "near_duplicates",
                "revision": self._groups_revision,
                "threshold": found.threshold,
                **_scale(scale, self._session),
                "n_rows": found.n_rows,
                "n_groups": len(found.groups),
                "n_surplus": found.n_surplus,
                "groups": groups,
            }
        )

    def _select_duplicates(self, message: Message) -> None:
        """Select one group, or all of them; of the last answer alone, since its groups are the ones that are known."""
        found = self._groups
        if found is None or int(message["revision"]) != self._groups_revision:
            raise InvalidParameterError("Near-duplicates have been looked for anew since. Choose among the new ones.")
        wanted = found.groups if message.get("group") is None else [found.groups[int(message["group"])]]
        chosen = np.concatenate([*wanted, np.empty(0, dtype=np.int32)])
        self._session.select_rows(np.sort(chosen))


def _progress(metadata: Metadata) -> dict[str, Any]:
    return {"fraction": round(metadata.fraction, 3), "problem": metadata.problem}


def _whole_cluster(state: State) -> int | None:
    """Return the cluster that the selection is, exactly; None when it is anything else."""
    rows, members = state.selection.rows, state.results.members
    if members is None or not len(rows):
        return None
    label = int(members.labels[rows[0]])
    if label < 0 or not bool((members.labels[rows] == label).all()):
        return None
    # selections hold only what the filter leaves, so that all of that is the whole cluster
    left = state.finding.filter.within(np.flatnonzero(members.labels == label).astype(np.int32))
    return label if len(rows) == len(left) else None


def _explained(found: SelectionDescription) -> dict[str, Any]:
    return {
        "n_rows": found.n_rows,
        "n_others": found.n_others,
        "n_read": found.n_read,
        "n_others_read": found.n_others_read,
        "terms": _contrasts(found.terms),
        "metadata": None if found.metadata is None else _contrasts(found.metadata[:_MOST_VALUES]),
    }


def _contrasts(found: Sequence[Contrast]) -> list[dict[str, Any]]:
    return [
        {
            "field": one.field,
            "value": one.value,
            "inside": one.inside,
            "outside": one.outside,
            "share_inside": one.share_inside,
            "share_outside": one.share_outside,
            "p_value": one.p_value,
        }
        for one in found
    ]


def _shared(field: FieldShares) -> dict[str, Any]:
    return {
        "field": field.field,
        "others": field.others,
        "missing": field.missing,
        "values": [
            {"value": part.value, "count": part.count, "share": part.share, "share_overall": part.share_overall}
            for part in field.shares
        ],
    }


def _scale(scale: DuplicateScale, session: Session) -> dict[str, Any]:
    graph = session.state.results.graph
    metric = graph.metric if graph is not None else ""
    return {"suggested": scale.suggested, "largest": scale.largest, "metric": metric}
