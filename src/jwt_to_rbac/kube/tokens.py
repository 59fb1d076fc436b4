"""ServiceAccount tokens by TokenRequest (authentication.k8s.io/v1). Never kept, never logged."""

from http import HTTPStatus

import msgspec

from jwt_to_rbac.core.account import Account, Credential
from jwt_to_rbac.core.errors import Code, Conflict
from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.session import KubeSession


class _Status(msgspec.Struct, rename="camel"):
    token: str
    expiration_timestamp: str


class _TokenRequest(msgspec.Struct):
    status: _Status


async def request_token(
    session: KubeSession, namespace: str, account: Account, seconds: int
) -> Credential:
    """A token for the account's ServiceAccount.

    Its uid goes along: an account of the same name that was made meanwhile, perhaps for
    somebody else, gets none. Raises Conflict if the ServiceAccount isn't the one we know.
    """
    body = {
        "apiVersion": "authentication.k8s.io/v1",
        "kind": "TokenRequest",
        "metadata": {"uid": account.service_account_uid},
        "spec": {"expirationSeconds": seconds},
    }
    reply = await session.call(
        "POST", paths.token(namespace, account.name), body, also=(HTTPStatus.NOT_FOUND,)
    )
    if reply.status == HTTPStatus.NOT_FOUND:
        raise Conflict(Code.BUSY, f"ServiceAccount {account.name} was deleted meanwhile.")
    status = msgspec.json.decode(reply.body, type=_TokenRequest).status
    return Credential(status.token, status.expiration_timestamp, account.name, namespace)
