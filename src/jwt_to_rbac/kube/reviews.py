"""Asks the API server who a token is (TokenReview) and what somebody may do (SubjectAccessReview)."""

import msgspec

from jwt_to_rbac.core.kubernetes_user import KubernetesUser
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.marks import GROUP, RESOURCE
from jwt_to_rbac.kube.session import KubeSession


class _User(msgspec.Struct):
    username: str = ""
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: dict[str, list[str]] = msgspec.field(default_factory=dict)


class _TokenStatus(msgspec.Struct):
    authenticated: bool = False
    user: _User = msgspec.field(default_factory=_User)
    audiences: tuple[str, ...] = ()


class _TokenReview(msgspec.Struct):
    status: _TokenStatus


class _AccessStatus(msgspec.Struct):
    allowed: bool = False
    denied: bool = False


class _AccessReview(msgspec.Struct):
    status: _AccessStatus


async def review_token(session: KubeSession, token: str, audience: str) -> KubernetesUser | None:
    """Whose token it is, if it is a valid one for `audience`; else None."""
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenReview",
        "spec": {"token": token, "audiences": [audience]},
    }
    reply = await session.call("POST", paths.TOKEN_REVIEWS, body)
    status = msgspec.json.decode(reply.body, type=_TokenReview).status
    # An authenticator that knows no audiences leaves them out; such a token is for anybody.
    if not status.authenticated or audience not in status.audiences or not status.user.username:
        return None
    user = status.user
    return KubernetesUser(user.username, user.uid, user.groups, user.extra)


async def review_access(
    session: KubeSession, user: KubernetesUser, verb: str, name: str, subresource: str
) -> bool:
    """Whether RBAC lets `user` do `verb` on the AccessGrant `name` (or one of its subresources)."""
    body = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SubjectAccessReview",
        "spec": {
            "user": user.username,
            "uid": user.uid,
            "groups": user.groups,
            "extra": user.extra,
            "resourceAttributes": {
                "group": GROUP,
                "resource": RESOURCE,
                "subresource": subresource,
                "verb": verb,
                "name": name,
            },
        },
    }
    reply = await session.call("POST", paths.ACCESS_REVIEWS, body)
    status = msgspec.json.decode(reply.body, type=_AccessReview).status
    return status.allowed and not status.denied
