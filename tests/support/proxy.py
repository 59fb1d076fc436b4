"""A proxy in front of the real API server, for tests that stand between it and the program."""

import asyncio
import json
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
from aiohttp import web

from tests.support.kube_http import kube_http

PASSED_ON = {"Content-Type": "application/json", "User-Agent": "a test"}
"""Headers of a request, if it has them; by the second the API server knows who writes
(`managedFields`)."""


@dataclass(frozen=True)
class Upstream:
    """The API server behind the proxy, with the credential of the kubeconfig that it was started with."""

    host: str
    http: aiohttp.ClientSession

    async def pass_on(self, request: web.Request) -> web.StreamResponse:
        """Have the request carried out, and hand the answer on as it comes."""
        async with await self._ask(request) as reply:
            answer = web.StreamResponse(status=reply.status)
            answer.content_type = "application/json"
            if "Retry-After" in reply.headers:
                answer.headers["Retry-After"] = reply.headers["Retry-After"]
            with suppress(ConnectionResetError):  # Whoever asked has been killed.
                await answer.prepare(request)
                async for chunk in reply.content.iter_any():
                    await answer.write(chunk)
            return answer

    async def carry_out(self, request: web.Request) -> None:
        """Have the request carried out, and keep the answer from who asked."""
        async with await self._ask(request) as reply:
            await reply.read()

    async def _ask(self, request: web.Request) -> aiohttp.ClientResponse:
        return await self.http.request(
            request.method,
            self.host + request.path_qs,
            data=await request.read(),
            # Else large answers would come packed, which nobody here unpacks.
            headers={key: request.headers.get(key, other) for key, other in PASSED_ON.items()}
            | {"Accept-Encoding": "identity"},
            timeout=aiohttp.ClientTimeout(total=None),
        )


Handler = Callable[[web.Request, Upstream], Awaitable[web.StreamResponse]]


@contextmanager
def proxied(kubeconfig: Path, folder: Path, handler: Handler) -> Iterator[Path]:
    """The proxy on a free loopback port; its kubeconfig, which needs no credential of its own.

    `handler` answers every request, in a thread of the proxy's own.
    """
    ready: list[int] = []
    started, stop = threading.Event(), threading.Event()

    async def run() -> None:
        async def handle(request: web.Request) -> web.StreamResponse:
            return await handler(request, upstream)

        async with kube_http(kubeconfig) as (host, http):
            upstream = Upstream(host, http)
            app = web.Application(client_max_size=1 << 24)
            app.router.add_route("*", "/{path:.*}", handle)
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
    file = folder / "proxied.kubeconfig"
    file.write_text(_kubeconfig(f"http://127.0.0.1:{ready[0]}"))
    try:
        yield file
    finally:
        stop.set()
        thread.join()


def cut(request: web.Request) -> web.StreamResponse:
    """End the connection without an answer."""
    if request.transport is not None:
        request.transport.close()
    return web.Response()


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
