"""Ends each session on time: its tokens die with its Secret, also those that could not be had so short."""

import asyncio
from collections.abc import Awaitable, Callable

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.controllers.settling import Settling
from jwt_to_rbac.controllers.timers import Timers
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.ports import Clock, Cluster

Expire = Callable[[Session], Awaitable[None]]


class SessionEnds:
    """Hears of sessions always, and acts in `term`, which a leader runs.

    `cluster` is asked; `expire` ends a session, and must write only while this process leads.
    """

    def __init__(
        self, cluster: Cluster, expire: Expire, log: FilteringBoundLogger, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._expire = expire
        self._log = log
        self._clock = clock
        self._leading = False
        self._begin()

    def _begin(self) -> None:
        self._queue = Settling(self._end, self._log)
        self._due = Timers(lambda name: self._queue.later(name, None), self._clock)

    def session_changed(self, session: Session, there: bool) -> None:
        if self._leading:
            self._due.set(session.name, session.ends_at() if there else None)

    async def term(self) -> None:
        """Act until cancelled; what became due before is done at once."""
        self._begin()
        self._leading = True
        for session in self._cluster.all_sessions():
            self.session_changed(session, there=True)
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._queue.run())
                tasks.create_task(self._due.run())
        finally:
            self._leading = False

    async def _end(self, name: str, _: float | None) -> None:
        session = self._cluster.session_named(name)
        if session is None:
            return
        if self._clock() < session.ends_at():
            self.session_changed(session, there=True)  # Renewed meanwhile.
        else:
            await self._expire(session)
