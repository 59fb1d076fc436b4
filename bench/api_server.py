"""The API server by itself: when it rests, and what a read costs it. Nothing that goes through the program is measured here."""

import asyncio
import json
import ssl
import time
from dataclasses import dataclass
from http import HTTPStatus
from statistics import median

from jwt_to_rbac.kube import paths
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.kube.official import RESTClientObject
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.wiring.beginning import ca_certificate

BUSY = 0.2
"""Of a core. One that only Kubernetes' own controllers ask was seen to use .06."""

REQUESTS = 1_000
"""Of each: RBAC looks through the bindings in another order each time, and the CPU of asking for metrics is
counted with them."""

ASKED = f"{paths.config_maps('default')}/kube-root-ca.crt"
"""A small object that lies in the API server's cache."""


@dataclass(frozen=True)
class Request:
    """One request's CPU in the API server and its time in the middle, both in milliseconds."""

    cpu: float
    took: float


async def quiet(session: KubeSession, most: float = 600.0) -> float:
    """Return once the API server rests; how many seconds that took.

    After thousands of objects came, Kubernetes' garbage collector asks for them one by one.
    """
    began = time.monotonic()
    async with asyncio.timeout(most):
        while True:
            before, at = await cpu_seconds(session), time.monotonic()
            await asyncio.sleep(2)
            if (await cpu_seconds(session) - before) / (time.monotonic() - at) < BUSY:
                return time.monotonic() - began


async def cpu_seconds(session: KubeSession) -> float:
    """What the API server has used by now, as its own metrics say."""
    text = (await session.call("GET", "/metrics")).body.decode()
    return next(
        float(line.split()[1])
        for line in text.splitlines()
        if line.startswith("process_cpu_seconds_total ")
    )


async def requests(session: KubeSession, namespace: str, person: str) -> tuple[Request, Request]:
    """The same read by `session`, an administrator whom RBAC isn't asked about (system:masters), and by a
    person, whose ServiceAccount is in `namespace`."""
    wanted = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    reply = await session.call("POST", paths.token(namespace, person), wanted)
    token = json.loads(reply.body)["status"]["token"]
    known = session.configuration
    authority = ssl.create_default_context(cadata=ca_certificate(known).decode())
    as_admin = Connections(known.host, RESTClientObject(known).ssl_context)
    as_person = Connections(known.host, authority)
    try:
        return (
            await _request(session, as_admin, {}),
            await _request(session, as_person, {"Authorization": f"Bearer {token}"}),
        )
    finally:
        await as_admin.close()
        await as_person.close()


async def _request(session: KubeSession, http: Connections, headers: dict[str, str]) -> Request:
    took = list[float]()
    before = await cpu_seconds(session)
    for _ in range(REQUESTS):
        began = time.perf_counter()
        answer = await http.ask("GET", ASKED, headers, b"")
        took.append(time.perf_counter() - began)
        assert answer.status == HTTPStatus.OK, answer
    cpu = await cpu_seconds(session) - before
    return Request(cpu * 1e3 / REQUESTS, median(took) * 1e3)
