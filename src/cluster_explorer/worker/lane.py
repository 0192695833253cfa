"""Workers of several explorers in one process take turns.

Two threads in parallel numba code end the process: its ``workqueue`` threading layer is not thread-safe.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_LANE = threading.RLock()
#: Seconds between two calls while one waits.
_STEP = 0.1


@contextmanager
def my_turn(while_waiting: Callable[[], None]) -> Iterator[None]:
    """Wait until no other worker of this process computes, and keep the others waiting.

    Parameters
    ----------
    while_waiting : callable
        Called ten times a second; may raise to give up.
    """
    while not _LANE.acquire(timeout=_STEP):
        while_waiting()
    try:
        yield
    finally:
        _LANE.release()
