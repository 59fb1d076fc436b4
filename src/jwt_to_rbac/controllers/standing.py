"""Keeps the bindings of Groups and Users while this process leads. What is right, the use case says."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.errors import Conflict, JwtToRbacError, Outage

LOOK = 2.0
"""Seconds between looks: at policy, namespaces and bindings in memory, some milliseconds for 20,000."""

LONGEST_PAUSE = 60.0
"""Seconds between tries of what only a person can mend."""


class Standing:
    """Looks again and again in `term`, which a leader runs."""

    def __init__(
        self,
        keep: Callable[[], Awaitable[None]],
        log: FilteringBoundLogger,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._keep = keep
        self._log = log
        self._sleep = sleep

    async def term(self) -> None:
        """Act until cancelled."""
        pause = LOOK
        while True:
            try:
                await self._keep()
                pause = LOOK
            except Conflict:
                pause = LOOK
            except JwtToRbacError as e:
                detail = None if isinstance(e, Outage) else e.detail
                self._log.warning("Bindings of groups wait", code=e.code, detail=detail)
                pause = min(pause * 2, LONGEST_PAUSE)
            await self._sleep(pause)
