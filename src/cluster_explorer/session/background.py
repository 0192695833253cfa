"""Work of one kind on a thread of its own: one piece at a time, with Cancel, and progress told in steps."""

from __future__ import annotations

import logging
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from cluster_explorer.errors import Cancelled, sentence_of
from cluster_explorer.stopping import stopped_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.values import ProgressCallback

_log = logging.getLogger(__name__)

#: Seconds between two reports of progress, at least.
STEP = 0.1


@dataclass(frozen=True)
class Outcome:
    """How a piece of work ended.

    Attributes
    ----------
    ended : str
        "done", "cancelled" or "failed".
    sentence : str
        What the work returned, or what went wrong.
    """

    ended: Literal["done", "cancelled", "failed"]
    sentence: str


class Background:
    """Runs one piece of work at a time; while one runs, no other is started.

    Parameters
    ----------
    name : str
        Of the thread.
    cancelled : str
        The sentence that a piece of work ends with when it is cancelled.
    """

    def __init__(self, name: str, cancelled: str) -> None:
        self._name = name
        self._cancelled = cancelled
        self._guard = threading.Lock()
        self._thread: threading.Thread | None = None
        self._stopped = threading.Event()

    def start(
        self,
        work: Callable[[ProgressCallback], str],
        *,
        tell: ProgressCallback,
        done: Callable[[Outcome], None],
    ) -> bool:
        """Run `work` in the background, unless something runs already; return whether it was started.

        Parameters
        ----------
        work : callable
            Gets a callback for its progress, which raises `Cancelled` when it is to stop; returns a sentence.
        tell : callable
            Told the share that is done, 0.0 at once and then ten times a second at most.
        done : callable
            Told how it ended. The next piece of work may be started from there.
        """
        with self._guard:
            if self._thread is not None:
                return False
            self._stopped.clear()
            self._thread = threading.Thread(target=self._run, args=(work, tell, done), name=self._name, daemon=True)
            self._thread.start()
        return True

    def cancel(self) -> None:
        """Stop what runs, at its next step."""
        self._stopped.set()

    def close(self) -> None:
        """Stop what runs, and wait until it has stopped."""
        self.cancel()
        thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(
        self,
        work: Callable[[ProgressCallback], str],
        tell: ProgressCallback,
        done: Callable[[Outcome], None],
    ) -> None:
        told = time.monotonic()

        def on_progress(share: float) -> None:
            nonlocal told
            self._stop_if_told()
            if time.monotonic() - told > STEP:
                told = time.monotonic()
                tell(share)

        try:
            tell(0.0)
            with stopped_by(self._stop_if_told):
                outcome = Outcome("done", work(on_progress))
        except Cancelled as error:
            outcome = Outcome("cancelled", str(error))
        except Exception as error:  # noqa: BLE001 - whatever happens is shown, never lost in a thread
            outcome = Outcome("failed", sentence_of(error, _log))
        with self._guard:
            self._thread = None
        done(outcome)

    def _stop_if_told(self) -> None:
        if self._stopped.is_set():
            raise Cancelled(self._cancelled)
