"""Something that is done a moment later, off the thread that asks for it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Later:
    """Does one thing on a thread of its own; asked again while it waits, it does it once.

    Parameters
    ----------
    act : callable
        What to do. It reads what is wanted when it begins, so that the last wish counts; it must not raise.
    """

    def __init__(self, act: Callable[[], None]) -> None:
        self._act = act
        self._changed = threading.Condition()
        # guarded by _changed
        self._due: float | None = None
        self._closed = False
        self._thread: threading.Thread | None = None

    def ask(self, seconds: float) -> None:
        """Do it when so many seconds have passed, or earlier if that was asked for before."""
        due = time.monotonic() + seconds
        with self._changed:
            if self._closed:
                return
            self._due = due if self._due is None else min(due, self._due)
            if self._thread is None:
                # kept for the next time: starting a thread takes long while others compute
                self._thread = threading.Thread(target=self._run, name="cluster-explorer-drawing", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def close(self) -> None:
        """Do nothing any more."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _run(self) -> None:
        while self._wait():
            self._act()

    def _wait(self) -> bool:
        """Wait until it is time to act; False when it never will be."""
        with self._changed:
            while not self._closed:
                left = None if self._due is None else self._due - time.monotonic()
                if left is not None and left <= 0:
                    self._due = None
                    return True
                self._changed.wait(left)
            return False
