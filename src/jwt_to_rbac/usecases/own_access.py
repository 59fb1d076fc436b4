"""What one person holds and why, as they see it themselves: each grant with its rule and how far it goes."""

from dataclasses import dataclass

from jwt_to_rbac.core.errors import Denial
from jwt_to_rbac.core.plan import AccessPlan, PlannedGrant
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.ports import Cluster, Request
from jwt_to_rbac.usecases.callers import Visitor
from jwt_to_rbac.usecases.people import People

_READING = frozenset({"get", "list", "watch"})


@dataclass(frozen=True, slots=True)
class GrantSeen:
    """A grant. `exists`: whether there is such a ClusterRole; `writes`: whether it changes anything."""

    planned: PlannedGrant
    exists: bool
    writes: bool


@dataclass(frozen=True, slots=True)
class AccessSeen:
    """All of it; `access` also says what gave nothing."""

    access: AccessPlan
    grants: tuple[GrantSeen, ...]


@dataclass(frozen=True, slots=True)
class OwnAccess:
    """The use case with all that it needs."""

    people: People
    cluster: Cluster

    async def __call__(self, visitor: Visitor, name: str, request: Request) -> AccessSeen | Denial:
        """For the owner of the account `name`."""
        found = await self.people.get(visitor, name, request)
        if isinstance(found, Denial):
            return found
        return AccessSeen(found.access, tuple(map(self._seen, found.access.grants)))

    def _seen(self, planned: PlannedGrant) -> GrantSeen:
        role = planned.grant.cluster_role
        rules = self.cluster.role_rules(role)
        return GrantSeen(planned, self.cluster.has_role(role), any(map(_writes, rules)))


def _writes(rule: PolicyRule) -> bool:
    return not _READING.issuperset(rule.verbs)
