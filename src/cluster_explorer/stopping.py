"""Letting go of work that waits: whoever waits for a server asks whether the answer is still wanted.

Work that computes is stopped at its next report of progress. Work that waits makes no progress, and what it waits in
(a retry within pymilvus, a call to a server that has stopped) cannot be woken. So the thread that runs it says how to
tell whether to stop, and whoever waits deep below asks that, without every function between them handing it on.
"""

from __future__ import annotations

import threading
from concurrent.futures import Future
from concurrent.futures import TimeoutError as StillWaiting
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

#: Seconds between two looks whether the answer is still wanted.
_LOOK = 0.05

_check: ContextVar[Callable[[], None] | None] = ContextVar("check", default=None)


@contextmanager
def stopped_by(check: Callable[[], None]) -> Iterator[None]:
    """Let whatever waits within be stopped by `check`, which raises when it is to stop.

    Examples
    --------
    >>> from cluster_explorer.errors import Cancelled
    >>> def check():
    ...     raise Cancelled("Somebody pressed Cancel.")
    >>> with stopped_by(check):
    ...     answer_of(aside(threading.Event().wait))
    Traceback (most recent call last):
    cluster_explorer.errors.Cancelled: Somebody pressed Cancel.
    """
    before = _check.set(check)
    try:
        yield
    finally:
        _check.reset(before)


def can_be_stopped() -> bool:
    """Whether anybody can tell this thread to stop."""
    return _check.get() is not None


def stop_if_told() -> None:
    """Raise what the work is to be stopped by, if it is to be stopped."""
    check = _check.get()
    if check is not None:
        check()


def aside(call: Callable[[], T]) -> Future[T]:
    """Run a call on a thread of its own, which nobody has to wait for: not even the process when it ends."""
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 - it is for whoever waits for the answer
            answer.set_exception(error)

    threading.Thread(target=run, name="cluster-explorer-call", daemon=True).start()
    return answer


def answer_of(answer: Future[T], check: Callable[[], None] = stop_if_told) -> T:
    """Wait for an answer as long as it is wanted: until `check` raises.

    Examples
    --------
    >>> answer_of(aside(lambda: 7))
    7
    """
    while True:
        try:
            return answer.result(_LOOK)
        except StillWaiting:
            if answer.done():
                # meanwhile, or it was the call itself that took too long
                return answer.result()
            check()
