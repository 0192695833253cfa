"""Questions that take a while (embedding, network), answered one at a time on a thread of their own."""

from __future__ import annotations

import logging
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

from cluster_explorer.errors import Cancelled, sentence_of
from cluster_explorer.exploring.finding import Errand
from cluster_explorer.stopping import stopped_by

if TYPE_CHECKING:
    from collections.abc import Callable

    from cluster_explorer.values import ProgressCallback

#: Tells how far it is, and returns what makes its result known.
Work: TypeAlias = "Callable[[ProgressCallback], Callable[[], object]]"

_log = logging.getLogger(__name__)
_STEP = 0.1
_PATIENCE = 2.0


class Errands:
    """Runs one errand at a time; a newer one takes the place of the one that runs.

    What cannot be interrupted (an embedding function, one call to Milvus) is left to end; what it brings is dropped.

    Parameters
    ----------
    tell : callable
        Told what is being done, None when it is done, and a sentence on what went wrong, or "".
    """

    def __init__(self, tell: Callable[[Errand | None, str], None]) -> None:
        self._tell = tell
        self._guard = threading.Lock()
        self._current: Work | None = None
        self._thread: threading.Thread | None = None

    def start(self, title: str, work: Work) -> None:
        """Run `work` in the background; what it returns is called when it has not been superseded meanwhile."""
        with self._guard:
            self._current = work
        self._tell(Errand(title), "")
        self._thread = threading.Thread(
            target=self._run, args=(title, work), name="cluster-explorer-errand", daemon=True
        )
        self._thread.start()

    def is_running(self, work: Work) -> bool:
        """Whether some work has not come to its end, nor been cancelled or superseded."""
        return self._current is work

    def cancel(self) -> None:
        """Forget what runs."""
        with self._guard:
            if self._current is None:
                return
            self._current = None
        self._tell(None, "")

    def wait(self) -> None:
        """Wait until what runs has come to its end."""
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def close(self) -> None:
        """Forget what runs, and give it a moment to end."""
        with self._guard:
            self._current = None
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join(_PATIENCE)

    def _run(self, title: str, work: Work) -> None:
        told = time.monotonic()

        def stop_if_told() -> None:
            if self._current is not work:
                raise Cancelled("Another question was asked.")

        def on_progress(share: float) -> None:
            nonlocal told
            stop_if_told()
            if time.monotonic() - told > _STEP:
                told = time.monotonic()
                self._tell(Errand(title, share), "")

        problem = ""
        try:
            with stopped_by(stop_if_told):
                finish = work(on_progress)
            on_progress(1.0)
            finish()
        except Cancelled as error:
            # not only a newer question ends this one: somebody may have cancelled the work that it waits for
            problem = str(error)
        except Exception as error:  # noqa: BLE001 - whatever happens is shown, never lost in a thread
            problem = sentence_of(error, _log)
        with self._guard:
            if self._current is not work:
                return
            self._current = None
        self._tell(None, problem)
