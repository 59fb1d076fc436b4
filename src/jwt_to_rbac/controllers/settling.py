"""Settles accounts in the background, a few at a time, so that logins go first."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.errors import Conflict, JwtToRbacError, Outage

AT_ONCE = 2
"""Accounts settled side by side: a status costs the API server more than a token does, and
logins in flight must not wait for the news of earlier ones."""

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
"""Seconds between tries of one account."""


class Settling:
    """A queue of account names without repetition. `later` is called from anywhere in the loop."""

    def __init__(
        self, settle: Callable[[str, float | None], Awaitable[None]], log: FilteringBoundLogger
    ) -> None:
        self._settle = settle
        self._log = log
        self._urgent: dict[str, float | None] = {}
        self._waiting: dict[str, float | None] = {}
        self._wake = asyncio.Event()
        self._busy = 0
        self._pauses: dict[str, float] = {}
        self.idle = asyncio.Event()
        self.idle.set()

    def later(self, name: str, login_at: float | None, urgent: bool = False) -> None:
        """Settle this account soon; several wishes for one account become one.

        What takes access away is `urgent` and goes ahead of others that wait.
        """
        known = self._urgent.get(name) or self._waiting.get(name)
        login_at = known if login_at is None else login_at
        if urgent or name in self._urgent:
            self._urgent[name] = login_at
            self._waiting.pop(name, None)
        else:
            self._waiting[name] = login_at
        self.idle.clear()
        self._wake.set()

    @property
    def depth(self) -> int:
        """How many accounts wait or are being settled."""
        return len(self._urgent) + len(self._waiting) + self._busy

    async def run(self) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(AT_ONCE):
                tasks.create_task(self._work())

    async def _work(self) -> None:
        while True:
            while not (self._urgent or self._waiting):
                self._wake.clear()
                await self._wake.wait()
            lane = self._urgent or self._waiting
            name = next(iter(lane))
            login_at = lane.pop(name)
            self._busy += 1
            try:
                await self._try(name, login_at)
            finally:
                self._busy -= 1
                if not self.depth:
                    self.idle.set()

    async def _try(self, name: str, login_at: float | None) -> None:
        try:
            await self._settle(name, login_at)
        except (Outage, Conflict) as e:
            self._log.warning("Settling an account waits", account=name, code=e.code)
            asked = e.retry_after if isinstance(e, Outage) else 0.0
            pause = max(self._pauses.get(name, FIRST_PAUSE), asked)
            self._pauses[name] = min(pause * 2, LONGEST_PAUSE)
            # Back into the queue after the pause: one account must not hold up the others.
            asyncio.get_running_loop().call_later(pause, self.later, name, login_at)
            return
        except JwtToRbacError as e:
            # A person must mend this; the next login or change will try again.
            self._log.warning(
                "Settling an account failed", account=name, code=e.code, detail=e.detail
            )
        except Exception as e:  # noqa: BLE001  (one bad object must not stop the others)
            self._log.error("Settling an account failed by an error of this program", error=e)
        self._pauses.pop(name, None)
