"""Take everything away from one person: bindings, ServiceAccount (and so every token), AccessGrant."""

import asyncio
from dataclasses import dataclass

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.record import good_again_from
from jwt_to_rbac.ports import Audit, Clock, Cluster, Request
from jwt_to_rbac.usecases.callers import FORBIDDEN, FORBIDDEN_TO_ALL, Caller, Callers, describe
from jwt_to_rbac.usecases.log_in import str_grant
from jwt_to_rbac.usecases.one_at_a_time import OneAtATime
from jwt_to_rbac.usecases.reconcile import together

ASKED = "delete accessgrants"
NO_SUCH_ACCOUNT = Denial(Code.NOT_FOUND, "There is no such account: nothing to remove.")

AT_ONCE = 16
"""People revoked side by side: a group may be large, and logins go on meanwhile."""

AT_A_TIME = 500
"""People of a group revoked by one request, so that it ends well within its deadline."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """Whose access a request took, by account name, and how many of the group are left to take."""

    names: tuple[str, ...]
    remaining: int


@dataclass(frozen=True, slots=True)
class Revoke:
    """The use case with all that it needs."""

    callers: Callers
    cluster: Cluster
    audit: Audit
    turns: OneAtATime[Identity]
    clock: Clock

    async def __call__(self, caller: Caller, name: str, request: Request) -> Denial | None:
        """Remove the account `name`; None when it is done.

        Its owner may, and whoever Kubernetes allows to `delete` the AccessGrant. Bindings go
        first: they take effect at once, while the API server may take a deleted account's
        token for 10 seconds more.
        """
        owned = self.callers.owns(caller, self.cluster.account_named(name))
        if not owned and not await self.callers.may(caller, "delete", name):
            return await self.callers.refused(FORBIDDEN, caller, ASKED, name, request)
        return await self._one(caller, name, request)

    async def everybody_in(self, caller: Caller, group: str, request: Request) -> Revoked | Denial:
        """Remove the accounts of those whose newest token named `group`; needs `delete` on all
        `accessgrants`. Takes some hundreds at a time: repeat while any remain.
        """
        if not await self.callers.may(caller, "delete"):
            return await self.callers.refused(FORBIDDEN_TO_ALL, caller, ASKED, "", request)
        members = [name for name in self.cluster.account_names() if self._is_in(group, name)]
        meant, places = members[:AT_A_TIME], asyncio.Semaphore(AT_ONCE)

        async def one(name: str) -> None:
            async with places:
                await self._one(caller, name, request)

        await together(one(name) for name in meant)
        return Revoked(tuple(meant), len(members) - len(meant))

    def _is_in(self, group: str, name: str) -> bool:
        account = self.cluster.account_named(name)
        return account is not None and group in account.record.person.groups

    async def _one(self, caller: Caller, name: str, request: Request) -> Denial | None:
        account = self.cluster.account_named(name)
        if account is None:
            return await self.callers.refused(NO_SUCH_ACCOUNT, caller, ASKED, name, request)
        async with self.turns(account.record.person.identity):
            account = self.cluster.account_named(name) or account
            await self.audit.record(
                "revoke",
                request=request,
                caller=describe(caller),
                account=account.name,
                taken=[str_grant(h.grant.cluster_role, h.grant.namespace) for h in account.held],
            )
            # Nothing is left of the account afterwards, and tokens from before must stay refused.
            not_before = good_again_from(account.record, self.clock())
            await self.cluster.remember_revocation(account.record.person.identity, not_before)
            await together(self.cluster.unbind(account, held) for held in account.held)
            await self.cluster.remove(account)
        return None
