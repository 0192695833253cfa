"""How far the asking for titles is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

TitlingState: TypeAlias = Literal["idle", "running", "done", "cancelled", "failed"]


@dataclass(frozen=True)
class TitlingStatus:
    """How far the asking for titles is.

    Attributes
    ----------
    state : {"idle", "running", "done", "cancelled", "failed"}
        "failed" when not one title came.
    fraction : float
        Share of the clusters that are answered, 0 to 1.
    n_titles, n_failed : int
        Clusters with a new title; clusters that keep their keywords.
    message : str
        Why some failed: the first reason.
    """

    state: TitlingState = "idle"
    fraction: float = 0.0
    n_titles: int = 0
    n_failed: int = 0
    message: str = ""
