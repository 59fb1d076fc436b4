"""Looks after the policy's own ClusterRoles, for as long as this process leads."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.errors import JwtToRbacError

LOOK = 1.0
"""Seconds between looks. Not told of changes: a look at the cache costs microseconds, no call."""

LONGEST_PAUSE = 60.0
"""Seconds between looks while something stands in the way, which only a person may mend."""


class KeepingRoles:
    """`keep` looks at every role once, and gives what stood in the way, by role."""

    def __init__(
        self,
        keep: Callable[[], Awaitable[Mapping[str, JwtToRbacError]]],
        log: FilteringBoundLogger,
    ) -> None:
        self._keep = keep
        self._log = log
        self._failed: Mapping[str, JwtToRbacError] = {}
        self._wake = asyncio.Event()

    @property
    def failing(self) -> int:
        """How many roles are not as the policy says, and can't be made so."""
        return len(self._failed)

    def look_now(self) -> None:
        """The policy has changed: nothing that stood in the way before need do so now."""
        self._wake.set()

    async def term(self) -> None:
        """Look until cancelled."""
        pause = LOOK
        while True:
            self._wake.clear()
            pause = min(pause * 2, LONGEST_PAUSE) if await self._look() else LOOK
            try:
                async with asyncio.timeout(pause):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def _look(self) -> bool:
        """Whether something stood in the way."""
        try:
            failed = await self._keep()
        except JwtToRbacError as e:
            self._log.warning("The ClusterRoles can't be looked at", code=e.code)
            return True
        for name, error in failed.items():
            before = self._failed.get(name)
            if before is None or before.detail != error.detail:
                self._log.warning(
                    "A ClusterRole is not as the policy says",
                    role=name,
                    code=error.code,
                    detail=error.detail,
                )
        self._failed = failed
        return bool(failed)
