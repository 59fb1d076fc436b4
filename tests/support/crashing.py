"""A proxy that tells which calls the program makes for whom, and stops the ones that a test chose for ever.

A program that is killed while a call is stopped was killed at that call: before the API server saw
it, or after it was carried out and before the answer came. Whom a call is for, its path and body say.
"""

import asyncio
import json
import random
import re
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from aiohttp import web

from jwt_to_rbac.kube.calls import verb_and_resource
from tests.support.proxy import Upstream, cut, proxied

LONGEST_DELAY = 0.02
"""Seconds by which calls that are not stopped are held up, at random: they come in any order."""

CHANCE = re.compile(r"-token-[0-9a-f]{10}")
"""The part of a session's name that is another each time."""


class When(Enum):
    BEFORE = "before"
    AFTER = "after"


@dataclass(frozen=True)
class Subject:
    """Somebody, or something, that calls are for: each that has one of `marks` in path or body."""

    name: str
    marks: tuple[str, ...] = ()

    def in_it(self, text: str) -> bool:
        return any(mark in text for mark in (self.name, *self.marks))


@dataclass(frozen=True)
class Stop:
    """At the call that `call` describes, as `Crashing.made` has it."""

    call: str
    when: When

    def __str__(self) -> str:
        return f"{self.when.value} {self.call}"


@dataclass
class Crashing:
    """`made` are the calls since `watch`, by subject; `held` are those whose call is stopped now."""

    chance: random.Random
    kubeconfig: Path = Path()
    made: dict[Subject, list[str]] = field(default_factory=dict)
    stops: dict[Subject, Stop] = field(default_factory=dict)
    held: set[Subject] = field(default_factory=set)
    last: float = 0.0
    """When a call was last made for one of the subjects (monotonic)."""

    def watch(self, subjects: Iterable[Subject], stops: dict[Subject, Stop] | None = None) -> None:
        """Note calls for these from now on, and stop where `stops` says."""
        self.release()
        self.held = set()
        self.last = time.monotonic()
        self.stops = stops or {}
        self.made = {subject: [] for subject in subjects}

    def release(self) -> None:
        """Stop nothing more; connections of what is stopped are cut, undone calls never made."""
        self.stops = {}

    async def handle(self, request: web.Request, upstream: Upstream) -> web.StreamResponse:
        for subject, call in await self._noted(request):
            stop = self.stops.get(subject)
            if stop is None or stop.call != call:
                continue
            if stop.when is When.AFTER:
                await upstream.carry_out(request)
            self.held.add(subject)
            while subject in self.stops:  # noqa: ASYNC110  (set by the test's thread)
                await asyncio.sleep(0.01)
            return cut(request)
        if request.method != "GET":
            await asyncio.sleep(self.chance.uniform(0, LONGEST_DELAY))
        return await upstream.pass_on(request)

    async def _noted(self, request: web.Request) -> list[tuple[Subject, str]]:
        if verb_and_resource(request.method, request.path_qs)[0] in ("list", "watch"):
            return []
        body = (await request.read()).decode()
        found = []
        for subject, made in self.made.items():
            if subject.in_it(request.path + body):
                call = _described(request.method, request.path, body, subject)
                times = sum(known.split(" #")[0] == call for known in made)
                made.append(f"{call} #{times + 1}" if times else call)
                self.last = time.monotonic()
                found.append((subject, made[-1]))
        return found


def _described(method: str, path: str, body: str, subject: Subject) -> str:
    """The call in words that are the same for everybody."""
    called = f"{method} {path}"
    if method == "POST":
        told = json.loads(body)
        name = told.get("metadata", {}).get("name") or told.get("kind", "")
        called += f" ({told['reason'] if told.get('kind') == 'Event' else name})"
    for mark in (subject.name, *subject.marks):
        called = called.replace(mark, "WHO")
    return CHANCE.sub("-token-ANY", called)


@contextmanager
def crashing_api_server(kubeconfig: Path, folder: Path, seed: int) -> Iterator[Crashing]:
    """The API server by way of such a proxy."""
    crashing = Crashing(random.Random(seed))
    with proxied(kubeconfig, folder, crashing.handle) as crashing.kubeconfig:
        yield crashing
