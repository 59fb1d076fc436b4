"""`/.well-known/jwt-to-rbac`: what a client needs to begin. Public, so nothing in it is secret."""

import base64
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.operation import Answer, Bearer, Operation, Resources


class IssuerToUse(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """An issuer, and the public client by which a person's own machine logs in there."""

    name: str
    issuer: str
    client_id: str = msgspec.field(name="clientID")
    scopes: Sequence[str]
    ca_data: str = ""


class ClusterToUse(msgspec.Struct, rename="camel", omit_defaults=True, frozen=True):
    """The API server as people reach it; `ca_data` is base64 of PEM, as in a kubeconfig."""

    name: str
    server: str
    ca_data: str = ""


def base64_of(pem: bytes | str) -> str:
    return base64.b64encode(pem.encode() if isinstance(pem, str) else pem).decode()


class Beginning(msgspec.Struct, frozen=True):
    """The document, which is the same for everybody."""

    issuers: tuple[IssuerToUse, ...]
    clusters: tuple[ClusterToUse, ...]


@dataclass(frozen=True, slots=True)
class WellKnown:
    """The endpoint; `beginning` is asked each time, as a changed configuration changes it."""

    beginning: Callable[[], Beginning]

    def resources(self) -> Resources:
        told = Answer(HTTPStatus.OK, "Issuers and clusters", Beginning)
        operation = Operation(self.get, "What a client needs to begin", (told,), Bearer.UNUSED)
        return {"/.well-known/jwt-to-rbac": {"GET": operation}}

    async def get(self, _: Request) -> Response:
        # A minute, so that a change of the configuration reaches people soon.
        headers = {"Cache-Control": "public, max-age=60"}
        return Response(
            msgspec.json.encode(self.beginning()), headers=headers, media_type="application/json"
        )
