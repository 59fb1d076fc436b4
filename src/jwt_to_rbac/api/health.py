"""Whether the process lives and can serve: what probes and load balancers ask."""

from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.resource import Handler


@dataclass(frozen=True, slots=True)
class Health:
    """`not_ready` names what is missing: an empty list means that requests can be served."""

    not_ready: Callable[[], list[str]]

    def resources(self) -> dict[str, dict[str, Handler]]:
        return {"/healthz": {"GET": self.healthz}, "/readyz": {"GET": self.readyz}}

    async def healthz(self, request: Request) -> Response:
        return Response("ok")

    async def readyz(self, request: Request) -> Response:
        missing = self.not_ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        body = msgspec.json.encode({"ready": not missing, "waitingFor": missing})
        return Response(body, status, media_type="application/json")
