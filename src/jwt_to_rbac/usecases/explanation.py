"""An explanation as a document in Kubernetes' style: what the API and the command line both tell."""

from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.usecases.explain import Explained


def explanation(found: Explained) -> dict[str, object]:
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
        "grants": [{**_grant(p.grant), "rule": p.rule} for p in access.grants],
        "changes": {
            "give": [_grant(grant) for grant in found.changes.bind],
            "take": [_grant(held.grant) for held in found.changes.revoke],
        },
        "unmatchedGroups": access.unmatched_groups,
        "absentNamespaces": access.absent_namespaces,
        "failedRules": [{"rule": f.rule, "reason": f.reason} for f in access.failed_rules],
        "refused": (
            {"code": found.refused.code, "detail": found.refused.detail} if found.refused else None
        ),
    }


def _grant(grant: Grant) -> dict[str, object]:
    return {"clusterRole": grant.cluster_role, "scope": grant.namespace or "cluster"}
