"""One cluster as the use cases need it: the `Cluster` port on watch caches and single calls.

No decisions here: what to grant is the plan's, in which order is the use cases'.
"""

import asyncio
import time
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Self, TypeVar

import msgspec

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.errors import Code, Conflict, JwtToRbacError, Outage
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.core.names import binding_name, hashed_binding_name, standing_binding_name
from jwt_to_rbac.core.plan import AccessPlan, Grant
from jwt_to_rbac.core.policy import Policy, PolicyRule
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.standing import HeldStanding, StandingGrant
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.kube.accounts import Accounts, held_grant
from jwt_to_rbac.kube.calls import verb_and_resource
from jwt_to_rbac.kube.marks import is_marked, is_own_role, is_policy_role, owner_uid
from jwt_to_rbac.kube.namespaces import Namespaces
from jwt_to_rbac.kube.reviews import review_access, review_token
from jwt_to_rbac.kube.revocations import PREFIX, Revocations
from jwt_to_rbac.kube.session import APPLY_PATCH, MERGE_PATCH, KubeSession, Reply
from jwt_to_rbac.kube.sessions import Sessions
from jwt_to_rbac.kube.standing import held_standing, standing_binding
from jwt_to_rbac.kube.status import status
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.tokens import request_token
from jwt_to_rbac.kube.types import (
    AccessGrant,
    AccessGrantStatus,
    AnyObject,
    Binding,
    ClusterRole,
    Namespace,
    ServiceAccount,
)
from jwt_to_rbac.kube.watch import Watch
from jwt_to_rbac.ports import Clock, Listener, Listing, NameTaken, SessionListener

NOT_FOUND = HTTPStatus.NOT_FOUND
CONFLICT = HTTPStatus.CONFLICT

BLIND_SECONDS = 10.0
"""How long old knowledge lets people in: as long as API servers take a token without asking."""

MANAGER = "jwt-to-rbac"
"""Who owns the fields that we apply."""

