"""How long stages take: from the last time, or guessed, and what is left of a job."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from cluster_explorer.pipeline import STAGES
from cluster_explorer.worker.reports import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cluster_explorer.pipeline import Stage

#: How long stages take relative to each other, until they have been timed.
_FIRST_GUESS = {"rows": 2.0, "neighbors": 1.0, "tree": 0.5, "layout": 6.0, "terms": 1.0}


class Timings:
    """Seconds that each stage took the last time, by its name.

    Examples
    --------
    >>> timings = Timings()
    >>> timings.note("layout", 3.0)
    >>> timings["layout"]
    3.0
    """

    def __init__(self) -> None:
        self._seconds = {stage.name: _FIRST_GUESS.get(stage.name, 0.1) for stage in STAGES}

    def __getitem__(self, name: str) -> float:
        return self._seconds[name]

    def note(self, name: str, seconds: float) -> None:
        """Remember how long a stage took."""
        self._seconds[name] = max(seconds, 0.001)

    def below(self, seconds: float) -> frozenset[str]:
        """Return the stages that took less than this."""
        return frozenset(name for name, taken in self._seconds.items() if taken < seconds)

    def estimate(self, stages: Sequence[Stage], share: float, *, started: float, stage_started: float) -> Status:
        """Estimate a whole job from how far its first stage is, and from how long the others took the last time.

        Parameters
        ----------
        stages : sequence of Stage
            What is left of the job; the first one runs.
        share : float
            Share of that which is done, 0 to 1.
        started, stage_started : float
            When the job and its present stage began, by `time.monotonic`.
        """
        now = time.monotonic()
        stage, spent = stages[0], now - stage_started
        expected = spent / share if share > 0.02 else max(self._seconds[stage.name], spent)
        ahead = sum(self._seconds[other.name] for other in stages[1:])
        left = expected - spent + ahead
        elapsed = now - started
        return Status("running", title=stage.title, fraction=elapsed / max(elapsed + left, 1e-9), remaining=left)
