"""Tells in the log how far a queue is, when all accounts are brought in line: beginning, middle, end."""

import asyncio
import time

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.controllers.settling import Settling

TELL_EVERY = 10.0
"""Seconds between lines while it goes on."""


class Progress:
    """`begin` is called once the queue holds what is to be done; `run` tells, until cancelled."""

    def __init__(self, queue: Settling, log: FilteringBoundLogger) -> None:
        self._queue = queue
        self._log = log
        self._begun = asyncio.Event()

    def begin(self, taking: int, giving: int) -> None:
        """Something is to be taken from so many accounts; others are only to be given or told."""
        self._log.info("Accounts are brought in line with the policy", taking=taking, giving=giving)
        self._begun.set()

    async def run(self) -> None:
        while True:
            await self._begun.wait()
            self._begun.clear()
            began = time.monotonic()
            while not await self._idle_within(TELL_EVERY):
                self._log.info(
                    "Accounts are still being brought in line",
                    taking=self._queue.urgent,
                    left=self._queue.depth,
                )
            seconds = round(time.monotonic() - began, 1)
            self._log.info("No account waits to be brought in line any more", seconds=seconds)

    async def _idle_within(self, seconds: float) -> bool:
        try:
            async with asyncio.timeout(seconds):
                await self._queue.idle.wait()
        except TimeoutError:
            return False
        return True
