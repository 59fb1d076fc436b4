"""One cluster as the use cases need it: the `Cluster` port on watch caches and single calls.

No decisions here: what to grant is the plan's, in which order is the use cases'.
"""

import asyncio
import time
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any, Self

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.errors import Code, Conflict, JwtToRbacError, Outage
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.core.plan import AccessPlan, Grant
from jwt_to_rbac.core.policy import Policy, PolicyRule
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.standing import HeldStanding, StandingGrant
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.kube.accounts import Accounts
from jwt_to_rbac.kube.bindings import Bindings
from jwt_to_rbac.kube.calls import verb_and_resource
from jwt_to_rbac.kube.grants import Grants
from jwt_to_rbac.kube.marks import is_marked, owner_uid
from jwt_to_rbac.kube.namespaces import Namespaces
from jwt_to_rbac.kube.objects import CONFLICT, decode, delete, in_the_way
from jwt_to_rbac.kube.reviews import review_access, review_token
from jwt_to_rbac.kube.revocations import PREFIX, Revocations
from jwt_to_rbac.kube.roles import Roles
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.kube.sessions import Sessions
from jwt_to_rbac.kube.tokens import request_token
from jwt_to_rbac.kube.types import AccessGrant, Binding, Namespace, ServiceAccount
from jwt_to_rbac.kube.watch import Watch
from jwt_to_rbac.ports import Clock, Listener, Listing, NameTaken, SessionListener

BLIND_SECONDS = 10.0
"""How long old knowledge lets people in: as long as API servers take a token without asking."""


