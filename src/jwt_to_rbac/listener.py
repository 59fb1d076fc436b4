"""Listens for HTTP in this process and event loop, until told to stop. Nothing of what is served."""

import asyncio
import signal

from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import ASGIApp

HEADER_SECONDS = 10
"""A client that hasn't sent its request's head by then is cut off."""

HEADER_BYTES = 64 * 1024
"""Room for the largest ID token that is taken, as a bearer token."""


async def listen(app: ASGIApp, host: str, port: int) -> None:
    """Serve until SIGTERM or SIGINT; what is in flight is finished first."""
    server = Server(
        app,
        host,
        port,
        interface=Interfaces.ASGINL,
        http=HTTPModes.http1,
        websockets=False,
        http1_settings=HTTP1Settings(
            header_read_timeout=HEADER_SECONDS * 1000, max_buffer_size=HEADER_BYTES
        ),
        log_enabled=False,
    )
    loop = asyncio.get_running_loop()
    for signal_ in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(signal_, server.stop)
    await server.serve()
