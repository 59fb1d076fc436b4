"""One of several replicas leads: it takes the Lease, keeps it, and gives it back. Not what it does then.

No clock is compared with another's. Whoever waits measures, on its own clock, for how long the
Lease was not written, and takes it after SECONDS of silence; whoever leads stops writing DEADLINE
seconds after it began the last renewal that succeeded, which is earlier, so there are never two.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.errors import Code, Conflict, JwtToRbacError
from jwt_to_rbac.ports import Held, Lease

Answer = TypeVar("Answer")

SECONDS = 4
"""Of silence, after which another takes the Lease: within 5 s of a leader's death."""

DEADLINE = 3.0
"""Seconds since the last renewal after which a leader writes no more. The second in between is
for clocks that don't run equally fast, and for a write that is on its way."""

RENEW_EVERY = 1.0
LOOK_EVERY = 0.5
"""Seconds between looks of those who wait: half of what a leader that stops well should cost."""

ONE_TRY = 1.0
"""Seconds for one call about the Lease: a call that hangs must leave time for another."""

LONGEST_SILENCE = 60
"""Seconds: a longer time written in the Lease by hand doesn't keep everybody from leading."""


def running_time() -> float:
    """Seconds on a clock that nobody sets and that goes on while the machine sleeps."""
    return time.clock_gettime(getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC))


class Leadership:
    """`me` must be of this very process. `term` is what a leader does; it is cancelled at the end."""

    def __init__(
        self,
        lease: Lease,
        me: str,
        log: FilteringBoundLogger,
        clock: Callable[[], float] = running_time,
    ) -> None:
        self._lease = lease
        self._me = me
        self._log = log
        self._clock = clock
        self._until = float("-inf")
        self._held = Held("", "")

    def still_leading(self) -> bool:
        return self._clock() < self._until

    def guard(self) -> None:
        """Raise JwtToRbacError (not_leading) unless this process leads: asked before each write."""
        if not self.still_leading():
            raise JwtToRbacError(Code.NOT_LEADING, "Another replica leads by now.")

    async def run(self, term: Callable[[], Coroutine[None, None, object]]) -> None:
        """Lead whenever it is our turn, until cancelled."""
        while True:
            await self._take()
            self._log.info("Leading from now on")
            work = asyncio.create_task(term())
            try:
                await self._keep(work)
            finally:
                failed = await self._end(work)
            if failed:
                await asyncio.sleep(SECONDS)  # Others' turn: perhaps it is this replica's fault.

    async def _take(self) -> None:
        """Return once the Lease is ours."""
        seen, since = "", 0.0
        while True:
            wait = LOOK_EVERY
            with suppress(JwtToRbacError, TimeoutError):
                held = await _within(ONE_TRY, self._lease.read())
                now = self._clock()
                if held.version != seen:
                    seen, since = held.version, now
                silence = max(SECONDS, min(held.seconds, LONGEST_SILENCE))
                # Held by ourselves: the answer to our own taking got lost.
                if held.holder in ("", self._me) or now - since >= silence:
                    await self._write(held, now)
                    return
                wait = min(wait, since + silence - now)
            await asyncio.sleep(wait)

    async def _keep(self, work: asyncio.Task[object]) -> None:
        """Renew until the Lease is lost or the work has ended."""
        wait = RENEW_EVERY
        while True:
            await asyncio.wait({work}, timeout=wait)
            now = self._clock()
            if work.done() or now >= self._until:
                return
            wait = RENEW_EVERY / 4
            with suppress(JwtToRbacError, TimeoutError):
                try:
                    await self._write(self._held, now)
                    wait = RENEW_EVERY
                except Conflict:
                    # Written by somebody: by us if an answer got lost, or by a person's hand.
                    self._held = await _within(ONE_TRY, self._lease.read())
                    if self._held.holder != self._me:
                        self._until = float("-inf")

    async def _write(self, held: Held, began: float) -> None:
        self._held = await _within(ONE_TRY, self._lease.take(held, self._me, SECONDS))
        self._until = began + DEADLINE

    async def _end(self, work: asyncio.Task[object]) -> bool:
        """Stop the work, wait for its end, and let others lead at once; whether it had failed."""
        work.cancel()
        (ended,) = await asyncio.gather(work, return_exceptions=True)
        failed = isinstance(ended, Exception)
        if failed:
            self._log.error("What a leader does failed; it begins anew", error=ended)
        leading, self._until = self.still_leading(), float("-inf")
        if leading:
            with suppress(JwtToRbacError, TimeoutError):
                await _within(ONE_TRY, self._lease.release(self._held))
        self._log.info("Leading no more")
        return failed


async def _within(seconds: float, call: Awaitable[Answer]) -> Answer:
    async with asyncio.timeout(seconds):
        return await call
