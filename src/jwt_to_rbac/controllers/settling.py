"""Settles accounts in the background, a few at a time, so that logins go first."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import NamedTuple

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.errors import Conflict, JwtToRbacError, Outage

AFTER_LOGINS = 2
"""Accounts settled side by side after logins: a status costs the API server more than a token does,
and logins in flight must not wait for the news of earlier ones."""

LATEST, LOOK = 5.0, 0.05
"""Seconds: for how long what may wait does so at most, and how often it is asked whether it must."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries of one account."""


class _Resting(NamedTuple):
    """An account that could not be settled, until it is tried again."""

    timer: asyncio.TimerHandle
    login_at: float | None
    urgent: bool


class Settling:
    """A queue of account names without repetition. `later` is called from anywhere in the loop.

    `at_once` of them are settled side by side. While `may_wait` holds for the one that is next, it
    and those behind it wait, urgent ones excepted.
    """

    def __init__(
        self,
        settle: Callable[[str, float | None], Awaitable[None]],
        log: FilteringBoundLogger,
        at_once: int = AFTER_LOGINS,
        may_wait: Callable[[str], bool] = lambda name: False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._settle = settle
        self._log = log
        self._at_once = at_once
        self._may_wait = may_wait
        self._clock = clock
        self._urgent: dict[str, float | None] = {}
        self._waiting: dict[str, float | None] = {}
        self._since: dict[str, float] = {}
        """When those that wait were first asked for."""
        self._wake = asyncio.Event()
        self._busy = 0
        self._pauses: dict[str, float] = {}
        self._resting: dict[str, _Resting] = {}
        self.idle = asyncio.Event()
        self.idle.set()

    def later(self, name: str, login_at: float | None, urgent: bool = False) -> None:
        """Settle this account soon; several wishes for one account become one.

        What takes access away is `urgent` and goes ahead of others that wait.
        """
        known = self._urgent.get(name) or self._waiting.get(name)
        resting = self._resting.pop(name, None)
        if resting is not None:
            resting.timer.cancel()
            known, urgent = known or resting.login_at, urgent or resting.urgent
        login_at = known if login_at is None else login_at
        if urgent or name in self._urgent:
            self._urgent[name] = login_at
            self._waiting.pop(name, None)
            self._since.pop(name, None)
        else:
            self._waiting[name] = login_at
            self._since.setdefault(name, self._clock())
        self.idle.clear()
        # Behind others nothing is due sooner than they are.
        if self._urgent or len(self._waiting) == 1:
            self._wake.set()

    @property
    def depth(self) -> int:
        """How many accounts wait, for their turn or to be tried again, or are being settled."""
        return len(self._urgent) + len(self._waiting) + len(self._resting) + self._busy

    @property
    def urgent(self) -> int:
        """How many of those that wait are urgent."""
        return len(self._urgent) + sum(one.urgent for one in self._resting.values())

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(self._at_once):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            await self._something_due()
            urgent = bool(self._urgent)
            lane = self._urgent if urgent else self._waiting
            name = next(iter(lane))
            login_at = lane.pop(name)
            self._since.pop(name, None)
            self._busy += 1
            try:
                await self._try(name, login_at, urgent)
            finally:
                self._busy -= 1
                if not self.depth:
                    self.idle.set()

    async def _something_due(self) -> None:
        while not self._urgent:
            if self._waiting and not self._waits(next(iter(self._waiting))):
                return
            self._wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK if self._waiting else None):
                    await self._wake.wait()

    def _waits(self, name: str) -> bool:
        return self._clock() < self._since[name] + LATEST and self._may_wait(name)

    async def _try(self, name: str, login_at: float | None, urgent: bool) -> None:
        try:
            await self._settle(name, login_at)
        except (Outage, Conflict) as e:
            self._log.warning("Settling an account waits", account=name, code=e.code)
            asked = e.retry_after if isinstance(e, Outage) else 0.0
            pause = max(self._pauses.get(name, FIRST_PAUSE), asked)
            self._pauses[name] = min(pause * 2, LONGEST_PAUSE)
            # Back into the queue after the pause: one account must not hold up the others.
            timer = asyncio.get_running_loop().call_later(pause, self.later, name, None)
            self._resting[name] = _Resting(timer, login_at, urgent)
            return
        except JwtToRbacError as e:
            # A person must mend this; the next login or change will try again.
            self._log.warning(
                "Settling an account failed", account=name, code=e.code, detail=e.detail
            )
        except Exception as e:  # noqa: BLE001  (one bad object must not stop the others)
            self._log.error("Settling an account failed by an error of this program", error=e)
        self._pauses.pop(name, None)
