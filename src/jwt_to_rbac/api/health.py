"""Whether the process lives and can serve: what probes and load balancers ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.resource import Handler


@dataclass(frozen=True, slots=True)
class Health:
    """`not_ready` names what is missing: an empty list means that requests can be served.

    `details` are further conditions, by name, for people: `GET /readyz?verbose`. Nobody
    authenticates there, so they tell nothing of people or of the policy.
    """

    not_ready: Callable[[], list[str]]
    details: Mapping[str, Callable[[], object]] = field(default_factory=dict)

    def resources(self) -> dict[str, dict[str, Handler]]:
        return {"/healthz": {"GET": self.healthz}, "/readyz": {"GET": self.readyz}}

    async def healthz(self, request: Request) -> Response:
        return Response("ok")

    async def readyz(self, request: Request) -> Response:
        missing = self.not_ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        told: dict[str, object] = {"ready": not missing, "waitingFor": missing}
        if "verbose" in request.query_params:
            told |= {name: detail() for name, detail in self.details.items()}
        return Response(msgspec.json.encode(told), status, media_type="application/json")
