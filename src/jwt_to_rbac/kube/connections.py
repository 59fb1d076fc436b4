"""HTTP/1.1 connections to one server, kept for the next request. Nothing of Kubernetes, no errors of ours.

A renewal is one call, and most of what it costs was aiohttp's: 0.38 ms of CPU. This takes 0.17, by
the same TLS (the official client's SSLContext) and llhttp as the parser. pyreqwest (0.15) can't be
told to trust a kubeconfig's authority alone: it goes on trusting the system's too. libcurl (0.20)
needs as much code around it, and brings its own OpenSSL. Watches and proxies stay aiohttp's.
"""

import asyncio
import ssl
from typing import NamedTuple, cast
from urllib.parse import quote, urlsplit

import httptools

KEPT = 15.0
"""Seconds that an unused connection is kept, as aiohttp does: load balancers forget them without
a word, and asyncio has 256 KiB of buffer for each."""

LARGEST = 1024 * 1024 * 1024
"""Bytes of one answer: a list of half a million AccessGrants."""

REPEATABLE = frozenset({"GET", "PUT", "DELETE"})
"""Methods that may be sent a second time (RFC 9110, section 9.2.2)."""

Received = bytes | bytearray
"""A long one isn't copied together from its parts: for a moment it would be in memory twice."""

LEFT_AS_IT_IS = "/?&=%:@!$'()*+,;"
"""What `quote` leaves in a path with its query, beside letters and digits."""


class Answer(NamedTuple):
    """`retry_after` is the header's value, "" without one."""

    status: int
    retry_after: str
    body: Received


class Connections:
    """Those to the server at `url`, whose own path goes before each request's.

    As many as there are requests at once.
    """

    def __init__(self, url: str, tls: ssl.SSLContext) -> None:
        parts = urlsplit(url)
        self._tls = tls if parts.scheme == "https" else None
        self._host, self._port = parts.hostname or "", parts.port or (443 if self._tls else 80)
        self._netloc, self._prefix = parts.netloc.rpartition("@")[2], parts.path.rstrip("/")
        self._idle: list[_Connection] = []
        self._generation = 0
        self._reaper: asyncio.TimerHandle | None = None

    async def ask(self, method: str, path: str, headers: dict[str, str], body: bytes) -> Answer:
        """Send a request and return its answer.

        What may be repeated is sent once more if the server closed a kept connection at the
        same moment. Raises OSError, also for what isn't HTTP, and ValueError for a header with
        a line break.
        """
        request = self._request(method, path, headers, body)
        kept = self._take()
        if kept is not None:
            try:
                return await self._exchange(kept, request)
            except ConnectionError:
                if method not in REPEATABLE:
                    raise
        loop = asyncio.get_running_loop()
        generation = self._generation
        _, fresh = await loop.create_connection(_Connection, self._host, self._port, ssl=self._tls)
        fresh.generation = generation
        return await self._exchange(fresh, request)

    async def close(self) -> None:
        """Close what is unused; a request under way closes its own when it is cancelled."""
        if self._reaper is not None:
            self._reaper.cancel()
        closing, self._idle = self._idle, []
        for one in closing:
            one.abort()
        await asyncio.gather(*(one.lost for one in closing))

    def drop(self) -> None:
        """Use none again that is open now, those included that carry a request."""
        self._generation += 1
        closing, self._idle = self._idle, []
        for one in closing:
            one.abort()

    def _request(self, method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
        lines = [
            f"{method} {self._prefix}{quote(path, safe=LEFT_AS_IT_IS)} HTTP/1.1",
            f"Host: {self._netloc}",
            f"Content-Length: {len(body)}",
            *(f"{name}: {value}" for name, value in headers.items()),
        ]
        head = "\r\n".join(lines)
        if not head.count("\r") == head.count("\n") == len(lines) - 1:
            raise ValueError("a header can't hold a line break")
        return f"{head}\r\n\r\n".encode("latin-1") + body

    async def _exchange(self, connection: "_Connection", request: bytes) -> Answer:
        try:
            answer = await connection.ask(request)
        except BaseException:
            # Whatever may still come would be taken for the next request's answer.
            connection.abort()
            raise
        if connection.reusable and connection.generation == self._generation:
            self._keep(connection)
        else:
            connection.abort()
        return answer

    def _take(self) -> "_Connection | None":
        while self._idle:
            newest = self._idle.pop()
            if newest.reusable:
                return newest
        return None

    def _keep(self, connection: "_Connection") -> None:
        loop = asyncio.get_running_loop()
        connection.unused_since = loop.time()
        self._idle.append(connection)
        if self._reaper is None:
            self._reaper = loop.call_later(KEPT, self._reap)

    def _reap(self) -> None:
        # The newest is taken first, so that those longest unused are at the front.
        loop = asyncio.get_running_loop()
        while self._idle and self._idle[0].unused_since + KEPT <= loop.time():
            self._idle.pop(0).abort()
        self._reaper = None
        if self._idle:
            self._reaper = loop.call_at(self._idle[0].unused_since + KEPT, self._reap)


class _Connection(asyncio.Protocol):
    """One connection, which carries one request at a time.

    `reusable`: the last answer was whole, and nothing has come or ended since. `lost` is done
    when the connection is closed.
    """

    def __init__(self) -> None:
        self._parser: httptools.HttpResponseParser | None = httptools.HttpResponseParser(self)
        self._answered: asyncio.Future[Answer] | None = None
        self._retry_after = ""
        self._body = bytearray()
        self._size = 0
        self.reusable = False
        self.generation = 0
        self.unused_since = 0.0
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """The answer to come. Called again only once it came."""
        self.reusable = False
        self._answered = asyncio.get_running_loop().create_future()
        if self.lost.done():
            self._fail(ConnectionResetError("closed by the server"))
        else:
            self._transport.write(request)
        return self._answered

    def abort(self) -> None:
        self.reusable = False
        self._transport.abort()

    # --- asyncio's calls ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)

    def data_received(self, data: bytes) -> None:
        self._size += len(data)
        if self._parser is None or self._answered is None or self._answered.done():
            self.abort()  # Nobody asked for this.
        elif self._size > LARGEST:
            self._fail(OSError(f"an answer of more than {LARGEST} bytes"))
        else:
            try:
                self._parser.feed_data(data)
            except (httptools.HttpParserError, httptools.HttpParserUpgrade) as e:
                self._fail(OSError(f"no HTTP answer: {type(e).__name__}"))

    def connection_lost(self, exc: Exception | None) -> None:
        self.reusable = False
        self._parser = None  # It holds us as we hold it.
        self.lost.set_result(None)
        self._fail(exc or ConnectionResetError("closed by the server"))

    # --- the parser's calls --------------------------------------------------------------

    def on_message_begin(self) -> None:
        self.reusable = False
        self._retry_after, self._body = "", bytearray()

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after":
            self._retry_after = value.decode("latin-1")

    def on_body(self, part: bytes) -> None:
        self._body += part

    def on_message_complete(self) -> None:
        if self._parser is None or self._answered is None or self._answered.done():
            return
        status = self._parser.get_status_code()
        if status < 200:
            return  # The answer is yet to come (RFC 9110, section 15.2).
        self.reusable = self._parser.should_keep_alive()
        # Not kept beside the answer: a list of everybody would stay in memory as long as the connection.
        self._size, body, self._body = 0, self._body, bytearray()
        self._answered.set_result(Answer(status, self._retry_after, body))

    def _fail(self, error: Exception) -> None:
        if self._answered is not None and not self._answered.done():
            self._answered.set_exception(error)
