"""The reviews that API servers send, as narrow msgspec Structs, and the answers to them.

A field that isn't named here is skipped: what a later Kubernetes adds narrows a request, as the
selectors do, and doesn't make one of it that nobody was asked about.
"""

from typing import Literal

import msgspec

from jwt_to_rbac.core.authorization import AccessRequest, PathRequest, ResourceRequest
from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.core.plan import PlannedGrant
from jwt_to_rbac.usecases.authorize import NoOpinion, Verdict
from jwt_to_rbac.usecases.review_token import Reviewed

AUTHENTICATION: Literal["authentication.k8s.io/v1"] = "authentication.k8s.io/v1"
AUTHORIZATION: Literal["authorization.k8s.io/v1"] = "authorization.k8s.io/v1"


class TokenReviewSpec(msgspec.Struct):
    token: str = ""
    audiences: tuple[str, ...] | None = None


class TokenReview(msgspec.Struct, rename="camel"):
    """TokenReview of authentication.k8s.io/v1, as it is sent."""

    api_version: Literal["authentication.k8s.io/v1"]
    kind: Literal["TokenReview"]
    spec: TokenReviewSpec


class ResourceAttributes(msgspec.Struct):
    verb: str = ""
    group: str = ""
    resource: str = ""
    subresource: str = ""
    namespace: str = ""
    name: str = ""


class NonResourceAttributes(msgspec.Struct):
    path: str = ""
    verb: str = ""


class AccessReviewSpec(msgspec.Struct, rename="camel"):
    """Exactly one of the attributes is there."""

    user: str = ""
    uid: str = ""
    groups: tuple[str, ...] | None = None
    extra: dict[str, tuple[str, ...]] | None = None
    resource_attributes: ResourceAttributes | None = None
    non_resource_attributes: NonResourceAttributes | None = None


class AccessReview(msgspec.Struct, rename="camel"):
    """SubjectAccessReview of authorization.k8s.io/v1, as it is sent."""

    api_version: Literal["authorization.k8s.io/v1"]
    kind: Literal["SubjectAccessReview"]
    spec: AccessReviewSpec


def user_of(spec: AccessReviewSpec) -> KubernetesUser:
    return KubernetesUser(spec.user, spec.uid, spec.groups or (), spec.extra or {})


def asked_in(spec: AccessReviewSpec) -> AccessRequest:
    """What is asked for. Raises InvalidInput (body_malformed)."""
    of_object, of_path = spec.resource_attributes, spec.non_resource_attributes
    if (of_object is None) == (of_path is None):
        raise InvalidInput(
            Code.BODY_MALFORMED,
            "spec needs exactly one of resourceAttributes and nonResourceAttributes.",
        )
    if of_path is not None:
        return PathRequest(of_path.verb, of_path.path)
    assert of_object is not None  # noqa: S101  (one of the two is there)
    return ResourceRequest(
        of_object.verb,
        of_object.group,
        of_object.resource,
        of_object.subresource,
        of_object.namespace,
        of_object.name,
    )


def token_answer(found: Reviewed | Denial | None) -> dict[str, object]:
    """The TokenReview to answer with.

    No audiences in it means those of the API server itself, which is what ID tokens are for
    that name none of the audiences asked for.
    """
    status: dict[str, object] = {"authenticated": False}
    if isinstance(found, Denial):
        # Goes to the API server's log; the person is told no more than 401.
        status["error"] = f"jwt-to-rbac: {found.code}: {found.detail}"
    elif found is not None:
        user = found.user
        status = {
            "authenticated": True,
            "user": {
                "username": user.username,
                "uid": user.uid,
                "groups": user.groups,
                "extra": user.extra,
            },
            "audiences": found.audiences,
        }
    return {"apiVersion": AUTHENTICATION, "kind": "TokenReview", "status": status}


def access_answer(verdict: Verdict) -> dict[str, object]:
    """The SubjectAccessReview to answer with; its reason is in the API server's audit log."""
    status: dict[str, object]
    match verdict:
        case PlannedGrant(grant, rule):
            where = f"in namespace {grant.namespace}" if grant.namespace else "on the cluster"
            reason = f"jwt-to-rbac: rule {rule} gives ClusterRole {grant.cluster_role} {where}"
            status = {"allowed": True, "reason": reason}
        case NoOpinion(detail):
            status = {"allowed": False, "reason": detail}
        case Denial(code, detail):
            reason = f"jwt-to-rbac: {code}: {detail}"
            status = {"allowed": False, "denied": True, "reason": reason}
    return {"apiVersion": AUTHORIZATION, "kind": "SubjectAccessReview", "status": status}