class KubeCluster:
    """A cluster behind one KubeSession.

    `namespace` holds the people's ServiceAccounts; `audience` is what a Kubernetes token
    must be for, to be taken as a caller's. `unread` is told the name of an AccessGrant that is
    not as its kind says: it stays as it was known. `follow` must run for as long as the object
    is used.
    """

    def __init__(
        self,
        session: KubeSession,
        namespace: str,
        audience: str,
        clock: Clock,
        unread: Callable[[str], None] = lambda name: None,
    ) -> None:
        self.namespace = namespace
        self._session = session
        self._audience = audience
        self.listeners: list[Listener] = []
        self.session_listeners: list[SessionListener] = []
        self._accounts = Accounts(namespace, self.listeners)
        self._namespaces = Namespaces(self.listeners)
        self._grants = Grants(session, namespace, self._accounts, clock)
        self._bindings = Bindings(session, namespace, self._accounts)
        self._roles = Roles(session, self._role_came_or_went, self._accounts.bound)
        self._sessions = Sessions(session, namespace, self._session_changed)
        self._revocations = Revocations(session, namespace, self._revocation_changed)
        accounts = self._accounts
        self._synced = False
        self._watches: tuple[Watch[Any], ...] = (
            Watch(session, paths.NAMESPACES, Namespace, self._namespaces.store),
            self._roles.watch,
            Watch(session, paths.GRANTS, AccessGrant, accounts.grants, unread=unread),
            Watch(
                session,
                paths.service_accounts(namespace),
                ServiceAccount,
                accounts.service_accounts,
            ),
            Watch(session, paths.CLUSTER_ROLE_BINDINGS, Binding, accounts.bindings),
            Watch(session, paths.ROLE_BINDINGS, Binding, accounts.role_bindings),
            self._sessions.watch,
            self._revocations.watch,
        )

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same cluster with the same caches; its writes ask `guard` first (see KubeSession)."""
        twin = copy(self)
        twin._session = self._session.behind(guard)
        twin._grants = self._grants.behind(guard)
        twin._bindings = self._bindings.behind(guard)
        twin._roles = self._roles.behind(guard)
        twin._sessions = self._sessions.behind(guard)
        twin._revocations = self._revocations.behind(guard)
        return twin

    async def follow(self) -> None:
        """Keep the caches true until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for watch in self._watches:
                tasks.create_task(watch.run(), name=f"watch {watch.path}")

    async def synced(self) -> None:
        """Return once every cache has been filled."""
        await asyncio.gather(*(watch.synced.wait() for watch in self._watches))

    def stale(self) -> list[str]:
        """The paths whose watch isn't filled yet or is down now."""
        return [w.path for w in self._watches if not (w.healthy and w.synced.is_set())]

    def watches(self) -> list[tuple[str, bool, float, int]]:
        """Each watch's resource, whether it is up, the seconds it has been silent, and its objects' number."""
        now = time.monotonic()
        return [
            (
                verb_and_resource("GET", w.path)[1],
                w.healthy and w.synced.is_set(),
                now - w.heard_at,
                len(w.store),
            )
            for w in self._watches
        ]

    # --- what is known -----------------------------------------------------------------

    def account_of(self, identity: Identity) -> Account | None:
        self._must_be_synced()
        return self._accounts.of(identity)

    def account_named(self, name: str) -> Account | None:
        self._must_be_synced()
        return self._accounts.named(name)

    def account_names(self) -> list[str]:
        self._must_be_synced()
        return sorted(one.metadata.name for one in self._accounts.grants.values())

    def revoked_before(self, identity: Identity) -> int | None:
        return self._revocations.of(identity)

    async def read_revocation(self, identity: Identity) -> int | None:
        return await self._revocations.read(identity)

    async def remember_revocation(self, identity: Identity, not_before: int) -> None:
        await self._revocations.write(identity, not_before)

    async def forget_revocations(self, before: float) -> None:
        await self._revocations.forget(before)

    def _revocation_changed(self, name: str) -> None:
        account = self._accounts.with_digest(name.removeprefix(PREFIX))
        if account is not None:
            for listener in self.listeners:
                listener.grant_changed(account)

    def leftover_names(self) -> list[str]:
        self._must_be_synced()
        return self._accounts.leftover_names()

    def namespaces(self) -> NamespaceLabels:
        return self._namespaces.picture()

    def has_role(self, name: str) -> bool:
        return self._roles.has(name)

    def _role_came_or_went(self, name: str) -> None:
        for listener in self.listeners:
            listener.role_came_or_went(name)

    def listing(self) -> Listing:
        self._must_be_synced()
        accounts = self._accounts
        marked = (accounts.service_accounts, accounts.bindings, accounts.role_bindings)
        made, bindings, role_bindings = (
            tuple(sorted(one.metadata.name for one in store.values() if is_marked(one.metadata)))
            for store in marked
        )
        return Listing(made, self._roles.policy_roles(), bindings, role_bindings)

    def must_be_current(self) -> None:
        down = max(watch.down_for for watch in self._watches)
        if down > BLIND_SECONDS:
            raise Outage(
                Code.CLUSTER_UNAVAILABLE,
                f"The API server has not been reached for {down:.0f} s: who was suspended "
                "meanwhile is not known.",
            )

    def _must_be_synced(self) -> None:
        # Deciding on half a picture would create what exists and keep what should go. Once it is
        # whole it stays so, and isn't asked again: a page of people asks ten thousand times.
        if self._synced:
            return
        self._synced = all(watch.synced.is_set() for watch in self._watches)
        if not self._synced:
            raise Outage(
                Code.CLUSTER_UNAVAILABLE, "The picture of the cluster is not complete yet."
            )

    # --- the AccessGrant ---------------------------------------------------------------

    async def refresh(self, name: str) -> None:
        await self._grants.refresh(name)

    async def claim(self, name: str, record: Record) -> Account | NameTaken:
        foreign = self._accounts.service_accounts.get(name, self.namespace)
        if foreign is not None and not owner_uid(foreign.metadata):
            return NameTaken(name)
        account = await self._grants.create(name, record)
        if account is None:
            held = self._accounts.named(name)
            if held is None:
                raise Conflict(Code.BUSY, f"AccessGrant {name} went while it was asked for.")
            same = held.record.person.identity == record.person.identity
            return held if same else NameTaken(name)
        # Bindings of a deleted AccessGrant of this name: the garbage collector will take
        # them, but until then they would give the new account what its plan does not.
        for leftover in self._accounts.leftovers(account.name)[0]:
            await self._bindings.delete(leftover)
        return account

    async def write_record(self, account: Account, record: Record) -> Account:
        return await self._grants.write_record(account, record)

    def is_reported(
        self, account: Account, access: AccessPlan, told: tuple[Condition, ...]
    ) -> bool:
        return self._grants.is_reported(account, access, told)

    async def report(
        self,
        account: Account,
        access: AccessPlan,
        told: tuple[Condition, ...],
        login_at: float | None,
    ) -> None:
        await self._grants.report(account, access, told, login_at)

    async def note_login(self, account: Account, login_at: float) -> Account:
        return await self._grants.note_login(account, login_at)

    # --- what it owns ------------------------------------------------------------------

    async def ensure_service_account(self, account: Account) -> Account:
        if account.service_account_uid:
            return account
        path = paths.service_accounts(self.namespace)
        body = manifest.service_account(account, self.namespace)
        reply = await self._session.call("POST", path, body, also=(CONFLICT,))
        if reply.status == CONFLICT:
            reply = await in_the_way(self._session, f"{path}/{account.name}")
        seen = decode(reply.body, ServiceAccount)
        owner = owner_uid(seen.metadata)
        if not owner:
            raise JwtToRbacError(
                Code.NAME_TAKEN,
                f"ServiceAccount {self.namespace}/{account.name} exists and is not ours; it is "
                "never adopted. An administrator may delete or rename it.",
            )
        self._accounts.service_accounts.put(seen)
        if owner != account.uid:
            # Left by an AccessGrant of the past; the garbage collector is about to take it.
            await delete(self._session, f"{path}/{account.name}", seen.metadata.uid)
            self._accounts.service_accounts.deleted(seen)
            raise Conflict(Code.BUSY, f"An old ServiceAccount {account.name} was in the way.")
        return replace(account, service_account_uid=seen.metadata.uid)

    async def bind(self, account: Account, grant: Grant) -> None:
        await self._bindings.bind(account, grant)

    async def unbind(self, account: Account, held: HeldGrant) -> None:
        await self._bindings.unbind(held)

    def standing(self) -> list[HeldStanding]:
        self._must_be_synced()
        return self._bindings.standing()

    async def bind_standing(self, one: StandingGrant) -> None:
        await self._bindings.bind_standing(one)

    async def unbind_standing(self, held: HeldStanding) -> None:
        await self._bindings.unbind_standing(held)

    async def remove_service_account(self, account: Account) -> Account:
        known = self._accounts.service_accounts.get(account.name, self.namespace)
        if known is not None and known.metadata.uid == account.service_account_uid:
            await self._delete_service_account(known)
        return replace(account, service_account_uid="")

    async def _delete_service_account(self, seen: ServiceAccount) -> None:
        path = f"{paths.service_accounts(self.namespace)}/{seen.metadata.name}"
        await delete(self._session, path, seen.metadata.uid)
        self._accounts.service_accounts.deleted(seen)

    def has_leftovers(self, name: str) -> bool:
        return any(self._accounts.leftovers(name))

    async def take_leftovers(self, name: str) -> None:
        # The AccessGrant may be so new that only what it owns has been heard of.
        await self.refresh(name)
        bindings, account = self._accounts.leftovers(name)
        for one in bindings:
            await self._bindings.delete(one)
        if account is not None:
            await self._delete_service_account(account)

    async def remove(self, account: Account) -> None:
        await self.remove_service_account(account)
        await self._grants.remove(account)

    # --- sessions ------------------------------------------------------------------------

    def _session_changed(self, session: Session, there: bool) -> None:
        for listener in self.session_listeners:
            listener.session_changed(session, there)

    def all_sessions(self) -> list[Session]:
        return self._sessions.all()

    def session_named(self, name: str) -> Session | None:
        return self._sessions.named(name)

    def sessions_of(self, account: Account) -> tuple[Session, ...]:
        self._must_be_synced()
        return self._sessions.of(account)

    async def begin_session(self, account: Account, session: Session) -> Session:
        return await self._sessions.begin(account, session)

    async def stored_token(self, session: Session) -> str:
        return await self._sessions.stored_token(session)

    async def record_renewal(self, session: Session) -> None:
        await self._sessions.renew(session)

    async def end_session(self, session: Session) -> None:
        await self._sessions.end(session)

    # --- ClusterRoles from the configuration ------------------------------------------------

    def role_rules(self, name: str) -> tuple[PolicyRule, ...]:
        return self._roles.rules(name)

    def holds_role(self, name: str, rules: tuple[PolicyRule, ...]) -> bool:
        self._must_be_synced()
        return self._roles.holds(name, rules)

    async def require_role(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        self._must_be_synced()
        await self._roles.require(name, rules)

    def dropped_roles(self, policy: Policy) -> list[str]:
        self._must_be_synced()
        return self._roles.dropped(policy)

    async def remove_role(self, name: str) -> None:
        await self._roles.remove(name)

    async def ensure_role(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        await self._roles.ensure(name, rules)

    # --- asking the API server ----------------------------------------------------------

    async def issue_token(self, account: Account, session: Session, seconds: int) -> Credential:
        return await request_token(self._session, self.namespace, account, session, seconds)

    async def review_token(self, token: str) -> KubernetesUser | None:
        return await review_token(self._session, token, self._audience)

    async def may(self, user: KubernetesUser, verb: str, name: str, subresource: str) -> bool:
        return await review_access(self._session, user, verb, name, subresource)
