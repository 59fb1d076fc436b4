"""The watch cache as accounts: which AccessGrant, ServiceAccount and bindings belong together.

In memory only; `watch` feeds the stores, `cluster` asks. An object belongs to a person by
its owner reference's uid, never by its name or label.
"""

from datetime import datetime

from jwt_to_rbac.core.account import Account, Condition
from jwt_to_rbac.core.difference import HeldGrant
from jwt_to_rbac.core.identity import Identity
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.kube.manifest import record_of
from jwt_to_rbac.kube.marks import is_marked, owner_of, owner_uid
from jwt_to_rbac.kube.store import Key, Store
from jwt_to_rbac.kube.types import AccessGrant, Binding, ServiceAccount


class Accounts:
    """All people on the cluster. `namespace` is where their ServiceAccounts live."""

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace
        self.grants: Store[AccessGrant] = Store(self._grant_changed)
        self.service_accounts: Store[ServiceAccount] = Store(self._service_account_changed)
        self.bindings: Store[Binding] = Store(self._binding_changed)
        self.role_bindings: Store[Binding] = Store(self._binding_changed)
        self._by_identity: dict[Identity, str] = {}
        self._owned: dict[str, dict[tuple[str, Key], Binding]] = {}
        """Owner's name to ((owner's uid, key of the binding) to binding)."""
        self._built: dict[str, Account] = {}

    def of(self, identity: Identity) -> Account | None:
        name = self._by_identity.get(identity)
        return None if name is None else self.named(name)

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

    def leftovers(self, name: str, uid: str) -> list[Binding]:
        """Bindings to this name's ServiceAccount owned by an AccessGrant of the past, not `uid`.

        The garbage collector will take them; until then they would widen a new grant.
        """
        return [one for (owner, _), one in self._owned.get(name, {}).items() if owner != uid]

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
        )

    def _grant_changed(self, before: AccessGrant | None, after: AccessGrant | None) -> None:
        if before is not None:
            old = record_of(before.spec).person.identity
            if self._by_identity.get(old) == before.metadata.name:
                del self._by_identity[old]
            self._built.pop(before.metadata.name, None)
        if after is not None:
            self._by_identity[record_of(after.spec).person.identity] = after.metadata.name

    def _service_account_changed(
        self, before: ServiceAccount | None, after: ServiceAccount | None
    ) -> None:
        for one in (before, after):
            if one is not None:
                self._built.pop(one.metadata.name, None)

    def _binding_changed(self, before: Binding | None, after: Binding | None) -> None:
        for one, owned_now in ((before, False), (after, True)):
            owner = owner_of(one.metadata) if one is not None else None
            if one is None or owner is None:
                continue
            self._built.pop(owner.name, None)
            owned = self._owned.setdefault(owner.name, {})
            key = (owner.uid, (one.metadata.namespace, one.metadata.name))
            if owned_now:
                owned[key] = one
            else:
                owned.pop(key, None)
                if not owned:
                    del self._owned[owner.name]


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
