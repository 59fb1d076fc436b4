"""Keeps one Store equal to what the API server holds: list, then watch, and again.

Nothing here knows what the objects mean.
"""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Generic, TypeVar

import aiohttp
import msgspec

from jwt_to_rbac.core.errors import JwtToRbacError, Outage
from jwt_to_rbac.kube.session import KubeSession
from jwt_to_rbac.kube.store import HasMeta, Key, Store, key_of
from jwt_to_rbac.kube.types import AnyObject

LIST_SECONDS = 30.0
"""For a list, which is many times what any other call brings."""

AT_ONCE = 500
"""Objects taken in between two turns of everything else: all at once would be a third of a second
with ten thousand people."""

WATCH_SECONDS = 300
"""How long the server keeps one watch open; a bookmark comes each minute."""

SILENCE = 90.0
"""Seconds without a byte after which a watch counts as dead: bookmarks come each minute."""

FIRST_PAUSE, LONGEST_PAUSE = 0.1, 5.0
"""Seconds between tries while the API server is away."""


class _ListMeta(msgspec.Struct, rename="camel"):
    resource_version: str = ""
    next: str = msgspec.field(default="", name="continue")


class _Page(msgspec.Struct):
    metadata: _ListMeta
    items: list[msgspec.Raw]


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class _Bookmark(msgspec.Struct):
    metadata: _ListMeta


class WatchError(Exception):
    """The watch ended with an error event, as a rule because our resourceVersion is too old (410)."""


Watched = TypeVar("Watched", bound=HasMeta)


class Watch(Generic[Watched]):
    """One kind of object at one path, for as long as `run` runs.

    `synced` is set after the first whole list; `healthy` is false while the connection is
    down, when the store may be stale; `heard_at` is when the API server last said anything.
    `only` narrows it, as a query (`labelSelector=…` or `fieldSelector=…`). An object that isn't
    as `kind` says never stops the others: what was known of it stays, and `unread` is told its
    name.
    """

    def __init__(
        self,
        session: KubeSession,
        path: str,
        kind: type[Watched],
        store: Store[Watched],
        only: str = "",
        unread: Callable[[str], None] = lambda name: None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.path = path
        self.store = store
        self.synced = asyncio.Event()
        self.healthy = False
        self.heard_at = clock()
        self._failed_at = -math.inf
        self._clock = clock
        self._version = ""
        self._only = only
        self._session = session
        self._decode = msgspec.json.Decoder(kind).decode
        self._unread = unread
        self._sleep = sleep

    @property
    def down_for(self) -> float:
        """Seconds since the first of the tries that failed, 0 while there was none since it was heard."""
        return self._clock() - self._failed_at if self._failed_at > self.heard_at else 0.0

    async def run(self) -> None:
        """Follow until cancelled; trouble is waited out, never raised."""
        pause = FIRST_PAUSE
        while True:
            try:
                if not self._version:
                    await self._list()
                self.healthy = True
                pause = FIRST_PAUSE
                await self._watch()
            except (JwtToRbacError, msgspec.DecodeError, WatchError) as e:
                self.healthy = isinstance(e, WatchError)
                if self._failed_at <= self.heard_at:
                    self._failed_at = self._clock()
                # After an outage the watch resumes where it was; in any other case that
                # place is doubtful, and only a whole list is sure.
                if not isinstance(e, Outage):
                    self._version = ""
                await self._sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE)

    async def _list(self) -> None:
        # No pages are asked for. Only a whole list is sure to come from the API server's cache (since
        # 1.31); pages come from etcd, by any version once their kind hasn't changed for some minutes
        # (kubernetes#132132, #132876), and each object is decoded anew: ten thousand people in pages
        # of 500 cost it 9.6 s of CPU, and 1.7 in one list.
        listed: dict[Key, str] = {}
        after = ""
        while True:
            reply = await self._session.call("GET", self._asked(after), seconds=LIST_SECONDS)
            self.heard_at = self._clock()
            page = msgspec.json.decode(reply.body, type=_Page)
            for n, raw in enumerate(page.items):
                if n % AT_ONCE == 0:
                    await asyncio.sleep(0)
                seen = self._read(raw)
                listed[key_of(seen)] = seen.metadata.uid
                if not isinstance(seen, AnyObject):
                    self.store.put(seen)
            if not page.metadata.next:
                break
            # Something in between pages all the same: the rest must not be taken for gone.
            after = f"continue={page.metadata.next}"
        # All pages are of the moment of the first: this is its version.
        self.store.keep(listed, page.metadata.resource_version)
        self._version = page.metadata.resource_version
        self.synced.set()

    async def _watch(self) -> None:
        path = self._asked(
            "watch=1",
            "allowWatchBookmarks=true",
            f"timeoutSeconds={WATCH_SECONDS}",
            f"resourceVersion={self._version}",
        )
        async with self._session.stream(path, SILENCE) as content:
            self.heard_at = self._clock()
            async for line in _lines(content):
                self.heard_at = self._clock()
                event = msgspec.json.decode(line, type=_Event)
                match event.type:
                    case "ADDED" | "MODIFIED":
                        seen = self._read(event.object)
                        if not isinstance(seen, AnyObject):
                            self.store.put(seen)
                        self._version = seen.metadata.resource_version
                    case "DELETED":
                        # Its metadata say which one; the rest may be illegible.
                        gone = msgspec.json.decode(event.object, type=AnyObject)
                        self.store.gone(gone)
                        self._version = gone.metadata.resource_version
                    case "BOOKMARK":
                        mark = msgspec.json.decode(event.object, type=_Bookmark)
                        self._version = mark.metadata.resource_version
                    case _:
                        raise WatchError(event.type)

    def _asked(self, *parameters: str) -> str:
        return f"{self.path}?{'&'.join(filter(None, (*parameters, self._only)))}"

    def _read(self, raw: msgspec.Raw) -> Watched | AnyObject:
        try:
            return self._decode(raw)
        except msgspec.ValidationError:
            named = msgspec.json.decode(raw, type=AnyObject)
            self._unread(named.metadata.name)
            return named


async def _lines(content: aiohttp.StreamReader) -> AsyncIterator[bytes]:
    # readline() has a limit that a ClusterRole may exceed; chunks have none.
    rest = b""
    async for chunk in content.iter_any():
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            if line:
                yield line
