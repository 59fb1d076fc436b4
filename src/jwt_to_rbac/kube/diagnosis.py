"""Looks at the cluster as the program needs to find it, for `jwt-to-rbac doctor`; changes nothing.

Rights and manifests have files of their own.
"""

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from jwt_to_rbac.core.errors import JwtToRbacError
from jwt_to_rbac.core.finding import Finding, bad, good
from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.diagnosis_manifests import look_at_admission, look_at_crd
from jwt_to_rbac.kube.diagnosis_rights import look_at_rights
from jwt_to_rbac.kube.installation import Installation
from jwt_to_rbac.kube.looking import NotAllowed, look, look_for, may_not_look
from jwt_to_rbac.kube.manifest import policy_rules
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.kube.types import ClusterRole

_APPLY_NAMESPACE = "`jwt-to-rbac export manifests --part namespace | kubectl apply -f -`"


async def look_at_cluster(session: KubeSession, of: Installation, itself: bool) -> list[Finding]:
    """Everything that is looked at on the API server, or the one finding that it isn't there.

    `itself`: the session's credential is the program's own.
    """
    check = "API server"
    try:
        version = await look(session, "/version")
    except (JwtToRbacError, NotAllowed) as failure:
        return [
            bad(
                check,
                f"{session.configuration.host}: {failure}",
                "Check kubernetes.kubeconfig (or the pod's ServiceAccount), and that this machine "
                "may reach the API server.",
            )
        ]
    found = [good(check, f"{session.configuration.host} is {version.get('gitVersion')}")]
    looks: list[tuple[str, Callable[[], Awaitable[Finding]]]] = [
        ("rights", lambda: look_at_rights(session, of, itself)),
        ("custom resource definition", lambda: look_at_crd(session)),
        ("admission policies", lambda: look_at_admission(session, of)),
        ("accounts namespace", lambda: _look_at_accounts(session, of.accounts_namespace)),
        ("cluster roles", lambda: _look_at_roles(session, of)),
    ]
    for name, one in looks:
        try:
            found.append(await one())
        except JwtToRbacError as failure:
            found.append(bad(name, str(failure), "Try again when the API server answers."))
    return found


async def _look_at_accounts(session: KubeSession, namespace: str) -> Finding:
    """Whether the people's namespace is there and no pod can run in it."""
    check = "accounts namespace"
    mending = f"Apply it: {_APPLY_NAMESPACE}"
    try:
        there = await look_for(session, paths.NAMESPACES, namespace)
        if there is None:
            return bad(check, f"there is no namespace {namespace}", mending)
        if there["metadata"].get("deletionTimestamp"):
            return bad(check, f"{namespace} is being deleted", f"When it is gone: {mending}")
        quotas = await look(session, f"{paths.NAMESPACES}/{namespace}/resourcequotas")
    except NotAllowed:
        return may_not_look(check, f"the namespace {namespace} or its quotas")
    pods = [quota["spec"].get("hard", {}).get("pods") for quota in quotas["items"]]
    if "0" not in pods:
        return bad(
            check,
            f"no quota keeps pods out of {namespace}: whoever can create one there can be "
            "everybody whose account is in it",
            mending,
        )
    return good(check, f"{namespace} is there, and no pod can run in it")


async def _look_at_roles(session: KubeSession, of: Installation) -> Finding:
    """Whether each ClusterRole that the policy binds is there, and the policy's own as it says."""
    check = "cluster roles"
    own = of.policy.own_roles()
    names = {rule.cluster_role for rule in of.policy.rules}
    kept = frozenset(own) if of.policy.dynamic_roles else frozenset()
    missing, outdated = [], []
    try:
        for name in sorted(names - kept):
            there = await look_for(session, paths.CLUSTER_ROLES, name)
            if there is None:
                missing.append(name)
            elif name in own and _rules(there) != own[name]:
                outdated.append(name)
    except NotAllowed:
        return may_not_look(check, "ClusterRoles")
    if missing or outdated:
        return bad(
            check,
            "; ".join([*_said("missing", missing), *_said("not as the policy says", outdated)]),
            "Who matches their rules gets nothing by them. Make the ClusterRoles (those with rules "
            "in the policy: `jwt-to-rbac export manifests --part rbac`), or change the policy.",
        )
    return good(check, f"all {len(names)} that the policy names are there")


def _rules(there: object) -> tuple[PolicyRule, ...]:
    return policy_rules(msgspec.convert(there, ClusterRole).rules)


def _said(what: str, names: Iterable[str]) -> list[str]:
    listed = ", ".join(names)
    return [f"{what}: {listed}"] if listed else []
