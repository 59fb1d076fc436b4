"""ClusterRoleBindings and RoleBindings, of accounts and of Groups and Users: made, found, deleted.

Their cache is accounts.py's, their bodies are manifest.py's and standing.py's.
"""

from collections.abc import Callable
from copy import copy
from typing import Self

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.errors import Code, Conflict, JwtToRbacError
from jwt_to_rbac.core.names import binding_name, hashed_binding_name, standing_binding_name
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.core.standing import HeldStanding, StandingGrant
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.kube.accounts import Accounts, held_grant
from jwt_to_rbac.kube.marks import owner_uid
from jwt_to_rbac.kube.objects import CONFLICT, decode, delete, in_the_way
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.kube.standing import held_standing, standing_binding
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import Binding


class Bindings:
    """The calls on bindings. `namespace` is where people's ServiceAccounts live."""

    def __init__(self, session: KubeSession, namespace: str, accounts: Accounts) -> None:
        self._session = session
        self._namespace = namespace
        self._accounts = accounts

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same; its writes ask `guard` first (see KubeSession)."""
        twin = copy(self)
        twin._session = self._session.behind(guard)
        return twin

    async def bind(self, account: Account, grant: Grant) -> None:
        for named in (binding_name, hashed_binding_name):
            name = named(account.name, grant.cluster_role)
            path = paths.bindings(grant.namespace)
            body = manifest.binding(account, grant, self._namespace, name)
            reply = await self._session.call("POST", path, body, also=(CONFLICT,))
            if reply.status == CONFLICT:
                reply = await in_the_way(self._session, f"{path}/{name}")
            seen = decode(reply.body, Binding)
            if owner_uid(seen.metadata) == account.uid:
                self._store(grant).put(seen)
                if held_grant(seen, account.name, self._namespace) == HeldGrant(grant, name):
                    return
                raise Conflict(Code.BUSY, f"Binding {name} is not as we made it.")
        raise JwtToRbacError(
            Code.NAME_TAKEN, f"Bindings named {name!r} and its like exist and are not ours."
        )

    async def unbind(self, held: HeldGrant) -> None:
        seen = self.seen(held)
        if seen is not None:
            await self.delete(seen)

    def seen(self, held: HeldGrant) -> Binding | None:
        """The object, as the cache knows it."""
        return self._store(held.grant).get(held.name, held.grant.namespace)

    def standing(self) -> list[HeldStanding]:
        accounts = self._accounts
        return [
            *held_standing(accounts.bindings.values()),
            *held_standing(accounts.role_bindings.values()),
        ]

    async def bind_standing(self, one: StandingGrant) -> None:
        path, body = paths.bindings(one.grant.namespace), standing_binding(one)
        reply = await self._session.call("POST", path, body, also=(CONFLICT,))
        if reply.status == CONFLICT:
            name = standing_binding_name(one.subject.kind, one.subject.name, one.grant.cluster_role)
            reply = await in_the_way(self._session, f"{path}/{name}")
        seen = decode(reply.body, Binding)
        if HeldStanding(one, seen.metadata.name) not in held_standing([seen]):
            raise JwtToRbacError(
                Code.NAME_TAKEN, f"Binding {seen.metadata.name} exists and is not as we made it."
            )
        self._store(one.grant).put(seen)

    async def unbind_standing(self, held: HeldStanding) -> None:
        await self.unbind(HeldGrant(held.standing.grant, held.name))

    async def delete(self, seen: Binding) -> None:
        """Raises Conflict if it is there afterwards."""
        meta = seen.metadata
        # The uid says which object was meant: one that was made anew is another decision.
        await delete(self._session, f"{paths.bindings(meta.namespace)}/{meta.name}", meta.uid)
        accounts = self._accounts
        (accounts.role_bindings if meta.namespace else accounts.bindings).deleted(seen)

    def _store(self, grant: Grant) -> Store[Binding]:
        return self._accounts.role_bindings if grant.namespace else self._accounts.bindings
