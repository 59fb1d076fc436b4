"""The bodies that are sent to the API server, as plain dictionaries. No calls, no reading."""

import msgspec

from jwt_to_rbac.core.account import Account
from jwt_to_rbac.core.identity import Identity, Person
from jwt_to_rbac.core.names import binding_name
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.core.record import Record
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube.marks import API_VERSION, KIND, LABELS, owned_by
from jwt_to_rbac.kube.types import AccessGrantSpec, AccessGrantStatus, RoleRule

Body = dict[str, object]


def access_grant(name: str, record: Record, namespace: str) -> Body:
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {"name": name, "labels": LABELS},
        # Without the nulls: kubectl's columns would show them as `<no value>`.
        "spec": {key: value for key, value in spec(record).items() if value is not None}
        | {"serviceAccount": {"namespace": namespace, "name": name}},
    }


def spec(record: Record) -> Body:
    """A record as an AccessGrant's spec, whole; null (in a merge patch: remove) for what isn't set."""
    person = record.person
    return {
        "subject": {
            "issuer": person.identity.issuer,
            "subject": person.identity.subject,
            "username": person.username,
            "email": person.email,
            "groups": person.groups,
            "connector": person.connector,
            "userID": person.user_id,
        },
        "claimsIssuedAt": rfc3339(record.claims_issued_at),
        "notBefore": _optional(record.not_before),
        "suspended": record.suspended,
        "expiresAt": _optional(record.expires_at),
    }


def access_grant_status(account: Account, status: AccessGrantStatus) -> Body:
    """An AccessGrant as far as its status is written: whole, on the very version in `account`."""
    told: Body = msgspec.to_builtins(status)
    return {
        "apiVersion": API_VERSION,
        "kind": KIND,
        "metadata": {
            "name": account.name,
            "uid": account.uid,
            "resourceVersion": account.version,
        },
        # No null is valid there: what isn't known is left out.
        "status": {key: value for key, value in told.items() if value is not None},
    }


def record_of(seen: AccessGrantSpec) -> Record:
    """The reverse of `spec`."""
    who = seen.subject
    person = Person(
        Identity(who.issuer, who.subject),
        who.username,
        who.email,
        who.groups,
        who.connector,
        who.user_id,
    )
    return Record(
        person,
        int(seen.claims_issued_at.timestamp()),
        int(seen.not_before.timestamp()) if seen.not_before else None,
        seen.suspended,
        int(seen.expires_at.timestamp()) if seen.expires_at else None,
    )


def service_account(account: Account, namespace: str) -> Body:
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": account.name,
            "namespace": namespace,
            "labels": LABELS,
            "ownerReferences": owned_by(account.name, account.uid),
        },
        # No pod may run as a person.
        "automountServiceAccountToken": False,
    }


def binding(account: Account, grant: Grant, namespace: str, name: str = "") -> Body:
    """A ClusterRoleBinding, or a RoleBinding for a grant in one namespace."""
    metadata: Body = {
        "name": name or binding_name(account.name, grant.cluster_role),
        "labels": LABELS,
        "ownerReferences": owned_by(account.name, account.uid),
    }
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding" if grant.namespace else "ClusterRoleBinding",
        "metadata": metadata | ({"namespace": grant.namespace} if grant.namespace else {}),
        "roleRef": {
            "apiGroup": "rbac.authorization.k8s.io",
            "kind": "ClusterRole",
            "name": grant.cluster_role,
        },
        "subjects": [
            {"kind": "ServiceAccount", "name": account.name, "namespace": namespace},
        ],
    }


def cluster_role(name: str, rules: tuple[PolicyRule, ...], uid: str = "") -> Body:
    """A ClusterRole of the policy's; with `uid`, that very one or none."""
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name, "labels": LABELS} | ({"uid": uid} if uid else {}),
        "rules": role_rules(rules),
    }


def role_rules(rules: tuple[PolicyRule, ...]) -> tuple[RoleRule, ...]:
    return tuple(
        RoleRule(r.verbs, r.api_groups, r.resources, r.resource_names, r.non_resource_urls)
        for r in rules
    )


def policy_rules(rules: tuple[RoleRule, ...] | None) -> tuple[PolicyRule, ...]:
    """The reverse of `role_rules`; the API server may leave any list out, or send null."""
    return tuple(
        PolicyRule(
            r.verbs or (),
            r.api_groups or (),
            r.resources or (),
            r.resource_names or (),
            r.non_resource_urls or (),
        )
        for r in rules or ()
    )


def _optional(seconds: float | None) -> str | None:
    return None if seconds is None else rfc3339(seconds)
