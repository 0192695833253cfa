"""What a map of many rows draws: which rows, and the tint of density beneath them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from cluster_explorer.exploring.density import Tint, density_tint, reference_density
from cluster_explorer.exploring.sampling import Drawing, SampleIndex, Viewport, choose_rows, sample_index, whole_map

if TYPE_CHECKING:
    import numpy.typing as npt

    from cluster_explorer.state import State
    from cluster_explorer.values import Layout

_NUMBERS = re.compile(r"[\d.]+")


@dataclass(frozen=True, eq=False)
class SampledMap:
    """A layout made ready for drawing samples of it; made once for each layout.

    Attributes
    ----------
    layout : Layout
    everything : Viewport or None
        All of a 2-D map.
    index : SampleIndex
    reference : float
        Density that the tint shows with full strength.
    """

    layout: Layout
    everything: Viewport | None
    index: SampleIndex = field(repr=False)
    reference: float

    @classmethod
    def of(cls, layout: Layout) -> SampledMap:
        """Make a layout ready."""
        positions = layout.positions
        if layout.n_components == 3:
            return cls(layout, None, sample_index(positions), reference=1.0)
        return cls(layout, whole_map(positions), sample_index(positions), reference_density(positions))

    def drawing(self, state: State) -> Drawing:
        """Choose the rows that a state draws."""
        members = state.results.members
        view = None if self.everything is None else state.viewport
        labels = members.labels if members is not None else None
        return choose_rows(self.index, labels, view, state.selection.rows, among=state.finding.filter.kept)

    def tint(self, state: State, drawing: Drawing) -> Tint | None:
        """Draw the density beneath: the stronger, the more rows in view are not drawn."""
        everything, positions = self.everything, self.layout.positions
        if not drawing.is_sample or everything is None:
            return None
        view = everything if state.viewport is None else state.viewport.widened().clipped_to(everything)
        hidden = 1 - drawing.n_drawn / max(drawing.n_seen, 1)
        if view is None or hidden == 0:
            return None
        selected = None
        if len(state.selection):
            selected = np.zeros(len(positions), dtype=bool)
            selected[state.selection.rows] = True
        return density_tint(
            positions,
            state.coloring.codes,
            _palette(state.coloring.colors),
            view,
            reference=self.reference,
            selected=selected,
            strength=hidden**0.5,
        )


def _palette(colors: tuple[str, ...]) -> npt.NDArray[np.float64]:
    """Return red, green, blue and opacity of CSS colours, ``#rrggbb`` or ``rgba(...)``."""
    return np.array([_hex(color) if color.startswith("#") else _rgba(color) for color in colors], dtype=np.float64)


def _hex(color: str) -> list[float]:
    return [*(float(int(color[place : place + 2], 16)) for place in (1, 3, 5)), 1.0]


def _rgba(color: str) -> list[float]:
    parts = [float(part) for part in _NUMBERS.findall(color)]
    return [*parts, 1.0][:4]
