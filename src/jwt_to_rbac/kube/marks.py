"""How an object says that it is ours, and whose: labels and owner references."""

from jwt_to_rbac.core.policy import OWN_ROLE_SUFFIX
from jwt_to_rbac.kube.types import Meta, OwnerReference

GROUP = "jwt-to-rbac.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
KIND = "AccessGrant"
RESOURCE = "accessgrants"

LABELS = {"generatedby": "jwttorbac", "app.kubernetes.io/managed-by": "jwt-to-rbac"}
"""On every object that we make; the first system's label, and the one of Kubernetes' guidelines."""


def is_marked(meta: Meta) -> bool:
    """Whether the object carries our labels. A mark alone is no proof of ownership of a grant."""
    return all(meta.labels.get(key) == value for key, value in LABELS.items())


def is_own_role(meta: Meta) -> bool:
    """Whether a ClusterRole is one that a policy's rule became."""
    return is_marked(meta) and meta.name.endswith(OWN_ROLE_SUFFIX)


def is_policy_role(meta: Meta) -> bool:
    """Whether a ClusterRole was made for a rule of the policy, by us or by who installed us.

    Helm puts its own name into the label `managed-by` of whatever it makes.
    """
    return meta.labels.get("generatedby") == LABELS["generatedby"]


def owner_of(meta: Meta) -> OwnerReference | None:
    """The AccessGrant that owns the object, if one does."""
    return next((o for o in meta.owner_references if o.kind == KIND), None)


def owner_uid(meta: Meta) -> str:
    """The uid of the AccessGrant that owns the object; empty if none does."""
    owner = owner_of(meta)
    return "" if owner is None else owner.uid


def owned_by(name: str, uid: str) -> list[dict[str, object]]:
    """The owner reference of everything that an AccessGrant owns.

    The owner is cluster-scoped: since Kubernetes 1.20 the garbage collector does not
    collect a cluster-scoped object whose owner is namespaced.
    """
    return [
        {
            "apiVersion": API_VERSION,
            "kind": KIND,
            "name": name,
            "uid": uid,
            "controller": True,
            "blockOwnerDeletion": False,
        }
    ]
