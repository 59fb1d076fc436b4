"""Listens for HTTP in this process and event loop, until told to stop. Nothing of what is served."""

import asyncio
import signal
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from granian.constants import HTTPModes, Interfaces, SSLProtocols
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp
from structlog.typing import FilteringBoundLogger

from jwt_to_rbac.certificate_files import CertificateFiles
from jwt_to_rbac.core.errors import InvalidInput
from jwt_to_rbac.draining import Draining

HEADER_SECONDS = 10
"""A client that hasn't sent its request's head by then is cut off."""

HEADER_BYTES = 64 * 1024
"""Room for the largest ID token that is taken, as a bearer token."""

MOST_CONNECTIONS = 4096
"""Beyond, nobody is let in until one ends, a held one included; Granian's own 128 were filled by
one client that kept 200 open. An idle one costs some 10 kB, and ends after HEADER_SECONDS."""

BACKLOG = 1024
"""Connections that wait to be accepted: a whole company at nine o'clock."""

LOOK_SECONDS = 2.0
"""How often certificate files are looked at: kubelet and cert-manager bring new ones hours ahead."""

HAND_OVER_SECONDS = 0.5
"""How long old and new certificate are served side by side: both listen on one port meanwhile."""


@dataclass(frozen=True, slots=True)
class Listener:
    """One address with what is served there; without `tls` in plain HTTP."""

    app: ASGIApp
    host: str
    port: int
    tls: CertificateFiles | None = None


async def listen(
    listeners: Sequence[Listener],
    log: FilteringBoundLogger,
    look_seconds: float = LOOK_SECONDS,
    drain_seconds: float = 0.0,
    enough: asyncio.Event | None = None,
) -> None:
    """Serve until SIGINT or `enough`, or `drain_seconds` after SIGTERM; what is in flight is finished.

    Certificates are taken up anew when their files change, within `look_seconds` and a bit;
    ones that can't be used are told of, and the old ones stay. Raises InvalidInput for files
    that can't be used at the start, and whatever ended the look at changed ones; RuntimeError if
    one of the listeners ended by itself, when the others were stopped too.
    """
    draining = Draining(drain_seconds)
    servers = [(each, _server(each, draining.served_by(each.app))) for each in listeners]
    together, loop = _Together(servers, log), asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGINT, together.stop)
    loop.add_signal_handler(signal.SIGTERM, draining.begin, together.stop)
    watching = [
        asyncio.create_task(_follow(each.tls, server, log, look_seconds))
        for each, server in servers
        if each.tls is not None
    ]
    if enough is not None:
        watching.append(asyncio.create_task(_until(enough)))
    for task in watching:
        # None ends by itself, unless it is enough, or it died: then certificates would run out.
        task.add_done_callback(lambda _: together.stop())
    try:
        await together.serve()
    finally:
        for task in watching:
            task.cancel()
        ended = await asyncio.gather(*watching, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error


class _Together:
    """Several servers that stop together, whichever of them ends first, and why."""

    def __init__(
        self, servers: Sequence[tuple[Listener, Server]], log: FilteringBoundLogger
    ) -> None:
        self._servers = servers
        self._log = log
        self._stopped = self._broken = False

    def stop(self) -> None:
        self._stopped = True
        for _, server in self._servers:
            # Granian's, which has no types.
            cast(Callable[[], None], server.stop)()

    async def serve(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for each, server in self._servers:
                tasks.create_task(self._serve(each, server))
        if self._broken:
            raise RuntimeError("a listener has ended by itself")

    async def _serve(self, each: Listener, server: Server) -> None:
        try:
            await server.serve()
        finally:
            if not self._stopped:
                self._broken = True
                address = f"{each.host}:{each.port}"
                self._log.error("A listener has ended by itself", address=address)
                self.stop()


async def _until(event: asyncio.Event) -> None:
    await event.wait()


def _server(of: Listener, app: ASGIApp) -> Server:
    tls = of.tls
    if tls is not None:
        tls.check()
    server = Server(
        app,
        of.host,
        of.port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        backlog=BACKLOG,
        backpressure=MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES
        ),
        log_enabled=False,
    )
    server.respawn_interval = HAND_OVER_SECONDS
    if tls is not None:
        _load(server, tls)
    return server


def _load(server: Server, files: CertificateFiles) -> None:
    # Not once for all: Granian keeps the places that links lead to, and kubelet swaps those.
    server.build_ssl_context(
        files.certificate,
        files.key,
        None,
        SSLProtocols.tls13,
        files.client_authority,
        [],
        client_verify=files.client_authority is not None,
    )


async def _follow(
    files: CertificateFiles, server: Server, log: FilteringBoundLogger, look_seconds: float
) -> None:
    """Have `server` read its files again whenever they changed, until cancelled."""
    seen, reload = files.stamp(), cast(Callable[[], None], server.reload)
    while True:
        await asyncio.sleep(look_seconds)
        now = files.stamp()
        if now == seen:
            continue
        try:
            files.check()
        except InvalidInput as error:
            # Perhaps only half of the pair is there yet: looked at again, told each time it changes.
            log.warning(
                "New certificate files can't be used; the old ones stay", detail=error.detail
            )
            seen = now
            continue
        seen = now
        _load(server, files)
        reload()
        log.info("Certificate files were read anew", path=str(files.certificate))
