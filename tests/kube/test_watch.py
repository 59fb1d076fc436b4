"""A watch on the real API server stays equal to what is there, whatever happens to it."""

import asyncio
import json
import re
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest
from aiohttp import web

from jwt_to_rbac.kube import watch as watch_module
from jwt_to_rbac.kube.official import Configuration
from jwt_to_rbac.kube.session import CALL_TIMEOUT, KubeSession, Reply, load_configuration
from jwt_to_rbac.kube.store import Store
from jwt_to_rbac.kube.types import Meta
from jwt_to_rbac.kube.watch import Watch
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import kubectl
from tests.support.proxy import Upstream, proxied

VERSION = re.compile(r"resourceVersion=(\d+)")


class Number(msgspec.Struct, frozen=True, kw_only=True):
    """What a watched ConfigMap must have; one without isn't as its kind says."""

    value: str


class Numbered(msgspec.Struct, frozen=True):
    metadata: Meta
    data: Number


class Listening(KubeSession):
    """A session that keeps the watches' paths, and may send them to the past until the next list.

    It stands for something that answers lists in pages of two, if `pages`.
    """

    def __init__(self, configuration: Configuration, pages: bool = False) -> None:
        super().__init__(configuration)
        self.pages = "&limit=2" if pages else ""
        self.paths: list[str] = []
        self.lists = 0
        self.ask_for_the_past = False

    async def call(self, method: str, path: str, *arguments: Any, **named: Any) -> Reply:
        if method == "GET":
            self.lists += 1
            self.ask_for_the_past = False
            path += self.pages
        return await super().call(method, path, *arguments, **named)

    @asynccontextmanager
    async def stream(self, path: str, silence: float) -> AsyncIterator[aiohttp.StreamReader]:
        if self.ask_for_the_past:
            path = VERSION.sub("resourceVersion=1", path)
        self.paths.append(path)
        async with super().stream(path, silence) as content:
            yield content

    def version(self, nth: int) -> int:
        """The resourceVersion that the nth watch began after."""
        return int(VERSION.findall(self.paths[nth])[0])


@dataclass
class Followed:
    """A watch on the ConfigMaps of a namespace of the test's own that bear a label."""

    sandbox: Sandbox
    namespace: str
    session: Listening
    watch: Watch[Numbered]
    store: Store[Numbered]
    changed: asyncio.Event
    unread: list[str] = field(default_factory=list)

    async def kubectl(self, *arguments: str) -> None:
        await asyncio.to_thread(kubectl, self.sandbox, *arguments, "-n", self.namespace)

    async def put(self, name: str, data: object, label: str = "followed=yes") -> None:
        await self.kubectl("create", "configmap", name)
        patch = {"metadata": {"labels": dict([label.split("=")])}, "data": data}
        await self.kubectl("patch", "configmap", name, "--type=merge", "-p", json.dumps(patch))

    def seen(self) -> dict[str, str]:
        return {one.metadata.name: one.data.value for one in self.store.values()}

    async def until(self, condition: Callable[[], object], seconds: float = 15.0) -> None:
        async with asyncio.timeout(seconds):
            while not condition():
                self.changed.clear()
                try:
                    async with asyncio.timeout(0.1):
                        await self.changed.wait()
                except TimeoutError:
                    continue


@pytest.fixture
async def followed(sandbox: Sandbox) -> AsyncIterator[Followed]:
    namespace = f"watched-{secrets.token_hex(4)}"
    kubectl(sandbox, "create", "namespace", namespace)
    session = Listening(await load_configuration(str(sandbox.kubeconfig)))
    changed, unread = asyncio.Event(), list[str]()
    store: Store[Numbered] = Store(lambda before, after: changed.set())
    path = f"/api/v1/namespaces/{namespace}/configmaps"
    watch = Watch(session, path, Numbered, store, "labelSelector=followed", unread.append)
    running = asyncio.create_task(watch.run())
    await asyncio.wait_for(watch.synced.wait(), 10)
    yield Followed(sandbox, namespace, session, watch, store, changed, unread)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await session.close()
    kubectl(sandbox, "delete", "namespace", namespace, "--wait=false")


async def test_what_comes_changes_and_goes_is_followed(followed: Followed) -> None:
    await followed.put("one", {"value": "1"})
    await followed.until(lambda: followed.seen() == {"one": "1"})
    await followed.kubectl("patch", "configmap", "one", "-p", '{"data": {"value": "2"}}')
    await followed.until(lambda: followed.seen() == {"one": "2"})
    await followed.kubectl("delete", "configmap", "one")
    await followed.until(lambda: followed.seen() == {})
    assert followed.session.lists == 1


