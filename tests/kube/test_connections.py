"""Connections to a server that misbehaves in ways that a real API server won't on demand."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import pytest

from jwt_to_rbac.core.errors import Outage
from jwt_to_rbac.kube import connections
from jwt_to_rbac.kube.connections import Connections
from jwt_to_rbac.kube.official import ConfigException, Configuration
from jwt_to_rbac.kube.session import KubeSession

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi"
PLAIN = ssl.create_default_context()


@dataclass
class Peer:
    """What the server saw: each request's head, under the number of its connection."""

    url: str = ""
    heads: list[tuple[int, bytes]] = field(default_factory=list)
    connected: int = 0
    open: set[asyncio.StreamWriter] = field(default_factory=set)
    ended: asyncio.Event = field(default_factory=asyncio.Event)


Script = Callable[[Peer, asyncio.StreamWriter], Awaitable[None]]
"""Answers one request; its number is the length of `heads`."""


@asynccontextmanager
async def peer(script: Script) -> AsyncIterator[tuple[Peer, Connections]]:
    seen = Peer()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        seen.connected += 1
        seen.open.add(writer)
        number = seen.connected
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(
                    head.lower().partition(b"content-length: ")[2].split(b"\r\n")[0] or b"0"
                )
                await reader.readexactly(length)
                seen.heads.append((number, head))
                await script(seen, writer)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            seen.ended.set()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    seen.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/base/"
    ours = Connections(seen.url, PLAIN)
    try:
        yield seen, ours
    finally:
        await ours.close()
        server.close()
        for writer in seen.open:
            writer.close()
        await asyncio.gather(*(w.wait_closed() for w in seen.open), return_exceptions=True)


def saying(*answers: bytes) -> Script:
    """Each request gets the next answer, the last one for ever."""

    async def script(seen: Peer, writer: asyncio.StreamWriter) -> None:
        writer.write(answers[min(len(seen.heads), len(answers)) - 1])

    return script


async def closing_after_the_first(seen: Peer, writer: asyncio.StreamWriter) -> None:
    """The first request's connection ends when it brings a second one, unanswered."""
    if len(seen.heads) == 2:
        writer.close()
    else:
        writer.write(OK)


async def test_a_connection_is_kept_for_the_next_request() -> None:
    async with peer(saying(OK)) as (seen, ours):
        for _ in range(3):
            assert (await ours.ask("GET", "/a?b=c d", {"X": "y"}, b"")).body == b"hi"
    assert [number for number, _ in seen.heads] == [1, 1, 1]
    assert seen.heads[0][1].startswith(b"GET /base/a?b=c%20d HTTP/1.1\r\nHost: 127.0.0.1:")


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + OK, id="after 100 Continue"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nh\r\n1\r\ni\r\n0\r\n\r\n",
            id="in chunks",
        ),
    ],
)
async def test_an_answer_is_read_in_every_form(answer: bytes) -> None:
    async with peer(saying(answer)) as (_, ours):
        assert await ours.ask("POST", "/", {}, b"{}") == (200, "", b"hi")


async def test_retry_after_is_handed_on() -> None:
    busy = b"HTTP/1.1 429 Busy\r\nretry-AFTER: 7\r\nContent-Length: 0\r\n\r\n"
    async with peer(saying(busy, OK)) as (_, ours):
        assert await ours.ask("POST", "/", {}, b"") == (429, "7", b"")
        assert await ours.ask("POST", "/", {}, b"") == (200, "", b"hi")


async def test_what_may_be_repeated_outlives_a_connection_that_just_closed() -> None:
    async with peer(closing_after_the_first) as (seen, ours):
        await ours.ask("GET", "/", {}, b"")
        assert (await ours.ask("DELETE", "/", {}, b"")).status == 200
    assert [number for number, _ in seen.heads] == [1, 1, 2]


async def test_a_creation_is_never_sent_twice() -> None:
    async with peer(closing_after_the_first) as (seen, ours):
        await ours.ask("GET", "/", {}, b"")
        with pytest.raises(ConnectionError):
            await ours.ask("POST", "/", {}, b"")
    assert len(seen.heads) == 2


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(OK + OK, id="two answers to one request"),
        pytest.param(OK.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), id="to be closed"),
    ],
)
async def test_no_answer_is_taken_for_another_requests(answer: bytes) -> None:
    async with peer(saying(answer)) as (seen, ours):
        assert (await ours.ask("GET", "/", {}, b"")).body == b"hi"
        assert (await ours.ask("GET", "/", {}, b"")).body == b"hi"
    assert seen.connected == 2


