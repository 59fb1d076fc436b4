"""Find people among ten thousand, a page at a time, and see how one stands. Changes are `people`'s."""

import asyncio
from bisect import bisect_left
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import StrEnum

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.conditions import READY
from jwt_to_rbac.core.drift import Drift, drift
from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.plan import AccessPlan, plan
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.ports import Clock, Cluster, PolicyInForce, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN, FORBIDDEN_TO_ALL, Caller, Callers
from jwt_to_rbac.usecases.kept import Kept
from jwt_to_rbac.usecases.sessions import NO_SUCH_PERSON
from jwt_to_rbac.usecases.settle import Settle

AT_A_TIME = 500
"""People looked at until others get their turn: some milliseconds."""


class Show(StrEnum):
    """Which people, by how they stand. Not ready is what `kubectl get accessgrants` says so of."""

    EVERYBODY = ""
    NOT_READY = "not-ready"
    SUSPENDED = "suspended"
    DRIFT = "drift"


@dataclass(frozen=True, slots=True)
class Wanted:
    """Whom to find: all of it must fit.

    `text` is a part, in any case, of the account's name, the username, the e-mail address, a
    group, a role that is held or a condition's reason; `group` and `role` are such, exactly.
    """

    text: str = ""
    group: str = ""
    role: str = ""
    show: Show = Show.EVERYBODY


@dataclass(frozen=True, slots=True)
class PersonFound:
    """How a person stands. `refused` is why they get nothing now, if so; `access` what they are to
    hold, `drift` what isn't so; `sessions` are the live ones, the newest first."""

    account: Account
    access: AccessPlan
    refused: Denial | None
    drift: Drift
    sessions: tuple[Session, ...]


@dataclass(frozen=True, slots=True)
class Found:
    """Some of `total` people, by name; the first of them is at `position`, counted from 0.

    `before` and `after` are the names with which the pages beside this one begin; empty for none.
    """

    people: tuple[PersonFound, ...]
    total: int
    position: int
    before: str
    after: str


class FindPeople:
    """The use cases with all that they need, and what was worked out of people so far."""

    def __init__(
        self,
        callers: Callers,
        cluster: Cluster,
        policy: PolicyInForce,
        settle: Settle,
        clock: Clock,
    ) -> None:
        self._callers = callers
        self._cluster = cluster
        self._policy = policy
        self._settle = settle
        self._clock = clock
        self._told = Kept(lambda account: "\n".join(_told(account)).casefold())
        self._drifts: Kept[bool] = Kept(self._has_drifted)
        self._drifts_by: tuple[Policy, NamespaceLabels] | None = None

    async def __call__(
        self, caller: Caller, wanted: Wanted, begin: str, limit: int, request: Request
    ) -> Found | Denial:
        """The page of up to `limit` that begins with the name `begin`, or the next one after it;
        needs `list` on `accessgrants`.

        A page begins with a name and not with a number, so that nobody is passed over or told
        twice when people come and go between two pages.
        """
        if not await self._callers.may(caller, "list"):
            return await self._callers.refused(
                FORBIDDEN_TO_ALL, caller, "list accessgrants", "", request
            )
        names = await self._names(wanted)
        at = bisect_left(names, begin)
        if at == len(names):
            at = max(0, at - limit)
        shown = (self._cluster.account_named(name) for name in names[at : at + limit])
        return Found(
            tuple(self._found(account) for account in shown if account is not None),
            len(names),
            at,
            names[max(0, at - limit)] if at else "",
            names[at + limit] if at + limit < len(names) else "",
        )

    async def one(self, caller: Caller, name: str, request: Request) -> PersonFound | Denial:
        """One person; needs `get` on the AccessGrant, of oneself too."""
        asked = "get accessgrants"
        if not await self._callers.may(caller, "get", name):
            return await self._callers.refused(FORBIDDEN, caller, asked, name, request)
        account = self._cluster.account_named(name)
        if account is None:
            return await self._callers.refused(NO_SUCH_PERSON, caller, asked, name, request)
        return self._found(account)

    async def _names(self, wanted: Wanted) -> list[str]:
        """Of all who fit, sorted."""
        names, fits = self._cluster.account_names(), self._filter(wanted)
        found: list[str] = []
        for number, name in enumerate(names):
            if number % AT_A_TIME == AT_A_TIME - 1:
                await asyncio.sleep(0)
            account = self._cluster.account_named(name)
            if account is not None and fits(account):
                found.append(name)
        self._told.forget_beyond(len(names))
        self._drifts.forget_beyond(len(names))
        return found

    def _filter(self, wanted: Wanted) -> Callable[[Account], bool]:
        """All that was asked for, the cheapest first."""
        asked: list[Callable[[Account], bool]] = []
        if wanted.group:
            asked.append(lambda account: wanted.group in account.record.person.groups)
        if wanted.role:
            asked.append(lambda account: _holds(account, wanted.role))
        match wanted.show:
            case Show.NOT_READY:
                asked.append(lambda account: not is_ready(account))
            case Show.SUSPENDED:
                asked.append(lambda account: account.record.suspended)
        if wanted.text:
            text = wanted.text.casefold()
            asked.append(lambda account: text in self._told(account))
        if wanted.show is Show.DRIFT:
            asked.append(self._drift_filter())
        return lambda account: all(fits(account) for fits in asked)

    def _drift_filter(self) -> Callable[[Account], bool]:
        """As `_found` says, without a plan for everybody each time: that takes a second."""
        by = (self._policy(), self._cluster.namespaces())
        if self._drifts_by is None or any(
            a is not b for a, b in zip(by, self._drifts_by, strict=True)
        ):
            self._drifts_by, self._drifts = by, Kept(self._has_drifted)

        def fits(account: Account) -> bool:
            if self._settle.barred(account) is not None:
                return bool(drift(account, AccessPlan()))
            return self._drifts(account)

        return fits

    def _has_drifted(self, account: Account) -> bool:
        """Of somebody who isn't barred."""
        access = plan(account.record.person, self._policy(), self._cluster.namespaces())
        return bool(drift(account, access))

    def _found(self, account: Account) -> PersonFound:
        decision, now = self._settle.decide(account, self._policy()), self._clock()
        return PersonFound(
            account,
            decision.access,
            decision.refused,
            drift(account, decision.access),
            tuple(one for one in self._cluster.sessions_of(account) if now < one.ends_at()),
        )


def is_ready(account: Account) -> bool:
    """Whether the AccessGrant's status says so."""
    return any(one.type == READY and one.status == "True" for one in account.conditions)


def _holds(account: Account, role: str) -> bool:
    return any(held.grant.cluster_role == role for held in account.held)


def _told(account: Account) -> Iterable[str]:
    person = account.record.person
    yield account.name
    yield person.username
    yield person.email
    yield from person.groups
    for held in account.held:
        yield held.grant.cluster_role
    for one in account.conditions:
        yield one.reason
