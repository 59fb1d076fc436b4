"""`GET /metrics` for Prometheus. Which metrics there are is said elsewhere."""

import asyncio
from dataclasses import dataclass
from http import HTTPStatus

from prometheus_client import CollectorRegistry
from prometheus_client.exposition import choose_encoder
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.api.operation import Answer, Bearer, Operation, Resources


@dataclass(frozen=True, slots=True)
class MetricsPage:
    """Asks for no credential, as Prometheus expects: nothing in it names a person."""

    registry: CollectorRegistry

    def resources(self) -> Resources:
        formats = ("text/plain", "application/openmetrics-text")
        page = Answer(HTTPStatus.OK, "The metrics, as Prometheus reads them", str, formats)
        operation = Operation(self.get, "Metrics for Prometheus", (page,), Bearer.UNUSED)
        return {"/metrics": {"GET": operation}}

    async def get(self, request: Request) -> Response:
        encode, media_type = choose_encoder(request.headers.get("accept", ""))
        # In a thread: some hundred series take 10 ms, which no login should wait for.
        text = await asyncio.to_thread(encode, self.registry)
        return Response(text, headers={"Content-Type": media_type})
