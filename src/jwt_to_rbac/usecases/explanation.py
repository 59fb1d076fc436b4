"""An explanation as a document in Kubernetes' style: what the API and the command line both tell."""

from typing import TypedDict

from jwt_to_rbac.core.errors import Code
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.usecases.explain import Explained


class Who(TypedDict):
    """The person as the token or the claims by hand tell."""

    issuer: str
    subject: str
    username: str
    groups: tuple[str, ...]


class AccountName(TypedDict):
    """The ServiceAccount that is theirs, or would be asked for."""

    name: str
    exists: bool


class GrantWhere(TypedDict):
    """A grant; its scope is a namespace, or `cluster`."""

    clusterRole: str
    scope: str


class GrantByRule(GrantWhere):
    """A grant with the rule that gives it."""

    rule: str


class Change(TypedDict):
    """What would change on the cluster."""

    give: list[GrantWhere]
    take: list[GrantWhere]


class RuleThatFailed(TypedDict):
    """A rule whose expression had no value: it gives nothing."""

    rule: str
    reason: str


class Refused(TypedDict):
    """Why a login would be refused."""

    code: Code
    detail: str


class Explanation(TypedDict):
    """The document; `refused` is null where a login would succeed."""

    person: Who
    serviceAccount: AccountName
    grants: list[GrantByRule]
    changes: Change
    unmatchedGroups: tuple[str, ...]
    absentNamespaces: tuple[str, ...]
    failedRules: list[RuleThatFailed]
    refused: Refused | None


def explanation(found: Explained) -> Explanation:
    """The document: who, what by which rule, what would change on the cluster, and what gave nothing."""
    access = found.access
    return {
        "person": {
            "issuer": found.person.identity.issuer,
            "subject": found.person.identity.subject,
            "username": found.person.username,
            "groups": found.person.groups,
        },
        "serviceAccount": {"name": found.account, "exists": found.exists},
        "grants": [{**_where(p.grant), "rule": p.rule} for p in access.grants],
        "changes": {
            "give": [_where(grant) for grant in found.changes.bind],
            "take": [_where(held.grant) for held in found.changes.revoke],
        },
        "unmatchedGroups": access.unmatched_groups,
        "absentNamespaces": access.absent_namespaces,
        "failedRules": [{"rule": f.rule, "reason": f.reason} for f in access.failed_rules],
        "refused": (
            {"code": found.refused.code, "detail": found.refused.detail} if found.refused else None
        ),
    }


def _where(grant: Grant) -> GrantWhere:
    return {"clusterRole": grant.cluster_role, "scope": grant.namespace or "cluster"}