async def test_what_is_dropped_is_not_used_again_though_it_carried_a_request_meanwhile() -> None:
    asked, answer = asyncio.Event(), asyncio.Event()

    async def waits(seen: Peer, writer: asyncio.StreamWriter) -> None:
        if len(seen.heads) == 2:
            asked.set()
            await answer.wait()
        writer.write(OK)

    async with peer(waits) as (seen, ours):
        assert (await ours.ask("GET", "/", {}, b"")).body == b"hi"
        under_way = asyncio.create_task(ours.ask("GET", "/", {}, b""))
        await asked.wait()
        ours.drop()
        answer.set()
        assert (await under_way).body == b"hi"
        assert (await ours.ask("GET", "/", {}, b"")).body == b"hi"
    assert [number for number, _ in seen.heads] == [1, 1, 2]


async def test_a_request_that_was_given_up_takes_its_connection_along() -> None:
    async def silent(seen: Peer, writer: asyncio.StreamWriter) -> None:
        if len(seen.heads) > 1:
            writer.write(OK)

    async with peer(silent) as (seen, ours):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(ours.ask("GET", "/", {}, b""), 0.05)
        await asyncio.wait_for(seen.ended.wait(), 5)
        assert (await ours.ask("GET", "/", {}, b"")).body == b"hi"
    assert seen.connected == 2


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        pytest.param(
            b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n" + b"x" * 99,
            "more than 100 bytes",
            id="too large",
        ),
        pytest.param(b"SSH-2.0-OpenSSH\r\n", "no HTTP", id="not HTTP"),
        pytest.param(
            b"HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n",
            "no HTTP",
            id="another protocol",
        ),
    ],
)
async def test_what_is_no_answer_is_an_error(
    answer: bytes, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connections, "LARGEST", 100)
    async with peer(saying(answer)) as (_, ours):
        with pytest.raises(OSError, match=said):
            await ours.ask("GET", "/", {}, b"")


async def test_an_answer_that_was_cut_off_is_an_error() -> None:
    async def cut(seen: Peer, writer: asyncio.StreamWriter) -> None:
        writer.write(OK[:-1])
        await writer.drain()
        writer.close()

    async with peer(cut) as (_, ours):
        with pytest.raises(ConnectionError):
            await ours.ask("GET", "/", {}, b"")


async def test_an_unused_connection_is_closed_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "KEPT", 0.01)
    async with peer(saying(OK)) as (seen, ours):
        await ours.ask("GET", "/", {}, b"")
        await asyncio.wait_for(seen.ended.wait(), 5)


async def test_a_header_holds_no_line_break() -> None:
    async with peer(saying(OK)) as (seen, ours):
        with pytest.raises(ValueError, match="line break"):
            await ours.ask("GET", "/", {"Authorization": "Bearer a\r\nX: y"}, b"")
    assert seen.heads == []


async def test_a_kubeconfigs_proxy_is_gone_through_and_the_environments_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with peer(saying(OK)) as (seen, _), peer(saying(OK)) as (proxy, _):
        monkeypatch.setenv("http_proxy", proxy.url)
        direct = Configuration(host=seen.url)
        direct.proxy = None
        named = Configuration(host="http://kube.example.com")
        named.proxy = proxy.url
        for configuration in (direct, named):
            session = KubeSession(configuration)
            assert (await session.call("GET", "/api/v1/namespaces")).body == b"hi"
            await session.close()
    assert seen.heads[0][1].startswith(b"GET /base/api/v1/namespaces HTTP/1.1")
    assert [head.split(b" ")[1] for _, head in proxy.heads] == [
        b"http://kube.example.com/api/v1/namespaces"
    ]


async def test_a_credential_that_no_header_can_hold_is_an_outage() -> None:
    async with peer(saying(OK)) as (seen, _):
        configuration = Configuration(host=seen.url, api_key={"BearerToken": "a\nX: y"})
        session = KubeSession(configuration)
        with pytest.raises(Outage):
            await session.call("GET", "/api/v1/namespaces")
        await session.close()
    assert seen.heads == []


async def test_a_token_file_that_is_empty_at_this_moment_is_an_outage() -> None:
    def read_it(_: Configuration) -> None:
        raise ConfigException("Token file exists but empty.")  # In the official client's words.

    async with peer(saying(OK)) as (seen, _):
        configuration = Configuration(host=seen.url)
        configuration.refresh_api_key_hook = read_it
        session = KubeSession(configuration)
        with pytest.raises(Outage):
            await session.call("GET", "/api/v1/namespaces")
        await session.close()
    assert seen.heads == []
