"""The people who have an account: find them, see one, suspend, resume, set an end. Revoking is `revoke`'s."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.errors import Code, Conflict, Denial, Outage
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.plan import AccessPlan, plan
from jwt_to_rbac.core.record import Record, refusal
from jwt_to_rbac.ports import Audit, Clock, Cluster, PolicyInForce, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN, FORBIDDEN_TO_ALL, Caller, Callers, describe
from jwt_to_rbac.usecases.log_in import ROUNDS
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.sessions import NO_SUCH_PERSON
from jwt_to_rbac.usecases.settle import Settle


@dataclass(frozen=True, slots=True)
class PersonSeen:
    """One person as administrators see them. `sessions` is the number of live ones."""

    account: Account
    access: AccessPlan
    sessions: int


@dataclass(frozen=True, slots=True)
class Page:
    """Some of the people, by name. `after` is the name to go on after; empty at the end."""

    people: tuple[PersonSeen, ...]
    after: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What an administrator decides about a person; a field of None stays as it is.

    `expires_at` is in seconds since 1970, and 0 for no end.
    """

    suspended: bool | None = None
    expires_at: int | None = None

    def of(self, record: Record) -> Record:
        if self.suspended is not None:
            record = replace(record, suspended=self.suspended)
        if self.expires_at is not None:
            record = replace(record, expires_at=self.expires_at or None)
        return record


@dataclass(frozen=True, slots=True)
class People:
    """The use cases with all that they need."""

    callers: Callers
    cluster: Cluster
    policy: PolicyInForce
    audit: Audit
    clock: Clock
    turns: OneAtATime[Identity]
    settle: Settle

    async def list(
        self,
        caller: Caller,
        request: Request,
        limit: int,
        after: str = "",
        search: str = "",
        group: str = "",
    ) -> Page | Denial:
        """Up to `limit` people whose name follows `after`; needs `list` on `accessgrants`.

        `search` is a part of the account's name, username or e-mail address, in any case;
        `group` a group of the person's, exactly.
        """
        if not await self.callers.may(caller, "list"):
            return await self.callers.refused(
                FORBIDDEN_TO_ALL, caller, "list accessgrants", "", request
            )
        fits = _filter(search.casefold(), group)
        found: list[Account] = []
        for name in self.cluster.account_names():
            account = self.cluster.account_named(name) if name > after else None
            if account is None or not fits(account):
                continue
            if len(found) == limit:
                return Page(tuple(map(self._seen, found)), found[-1].name)
            found.append(account)
        return Page(tuple(map(self._seen, found)))

    async def get(self, caller: Caller, name: str, request: Request) -> PersonSeen | Denial:
        """One person: for themselves, and for whoever may `get` the AccessGrant."""
        account = self.cluster.account_named(name)
        if not self.callers.owns(caller, account) and not await self.callers.may(
            caller, "get", name
        ):
            return await self.callers.refused(FORBIDDEN, caller, "get accessgrants", name, request)
        if account is None:
            asked = "get accessgrants"
            return await self.callers.refused(NO_SUCH_PERSON, caller, asked, name, request)
        return self._seen(account)

    async def change(
        self, caller: Caller, name: str, change: Change, request: Request
    ) -> PersonSeen | Denial:
        """Suspend, resume, or set an end; needs `patch` on `accessgrants`, of oneself too.

        When this returns, the cluster holds what the changed record says.
        """
        asked = "patch accessgrants"
        if not await self.callers.may(caller, "patch", name):
            return await self.callers.refused(FORBIDDEN, caller, asked, name, request)
        account = self.cluster.account_named(name)
        if account is None:
            return await self.callers.refused(NO_SUCH_PERSON, caller, asked, name, request)
        await self.audit.record(
            "person_changed",
            request=request,
            caller=describe(caller),
            account=name,
            suspended=change.suspended,
            expires_at=change.expires_at,
        )
        async with self.turns(account.record.person.identity):
            await self._write(name, change)
        await self.settle(name, None)
        changed = self.cluster.account_named(name)
        return NO_SUCH_PERSON if changed is None else self._seen(changed)

    async def _write(self, name: str, change: Change) -> None:
        for _ in range(ROUNDS):
            account = self.cluster.account_named(name)
            if account is None:
                return
            try:
                await self.cluster.write_record(account, change.of(account.record))
            except Conflict:
                continue
            return
        raise Outage(Code.BUSY, f"Others change AccessGrant {name} at this moment.")

    def _seen(self, account: Account) -> PersonSeen:
        now = self.clock()
        access = AccessPlan()
        revoked = self.cluster.revoked_before(account.record.person.identity)
        if refusal(account.record, now, revoked) is None:
            access = plan(account.record.person, self.policy(), self.cluster.namespaces())
        sessions = self.cluster.sessions_of(account)
        return PersonSeen(account, access, sum(now < one.ends_at() for one in sessions))


def _filter(search: str, group: str) -> Callable[[Account], bool]:
    def fits(account: Account) -> bool:
        person = account.record.person
        if group and group not in person.groups:
            return False
        return not search or any(
            search in text.casefold() for text in (account.name, person.username, person.email)
        )

    return fits
