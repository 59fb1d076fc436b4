"""The listener's TLS: who is let in, and what becomes of connections when certificates change."""

import asyncio
import datetime
import os
import shutil
import signal
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest
import structlog
from starlette.types import Receive, Scope, Send

from jwt_to_rbac.certificate_authority import CertificateAuthority, Pair
from jwt_to_rbac.certificate_files import CertificateFiles
from jwt_to_rbac.listener import Listener, listen
from tests.support.server import free_port
from tests.support.waiting import eventually

LOOK = 0.05
PATIENCE = 20.0


@dataclass(frozen=True)
class Side:
    """An authority with a server and a client of its."""

    ca: Path
    server: Pair
    client: Pair

    @staticmethod
    def made(folder: Path) -> "Side":
        folder.mkdir()
        authority = CertificateAuthority(folder, folder.name, datetime.timedelta(days=1))
        return Side(
            authority.certificate_file,
            authority.issue("server", "server", hosts=("127.0.0.1",)),
            authority.issue("client", "client"),
        )

    def put(self, live: Path) -> None:
        """Bring the server's files, one after the other, as somebody who copies them does."""
        for name, file in (
            ("server.key", self.server.key),
            ("server.crt", self.server.certificate),
            ("ca.crt", self.ca),
        ):
            shutil.copy(file, live / f"{name}.new")
            (live / f"{name}.new").replace(live / name)


def context(trusted: Side, client: Side | None) -> ssl.SSLContext:
    made = ssl.create_default_context(cafile=str(trusted.ca))
    if client is not None:
        made.load_cert_chain(client.client.certificate, client.client.key)
    return made


class Slow:
    """An application whose `/slow` answers once it is let."""

    def __init__(self) -> None:
        self.arrived, self.let = asyncio.Event(), asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] == "/slow":
            self.arrived.set()
            await self.let.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"ok"})


@dataclass
class Running:
    """A listener that asks for certificates; its files are in `live`."""

    app: Slow
    url: str
    live: Path

    async def get(self, tls: ssl.SSLContext, path: str = "/") -> int | None:
        """The status on a connection of its own, or None where TLS refused."""
        try:
            async with (
                aiohttp.ClientSession() as session,
                session.get(self.url + path, ssl=tls) as reply,
            ):
                return reply.status
        except aiohttp.ClientError:
            return None

    async def until(self, tls: ssl.SSLContext, status: int | None) -> None:
        async with asyncio.timeout(PATIENCE):
            while True:
                if await self.get(tls) == status:
                    return
                await asyncio.sleep(LOOK)


@pytest.fixture
def one(tmp_path: Path) -> Side:
    return Side.made(tmp_path / "one")


@pytest.fixture
def other(tmp_path: Path) -> Side:
    return Side.made(tmp_path / "other")


@asynccontextmanager
async def running(folder: Path, side: Side) -> AsyncIterator[Running]:
    live, port = folder / "live", free_port()
    live.mkdir()
    side.put(live)
    files = CertificateFiles(live / "server.crt", live / "server.key", live / "ca.crt")
    app = Slow()
    listener = Listener(app, "127.0.0.1", port, files)
    serving = asyncio.create_task(listen([listener], structlog.get_logger(), LOOK))
    made = Running(app, f"https://127.0.0.1:{port}", live)
    await made.until(context(side, side), 200)
    try:
        yield made
    finally:
        app.let.set()
        os.kill(os.getpid(), signal.SIGTERM)
        async with asyncio.timeout(PATIENCE):
            await serving


async def test_only_a_certificate_of_the_client_authority_is_let_in(
    tmp_path: Path, one: Side, other: Side
) -> None:
    async with running(tmp_path, one) as server:
        assert await server.get(context(one, None)) is None
        assert await server.get(context(one, other)) is None
        # A server's certificate is no client's, though the same authority signed it.
        as_client = ssl.create_default_context(cafile=str(one.ca))
        as_client.load_cert_chain(one.server.certificate, one.server.key)
        assert await server.get(as_client) is None
        assert await server.get(context(one, one)) == 200


async def test_new_files_are_taken_up_and_what_is_in_flight_is_finished(
    tmp_path: Path, one: Side, other: Side
) -> None:
    async with running(tmp_path, one) as server:
        slow = asyncio.create_task(server.get(context(one, one), "/slow"))
        await server.app.arrived.wait()
        other.put(server.live)
        await server.until(context(other, other), 200)
        await server.until(context(one, one), None)
        server.app.let.set()
        assert await slow == 200


async def test_files_that_do_not_fit_change_nothing_until_they_do(
    tmp_path: Path, one: Side, other: Side
) -> None:
    async with running(tmp_path, one) as server:
        whole = (server.live / "server.crt").read_bytes()
        with structlog.testing.capture_logs() as said:
            (server.live / "server.crt").write_text("rubbish")
            await asyncio.to_thread(eventually, lambda: said)
        assert "old ones stay" in said[0]["event"]
        assert await server.get(context(one, one)) == 200
        (server.live / "server.crt").write_bytes(whole)
        other.put(server.live)
        await server.until(context(other, other), 200)
