"""News of AccessGrants as Kubernetes Events, for who asks `kubectl describe`. Best effort.

The audit record is what counts, and is written before the effect; an Event follows it, is gone
after the API server's `--event-ttl` (an hour), and may be lost with the process.
"""

import asyncio
import secrets
from contextlib import suppress
from datetime import UTC, datetime

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import JwtToRbacError
from jwt_to_rbac.core.news import News
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.manifest import Body
from jwt_to_rbac.kube.marks import API_VERSION, KIND
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.ports import Clock

MOST_WAITING = 1024
"""Events not yet written; beyond, the newest are dropped: logins must not wait for news of others."""

REPEAT_AFTER = 600.0
"""Seconds in which the same news of the same AccessGrant is told once."""

EFFECTS_FIRST = 0.5
"""Seconds that an Event waits, so that the calls that it speaks of go ahead of it."""

BETWEEN = 0.1
"""Seconds between two Events: after a change of the policy there is news of everybody, and it must
not take a third of what the API server can write from the change itself."""

MOST_REMEMBERED = 4096
LONGEST_NOTE = 1024
"""Bytes; the API server refuses longer ones (validation of events.k8s.io/v1)."""


class Events:
    """`tell` is called from anywhere in the loop and returns at once; `run` writes.

    `instance` is which of the replicas speaks.
    """

    def __init__(
        self, session: KubeSession, instance: str, clock: Clock, log: FilteringBoundLogger
    ) -> None:
        self._session = session
        self._instance = instance
        self._clock = clock
        self._log = log
        self._waiting: asyncio.Queue[tuple[float, Body]] = asyncio.Queue(MOST_WAITING)
        self._hurry = asyncio.Event()
        self._told: dict[tuple[str, News], float] = {}
        self.dropped = 0

    def tell(self, account: Account, news: News) -> None:
        now = self._clock()
        if now - self._told.pop((account.uid, news), -REPEAT_AFTER) < REPEAT_AFTER:
            self._told[account.uid, news] = now
            return
        self._told[account.uid, news] = now
        if len(self._told) > MOST_REMEMBERED:
            del self._told[next(iter(self._told))]
        try:
            self._waiting.put_nowait((now, self._event(account, news, now)))
        except asyncio.QueueFull:
            self.dropped += 1

    async def run(self) -> None:
        """Write until cancelled."""
        while True:
            told, body = await self._waiting.get()
            with suppress(TimeoutError):
                # Not asyncio.wait_for: in Python 3.11 it loses a cancellation that comes in the turn
                # in which what it waits for is done, and then the program never ended.
                async with asyncio.timeout(max(BETWEEN, told + EFFECTS_FIRST - self._clock())):
                    await self._hurry.wait()
            try:
                await self._session.call("POST", paths.EVENTS, body)
            except JwtToRbacError as e:
                self.dropped += 1
                self._log.warning("An Event was not written", code=e.code, detail=e.detail)
            finally:
                self._waiting.task_done()

    async def written(self) -> None:
        """Return once nothing waits. To be called when nothing more is done."""
        self._hurry.set()
        await self._waiting.join()

    def _event(self, account: Account, news: News, now: float) -> Body:
        moment = datetime.fromtimestamp(now, UTC).isoformat(timespec="microseconds")
        return {
            "apiVersion": "events.k8s.io/v1",
            "kind": "Event",
            "metadata": {
                "name": f"{account.name}.{secrets.token_hex(8)}",
                "namespace": paths.EVENTS_NAMESPACE,
            },
            "eventTime": moment.replace("+00:00", "Z"),
            "reportingController": "jwt-to-rbac.io/server",
            "reportingInstance": self._instance,
            "action": news.action,
            "reason": news.reason,
            "note": _cut(news.note),
            "type": "Warning" if news.warning else "Normal",
            "regarding": {
                "apiVersion": API_VERSION,
                "kind": KIND,
                "name": account.name,
                "uid": account.uid,
                "resourceVersion": account.version,
            },
        }


def _cut(note: str) -> str:
    whole = note.encode()
    if len(whole) <= LONGEST_NOTE:
        return note
    return whole[: LONGEST_NOTE - 3].decode(errors="ignore") + "…"