Seen = TypeVar("Seen")


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
        self._clock = clock
        self.listeners: list[Listener] = []
        self.session_listeners: list[SessionListener] = []
        self._accounts = Accounts(namespace, self.listeners)
        self._namespaces = Namespaces(self.listeners)
        self._roles: Store[ClusterRole] = Store(self._role_changed)
        self._role_rules: dict[str, tuple[PolicyRule, ...]] = {}
        self._sessions = Sessions(session, namespace, self._session_changed)
        self._revocations = Revocations(session, namespace, self._revocation_changed)
        accounts = self._accounts
        self._watches: tuple[Watch[Any], ...] = (
            Watch(session, paths.NAMESPACES, Namespace, self._namespaces.store),
            Watch(session, paths.CLUSTER_ROLES, ClusterRole, self._roles),
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

    def watches(self) -> list[tuple[str, bool, float]]:
        """Each watch's resource, whether it is up, and how many seconds it has been silent."""
        now = time.monotonic()
        return [
            (verb_and_resource("GET", w.path)[1], w.healthy and w.synced.is_set(), now - w.heard_at)
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
        return self._roles.get(name) is not None

    def _role_changed(self, before: ClusterRole | None, after: ClusterRole | None) -> None:
        known = after or before
        if known is not None:
            self._role_rules.pop(known.metadata.name, None)
        if known is not None and (before is None or after is None):
            for listener in self.listeners:
                listener.role_came_or_went(known.metadata.name)

    def role_rules(self, name: str) -> tuple[PolicyRule, ...]:
        found = self._role_rules.get(name)
        if found is None:
            role = self._roles.get(name)
            found = manifest.policy_rules(role.rules) if role is not None else ()
            # Not for absent ones: anybody's wish for a name would stay.
            if role is not None:
                self._role_rules[name] = found
        return found

    def listing(self) -> Listing:
        self._must_be_synced()
        accounts = self._accounts
        return Listing(
            *(
                tuple(sorted(o.metadata.name for o in store.values() if ours(o.metadata)))
                for store, ours in (
                    (accounts.service_accounts, is_marked),
                    (self._roles, is_policy_role),
                    (accounts.bindings, is_marked),
                    (accounts.role_bindings, is_marked),
                )
            )
        )

    def must_be_current(self) -> None:
        down = max(watch.down_for for watch in self._watches)
        if down > BLIND_SECONDS:
            raise Outage(
                Code.CLUSTER_UNAVAILABLE,
                f"The API server has not been reached for {down:.0f} s: who was suspended "
                "meanwhile is not known.",
            )

    def _must_be_synced(self) -> None:
        # Deciding on half a picture would create what exists and keep what should go.
        if not all(watch.synced.is_set() for watch in self._watches):
            raise Outage(
                Code.CLUSTER_UNAVAILABLE, "The picture of the cluster is not complete yet."
            )

    # --- the AccessGrant ---------------------------------------------------------------

    async def refresh(self, name: str) -> None:
        reply = await self._session.call("GET", paths.grant(name), also=(NOT_FOUND,))
        if reply.status != NOT_FOUND:
            self._accounts.grants.put(_decode(reply.body, AccessGrant))
        else:
            known = self._accounts.grants.get(name)
            if known is not None:
                self._accounts.grants.deleted(known)

    async def claim(self, name: str, record: Record) -> Account | NameTaken:
        foreign = self._accounts.service_accounts.get(name, self.namespace)
        if foreign is not None and not owner_uid(foreign.metadata):
            return NameTaken(name)
        body = manifest.access_grant(name, record, self.namespace)
        reply = await self._session.call("POST", paths.GRANTS, body, also=(CONFLICT,))
        if reply.status == CONFLICT:
            await self.refresh(name)
            held = self._accounts.named(name)
            if held is None:
                raise Conflict(Code.BUSY, f"AccessGrant {name} went while it was asked for.")
            same = held.record.person.identity == record.person.identity
            return held if same else NameTaken(name)
        account = self._saw_grant(reply.body)
        # Bindings of a deleted AccessGrant of this name: the garbage collector will take
        # them, but until then they would give the new account what its plan does not.
        for leftover in self._accounts.leftovers(account.name)[0]:
            await self._delete_binding(leftover)
        return account

    async def write_record(self, account: Account, record: Record) -> Account:
        body: manifest.Body = {
            "metadata": {"resourceVersion": account.version, "uid": account.uid},
            "spec": manifest.spec(record),
        }
        return await self._patch_grant(account, paths.grant(account.name), body)

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
        if new == grant.status:
            return
        body: manifest.Body = {
            "metadata": {"resourceVersion": account.version, "uid": account.uid},
            "status": new,
        }
        await self._patch_grant(account, paths.grant(account.name) + "/status", body)

    async def note_login(self, account: Account, login_at: float) -> Account:
        body: manifest.Body = {
            "metadata": {"resourceVersion": account.version, "uid": account.uid},
            "status": {"lastLogin": rfc3339(login_at)},
        }
        return await self._patch_grant(account, paths.grant(account.name) + "/status", body)

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

    async def _patch_grant(self, account: Account, path: str, body: manifest.Body) -> Account:
        try:
            reply = await self._session.call(
                "PATCH", path, body, content_type=MERGE_PATCH, also=(NOT_FOUND,)
            )
        except Conflict:
            await self.refresh(account.name)
            raise
        if reply.status == NOT_FOUND:
            await self.refresh(account.name)
            raise Conflict(Code.BUSY, f"AccessGrant {account.name} was deleted meanwhile.")
        return self._saw_grant(reply.body)

    def _saw_grant(self, body: bytes) -> Account:
        grant = _decode(body, AccessGrant)
        self._accounts.grants.put(grant)
        account = self._accounts.named(grant.metadata.name)
        if account is None:
            raise Conflict(Code.BUSY, f"AccessGrant {grant.metadata.name} is being deleted.")
        return account

    # --- what it owns ------------------------------------------------------------------

    async def ensure_service_account(self, account: Account) -> Account:
        if account.service_account_uid:
            return account
        path = paths.service_accounts(self.namespace)
        body = manifest.service_account(account, self.namespace)
        reply = await self._session.call("POST", path, body, also=(CONFLICT,))
        if reply.status == CONFLICT:
            reply = await self._in_the_way(f"{path}/{account.name}")
        seen = _decode(reply.body, ServiceAccount)
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
            await self._delete(f"{path}/{account.name}", seen.metadata.uid)
            self._accounts.service_accounts.deleted(seen)
            raise Conflict(Code.BUSY, f"An old ServiceAccount {account.name} was in the way.")
        return replace(account, service_account_uid=seen.metadata.uid)

    async def bind(self, account: Account, grant: Grant) -> None:
        for name in (
            binding_name(account.name, grant.cluster_role),
            hashed_binding_name(account.name, grant.cluster_role),
        ):
            path = paths.bindings(grant.namespace)
            body = manifest.binding(account, grant, self.namespace, name)
            reply = await self._session.call("POST", path, body, also=(CONFLICT,))
            if reply.status == CONFLICT:
                reply = await self._in_the_way(f"{path}/{name}")
            seen = _decode(reply.body, Binding)
            if owner_uid(seen.metadata) == account.uid:
                self._bindings(grant).put(seen)
                if held_grant(seen, account.name, self.namespace) == HeldGrant(grant, name):
                    return
                raise Conflict(Code.BUSY, f"Binding {name} is not as we made it.")
        raise JwtToRbacError(
            Code.NAME_TAKEN, f"Bindings named {name!r} and its like exist and are not ours."
        )

    def standing(self) -> list[HeldStanding]:
        self._must_be_synced()
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
            reply = await self._in_the_way(f"{path}/{name}")
        seen = _decode(reply.body, Binding)
        if HeldStanding(one, seen.metadata.name) not in held_standing([seen]):
            raise JwtToRbacError(
                Code.NAME_TAKEN, f"Binding {seen.metadata.name} exists and is not as we made it."
            )
        self._bindings(one.grant).put(seen)

    async def unbind_standing(self, held: HeldStanding) -> None:
        grant = held.standing.grant
        seen = self._bindings(grant).get(held.name, grant.namespace)
        if seen is not None:
            await self._delete_binding(seen)

    async def unbind(self, account: Account, held: HeldGrant) -> None:
        seen = self._bindings(held.grant).get(held.name, held.grant.namespace)
        if seen is not None:
            await self._delete_binding(seen)

    async def _delete_binding(self, seen: Binding) -> None:
        meta = seen.metadata
        # The uid says which object was meant: one that was made anew is another decision.
        await self._delete(f"{paths.bindings(meta.namespace)}/{meta.name}", meta.uid)
        accounts = self._accounts
        (accounts.role_bindings if meta.namespace else accounts.bindings).deleted(seen)

    async def remove_service_account(self, account: Account) -> Account:
        known = self._accounts.service_accounts.get(account.name, self.namespace)
        if known is not None and known.metadata.uid == account.service_account_uid:
            await self._delete_service_account(known)
        return replace(account, service_account_uid="")

    async def _delete_service_account(self, seen: ServiceAccount) -> None:
        path = f"{paths.service_accounts(self.namespace)}/{seen.metadata.name}"
        await self._delete(path, seen.metadata.uid)
        self._accounts.service_accounts.deleted(seen)

    def has_leftovers(self, name: str) -> bool:
        return any(self._accounts.leftovers(name))

    async def take_leftovers(self, name: str) -> None:
        # The AccessGrant may be so new that only what it owns has been heard of.
        await self.refresh(name)
        bindings, account = self._accounts.leftovers(name)
        for one in bindings:
            await self._delete_binding(one)
        if account is not None:
            await self._delete_service_account(account)

    async def remove(self, account: Account) -> None:
        await self.remove_service_account(account)
        await self._delete(paths.grant(account.name), account.uid)
        grant = self._accounts.grants.get(account.name)
        if grant is not None:
            self._accounts.grants.deleted(grant)

    def _bindings(self, grant: Grant) -> Store[Binding]:
        return self._accounts.role_bindings if grant.namespace else self._accounts.bindings

    async def _in_the_way(self, path: str) -> Reply:
        """The object that a create ran into; Conflict if it has gone meanwhile."""
        reply = await self._session.call("GET", path, also=(NOT_FOUND,))
        if reply.status == NOT_FOUND:
            raise Conflict(Code.BUSY, f"{path} went while it was asked for.")
        return reply

    async def _delete(self, path: str, uid: str) -> None:
        body = {
            "apiVersion": "v1",
            "kind": "DeleteOptions",
            "propagationPolicy": "Background",
            "preconditions": {"uid": uid},
        }
        reply = await self._session.call("DELETE", path, body, also=(NOT_FOUND, CONFLICT))
        if reply.status == CONFLICT:
            # Another uid, as a rule: then the object that was meant is gone, which is what we
            # want. But it must be seen to be gone, or a grant would live on unknown to us.
            found = await self._session.call("GET", path, also=(NOT_FOUND,))
            if found.status != NOT_FOUND and _decode(found.body, AnyObject).metadata.uid == uid:
                raise Conflict(Code.BUSY, f"{path} could not be deleted at this moment.")

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

    def holds_role(self, name: str, rules: tuple[PolicyRule, ...]) -> bool:
        self._must_be_synced()
        known = self._roles.get(name)
        return (
            known is not None
            and is_policy_role(known.metadata)
            and known.rules == manifest.role_rules(rules)
        )

    async def require_role(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        if not self.holds_role(name, rules):
            raise JwtToRbacError(
                Code.ROLE_OUTDATED,
                f"ClusterRole {name} is missing, or isn't as the policy has it. An administrator "
                "may apply what `jwt-to-rbac export manifests` writes for this configuration.",
            )

    def dropped_roles(self, policy: Policy) -> list[str]:
        self._must_be_synced()
        wanted = {rule.cluster_role for rule in policy.rules}
        ours = {
            role.metadata.name
            for role in self._roles.values()
            if is_own_role(role.metadata) and role.metadata.name not in wanted
        }
        return sorted(ours - self._bound(ours)) if ours else []

    def _bound(self, roles: set[str]) -> set[str]:
        """Those of these ClusterRoles that a binding of ours names."""
        bindings = (*self._accounts.bindings.values(), *self._accounts.role_bindings.values())
        ours = [one for one in bindings if is_marked(one.metadata) or owner_uid(one.metadata)]
        named = {one.role_ref.name for one in ours}
        return roles & named

    async def remove_role(self, name: str) -> None:
        known = self._roles.get(name)
        if known is None or not is_own_role(known.metadata) or self._bound({name}):
            raise Conflict(Code.BUSY, f"ClusterRole {name} is another than it was.")
        meta = known.metadata
        # The version too: marks that somebody took away meanwhile make it theirs.
        which = {"uid": meta.uid, "resourceVersion": meta.resource_version}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": which}
        await self._session.call("DELETE", paths.cluster_role(name), body, also=(NOT_FOUND,))
        self._roles.deleted(known)

    async def ensure_role(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        wanted = manifest.role_rules(rules)
        known = self._roles.get(name)
        if known is not None and not is_marked(known.metadata):
            raise JwtToRbacError(
                Code.NAME_TAKEN,
                f"ClusterRole {name} exists and is not ours; it is never changed. Rename the "
                "policy's rule, or delete the ClusterRole.",
            )
        if known is not None and known.rules == wanted:
            return
        # Applied, because RBAC can allow that for named roles only, which it can't for POST.
        # Unforced, a role that we don't know yet and others made is left as it is (409).
        body = manifest.cluster_role(name, rules, known.metadata.uid if known else "")
        path = f"{paths.cluster_role(name)}?fieldManager={MANAGER}"
        path += "&force=true" if known else ""
        reply = await self._session.call("PATCH", path, body, content_type=APPLY_PATCH)
        self._roles.put(_decode(reply.body, ClusterRole))

    # --- asking the API server ----------------------------------------------------------

    async def issue_token(self, account: Account, session: Session, seconds: int) -> Credential:
        return await request_token(self._session, self.namespace, account, session, seconds)

    async def review_token(self, token: str) -> KubernetesUser | None:
        return await review_token(self._session, token, self._audience)

    async def may(self, user: KubernetesUser, verb: str, name: str, subresource: str) -> bool:
        return await review_access(self._session, user, verb, name, subresource)


def _decode(body: bytes, kind: type[Seen]) -> Seen:
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as e:
        named = msgspec.json.decode(body, type=AnyObject).metadata.name
        raise JwtToRbacError(
            Code.CLUSTER_REFUSED, f"{kind.__name__} {named} can't be read: {e}. Mend or delete it."
        ) from e
