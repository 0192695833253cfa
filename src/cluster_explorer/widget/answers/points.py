"""How rows and clusters look to the browser, without their texts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cluster_explorer.exploring.finding import score_of
from cluster_explorer.exploring.palette import css_color

if TYPE_CHECKING:
    from cluster_explorer.state import State


def point_of(state: State, row: int) -> dict[str, Any]:
    """Return everything but the text that the browser shows of a row."""
    rows, members, layout = state.results.rows, state.results.members, state.results.layout
    label = int(members.labels[row]) if members is not None else -1
    point: dict[str, Any] = {
        "row": row,
        # as text, since automatic keys are larger than the browser's whole numbers
        "id": str(rows.ids[row]) if rows is not None else "",
        "label": label,
        "color": state.coloring.color_of(row),
        "probability": round(float(members.probabilities[row]), 4) if members is not None else 0.0,
        "confidence": round(float(members.confidence[row]), 4) if members is not None else 0.0,
    }
    score = score_of(state.selection, state.finding.hits, row)
    if score is not None:
        point["score"] = round(score, 6)
    if layout is not None:
        point |= dict(zip("xyz", layout.positions[row].tolist(), strict=False))
    return point


def color_of(state: State, label: int) -> str:
    """Return the CSS colour of a cluster; -1 is the noise."""
    return css_color(state.identities.colors[label] if 0 <= label < len(state.identities.colors) else None)