async def test_after_an_outage_it_resumes_where_it_was_without_a_list(followed: Followed) -> None:
    await followed.put("before", {"value": "1"})
    await followed.until(lambda: followed.seen() == {"before": "1"})
    await asyncio.to_thread(followed.sandbox.stop, "kube-apiserver")
    await followed.until(lambda: not followed.watch.healthy)
    await asyncio.to_thread(followed.sandbox.start, "kube-apiserver")
    await followed.put("after", {"value": "2"})
    await followed.until(lambda: followed.seen() == {"before": "1", "after": "2"})
    assert followed.session.lists == 1
    assert followed.watch.healthy


async def test_what_is_too_old_to_resume_is_listed_anew_and_what_went_is_gone(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    await followed.put("stays", {"value": "1"})
    await followed.put("goes", {"value": "2"})
    await followed.until(lambda: len(followed.seen()) == 2)
    followed.session.ask_for_the_past = True
    await asyncio.to_thread(followed.sandbox.stop, "kube-apiserver")
    await followed.until(lambda: not followed.watch.healthy)
    await asyncio.to_thread(followed.sandbox.start, "kube-apiserver")
    await followed.kubectl("delete", "configmap", "goes")
    await followed.until(lambda: followed.seen() == {"stays": "1"})
    await followed.until(lambda: followed.session.lists == 2)


async def test_a_line_that_is_no_event_is_made_up_for_by_a_list(
    followed: Followed, tmp_path: Path
) -> None:
    answers = [web.Response(body=b"<html>\n", content_type="application/json")]

    async def first_nonsense(request: web.Request, upstream: Upstream) -> web.StreamResponse:
        if "watch=" in request.query_string and answers:
            return answers.pop()
        return await upstream.pass_on(request)

    with proxied(followed.sandbox.kubeconfig, tmp_path, first_nonsense) as kubeconfig:
        session = Listening(await load_configuration(str(kubeconfig)))
        store: Store[Numbered] = Store(lambda before, after: followed.changed.set())
        path, only = followed.watch.path, "labelSelector=followed"
        running = asyncio.create_task(Watch(session, path, Numbered, store, only).run())
        await followed.put("told", {"value": "1"})
        await followed.until(lambda: len(store) == 1)
        assert session.lists == 2
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await session.close()


async def listed(watch: Watch[Numbered], seconds: float = 10.0) -> None:
    """Run a watch until its first list is whole."""
    running = asyncio.create_task(watch.run())
    await asyncio.wait_for(watch.synced.wait(), seconds)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_everybody_is_listed_in_one_call(followed: Followed) -> None:
    """Pages would come from etcd, each object decoded anew, where a whole list comes from memory."""
    for n in range(5):
        await followed.put(f"n{n}", {"value": str(n)})
    store: Store[Numbered] = Store(lambda before, after: None)
    second = Watch(followed.session, followed.watch.path, Numbered, store, "labelSelector=followed")
    before = followed.session.lists
    await listed(second)
    assert sorted(one.metadata.name for one in store.values()) == [f"n{n}" for n in range(5)]
    assert followed.session.lists - before == 1


async def test_pages_that_nobody_asked_for_are_read_to_the_last(followed: Followed) -> None:
    """Else who is on the others would be taken for gone."""
    for n in range(5):
        await followed.put(f"n{n}", {"value": str(n)})
    store: Store[Numbered] = Store(lambda before, after: None)
    session = Listening(followed.session.configuration, pages=True)
    await listed(Watch(session, followed.watch.path, Numbered, store, "labelSelector=followed"))
    await session.close()
    assert sorted(one.metadata.name for one in store.values()) == [f"n{n}" for n in range(5)]
    assert session.lists == 3


async def test_a_long_list_lets_everything_else_have_its_turn(
    followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Requests are served beside it: with ten thousand people it is taken in for a third of a second."""
    monkeypatch.setattr(watch_module, "AT_ONCE", 2)
    for n in range(6):
        await followed.put(f"n{n}", {"value": str(n)})
    turns, seen_at = 0, list[int]()

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    store: Store[Numbered] = Store(lambda before, after: seen_at.append(turns))
    beside = asyncio.create_task(others())
    await listed(
        Watch(followed.session, followed.watch.path, Numbered, store, "labelSelector=followed")
    )
    beside.cancel()
    first, second, third, fourth, fifth, sixth = seen_at
    assert first == second < third == fourth < fifth == sixth


async def test_a_list_has_a_patience_of_its_own(
    followed: Followed, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It brings many times what any other call does. One that hangs is given up in the end, all the same."""
    await followed.put("there", {"value": "1"})
    asked_again, tried = asyncio.Event(), 0

    async def the_first_hangs(request: web.Request, upstream: Upstream) -> web.StreamResponse:
        nonlocal tried
        if "watch=" not in request.query_string:
            tried += 1
            if tried == 1:
                await asked_again.wait()
                return web.Response()
            asked_again.set()
        return await upstream.pass_on(request)

    monkeypatch.setattr(watch_module, "LIST_SECONDS", 0.5)
    with proxied(followed.sandbox.kubeconfig, tmp_path, the_first_hangs) as kubeconfig:
        session = Listening(await load_configuration(str(kubeconfig)))
        store: Store[Numbered] = Store(lambda before, after: None)
        watch = Watch(session, followed.watch.path, Numbered, store, "labelSelector=followed")
        await listed(watch, CALL_TIMEOUT - 1)
        await session.close()
    assert [one.metadata.name for one in store.values()] == ["there"]
    assert tried > 1


async def test_what_we_make_while_a_list_is_read_is_never_taken_for_gone(
    followed: Followed,
) -> None:
    """Else somebody who logs in at that moment would be remembered as deleted by hand, and revoked."""
    for n in range(3):
        await followed.put(f"n{n}", {"value": str(n)})
    gone: list[str] = []

    def changed(before: Numbered | None, after: Numbered | None) -> None:
        if before is not None and after is None:
            gone.append(before.metadata.name)

    store: Store[Numbered] = Store(changed)

    class Making(Listening):
        async def call(self, method: str, path: str, *arguments: Any, **named: Any) -> Reply:
            reply = await super().call(method, path, *arguments, **named)
            if self.lists == 1 and not store.get("made", followed.namespace):
                labels = {"followed": "yes"}
                body = {"metadata": {"name": "made", "labels": labels}, "data": {"value": "9"}}
                made = await super().call("POST", followed.watch.path, body)
                store.put(msgspec.json.decode(made.body, type=Numbered))
            return reply

    session = Making(followed.session.configuration)
    second = Watch(session, followed.watch.path, Numbered, store, "labelSelector=followed")
    await listed(second)
    await session.close()
    assert (gone, session.lists) == ([], 1)
    assert sorted(one.metadata.name for one in store.values()) == ["made", "n0", "n1", "n2"]


async def test_bookmarks_move_the_place_where_a_watch_resumes(
    sandbox: Sandbox, followed: Followed, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is watched doesn't change, other objects do: without bookmarks the place would grow old."""
    # The API server tells its place two seconds before the end of a watch, if it has that long left when
    # the watch is ready at last: of three seconds a busy machine may leave less, each time.
    monkeypatch.setattr(watch_module, "WATCH_SECONDS", 8)
    await asyncio.to_thread(sandbox.stop, "kube-apiserver")
    await followed.until(lambda: not followed.watch.healthy)
    await asyncio.to_thread(sandbox.start, "kube-apiserver")
    await followed.until(lambda: followed.watch.healthy)
    began = len(followed.session.paths)
    for n in range(3):
        await followed.put(f"other{n}", {"value": "0"}, label="other=yes")
    # It tells it once in a watch, which may be before the last of these changes.
    place = followed.session.version(began - 1)
    await followed.until(lambda: followed.session.version(-1) > place, 60)
    assert followed.session.lists == 1


async def test_one_object_that_is_not_as_its_kind_says_never_stops_the_others(
    followed: Followed,
) -> None:
    await followed.put("good", {"value": "1"})
    await followed.until(lambda: followed.seen() == {"good": "1"})
    await followed.put("bad", {"nothing": "here"})
    await followed.kubectl("patch", "configmap", "good", "-p", '{"data": {"value": null}}')
    await followed.put("later", {"value": "2"})
    await followed.until(lambda: followed.seen() == {"good": "1", "later": "2"})
    assert set(followed.unread) == {"bad", "good"}
    # A list of its own says the same: what was known of it stays, and the others are there.
    store: Store[Numbered] = Store(lambda before, after: None)
    unread: list[str] = []
    only = "labelSelector=followed"
    second = Watch(followed.session, followed.watch.path, Numbered, store, only, unread.append)
    await listed(second)
    assert [one.metadata.name for one in store.values()] == ["later"]
    assert sorted(unread) == ["bad", "good"]
    await followed.kubectl("delete", "configmap", "good", "bad")
    await followed.until(lambda: followed.seen() == {"later": "2"})
