"""A proxy in front of the real API server that spoils one chosen call: errors, throttling, cut lines."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

import aiohttp
from aiohttp import web

from jwt_to_rbac.kube.official import RESTClientObject
from jwt_to_rbac.kube.session import load_configuration

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class Fault(Enum):
    """What happens to a call instead of its answer."""

    FORBIDDEN = 403
    CONFLICT = 409
    UNPROCESSABLE = 422
    THROTTLED = 429
    BROKEN = 500
    CUT_BEFORE = "the connection ends before the API server sees the call"
    CUT_AFTER = "the API server carries the call out, and the answer is lost"


@dataclass
class Faults:
    """Spoils the call number `at` (from 0, watches, lists and Events not counted) with `fault`.

    `calls` are those counted since `spoil`, as `METHOD path`.
    """

    kubeconfig: Path
    calls: list[str] = field(default_factory=list)
    at: int = -1
    fault: Fault = Fault.BROKEN

    def spoil(self, at: int, fault: Fault) -> None:
        self.calls, self.at, self.fault = [], at, fault

    def heal(self) -> None:
        self.spoil(-1, Fault.BROKEN)

    def due(self, request: web.Request) -> Fault | None:
        """The fault for this request, if it is its turn."""
        if request.method == "GET" and (
            "watch=" in request.query_string or "limit=" in request.query_string
        ):
            return None
        if "/events.k8s.io/" in request.path:
            return None  # News is told in the background, whenever it comes.
        self.calls.append(f"{request.method} {request.path}")
        return self.fault if len(self.calls) - 1 == self.at else None


@contextmanager
def faulty_api_server(kubeconfig: Path, folder: Path) -> Iterator[Faults]:
    """The proxy on a free loopback port; its kubeconfig needs no credential of its own."""
    ready: list[int] = []
    started, stop = threading.Event(), threading.Event()
    faults = Faults(folder / "faulty.kubeconfig")

    async def run() -> None:
        configuration = await load_configuration(str(kubeconfig))
        context = RESTClientObject(configuration).ssl_context
        connector = aiohttp.TCPConnector(ssl=context, limit=0)
        async with aiohttp.ClientSession(connector=connector, auto_decompress=False) as upstream:
            app = web.Application(client_max_size=1 << 24)
            app.router.add_route("*", "/{path:.*}", _handler(faults, configuration.host, upstream))
            runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
            await runner.setup()
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            ready.append(runner.addresses[0][1])
            started.set()
            await asyncio.to_thread(stop.wait)
            await runner.cleanup()

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    assert started.wait(20), "the proxy did not start"
    faults.kubeconfig.write_text(_kubeconfig(f"http://127.0.0.1:{ready[0]}"))
    try:
        yield faults
    finally:
        stop.set()
        thread.join()


def _handler(faults: Faults, host: str, upstream: aiohttp.ClientSession) -> Handler:
    async def handle(request: web.Request) -> web.StreamResponse:
        fault = faults.due(request)
        if fault is Fault.CUT_BEFORE:
            _cut(request)
        if fault is not None and fault is not Fault.CUT_AFTER:
            return _refused(fault)
        async with upstream.request(
            request.method,
            host + request.path_qs,
            data=await request.read(),
            headers={"Content-Type": request.headers.get("Content-Type", "application/json")},
            timeout=aiohttp.ClientTimeout(total=None),
        ) as reply:
            if fault is Fault.CUT_AFTER:
                await reply.read()
                _cut(request)
            answer = web.StreamResponse(status=reply.status)
            answer.content_type = "application/json"
            await answer.prepare(request)
            async for chunk in reply.content.iter_any():
                await answer.write(chunk)
            return answer

    return handle


def _cut(request: web.Request) -> None:
    if request.transport is not None:
        request.transport.close()


def _refused(fault: Fault) -> web.Response:
    status = {"kind": "Status", "reason": fault.name.title(), "message": "spoiled by the test"}
    headers = {"Retry-After": "1"} if fault is Fault.THROTTLED else {}
    return web.json_response(status, status=int(fault.value), headers=headers)


def _kubeconfig(server: str) -> str:
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": "c", "cluster": {"server": server}}],
            "users": [{"name": "u", "user": {}}],
            "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
            "current-context": "c",
        }
    )
