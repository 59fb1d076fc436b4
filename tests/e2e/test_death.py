"""A program that can't go on ends, so that whatever runs it starts it anew; one that is told to stop finishes first."""

import asyncio
import json
import signal
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from aiohttp import web

from jwt_to_rbac.sandbox import Sandbox
from tests.e2e.conftest import Client
from tests.support.cluster import get, install
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.proxy import Handler, Upstream, proxied
from tests.support.release import install_chart
from tests.support.server import Server
from tests.support.waiting import eventually

ACCOUNT = "drained-example-com"
BEYOND = {"metadata": {"name": "default", "uid": "odd", "resourceVersion": "beyond numbers"}}
NONSENSE = json.dumps({"type": "MODIFIED", "object": BEYOND}).encode() + b"\n"


class Gate:
    """The API server, but that requests of one kind wait until they are let."""

    def __init__(self, method: str, path: str, watches: bool = False) -> None:
        self._kind = method, path, watches
        self.waiting = False
        self.let = False

    async def passed(self, request: web.Request) -> bool:
        """Whether it is of this kind; then it has waited."""
        watches = "watch=" in request.query_string
        if (request.method, request.path, watches) != self._kind:
            return False
        self.waiting = True
        while not self.let:  # noqa: ASYNC110  (set by the test's thread)
            await asyncio.sleep(0.01)
        return True


@contextmanager
def served_through(
    handler: Handler, sandbox: Sandbox, issuer: ManyPeople, folder: Path
) -> Iterator[Server]:
    """A server whose calls to the API server come by this handler."""
    install(sandbox)
    config = pod_configuration(folder / "audit.log", {issuer.url: AUDIENCE})
    release = install_chart(sandbox, config, folder)
    with (
        proxied(release.credential(folder), folder, handler) as kubeconfig,
        release.started(folder, kubeconfig, controllers=False) as server,
    ):
        yield server


def test_a_part_of_the_program_that_dies_ends_it_with_a_line_that_names_it(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    watches = Gate("GET", "/api/v1/namespaces", watches=True)

    async def tell_nonsense(request: web.Request, upstream: Upstream) -> web.StreamResponse:
        if await watches.passed(request):
            return web.Response(body=NONSENSE, content_type="application/json")
        return await upstream.pass_on(request)

    with served_through(tell_nonsense, sandbox, issuer, tmp_path) as server:
        assert eventually(lambda: watches.waiting)
        watches.let = True
        assert eventually(lambda: server.process.poll() is not None), server.said()
        assert server.process.returncode == 1
        last = json.loads(server.said().splitlines()[-1])
    assert (last["level"], last["part"], last["error"]) == ("error", "watches", "ValueError")
    assert "ends" in last["event"]


def test_one_that_is_told_to_stop_answers_what_is_in_flight_and_takes_nothing_new(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path: Path
) -> None:
    claims = Gate("POST", "/apis/jwt-to-rbac.io/v1alpha1/accessgrants")

    async def hold_up(request: web.Request, upstream: Upstream) -> web.StreamResponse:
        await claims.passed(request)
        return await upstream.pass_on(request)

    with (
        served_through(hold_up, sandbox, issuer, tmp_path) as server,
        ThreadPoolExecutor() as threads,
    ):
        client = Client(server, tmp_path / "audit.log")
        wish = {"token": issuer.token("drained"), "duration": "1h"}
        in_flight = threads.submit(client.call, "POST", "/rbac/", wish)
        assert eventually(lambda: claims.waiting)
        server.process.send_signal(signal.SIGTERM)
        assert eventually(lambda: not connects(server))
        assert server.process.poll() is None
        assert not in_flight.done()
        claims.let = True
        answer = in_flight.result()
        assert (answer.status, answer.json()["ServiceAccount"]) == (201, ACCOUNT)
        assert server.process.wait(15) == 0
    status = get(sandbox, "accessgrant", ACCOUNT)["status"]
    assert status["conditions"], "what a login leaves to be told is told before the end"


def connects(server: Server) -> bool:
    at = urlsplit(server.url)
    try:
        socket.create_connection((str(at.hostname), at.port), 1).close()
    except OSError:
        return False
    return True
