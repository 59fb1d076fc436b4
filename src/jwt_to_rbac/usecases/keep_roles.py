"""Keeps the ClusterRoles that the policy's rules became: as it has them, and gone when it drops them.

Only where the policy says so (`dynamic_roles`); else they stand in the manifests, and what is
missing there is told to whom it concerns. Roles of others are never touched.
"""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import JwtToRbacError
from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.ports import Audit, Cluster, PolicyInForce


async def make_ready(cluster: Cluster, policy: Policy, name: str) -> None:
    """Before one of the policy's own ClusterRoles is bound, it must hold what the policy says.

    Raises JwtToRbacError where it can't be made so, or isn't ours to make (role_outdated).
    """
    rules = policy.own_roles()[name]
    if policy.dynamic_roles:
        await cluster.ensure_role(name, rules)
    else:
        await cluster.require_role(name, rules)


@dataclass(frozen=True, slots=True)
class KeepRoles:
    """The use case with all that it needs."""

    cluster: Cluster
    policy: PolicyInForce
    audit: Audit

    async def __call__(self) -> dict[str, JwtToRbacError]:
        """Look at every role once, and mend what isn't right; without any, nothing is called.

        A role goes when no binding of ours names it any more: until then it is passed over.
        Gives what stood in the way, by role: one never stops the others.
        """
        policy = self.policy()
        failed: dict[str, JwtToRbacError] = {}
        if not policy.dynamic_roles:
            return failed
        # First what takes something away.
        for name in self.cluster.dropped_roles(policy):
            try:
                await self.audit.record("role_removed", role=name)
                await self.cluster.remove_role(name)
            except JwtToRbacError as e:
                failed[name] = e
        for name, rules in policy.own_roles().items():
            if self.cluster.holds_role(name, rules):
                continue
            try:
                await self.audit.record("role_kept", role=name)
                await self.cluster.ensure_role(name, rules)
            except JwtToRbacError as e:
                failed[name] = e
        return failed
