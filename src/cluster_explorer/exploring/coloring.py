"""The colour of every row: by cluster, by confidence, by how far the map can be trusted, or by a field."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from cluster_explorer.exploring.palette import NOISE, css_color, sequence, with_alpha

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.exploring.columns import Column
    from cluster_explorer.exploring.identity import Identities
    from cluster_explorer.exploring.members import Members
    from cluster_explorer.values import FloatArray

Codes: TypeAlias = npt.NDArray[np.uint8] | npt.NDArray[np.int32]
ColoringKind: TypeAlias = Literal["clusters", "categories", "numbers", "dates"]

#: Code of noise, and of rows without a value.
NEUTRAL = 0
_NEUTRAL_ALPHA = 0.45
_ATTACHED_ALPHA = 0.5
_OUTSIDE_ALPHA = 0.16
#: Steps of a scale: more are not told apart.
_STEPS = 48
#: Categories with a colour of their own; the others share one.
_MOST_CATEGORIES = 20
_OTHERS = "#6b7078"


@dataclass(frozen=True)
class LegendEntry:
    """A colour and what it stands for.

    Attributes
    ----------
    code : int
    name : str
    color : str
        CSS colour.
    count : int
        Rows of this colour.
    """

    code: int
    name: str
    color: str
    count: int


@dataclass(frozen=True, eq=False)
class Coloring:
    """The colours of all rows, as codes and the colour of each code.

    Attributes
    ----------
    by : str
        "cluster", "confidence", "trust", or the name of a field.
    kind : {"clusters", "categories", "numbers", "dates"}
        Clusters and categories have a colour each, numbers and dates a scale.
    codes : ndarray of shape (n,), uint8, or int32 for more than 256 colours
        Code of each row. 0 (`NEUTRAL`) is noise, or a missing value.
    colors : tuple of str
        CSS colour of each code, as it is drawn on the map; some let the ground through.
    legend : tuple of LegendEntry
        Of categories: what the colours stand for, rows without a value last. Clusters have a list of their own.
    low, high : float or None
        Of numbers and dates (seconds since 1970): what the ends of the scale stand for.
    """

    by: str = "cluster"
    kind: ColoringKind = "clusters"
    codes: Codes = field(default_factory=lambda: np.empty(0, dtype=np.uint8), repr=False)
    colors: tuple[str, ...] = field(default=(NOISE,), repr=False)
    legend: tuple[LegendEntry, ...] = field(default=(), repr=False)
    low: float | None = None
    high: float | None = None

    def color_of(self, row: int) -> str:
        """Return the CSS colour of a row, for marks beside the map: noise is not transparent there."""
        code = int(self.codes[row]) if row < len(self.codes) else NEUTRAL
        return NOISE if code == NEUTRAL else self.colors[code]

    def dimmed(self, kept: npt.NDArray[np.bool_]) -> Coloring:
        """Return the same colouring with the rows outside of a filter nearly invisible.

        Parameters
        ----------
        kept : ndarray of shape (n,), bool
        """
        outside = len(self.colors)
        codes = _smallest(np.where(kept, self.codes, outside), outside + 1)
        counts = np.bincount(self.codes[kept], minlength=outside)
        legend = tuple(
            LegendEntry(entry.code, entry.name, entry.color, int(counts[entry.code])) for entry in self.legend
        )
        colors = (*self.colors, with_alpha(NOISE, _OUTSIDE_ALPHA))
        return Coloring(self.by, self.kind, codes, colors, legend, self.low, self.high)


def color_by_cluster(members: Members | None, identities: Identities, n_rows: int) -> Coloring:
    """Give each row the colour of its cluster; attached noise gets it lighter, rows outside of the scope vanish nearly.

    Parameters
    ----------
    members : Members or None
        Without them, all rows are neutral.
    identities : Identities
        The colour number of each cluster: code 1 is colour number 0.
    n_rows : int

    Returns
    -------
    Coloring

    Examples
    --------
    >>> from cluster_explorer.exploring.identity import Identities
    >>> from cluster_explorer.exploring.members import members_at
    >>> from cluster_explorer.values import Clustering
    >>> clustering = Clustering(np.array([0, 1, -1]), np.array([1.0, 0.8, 0.0]), n_clusters=2)
    >>> color_by_cluster(members_at(clustering, 1.0), Identities(colors=(1, 0)), 3).codes
    array([2, 1, 0], dtype=uint8)
    """
    neutral = with_alpha(NOISE, _NEUTRAL_ALPHA)
    if members is None:
        return Coloring(codes=np.zeros(n_rows, dtype=np.uint8), colors=(neutral,))
    n_colors = max(identities.colors, default=-1) + 1
    palette = [css_color(number) for number in range(n_colors)]
    codes = np.array([NEUTRAL, *(number + 1 for number in identities.colors)])[members.labels + 1]
    colors = [neutral, *palette]
    attached = members.attached
    if attached.any():
        codes[attached] += n_colors
        colors += [with_alpha(color, _ATTACHED_ALPHA) for color in palette]
    if members.clustering.scope is not None:
        codes[~members.inside] = len(colors)
        colors.append(with_alpha(NOISE, _OUTSIDE_ALPHA))
    return Coloring(codes=_smallest(codes, len(colors)), colors=tuple(colors))


def color_by_share(by: str, values: FloatArray) -> Coloring:
    """Show numbers from 0 to 1 (confidence, trust) on a scale with these ends.

    Parameters
    ----------
    by : str
    values : ndarray of shape (n,), float32

    Returns
    -------
    Coloring
    """
    return _scaled(by, "numbers", values.astype(np.float64), 0.0, 1.0)


def color_by_column(column: Column) -> Coloring:
    """Give each category a colour, or show numbers and dates on a scale.

    A few extreme numbers do not eat up the scale: it ends at the 1st and 99th percentile where those are far inside.

    Parameters
    ----------
    column : Column
        One that has colours.

    Returns
    -------
    Coloring

    Examples
    --------
    >>> from cluster_explorer.exploring.columns import column_of
    >>> coloring = color_by_column(column_of("section", ["sport", "sport", None, "chess"]))
    >>> [(entry.name, entry.count) for entry in coloring.legend]
    [('sport', 2), ('chess', 1), ('no value', 1)]
    """
    if column.kind == "categories":
        return _categorical(column)
    kind: ColoringKind = "dates" if column.kind == "dates" else "numbers"
    low, high = _ends(column.numbers)
    return _scaled(column.name, kind, column.numbers, low, high)


def _categorical(column: Column) -> Coloring:
    shown = len(column.categories) if len(column.categories) <= _MOST_CATEGORIES + 1 else _MOST_CATEGORIES
    codes = np.minimum(column.codes, shown) + 1
    colors = [with_alpha(NOISE, _NEUTRAL_ALPHA), *(css_color(place) for place in range(shown))]
    names = ["no value", *column.categories[:shown]]
    if shown < len(column.categories):
        colors.append(_OTHERS)
        names.append(f"{len(column.categories) - shown:,} others")
    counts = np.bincount(codes, minlength=len(colors)).tolist()
    entries = _entries(names, colors, counts)
    return Coloring(column.name, "categories", _smallest(codes, len(colors)), tuple(colors), entries)


def _entries(names: Sequence[str], colors: Sequence[str], counts: Sequence[int]) -> tuple[LegendEntry, ...]:
    """List what the colours stand for, the rows without a value last, if there are any."""
    order = [*range(1, len(names)), *([NEUTRAL] if counts[NEUTRAL] else [])]
    return tuple(
        LegendEntry(code, names[code], NOISE if code == NEUTRAL else colors[code], counts[code]) for code in order
    )


def _scaled(by: str, kind: ColoringKind, numbers: npt.NDArray[np.float64], low: float, high: float) -> Coloring:
    there = np.isfinite(numbers)
    place = (np.clip(numbers, low, high) - low) / (high - low) if high > low else np.full(len(numbers), 0.5)
    steps = np.minimum(np.where(there, place, 0.0) * _STEPS, _STEPS - 1).astype(np.int32)
    codes = np.where(there, steps + 1, NEUTRAL)
    colors = (with_alpha(NOISE, _NEUTRAL_ALPHA), *sequence(_STEPS))
    return Coloring(by, kind, _smallest(codes, len(colors)), colors, (), low, high)


def _ends(numbers: npt.NDArray[np.float64]) -> tuple[float, float]:
    there = numbers[np.isfinite(numbers)]
    low, first, last, high = np.percentile(there, [0, 1, 99, 100]).tolist() if len(there) else (0.0,) * 4
    inner = last - first
    # an end that is near the percentile tells more plainly what is there
    return (first if first - low > inner else low, last if high - last > inner else high)


def _smallest(codes: npt.NDArray[np.integer], n_colors: int) -> Codes:
    """One byte a row travels four times as fast to the browser."""
    narrow: Codes = codes.astype(np.uint8) if n_colors <= 256 else codes.astype(np.int32)
    return narrow
