"""Keeps the bindings of Groups and Users while this process leads. What is right, the use case says."""

from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.controllers.looking import Looking
from jwt_to_rbac.core.errors import Conflict, JwtToRbacError, Outage

LOOK = 2.0
"""Seconds between looks: at policy, namespaces and bindings in memory, some milliseconds for 20,000."""


class Standing:
    """Looks again and again in `term`, which a leader runs, and at once when told `look_now`."""

    def __init__(self, keep: Callable[[], Awaitable[None]], log: FilteringBoundLogger) -> None:
        self._keep = keep
        self._log = log
        looking = Looking(self._look, LOOK)
        self.look_now, self.term = looking.look_now, looking.run

    async def _look(self) -> bool:
        try:
            await self._keep()
        except Conflict:
            return True
        except JwtToRbacError as e:
            detail = None if isinstance(e, Outage) else e.detail
            self._log.warning("Bindings of groups wait", code=e.code, detail=detail)
            return False
        return True
