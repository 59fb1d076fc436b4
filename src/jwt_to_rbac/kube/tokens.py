"""ServiceAccount tokens by TokenRequest (authentication.k8s.io/v1). Never kept, never logged."""

from http import HTTPStatus

import msgspec

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.errors import Code, Conflict
from jwt_to_rbac.core.lifetime import SHORTEST_TOKEN
from jwt_to_rbac.core.session import Session
from jwt_to_rbac.core.times import rfc3339
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.session import KubeSession


class _Status(msgspec.Struct, rename="camel"):
    token: str
    expiration_timestamp: str


class _TokenRequest(msgspec.Struct):
    status: _Status


async def request_token(
    api: KubeSession, namespace: str, account: Account, session: Session, seconds: int
) -> Credential:
    """A token for the account's ServiceAccount, bound to the session's Secret.

    Its uid goes along: an account of the same name that was made meanwhile, perhaps for
    somebody else, gets none. Raises Conflict if the ServiceAccount isn't the one we know, or
    the session has ended.
    """
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"uid": account.service_account_uid},
        "spec": {
            "expirationSeconds": max(seconds, SHORTEST_TOKEN),
            "boundObjectRef": {
                "apiVersion": "v1",
                "kind": "Secret",
                "name": session.name,
                "uid": session.uid,
            },
        },
    }
    reply = await api.call(
        "POST", paths.token(namespace, account.name), body, also=(HTTPStatus.NOT_FOUND,)
    )
    if reply.status == HTTPStatus.NOT_FOUND:
        raise Conflict(
            Code.BUSY, f"ServiceAccount {account.name} or its session was deleted meanwhile."
        )
    status = msgspec.json.decode(reply.body, type=_TokenRequest).status
    ends = status.expiration_timestamp
    if seconds < SHORTEST_TOKEN:
        ends = min(ends, rfc3339(session.expires))
    return Credential(status.token, ends, account.name, namespace, session)
