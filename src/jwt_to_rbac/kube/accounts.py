"""The watch cache as accounts: which AccessGrant, ServiceAccount and bindings belong together.

In memory only; `watch` feeds the stores, `cluster` asks. An object belongs to a person by
its owner reference's uid, never by its name or label.
"""

from collections.abc import Hashable
from datetime import datetime
from typing import TypeVar

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.conditions import Condition
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.names import identity_digest
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.kube.manifest import record_of
from jwt_to_rbac.kube.marks import is_marked, owner_of, owner_uid
from jwt_to_rbac.kube.store import Key, Store
from jwt_to_rbac.kube.types import AccessGrant, Binding, ServiceAccount
from jwt_to_rbac.ports import Listener

Filed = TypeVar("Filed", bound=Hashable)
Value = TypeVar("Value")


class Accounts:
    """All people on the cluster. `namespace` is where their ServiceAccounts live."""

    def __init__(self, namespace: str, listeners: list[Listener]) -> None:
        self._namespace = namespace
        self._listeners = listeners
        self.grants: Store[AccessGrant] = Store(self._grant_changed)
        self.service_accounts: Store[ServiceAccount] = Store(self._service_account_changed)
        self.bindings: Store[Binding] = Store(self._binding_changed)
        self.role_bindings: Store[Binding] = Store(self._binding_changed)
        self._by_identity: dict[Identity, str] = {}
        self._by_digest: dict[str, str] = {}
        self._owned: dict[str, dict[tuple[str, Key], Binding]] = {}
        """Owner's name to ((owner's uid, key of the binding) to binding)."""
        self._foreign: dict[str, dict[Key, str]] = {}
        """Account's name to the bindings to it that no AccessGrant owns, and what to call them."""
        self._built: dict[str, Account] = {}

    def bound(self, roles: set[str]) -> set[str]:
        """Those of these ClusterRoles that a binding of ours names."""
        bindings = (*self.bindings.values(), *self.role_bindings.values())
        ours = [one for one in bindings if is_marked(one.metadata) or owner_uid(one.metadata)]
        named = {one.role_ref.name for one in ours}
        return roles & named

    def of(self, identity: Identity) -> Account | None:
        name = self._by_identity.get(identity)
        return None if name is None else self.named(name)

    def with_digest(self, digest: str) -> str | None:
        """The name of the account whose person has this `identity_digest`."""
        return self._by_digest.get(digest)

    def named(self, name: str) -> Account | None:
        """The account of this name; None also while its AccessGrant is being deleted."""
        built = self._built.get(name)
        if built is not None:
            return built
        grant = self.grants.get(name)
        if grant is None or grant.metadata.deletion_timestamp is not None:
            return None
        built = self._built[name] = self._build(grant)
        return built

    def leftover_names(self) -> list[str]:
        """Of AccessGrants that own something, and are no more or are being deleted."""
        accounts = {one.metadata.name for one in self.service_accounts.values() if _owned(one)}
        return [name for name in self._owned.keys() | accounts if any(self.leftovers(name))]

    def leftovers(self, name: str) -> tuple[list[Binding], ServiceAccount | None]:
        """What is owned by an AccessGrant of this name that is no more, or is being deleted.

        The garbage collector will take it too; until then it would widen a new grant.
        """
        grant = self.grants.get(name)
        live = grant is not None and grant.metadata.deletion_timestamp is None
        uid = grant.metadata.uid if grant is not None and live else ""
        account = self.service_accounts.get(name, self._namespace)
        left = account is not None and owner_uid(account.metadata) not in ("", uid)
        return (
            [one for (owner, _), one in self._owned.get(name, {}).items() if owner != uid],
            account if left else None,
        )

    def _build(self, grant: AccessGrant) -> Account:
        meta = grant.metadata
        account = self.service_accounts.get(meta.name, self._namespace)
        ours = account is not None and owner_uid(account.metadata) == meta.uid
        return Account(
            name=meta.name,
            uid=meta.uid,
            version=meta.resource_version,
            record=record_of(grant.spec),
            service_account_uid=account.metadata.uid if account is not None and ours else "",
            held=tuple(
                held_grant(binding, meta.name, self._namespace)
                for (owner, _), binding in self._owned.get(meta.name, {}).items()
                if owner == meta.uid
            ),
            reported=grant.status.observed_generation == meta.generation,
            last_login=_seconds(grant.status.last_login),
            conditions=tuple(
                Condition(
                    one.type,
                    one.status,
                    one.reason,
                    one.message,
                    _seconds(one.last_transition_time) or 0,
                )
                for one in grant.status.conditions
            ),
            foreign=tuple(sorted(self._foreign.get(meta.name, {}).values())),
            created=_seconds(meta.creation_timestamp) or 0,
        )

    def _grant_changed(self, before: AccessGrant | None, after: AccessGrant | None) -> None:
        if before is not None:
            self._built.pop(before.metadata.name, None)
            old = _identity(before)
            changed = after is None or _identity(after) != old
            if changed and self._by_identity.get(old) == before.metadata.name:
                del self._by_identity[old]
                self._by_digest.pop(identity_digest(old), None)
        if after is not None and self._by_identity.get(_identity(after)) != after.metadata.name:
            new = _identity(after)
            self._by_identity[new] = after.metadata.name
            self._by_digest[identity_digest(new)] = after.metadata.name
        known = after or before
        if known is None:
            return
        going = after is None or after.metadata.deletion_timestamp is not None
        for listener in self._listeners:
            if going:
                listener.grant_gone(known.metadata.name, record_of(known.spec))
            else:
                listener.grant_changed(known.metadata.name)

    def _service_account_changed(
        self, before: ServiceAccount | None, after: ServiceAccount | None
    ) -> None:
        for name in {one.metadata.name for one in (before, after) if one is not None}:
            self._owned_changed(name)

    def _binding_changed(self, before: Binding | None, after: Binding | None) -> None:
        for one, there_now in ((before, False), (after, True)):
            if one is not None:
                self._file(one, there_now)

    def _file(self, one: Binding, there_now: bool) -> None:
        """Keep a binding under its owner's name, or under those of the accounts that it is for."""
        meta = one.metadata
        key = (meta.namespace, meta.name)
        owner = owner_of(meta)
        if owner is not None:
            _keep(self._owned, owner.name, (owner.uid, key), one if there_now else None)
            self._owned_changed(owner.name)
            return
        kind = "rolebinding" if meta.namespace else "clusterrolebinding"
        called = "/".join(filter(None, (kind, *key)))
        for subject in one.subjects or ():
            if (subject.kind, subject.namespace) == ("ServiceAccount", self._namespace):
                _keep(self._foreign, subject.name, key, called if there_now else None)
                self._owned_changed(subject.name)

    def _owned_changed(self, name: str) -> None:
        self._built.pop(name, None)
        for listener in self._listeners:
            listener.owned_changed(name)


def _keep(filed: dict[str, dict[Filed, Value]], name: str, key: Filed, value: Value | None) -> None:
    """Put `value` in its place, or take it out; no empty place remains."""
    place = filed.setdefault(name, {})
    if value is not None:
        place[key] = value
        return
    place.pop(key, None)
    if not place:
        del filed[name]


def _identity(grant: AccessGrant) -> Identity:
    return Identity(grant.spec.subject.issuer, grant.spec.subject.subject)


def _owned(one: ServiceAccount) -> bool:
    return bool(owner_uid(one.metadata))


def held_grant(binding: Binding, account: str, namespace: str) -> HeldGrant:
    """What a binding gives, and whether it is as we make it: its one subject is the account."""
    subjects = binding.subjects or ()
    intact = (
        len(subjects) == 1
        and (subjects[0].kind, subjects[0].name, subjects[0].namespace)
        == ("ServiceAccount", account, namespace)
        and binding.role_ref.kind == "ClusterRole"
        and is_marked(binding.metadata)
    )
    grant = Grant(binding.role_ref.name, binding.metadata.namespace)
    return HeldGrant(grant, binding.metadata.name, intact)


def _seconds(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp())
