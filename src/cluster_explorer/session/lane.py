"""A thread of its own for small computations that a view waits for: the newest wish of each kind, in turn."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from cluster_explorer.errors import Cancelled
from cluster_explorer.stopping import stopped_by

if TYPE_CHECKING:
    from collections.abc import Callable

_log = logging.getLogger(__name__)


class Lane:
    """Runs what is handed in, in order; a wish that waits is replaced by a newer one of its kind.

    The thread ends when there is nothing to do. Nothing that runs here may enter numba's parallel code (see `jobs`).
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._guard = threading.Lock()
        self._waiting: dict[str, Callable[[], None]] = {}
        self._thread: threading.Thread | None = None
        self._closed = False

    def submit(self, kind: str, work: Callable[[], None]) -> None:
        """Run `work` on the lane's thread, unless another of its `kind` comes before its turn."""
        with self._guard:
            if self._closed:
                return
            self._waiting.pop(kind, None)
            self._waiting[kind] = work
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Drop what waits, and wait for what runs."""
        with self._guard:
            self._closed = True
            self._waiting.clear()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join()

    def _run(self) -> None:
        while (work := self._next()) is not None:
            try:
                with stopped_by(self._stop_if_told):
                    work()
            except Cancelled:
                # nobody wants the answer any more
                continue
            except Exception:  # noqa: BLE001 - the lane goes on for others
                _log.exception("Work on the lane %r failed", self._name)

    def _stop_if_told(self) -> None:
        if self._closed:
            raise Cancelled("The explorer was closed.")

    def _next(self) -> Callable[[], None] | None:
        with self._guard:
            if not self._waiting:
                self._thread = None
                return None
            return self._waiting.pop(next(iter(self._waiting)))
