"""What the leader does with nobody watching: every account is, and stays, what its record says.

Repair, expiry, suspension and cleaning up are one thing here: something changed or a time came,
so the account is looked at, and settled if it isn't right. What is right, `usecases.settle` says.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.controllers.progress import Progress
from jwt_to_rbac.controllers.settling import LATEST, Settling
from jwt_to_rbac.controllers.timers import Timers
from jwt_to_rbac.core.errors import JwtToRbacError
from jwt_to_rbac.core.policy import WholeCluster
from jwt_to_rbac.core.record import REMEMBERED, Record, good_again_from
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.ports import Clock, Cluster
from jwt_to_rbac.usecases.settle import Due, Settle

SOON = 0.5
"""Seconds between a change and the look at it: one login makes several, and ends meanwhile."""

FIRST_STATUS = LATEST + 1.0
"""Seconds in which the replica where somebody new logged in tells of it: logins go first there."""

AFTER_NAMESPACES = 0.2
"""Seconds, likewise, between a change of namespaces and a look at everybody."""

EVERYBODY = 300.0
"""Seconds between looks at everybody, whatever was heard: what failed for a person to mend is
tried again then. Ten thousand right accounts cost half a second of CPU."""

MINE_AFTER = 60.0
"""Seconds for which those who don't lead remember what was deleted: ten times a change of leaders."""

AT_ONCE = 16
"""Accounts brought in line side by side, a call each: more gain nothing (the API server's two cores
are busy), fewer leave it idle between calls, and logins have three times as many to themselves."""

PAUSE_AFTER = 50
"""Accounts looked at in one go: requests must not wait for all of them."""

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class Gone:
    """What an AccessGrant that was deleted said last, and when we heard of it."""

    record: Record
    seen_at: float


@dataclass(frozen=True, slots=True)
class Look:
    """At everybody: when (seconds since 1970), and from how many something was to be taken, or to be
    given to them or told of them alone."""

    at: float
    taking: int
    giving: int


