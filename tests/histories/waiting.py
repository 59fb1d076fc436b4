"""Waiting for a condition, within a bound, while others go on."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Found = TypeVar("Found")


async def eventually(condition: Callable[[], Awaitable[Found]], seconds: float) -> Found:
    """The condition's first true value, or its last false one when the time is up."""
    end = time.monotonic() + seconds
    while True:
        found = await condition()
        if found or time.monotonic() > end:
            return found
        await asyncio.sleep(0.1)
