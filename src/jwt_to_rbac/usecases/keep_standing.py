"""Keep the bindings of Groups and Users as a policy of mode `groups` says; under any other, none."""

from dataclasses import dataclass

from jwt_to_rbac.core.policy import Policy
from jwt_to_rbac.core.standing import StandingGrant, standing_changes, standing_grants
from jwt_to_rbac.ports import Audit, Cluster, PolicyInForce
from jwt_to_rbac.usecases.keep_roles import make_ready
from jwt_to_rbac.usecases.log_in import str_grant
from jwt_to_rbac.usecases.reconcile import together


@dataclass(frozen=True, slots=True)
class KeepStanding:
    """The use case with all that it needs."""

    cluster: Cluster
    policy: PolicyInForce
    audit: Audit

    async def __call__(self) -> None:
        """Make it so: what is too much goes first. Costs no call where nothing differs.

        Safe to repeat and to interrupt. Raises Outage, Conflict, or JwtToRbacError for what a
        person must mend.
        """
        policy = self.policy()
        wanted = standing_grants(policy, self.cluster.namespaces())
        changes = standing_changes(wanted, self.cluster.standing())
        if not (changes.take or changes.give):
            return
        await self.audit.record(
            "standing",
            grants=[_told(one, rule) for one, rule in wanted.items()],
            given=[_told(one) for one in changes.give],
            taken=[_told(one.standing) for one in changes.take],
            changed=True,
        )
        await together(self.cluster.unbind_standing(held) for held in changes.take)
        by_role: dict[str, list[StandingGrant]] = {}
        for one in changes.give:
            by_role.setdefault(one.grant.cluster_role, []).append(one)
        await together(self._bind(policy, role, grants) for role, grants in by_role.items())

    async def _bind(self, policy: Policy, role: str, grants: list[StandingGrant]) -> None:
        if role in policy.own_roles():
            await make_ready(self.cluster, policy, role)
        await together(self.cluster.bind_standing(one) for one in grants)


def _told(one: StandingGrant, rule: str = "") -> str:
    subject, grant = one.subject, one.grant
    return f"{subject.kind} {subject.name}: {str_grant(grant.cluster_role, grant.namespace, rule)}"
