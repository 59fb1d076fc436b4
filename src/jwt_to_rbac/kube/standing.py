"""Bindings to Groups and Users: found by their mark, made and deleted. Whose they are says the policy."""

from collections.abc import Iterable

from jwt_to_rbac.core.names import standing_binding_name
from jwt_to_rbac.core.plan import Grant
from jwt_to_rbac.core.standing import HeldStanding, StandingGrant, Subject
from jwt_to_rbac.kube.marks import GROUP, LABELS, is_marked, owner_of
from jwt_to_rbac.kube.types import Binding

STANDING = f"{GROUP}/mode"
MODE = "groups"
RBAC = "rbac.authorization.k8s.io"


def standing_binding(of: StandingGrant) -> dict[str, object]:
    """A ClusterRoleBinding, or a RoleBinding for a grant in one namespace. Nobody owns it."""
    grant, subject = of.grant, of.subject
    metadata: dict[str, object] = {
        "name": standing_binding_name(subject.kind, subject.name, grant.cluster_role),
        "labels": LABELS | {STANDING: MODE},
    }
    return {
        "apiVersion": f"{RBAC}/v1",
        "kind": "RoleBinding" if grant.namespace else "ClusterRoleBinding",
        "metadata": metadata | ({"namespace": grant.namespace} if grant.namespace else {}),
        "roleRef": {"apiGroup": RBAC, "kind": "ClusterRole", "name": grant.cluster_role},
        "subjects": [{"apiGroup": RBAC, "kind": subject.kind, "name": subject.name}],
    }


def held_standing(bindings: Iterable[Binding]) -> list[HeldStanding]:
    """Those among all bindings that we made for Groups and Users."""
    return [_held(one) for one in bindings if _is_standing(one)]


def _is_standing(one: Binding) -> bool:
    # What an AccessGrant owns is its account's, whatever somebody wrote on it.
    meta = one.metadata
    return meta.labels.get(STANDING) == MODE and is_marked(meta) and owner_of(meta) is None


def _held(one: Binding) -> HeldStanding:
    meta, subjects = one.metadata, one.subjects or ()
    grant = Grant(one.role_ref.name, meta.namespace)
    for kind in ("Group", "User"):
        if len(subjects) == 1 and subjects[0].kind == kind:
            standing = StandingGrant(Subject(kind, subjects[0].name), grant)
            return HeldStanding(standing, meta.name, one.role_ref.kind == "ClusterRole")
    nobody = StandingGrant(Subject("User", ""), grant)
    return HeldStanding(nobody, meta.name, intact=False)
