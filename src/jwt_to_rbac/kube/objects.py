"""Single objects of Kubernetes as calls see them: decoded, found in the way, deleted by their uid.

What kinds there are is types.py's, what they say is manifest.py's.
"""

from http import HTTPStatus
from typing import TypeVar

import msgspec

from jwt_to_rbac.core.errors import Code, Conflict, JwtToRbacError
from jwt_to_rbac.kube.connections import Received
from jwt_to_rbac.kube.session import KubeSession, Reply
from jwt_to_rbac.kube.types import AnyObject

NOT_FOUND = HTTPStatus.NOT_FOUND
CONFLICT = HTTPStatus.CONFLICT

Seen = TypeVar("Seen")


def decode(body: Received, kind: type[Seen]) -> Seen:
    """Raises JwtToRbacError (cluster_refused) for an object that is not as its kind says."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as e:
        named = msgspec.json.decode(body, type=AnyObject).metadata.name
        raise JwtToRbacError(
            Code.CLUSTER_REFUSED, f"{kind.__name__} {named} can't be read: {e}. Mend or delete it."
        ) from e


async def in_the_way(session: KubeSession, path: str) -> Reply:
    """The object that a create ran into; Conflict if it has gone meanwhile."""
    reply = await session.call("GET", path, also=(NOT_FOUND,))
    if reply.status == NOT_FOUND:
        raise Conflict(Code.BUSY, f"{path} went while it was asked for.")
    return reply


async def delete(session: KubeSession, path: str, uid: str) -> None:
    """Delete this very object; one that was made anew under its name stays. Raises Conflict."""
    body = {
        "apiVersion": "v1",
        "kind": "DeleteOptions",
        "propagationPolicy": "Background",
        "preconditions": {"uid": uid},
    }
    reply = await session.call("DELETE", path, body, also=(NOT_FOUND, CONFLICT))
    if reply.status == CONFLICT:
        # Another uid, as a rule: then the object that was meant is gone, which is what we
        # want. But it must be seen to be gone, or a grant would live on unknown to us.
        found = await session.call("GET", path, also=(NOT_FOUND,))
        if found.status != NOT_FOUND and decode(found.body, AnyObject).metadata.uid == uid:
            raise Conflict(Code.BUSY, f"{path} could not be deleted at this moment.")