class Unattended:
    """Listens to `cluster` always, and acts in `term`, which a leader runs.

    `cluster` and what `settle` has must write only while this process leads.
    """

    def __init__(
        self, cluster: Cluster, settle: Settle, log: FilteringBoundLogger, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._settle = settle
        self._log = log
        self._clock = clock
        self._leading = False
        self._gone: dict[str, Gone] = {}
        self._looked: Look | None = None
        self._begin()

    def _begin(self) -> None:
        self._queue = Settling(self._look_after, self._log, AT_ONCE)
        self._soon = Timers(self._look_now, time.monotonic)
        self._new: dict[str, float] = {}
        """Who is left to the replica where they logged in, and since when."""
        self._expiry = Timers(lambda name: self._queue.later(name, None, True), self._clock)
        self._everybody = asyncio.Event()
        self._progress = Progress(self._queue, self._log)

    @property
    def depth(self) -> int:
        """How many accounts wait for their turn."""
        return self._queue.depth + len(self._soon)

    def state(self) -> dict[str, object]:
        """How far everybody is in line with the policy, for people who ask. Names nobody."""
        told: dict[str, object] = {"leading": self._leading}
        if self._leading and self._looked is not None:
            last = self._looked
            told |= {"accountsWaiting": self.depth, "lastLook": rfc3339(last.at)}
            told |= {"taking": last.taking, "giving": last.giving}
        return told

    @property
    def taking(self) -> int:
        """Of how many of them something is to be taken."""
        return self._queue.urgent

    async def term(self) -> None:
        """Act until cancelled, beginning with a look at everybody."""
        self._looked = None
        self._begin()
        self._leading = True
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._queue.run())
                tasks.create_task(self._soon.run())
                tasks.create_task(self._expiry.run())
                tasks.create_task(self._look_at_everybody())
                tasks.create_task(self._progress.run())
        finally:
            self._leading = False

    # --- what is heard -----------------------------------------------------------------

    def grant_changed(self, name: str) -> None:
        if not self._leading:
            return
        account = self._cluster.account_named(name)
        if account is None:
            return
        self._expiry.set(name, self._settle.ends_at(name))
        if self._settle.refused(account) is not None:
            self._queue.later(name, None, urgent=True)
        else:
            self._look_soon(name)

    def grant_gone(self, name: str, record: Record) -> None:
        now = self._clock()
        self._gone[name] = Gone(record, now)
        if self._leading:
            self._expiry.set(name, None)
            self._queue.later(name, None, urgent=True)
            return
        # Whoever leads sees to it; we do if they died before they could.
        for old in [old for old, gone in self._gone.items() if now - gone.seen_at > MINE_AFTER]:
            del self._gone[old]

    def owned_changed(self, name: str) -> None:
        if self._leading:
            self._look_soon(name)

    def session_changed(self, session: Session, there: bool) -> None:
        if self._leading:
            self._expiry.set(session.account, self._settle.ends_at(session.account))

    def namespaces_changed(self) -> None:
        if any(not isinstance(rule.scope, WholeCluster) for rule in self._settle.policy().rules):
            self._everybody.set()

    def role_came_or_went(self, name: str) -> None:
        if any(rule.cluster_role == name for rule in self._settle.policy().rules):
            self._everybody.set()

    def look_at_everybody(self) -> None:
        """Soon: what all access follows from has changed."""
        self._everybody.set()

    def _look_soon(self, name: str) -> None:
        self._soon.at_latest(name, time.monotonic() + SOON)

    def _look_now(self, name: str) -> None:
        now = time.monotonic()
        if self._lacks_first_status_alone(name):
            left_until = self._new.setdefault(name, now) + FIRST_STATUS
            if now < left_until:
                self._soon.at_latest(name, left_until)
                return
        self._new.pop(name, None)
        self._queue.later(name, None)

    # --- what is done ------------------------------------------------------------------

    async def _look_at_everybody(self) -> None:
        while True:
            self._everybody.clear()
            to_give, taking = [], 0
            for name in self._gone:
                self._queue.later(name, None, urgent=True)
            for name in self._cluster.leftover_names():
                self._look_soon(name)
            for n, name in enumerate(self._cluster.account_names()):
                if n % PAUSE_AFTER == 0:
                    await asyncio.sleep(0)
                due = self._look_at(name)
                taking += due is Due.TAKE
                if due is Due.GIVE:
                    to_give.append(name)
            # Nobody is given anything before it is known of all what is to be taken.
            for name in to_give:
                self._queue.later(name, None)
            self._looked = Look(self._clock(), taking, len(to_give))
            if taking or to_give:
                self._progress.begin(taking, len(to_give))
            await self._forget_old()
            try:
                async with asyncio.timeout(EVERYBODY):
                    await self._everybody.wait()
            except TimeoutError:
                continue
            await asyncio.sleep(AFTER_NAMESPACES)

    def _look_at(self, name: str) -> Due:
        """Have taken at once what is to be taken; tell what is due."""
        now, account = self._clock(), self._cluster.account_named(name)
        due = self._due(name)
        if account is not None:
            self._wait_for_end(name, now)
        if due is Due.TAKE:
            self._queue.later(name, None, urgent=True)
        return due

    def _wait_for_end(self, name: str, judged_from: float) -> None:
        """Look at the account when its access ends, which was judged at `judged_from` or later."""
        ends = self._settle.ends_at(name)
        # What was over by then has been acted on. Its timer would go off at once, and again after that.
        self._expiry.set(name, None if ends is not None and ends <= judged_from else ends)

    async def _look_after(self, name: str, login_at: float | None) -> None:
        now = self._clock()
        gone = self._gone.get(name)
        if gone is not None:
            await self._remember(gone)
            if self._gone.get(name) is gone:
                del self._gone[name]
        if self._cluster.has_leftovers(name):
            await self._cluster.take_leftovers(name)
        if await self._settle.step(name, login_at):
            # The rest waits until nobody holds any more what they should not.
            self._queue.later(name, login_at)
        elif not self._cluster.has_leftovers(name) and self._due(name) is Due.NOTHING:
            # All that was heard meanwhile, our own writes as a rule, needs no further look. One for
            # each would hide how far a policy change is: as many would wait as at its beginning.
            self._soon.set(name, None)
        self._wait_for_end(name, now)

    async def _remember(self, gone: Gone) -> None:
        """An AccessGrant deleted by hand is a revocation: tokens from before must stay refused.

        If it was `revoke` that deleted it, then that is remembered already.
        """
        identity, bound = gone.record.person.identity, gone.record.not_before or 0
        revoked = await self._cluster.read_revocation(identity)
        if revoked is None or revoked <= gone.record.claims_issued_at or revoked < bound:
            not_before = good_again_from(gone.record, gone.seen_at)
            await self._cluster.remember_revocation(identity, not_before)

    async def _forget_old(self) -> None:
        try:
            await self._cluster.forget_revocations(self._clock() - REMEMBERED)
        except JwtToRbacError as e:
            self._log.warning("Old revocations could not be deleted", code=e.code, detail=e.detail)

    def _due(self, name: str) -> Due:
        return self._asked(self._settle.due, name, Due.NOTHING)

    def _lacks_first_status_alone(self, name: str) -> bool:
        return self._asked(self._settle.lacks_first_status_alone, name, False)

    def _asked(self, ask: Callable[[str], Found], name: str, otherwise: Found) -> Found:
        try:
            return ask(name)
        except JwtToRbacError:
            raise
        except Exception as e:  # noqa: BLE001  (one bad object must not stop the others)
            self._log.error("An account can't be looked at", account=name, error=e)
            return otherwise
