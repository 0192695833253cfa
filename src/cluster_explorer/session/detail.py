"""Everything there is to read about one row."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, eq=False)
class Neighbor:
    """A neighbour of a row.

    Attributes
    ----------
    row : int
    distance : float
    """

    row: int
    distance: float


@dataclass(frozen=True, eq=False)
class Detail:
    """Everything there is to read about one row.

    Attributes
    ----------
    row : int
    text : str
        The whole text.
    fields : tuple of (str, str)
        Metadata, by name.
    neighbors : tuple of Neighbor
        Its nearest neighbours in the graph, nearest first.
    """

    row: int
    text: str
    fields: tuple[tuple[str, str], ...] = ()
    neighbors: tuple[Neighbor, ...] = field(default=())
