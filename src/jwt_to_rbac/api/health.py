"""Whether the process lives and can serve: what probes and load balancers ask."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.operation import Answer, Bearer, Operation, Resources


class Readiness(msgspec.Struct, rename="camel"):
    """Whether requests can be served, and what is waited for if not."""

    ready: bool
    waiting_for: list[str]


class HowMuch(msgspec.Struct):
    """With `verbose`, whatever its value, further conditions follow by their names."""

    verbose: str = ""


@dataclass(frozen=True, slots=True)
class Health:
    """`not_ready` names what is missing: an empty list means that requests can be served.

    `details` are further conditions, by name, for people: `GET /readyz?verbose`. Nobody
    authenticates there, so they tell nothing of people or of the policy.
    """

    not_ready: Callable[[], list[str]]
    details: Mapping[str, Callable[[], object]] = field(default_factory=dict)

    def resources(self) -> Resources:
        alive = Answer(HTTPStatus.OK, "The process lives", str, ("text/plain",))
        ready = Answer(HTTPStatus.OK, "Requests can be served", Readiness)
        waiting = Answer(HTTPStatus.SERVICE_UNAVAILABLE, "Something is missing yet", Readiness)
        live = Operation(self.healthz, "Whether the process lives", (alive,), Bearer.UNUSED)
        serve = Operation(
            self.readyz,
            "Whether requests can be served",
            (ready, waiting),
            Bearer.UNUSED,
            query=HowMuch,
        )
        return {"/healthz": {"GET": live}, "/readyz": {"GET": serve}}

    async def healthz(self, request: Request) -> Response:
        return Response("ok", media_type="text/plain")

    async def readyz(self, request: Request) -> Response:
        missing = self.not_ready()
        status = HTTPStatus.SERVICE_UNAVAILABLE if missing else HTTPStatus.OK
        told = msgspec.to_builtins(Readiness(not missing, missing))
        if "verbose" in request.query_params:
            told |= {name: detail() for name, detail in self.details.items()}
        return Response(msgspec.json.encode(told), status, media_type="application/json")
