"""Waiting for a condition, looking often: tests never sleep for a time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

#: Seconds between two looks.
_PAUSE = 0.01


def until(condition: Callable[[], Any], seconds: float = 120.0, what: str = "a condition") -> Any:
    """Look until a condition returns something true, and return that; fail when it takes too long."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(_PAUSE)
    return value


def after(seconds: float, then: Callable[[], Any]) -> None:
    """Wait until a time has passed, as an outage that lasts so long does, and do something then."""
    ends_at = time.monotonic() + seconds
    until(lambda: time.monotonic() >= ends_at, seconds + 60, "a time to pass")
    then()
