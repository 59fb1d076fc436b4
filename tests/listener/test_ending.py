"""A listener that ends without having been told to takes the program with it: half of one helps nobody."""

import asyncio

import aiohttp
import pytest
import structlog
from starlette.types import Receive, Scope, Send

from jwt_to_rbac.listener import Listener, listen
from tests.support.server import free_port


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok"})


async def listens(port: int) -> bool:
    try:
        async with (
            aiohttp.ClientSession() as http,
            http.get(f"http://127.0.0.1:{port}/") as reply,
        ):
            return reply.status == 200
    except aiohttp.ClientError:
        return False


async def until_it_listens(port: int) -> None:
    async with asyncio.timeout(20):
        while not await listens(port):  # noqa: ASYNC110  (from outside, where no event comes from)
            await asyncio.sleep(0.05)


async def test_a_listener_that_dies_ends_the_others_and_is_named() -> None:
    ports = [free_port(), free_port()]
    listeners = [Listener(answer, "127.0.0.1", port) for port in ports]
    with structlog.testing.capture_logs() as said:
        serving = asyncio.create_task(listen(listeners, structlog.get_logger()))
        for port in ports:
            await until_it_listens(port)
        workers = [
            task
            for task in asyncio.all_tasks()
            if getattr(task.get_coro(), "__name__", "") == "_spawn_asgi_worker"
        ]
        assert len(workers) == 2
        workers[0].cancel()
        with pytest.raises(RuntimeError, match="ended by itself"):
            await asyncio.wait_for(serving, 20)
    assert not await listens(ports[0])
    assert not await listens(ports[1])
    assert [one["address"] for one in said] in [[f"127.0.0.1:{port}"] for port in ports]
