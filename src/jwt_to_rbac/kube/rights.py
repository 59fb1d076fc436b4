"""Which RBAC rules the program needs, as the objects that give them: the one place that says so.

A rule stands here because a call of `cluster`, `watch`, `tokens` or `reviews` needs it, and
for no other reason: tests/rights compares the rules with what the API server was asked, and takes each
away to see something fail.

Rules that name ClusterRoles name them one by one, so there is no wildcard and none but the
policy's roles can be bound. RBAC asks for more than the verb of the request in two places:

- `bind` on the ClusterRole of a binding, or every right in it. Ours is the verb: holding the
  rights would let the program use them everywhere, also where the policy binds them in one
  namespace alone.
- `escalate` on a ClusterRole whose rules are written, or every right in them. A POST names no
  object, so neither `create` nor `escalate` could be held for named roles only; an apply
  patch does, and is what the program makes its roles with. Whoever has `escalate` on a role
  and `bind` on it can be anybody, so it is needed only with `policy.dynamicRoles`, and then the
  admission policy holds the role to the configuration's rules.

`delete` on ClusterRoles, likewise only then, can't be named: a role is deleted when the policy
no longer names it. The admission policy holds it to roles that the program made.
"""

from collections.abc import Iterable

from jwt_to_rbac.core.policy import PolicyRule
from jwt_to_rbac.kube.installation import LABELS, Installation, program_namespace
from jwt_to_rbac.kube.lease import NAME as LEASE
from jwt_to_rbac.kube.manifest import Body, cluster_role, role_rules
from jwt_to_rbac.kube.marks import GROUP, RESOURCE
from jwt_to_rbac.kube.paths import CLUSTER_INFO_NAME, CLUSTER_INFO_NAMESPACE, EVENTS_NAMESPACE

RBAC = "rbac.authorization.k8s.io"
_FOLLOW = ("list", "watch")


def cluster_rules(of: Installation) -> tuple[PolicyRule, ...]:
    """What the program does on the whole cluster."""
    own_roles = of.policy.own_roles()
    places = {"namespace" if namespace else "cluster" for namespace, _ in of.bound()}
    return (
        PolicyRule(_FOLLOW, ("",), ("namespaces",)),
        PolicyRule((*_FOLLOW, "get", "create", "patch", "delete"), (GROUP,), (RESOURCE,)),
        PolicyRule(("update",), (GROUP,), (f"{RESOURCE}/status",)),
        PolicyRule(_FOLLOW, (RBAC,), ("clusterroles",)),
        PolicyRule(_binding_verbs("cluster" in places), (RBAC,), ("clusterrolebindings",)),
        PolicyRule(_binding_verbs("namespace" in places), (RBAC,), ("rolebindings",)),
        *_on_cluster_roles(("bind",), {role for _, role in of.bound()}),
        *_on_cluster_roles(
            ("create", "patch", "escalate"), own_roles if of.policy.dynamic_roles else ()
        ),
        *([PolicyRule(("delete",), (RBAC,), ("clusterroles",))] if of.policy.dynamic_roles else []),
        PolicyRule(("create",), ("authentication.k8s.io",), ("tokenreviews",)),
        PolicyRule(("create",), ("authorization.k8s.io",), ("subjectaccessreviews",)),
    )


def accounts_rules(of: Installation) -> tuple[PolicyRule, ...]:
    """What it does in the namespace of the people's ServiceAccounts, and nowhere else."""
    return (
        PolicyRule((*_FOLLOW, "get", "create", "delete"), ("",), ("serviceaccounts",)),
        PolicyRule(("create",), ("",), ("serviceaccounts/token",)),
        PolicyRule(
            (*_FOLLOW, "get", "create", "patch", "delete"),
            ("",),
            ("configmaps",),
        ),
        PolicyRule(("get", "create", "patch"), ("coordination.k8s.io",), ("leases",), (LEASE,)),
        PolicyRule(
            (*_FOLLOW, *(("get",) if of.stored_tokens else ()), "create", "patch", "delete"),
            ("",),
            ("secrets",),
        ),
    )


def news_rules(of: Installation) -> tuple[PolicyRule, ...]:
    """What it does in the namespace of Events about objects without one: it tells them, and the
    web app's administration reads them back. RBAC can't narrow that to Events of AccessGrants.
    """
    verbs = ("create", *(("list",) if of.web_app else ()))
    return (PolicyRule(verbs, ("events.k8s.io",), ("events",)),)


def cluster_info_rules() -> tuple[PolicyRule, ...]:
    """What it reads where the cluster introduces itself, for people's kubeconfigs."""
    return (PolicyRule(("get",), ("",), ("configmaps",), (CLUSTER_INFO_NAME,)),)


def rbac_manifests(of: Installation) -> list[Body]:
    """The program's ServiceAccount with its rights, and the policy's own ClusterRoles."""
    name, at_home = of.account.name, of.account.namespace
    there = of.accounts_namespace
    own_roles = {} if of.policy.dynamic_roles else of.policy.own_roles()
    return [
        program_namespace(of),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": _meta(name, at_home)},
        _role("ClusterRole", _meta(name), cluster_rules(of)),
        _binding("ClusterRoleBinding", _meta(name), of),
        _role("Role", _meta(name, there), accounts_rules(of)),
        _binding("RoleBinding", _meta(name, there), of),
        _role("Role", _meta(name, EVENTS_NAMESPACE), news_rules(of)),
        _binding("RoleBinding", _meta(name, EVENTS_NAMESPACE), of),
        *([] if of.public_server else _reading_cluster_info(of)),
        *(cluster_role(role, rules) for role, rules in own_roles.items()),
    ]


def _reading_cluster_info(of: Installation) -> list[Body]:
    meta = _meta(of.account.name, CLUSTER_INFO_NAMESPACE)
    return [_role("Role", meta, cluster_info_rules()), _binding("RoleBinding", meta, of)]


def _binding_verbs(granting: bool) -> tuple[str, ...]:
    # What an earlier policy granted must be taken in any case, and be seen to be gone.
    return (*_FOLLOW, "get", *(("create",) if granting else ()), "delete")


def _on_cluster_roles(verbs: tuple[str, ...], names: Iterable[str]) -> list[PolicyRule]:
    # No names must mean no rule: RBAC reads an empty list of names as all of them.
    listed = tuple(sorted(names))
    return [PolicyRule(verbs, (RBAC,), ("clusterroles",), listed)] if listed else []


def _role(kind: str, metadata: Body, rules: tuple[PolicyRule, ...]) -> Body:
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "rules": role_rules(rules),
    }


def _binding(kind: str, metadata: Body, of: Installation) -> Body:
    role = {"apiGroup": RBAC, "kind": kind.removesuffix("Binding"), "name": metadata["name"]}
    account = of.account
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": role,
        "subjects": [
            {"kind": "ServiceAccount", "name": account.name, "namespace": account.namespace}
        ],
    }


def _meta(name: str, namespace: str = "") -> Body:
    return {"name": name} | ({"namespace": namespace} if namespace else {}) | {"labels": LABELS}
