"""Told to stop, the listener answers for a while yet, and lets no connection be kept."""

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

import aiohttp
import pytest
import structlog
from starlette.types import Receive, Scope, Send

from jwt_to_rbac.listener import Listener, listen
from tests.support.server import free_port
from tests.support.waiting import eventually

pytestmark = pytest.mark.quiet

PATIENCE = 20.0


async def greeting(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})


@asynccontextmanager
async def serving(drain_seconds: float) -> AsyncIterator[tuple[str, "asyncio.Task[None]"]]:
    port = free_port()
    listener = Listener(greeting, "127.0.0.1", port)
    task = asyncio.create_task(
        listen([listener], structlog.get_logger(), drain_seconds=drain_seconds)
    )
    try:
        assert await asyncio.to_thread(eventually, partial(answers, port), PATIENCE)
        yield f"http://127.0.0.1:{port}", task
    finally:
        if not task.done():
            os.kill(os.getpid(), signal.SIGINT)
        await asyncio.wait_for(task, PATIENCE)


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


async def ends_connections(session: aiohttp.ClientSession, url: str) -> bool:
    async with session.get(url) as answer:
        assert (answer.status, await answer.read()) == (200, b"hello")
        return answer.headers.get("Connection") == "close"


async def test_until_it_ends_everybody_is_answered_and_told_to_come_by_another_connection() -> None:
    async with serving(1.0) as (url, task), aiohttp.ClientSession() as session:
        assert not await ends_connections(session, url)
        os.kill(os.getpid(), signal.SIGTERM)
        told, began = 0, time.monotonic()
        # The first of these may be on its way before the signal is.
        while time.monotonic() - began < 0.8:
            told += await ends_connections(session, url)
        assert told > 1
        await asyncio.wait_for(asyncio.shield(task), PATIENCE)
        assert 1.0 <= time.monotonic() - began < PATIENCE
        with pytest.raises(aiohttp.ClientConnectionError):
            await session.get(url)


@pytest.mark.parametrize(
    ("drain_seconds", "signal_"),
    [(0.0, signal.SIGTERM), (600.0, signal.SIGINT)],
    ids=["without-a-time", "by-ctrl-c"],
)
async def test_it_ends_at_once(drain_seconds: float, signal_: signal.Signals) -> None:
    async with serving(drain_seconds) as (_, task):
        os.kill(os.getpid(), signal_)
        await asyncio.wait_for(asyncio.shield(task), PATIENCE)


async def test_who_is_told_a_second_time_ends_at_once() -> None:
    async with serving(600.0) as (url, task), aiohttp.ClientSession() as session:
        os.kill(os.getpid(), signal.SIGTERM)
        while not await ends_connections(session, url):
            pass
        os.kill(os.getpid(), signal.SIGTERM)
        await asyncio.wait_for(asyncio.shield(task), PATIENCE)
