"""Tell an API server what a person may do (webhook authorization), straight from the policy.

Needs no RBAC object of the person's: the rules of ClusterRoles that exist are taken as they
stand on the cluster, those of the policy's own from the policy.
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from jwt_to_rbac.core.authorization import AccessRequest, PathRequest, allowing
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.kubernetes_user import KubernetesUser, proven_by
from jwt_to_rbac.core.plan import AccessPlan, PlannedGrant, plan
from jwt_to_rbac.core.policy import Policy, PolicyRule
from jwt_to_rbac.core.record import advance
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.ports import Clock, Cluster, PolicyInForce, Request
from jwt_to_rbac.usecases.log_in import str_grant
from jwt_to_rbac.usecases.said_once import SaidOnce

MOST_PLANS = 4096
"""People whose plan is kept while neither policy nor namespaces change; a kilobyte or two each."""


@dataclass(frozen=True, slots=True)
class NoOpinion:
    """We don't allow it, and somebody else may. `detail` is shown if nobody does."""

    detail: str


Verdict = PlannedGrant | NoOpinion | Denial
"""Allowed by a grant, left to others, or denied whatever others say."""


@dataclass(slots=True)
class Plans:
    """The plans of one policy on one picture of the namespaces, each made once."""

    policy: Policy
    namespaces: NamespaceLabels
    own_roles: Mapping[str, tuple[PolicyRule, ...]]
    made: OrderedDict[Person, AccessPlan] = field(default_factory=OrderedDict)

    def of(self, person: Person) -> AccessPlan:
        found = self.made.get(person)
        if found is None:
            found = self.made[person] = plan(person, self.policy, self.namespaces)
            if len(self.made) > MOST_PLANS:
                self.made.popitem(last=False)
        return found


class Authorize:
    """The use case with all that it needs."""

    def __init__(
        self, cluster: Cluster, policy: PolicyInForce, audit: SaidOnce, clock: Clock
    ) -> None:
        self._cluster = cluster
        self._policy = policy
        self._audit = audit
        self._clock = clock
        self._plans: Plans | None = None

    async def __call__(
        self, user: KubernetesUser, asked: AccessRequest, request: Request
    ) -> Verdict:
        """Whether this user may do what is asked.

        A user without our marks is nobody's business here. A person with an AccessGrant is
        held to it: suspended, ended and revoked are denied, the last also when it is gone. Raises Outage if the picture of
        the cluster or the audit are away.
        """
        proven = proven_by(user)
        if proven is None:
            return NoOpinion("jwt-to-rbac: this is no user of its issuers")
        self._cluster.must_be_current()
        identity = proven.person.identity
        account = self._cluster.account_of(identity)
        revoked = self._cluster.revoked_before(identity)
        record = advance(account.record if account else None, proven, self._clock(), revoked)
        verdict = record if isinstance(record, Denial) else self._planned(record.person, asked)
        await self._record(verdict, identity, user.username, asked, request)
        return verdict

    def _planned(self, person: Person, asked: AccessRequest) -> Verdict:
        plans = self._current()

        def rules_of(cluster_role: str) -> Iterable[PolicyRule]:
            own = plans.own_roles.get(cluster_role)
            return self._cluster.role_rules(cluster_role) if own is None else own

        granted = allowing(plans.of(person).grants, rules_of, asked)
        return granted or NoOpinion("jwt-to-rbac: no rule of the policy allows this")

    def _current(self) -> Plans:
        policy, namespaces = self._policy(), self._cluster.namespaces()
        kept = self._plans
        if kept is None or kept.policy is not policy or kept.namespaces is not namespaces:
            kept = self._plans = Plans(policy, namespaces, policy.own_roles())
        return kept

    async def _record(
        self,
        verdict: Verdict,
        identity: Identity,
        username: str,
        asked: AccessRequest,
        request: Request,
    ) -> None:
        event, code, grants = _told(verdict)
        await self._audit.record(
            (identity, asked, event, code, grants),
            event,
            request,
            issuer=identity.issuer,
            subject=identity.subject,
            username=username,
            code=code,
            grants=grants or None,
            **_facts(asked),
        )


def _told(verdict: Verdict) -> tuple[str, Code | None, tuple[str, ...]]:
    match verdict:
        case PlannedGrant(grant, rule):
            return "allowed", None, (str_grant(grant.cluster_role, grant.namespace, rule),)
        case Denial(code):
            return "denied", code, ()
        case NoOpinion():
            return "not_allowed", Code.NO_ACCESS, ()


def _facts(asked: AccessRequest) -> dict[str, str | None]:
    if isinstance(asked, PathRequest):
        return {"asked": f"{asked.verb} {asked.path}"}
    resource = f"{asked.resource}.{asked.group}" if asked.group else asked.resource
    whole = f"{resource}/{asked.subresource}" if asked.subresource else resource
    return {
        "asked": f"{asked.verb} {whole}",
        "namespace": asked.namespace or None,
        "name": asked.name or None,
    }
