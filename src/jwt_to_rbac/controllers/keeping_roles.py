"""Looks after the policy's own ClusterRoles while this process leads. What is right, the use case says."""

from collections.abc import Awaitable, Callable, Mapping

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.controllers.looking import Looking
from jwt_to_rbac.core.errors import Conflict, JwtToRbacError

LOOK = 1.0
"""Seconds between looks. Not told of changes: a look at the cache costs microseconds, no call."""


class KeepingRoles:
    """Looks again and again in `term`, which a leader runs, and at once when told `look_now`.

    `keep` looks at every role once, and gives what stood in the way, by role.
    """

    def __init__(
        self,
        keep: Callable[[], Awaitable[Mapping[str, JwtToRbacError]]],
        log: FilteringBoundLogger,
    ) -> None:
        self._keep = keep
        self._log = log
        self._failed: Mapping[str, JwtToRbacError] = {}
        looking = Looking(self._look, LOOK)
        self.look_now, self.term = looking.look_now, looking.run

    @property
    def failing(self) -> int:
        """How many roles are not as the policy says, and can't be made so."""
        return len(self._failed)

    async def _look(self) -> bool:
        try:
            found = await self._keep()
        except JwtToRbacError as e:
            self._log.warning("The ClusterRoles can't be looked at", code=e.code)
            return False
        # Somebody changed or bound it at this moment: the next look sees how it ended.
        failed = {name: e for name, e in found.items() if not isinstance(e, Conflict)}
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
        return not failed
