"""Waiting for a condition, within a bound."""

import time
from collections.abc import Callable
from typing import TypeVar

Found = TypeVar("Found")

_PAUSE = 0.1


def eventually(condition: Callable[[], Found], seconds: float = 10.0) -> Found:
    """The condition's first true value, or its last false one when the time is up."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found or time.monotonic() > end:
            return found
        time.sleep(_PAUSE)
