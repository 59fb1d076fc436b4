"""AccessGrants: read anew, made, their spec and status written. Their cache is accounts.py's, their bodies manifest.py's.

What is written is written on what was seen: somebody else's change in between is a Conflict.
"""

from collections.abc import Callable
from copy import copy
from typing import Self

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.errors import Code, Conflict
from jwt_to_rbac.core.plan import AccessPlan
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.kube.accounts import Accounts
from jwt_to_rbac.kube.connections import Received
from jwt_to_rbac.kube.objects import CONFLICT, NOT_FOUND, decode, delete
from jwt_to_rbac.kube.session import JSON, MERGE_PATCH, KubeSession
from jwt_to_rbac.kube.status import status, with_login
from jwt_to_rbac.kube.types import AccessGrant, AccessGrantStatus
from jwt_to_rbac.ports import Clock


class Grants:
    """The calls on AccessGrants. `namespace` is where people's ServiceAccounts live."""

    def __init__(
        self, session: KubeSession, namespace: str, accounts: Accounts, clock: Clock
    ) -> None:
        self._session = session
        self._namespace = namespace
        self._accounts = accounts
        self._clock = clock

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same; its writes ask `guard` first (see KubeSession)."""
        twin = copy(self)
        twin._session = self._session.behind(guard)
        return twin

    async def refresh(self, name: str) -> None:
        reply = await self._session.call("GET", paths.grant(name), also=(NOT_FOUND,))
        if reply.status != NOT_FOUND:
            self._accounts.grants.put(decode(reply.body, AccessGrant))
        else:
            known = self._accounts.grants.get(name)
            if known is not None:
                self._accounts.grants.deleted(known)

    async def create(self, name: str, record: Record) -> Account | None:
        """The new account; None if an AccessGrant of this name exists, which is read anew then."""
        body = manifest.access_grant(name, record, self._namespace)
        reply = await self._session.call("POST", paths.GRANTS, body, also=(CONFLICT,))
        if reply.status == CONFLICT:
            await self.refresh(name)
            return None
        return self._saw(reply.body)

    async def write_record(self, account: Account, record: Record) -> Account:
        body: manifest.Body = {
            "metadata": {"resourceVersion": account.version, "uid": account.uid},
            "spec": manifest.spec(record),
        }
        return await self._write("PATCH", account, paths.grant(account.name), body)

    def is_reported(
        self, account: Account, access: AccessPlan, told: tuple[Condition, ...]
    ) -> bool:
        grant = self._accounts.grants.get(account.name)
        return grant is not None and grant.status == self._status(grant, account, access, told)

    async def report(
        self,
        account: Account,
        access: AccessPlan,
        told: tuple[Condition, ...],
        login_at: float | None,
    ) -> None:
        grant = self._accounts.grants.get(account.name)
        if grant is None or grant.metadata.uid != account.uid:
            raise Conflict(Code.BUSY, f"AccessGrant {account.name} was deleted meanwhile.")
        new = self._status(grant, account, access, told, login_at)
        if new != grant.status:
            await self._put_status(account, new)

    async def note_login(self, account: Account, login_at: float) -> Account:
        grant = self._accounts.grants.get(account.name)
        if grant is None:
            raise Conflict(Code.BUSY, f"AccessGrant {account.name} was deleted meanwhile.")
        return await self._put_status(account, with_login(grant.status, login_at))

    async def remove(self, account: Account) -> None:
        await delete(self._session, paths.grant(account.name), account.uid)
        grant = self._accounts.grants.get(account.name)
        if grant is not None:
            self._accounts.grants.deleted(grant)

    async def _put_status(self, account: Account, new: AccessGrantStatus) -> Account:
        # Not patched: that costs the API server half as much again.
        body = manifest.access_grant_status(account, new)
        return await self._write("PUT", account, f"{paths.grant(account.name)}/status", body)

    def _status(
        self,
        grant: AccessGrant,
        account: Account,
        access: AccessPlan,
        told: tuple[Condition, ...],
        login_at: float | None = None,
    ) -> AccessGrantStatus:
        now, generation = self._clock(), grant.metadata.generation
        return status(account.record, access, told, generation, grant.status, now, login_at)

    async def _write(
        self, method: str, account: Account, path: str, body: manifest.Body
    ) -> Account:
        form = MERGE_PATCH if method == "PATCH" else JSON
        try:
            reply = await self._session.call(
                method, path, body, content_type=form, also=(NOT_FOUND,)
            )
        except Conflict:
            await self.refresh(account.name)
            raise
        if reply.status == NOT_FOUND:
            await self.refresh(account.name)
            raise Conflict(Code.BUSY, f"AccessGrant {account.name} was deleted meanwhile.")
        return self._saw(reply.body)

    def _saw(self, body: Received) -> Account:
        grant = decode(body, AccessGrant)
        self._accounts.grants.put(grant)
        account = self._accounts.named(grant.metadata.name)
        if account is None:
            raise Conflict(Code.BUSY, f"AccessGrant {grant.metadata.name} is being deleted.")
        return account
