"""ClusterRoles: which there are, what they allow, and those of the policy kept as it has them.

Who holds them is accounts.py's; what the policy wants of them is the use cases'.
"""

from collections.abc import Callable
from copy import copy
from typing import Self

from jwt_to_rbac.core.errors import Code, Conflict, JwtToRbacError
from jwt_to_rbac.core.policy import Policy, PolicyRule
from jwt_to_rbac.kube import manifest, paths
from jwt_to_rbac.kube.marks import is_marked, is_own_role, is_policy_role
from jwt_to_rbac.kube.objects import NOT_FOUND, decode
from jwt_to_rbac.kube.session import APPLY_PATCH, KubeSession
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import ClusterRole
from jwt_to_rbac.kube.watch import Watch

MANAGER = "jwt-to-rbac"
"""Who owns the fields that we apply."""


class Roles:
    """All ClusterRoles of one cluster.

    `came_or_went` is told a name; `bound` gives those of these names that a binding of ours holds.
    """

    def __init__(
        self,
        session: KubeSession,
        came_or_went: Callable[[str], None],
        bound: Callable[[set[str]], set[str]],
    ) -> None:
        self._session = session
        self._told = came_or_went
        self._bound = bound
        self._rules: dict[str, tuple[PolicyRule, ...]] = {}
        self.store: Store[ClusterRole] = Store(self._changed)
        self.watch = Watch(session, paths.CLUSTER_ROLES, ClusterRole, self.store)

    def behind(self, guard: Callable[[], None]) -> Self:
        """The same cache; its writes ask `guard` first (see KubeSession)."""
        twin = copy(self)
        twin._session = self._session.behind(guard)
        return twin

    def has(self, name: str) -> bool:
        return self.store.get(name) is not None

    def policy_roles(self) -> tuple[str, ...]:
        """Those that the policy's rules have made, by name."""
        known = (role.metadata for role in self.store.values())
        return tuple(sorted(meta.name for meta in known if is_policy_role(meta)))

    def rules(self, name: str) -> tuple[PolicyRule, ...]:
        found = self._rules.get(name)
        if found is None:
            role = self.store.get(name)
            found = manifest.policy_rules(role.rules) if role is not None else ()
            # Not for absent ones: anybody's wish for a name would stay.
            if role is not None:
                self._rules[name] = found
        return found

    def holds(self, name: str, rules: tuple[PolicyRule, ...]) -> bool:
        known = self.store.get(name)
        return (
            known is not None
            and is_policy_role(known.metadata)
            and known.rules == manifest.role_rules(rules)
        )

    async def require(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        if not self.holds(name, rules):
            raise JwtToRbacError(
                Code.ROLE_OUTDATED,
                f"ClusterRole {name} is missing, or isn't as the policy has it. An administrator "
                "may apply what `jwt-to-rbac export manifests` writes for this configuration.",
            )

    def dropped(self, policy: Policy) -> list[str]:
        wanted = {rule.cluster_role for rule in policy.rules}
        ours = {
            role.metadata.name
            for role in self.store.values()
            if is_own_role(role.metadata) and role.metadata.name not in wanted
        }
        return sorted(ours - self._bound(ours)) if ours else []

    async def remove(self, name: str) -> None:
        known = self.store.get(name)
        if known is None or not is_own_role(known.metadata) or self._bound({name}):
            raise Conflict(Code.BUSY, f"ClusterRole {name} is another than it was.")
        meta = known.metadata
        # The version too: marks that somebody took away meanwhile make it theirs.
        which = {"uid": meta.uid, "resourceVersion": meta.resource_version}
        body = {"apiVersion": "v1", "kind": "DeleteOptions", "preconditions": which}
        await self._session.call("DELETE", paths.cluster_role(name), body, also=(NOT_FOUND,))
        self.store.deleted(known)

    async def ensure(self, name: str, rules: tuple[PolicyRule, ...]) -> None:
        wanted = manifest.role_rules(rules)
        known = self.store.get(name)
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
        self.store.put(decode(reply.body, ClusterRole))

    def _changed(self, before: ClusterRole | None, after: ClusterRole | None) -> None:
        known = after or before
        if known is not None:
            self._rules.pop(known.metadata.name, None)
        if known is not None and (before is None or after is None):
            self._told(known.metadata.name)
