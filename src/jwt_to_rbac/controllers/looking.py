"""Looks at something again and again, at once when told, and slower while it fails. What is looked at, others say."""

import asyncio
from collections.abc import Awaitable, Callable

LONGEST_PAUSE = 60.0
"""Seconds between looks while something stands in the way, which only a person may mend."""


class Looking:
    """`look` gives whether all is well; it must not raise."""

    def __init__(self, look: Callable[[], Awaitable[bool]], pause: float) -> None:
        self._look = look
        self._pause = pause
        self._wake = asyncio.Event()

    def look_now(self) -> None:
        """What stood in the way before need do so no longer."""
        self._wake.set()

    async def run(self) -> None:
        """Look until cancelled, every `pause` seconds while all is well."""
        pause = self._pause
        while True:
            self._wake.clear()
            pause = self._pause if await self._look() else min(pause * 2, LONGEST_PAUSE)
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue
            pause = self._pause
