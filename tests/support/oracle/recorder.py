"""Listens to the real API server, as its administrator, and keeps every revision. Judges nothing."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import msgspec

from tests.support.kube_http import kube_http
from tests.support.oracle.invariants import History
from tests.support.oracle.revision import Key, Object, Revision, revision
from tests.support.waiting import eventually

RBAC = "/apis/rbac.authorization.k8s.io/v1"
KINDS = {
    "AccessGrant": "/apis/jwt-to-rbac.io/v1alpha1/accessgrants",
    "ServiceAccount": "/api/v1/serviceaccounts",
    "Secret": "/api/v1/secrets",
    "ClusterRole": f"{RBAC}/clusterroles",
    "ClusterRoleBinding": f"{RBAC}/clusterrolebindings",
    "RoleBinding": f"{RBAC}/rolebindings",
}
PAUSE = 0.1
"""Seconds between tries while the API server is away."""


class _Mark(msgspec.Struct, rename="camel"):
    resource_version: str


class _List(msgspec.Struct):
    metadata: _Mark
    items: list[Object] = []


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


@dataclass
class Recorder:
    """`mark`, `there` and `history` are for the tests' threads."""

    host: str
    http: aiohttp.ClientSession
    loop: asyncio.AbstractEventLoop
    heard: list[Revision] = field(default_factory=list)
    state: dict[Key, Revision] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    """The uids of all that is no more."""
    listening: set[str] = field(default_factory=set)

    def there(self) -> dict[Key, Revision]:
        """What was there when last heard of."""
        return self.state.copy()  # In one go: the recorder's thread goes on changing it.

    def mark(self) -> int:
        """The cluster's newest version: all that is done by now is at or below it."""
        listed = asyncio.run_coroutine_threadsafe(
            self._list("/api/v1/namespaces?limit=1"), self.loop
        )
        return int(listed.result(30).metadata.resource_version)

    def history(self, since: int = 0) -> History:
        """All revisions after `since`, once everything that is there now has been heard of."""
        asyncio.run_coroutine_threadsafe(self._catch_up(), self.loop).result(60)
        found = [one for one in list(self.heard) if one.version > since]
        return History(tuple(sorted(found, key=lambda one: one.version)), time.time())

    async def _catch_up(self) -> None:
        for kind, path in KINDS.items():
            listed = await self._list(path)
            there = {revision(kind, one, 0, gone=False).key: one for one in listed.items}
            end = time.monotonic() + 30
            while not self._knows(kind, there, int(listed.metadata.resource_version)):
                assert time.monotonic() < end, f"the oracle does not hear of every {kind}"
                await asyncio.sleep(0.01)

    def _knows(self, kind: str, there: dict[Key, Object], listed_at: int) -> bool:
        news = all(
            # Others may have deleted it since it was listed.
            one.metadata.uid in self.ended
            or (key in self.state and self.state[key].version >= int(one.metadata.resource_version))
            for key, one in there.items()
        )
        return news and not any(
            key not in there and one.version <= listed_at
            for key, one in self.state.items()
            if key[0] == kind
        )

    async def follow(self, kind: str, path: str) -> None:
        """Listen to one kind until cancelled."""
        version = ""
        while True:
            try:
                if not version:
                    version = await self._begin(kind, path)
                async for event in self._events(path, version):
                    if event.type == "ERROR":
                        version = ""  # Too old: what was missed is made up for by a list.
                        break
                    seen = msgspec.json.decode(event.object, type=_Seen)
                    version = seen.metadata.resource_version
                    if event.type != "BOOKMARK":
                        self._hear(kind, event.object, event.type == "DELETED")
            except (aiohttp.ClientError, OSError, TimeoutError, msgspec.DecodeError):
                await asyncio.sleep(PAUSE)

    async def _begin(self, kind: str, path: str) -> str:
        listed = await self._list(path)
        there = set()
        for one in listed.items:
            seen = revision(kind, one, time.time(), gone=False)
            there.add(seen.key)
            self._keep(seen)
        version = int(listed.metadata.resource_version)
        for key, known in list(self.state.items()):
            if key[0] == kind and key not in there:
                self._keep(Revision(version, time.time(), key, known.uid, gone=True))
        self.listening.add(kind)
        return listed.metadata.resource_version

    def _hear(self, kind: str, raw: msgspec.Raw, gone: bool) -> None:
        self._keep(revision(kind, msgspec.json.decode(raw, type=Object), time.time(), gone))

    def _keep(self, one: Revision) -> None:
        known = self.state.get(one.key)
        if known is not None and known.version >= one.version:
            return
        self.heard.append(one)
        if one.gone:
            self.ended.add(one.uid)
            self.state.pop(one.key, None)
        else:
            self.state[one.key] = one

    async def _list(self, path: str) -> _List:
        async with self.http.get(self.host + path) as reply:
            reply.raise_for_status()
            return msgspec.json.decode(await reply.read(), type=_List)

    async def _events(self, path: str, version: str) -> AsyncIterator[_Event]:
        query = f"?watch=1&allowWatchBookmarks=true&timeoutSeconds=600&resourceVersion={version}"
        endless = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=90)
        async with self.http.get(self.host + path + query, timeout=endless) as reply:
            reply.raise_for_status()
            rest = b""
            async for chunk in reply.content.iter_any():
                *lines, rest = (rest + chunk).split(b"\n")
                for line in filter(None, lines):
                    yield msgspec.json.decode(line, type=_Event)


class _Seen(msgspec.Struct):
    metadata: _Mark


@contextmanager
def recording(kubeconfig: Path) -> Iterator[Recorder]:
    """Listen from now on, for as long as the context lasts. The AccessGrant's kind must be known."""
    begun: list[Recorder] = []
    stop = threading.Event()

    async def run() -> None:
        async with kube_http(kubeconfig) as (host, http):
            recorder = Recorder(host, http, asyncio.get_running_loop())
            tasks = [asyncio.create_task(recorder.follow(*one)) for one in KINDS.items()]
            begun.append(recorder)
            await asyncio.to_thread(stop.wait)
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    thread = threading.Thread(target=asyncio.run, args=(run(),))
    thread.start()
    try:
        ready = eventually(lambda: begun and begun[0].listening == KINDS.keys(), 20)
        assert ready, "the oracle does not hear the API server"
        yield begun[0]
    finally:
        stop.set()
        thread.join()
