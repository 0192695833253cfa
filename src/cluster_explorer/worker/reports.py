"""What the worker tells: its status, and results to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, TypeAlias

if TYPE_CHECKING:
    from cluster_explorer.params import Params
    from cluster_explorer.pipeline import Results

StatusState: TypeAlias = Literal["new", "running", "ready", "cancelled", "failed"]


@dataclass(frozen=True)
class Status:
    """What the worker is doing.

    Attributes
    ----------
    state : {"new", "running", "ready", "cancelled", "failed"}
        "new" before any work was asked for; "ready" when what is shown answers the parameters.
    title : str
        What is being done, while running; empty until it has taken long enough to be worth a progress bar.
    fraction : float
        Share of the whole job that is done, 0 to 1.
    remaining : float or None
        Seconds left, estimated; None while there is nothing to estimate from.
    message : str
        What went wrong, when failed.
    """

    state: StatusState = "new"
    title: str = ""
    fraction: float = 0.0
    remaining: float | None = None
    message: str = ""


@dataclass(frozen=True, eq=False)
class Report:
    """What the worker tells, in order.

    Attributes
    ----------
    status : Status
    results : Results or None
        Results to show from now on; None leaves what is shown.
    params : Params or None
        Parameters to go back to, after a failure or Cancel; None leaves them.
    notice : str
        One sentence for the user; "" leaves the one that is shown.
    """

    status: Status
    results: Results | None = None
    params: Params | None = None
    notice: str = ""
