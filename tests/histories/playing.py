"""Plays one history: each step at the replicas or the API server, with what it makes known to the oracle."""

import asyncio
import secrets
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import aiohttp

from tests.histories.person import Person
from tests.histories.steps import PEOPLE, Step, Steps
from tests.histories.world import World
from tests.support.oracle.ledger import Asked, Barred, Ledger, Revoked, Shown
from tests.support.oracle.revision import Key


@dataclass(frozen=True, slots=True)
class Deletion:
    """An AccessGrant that a hand deleted, when (seconds since 1970), and what that revokes."""

    account: str
    at: float
    revoked: Revoked


@dataclass
class Play:
    """A history under way. `broken` is what was seen at once to be wrong."""

    world: World
    seed: int
    people: list[Person]
    club: str
    since: int
    ledger: Ledger
    began: float = field(default_factory=time.time)
    touched: list[tuple[str, float, float]] = field(default_factory=list)
    """Account, and the time in which a hand did what the program has to mend."""
    deletions: list[Deletion] = field(default_factory=list)
    strangers: dict[Key, str] = field(default_factory=dict)
    """Bindings that were made beside the program, and whose."""
    ends: dict[str, float] = field(default_factory=dict)
    """Sessions, and when their time is over."""
    lapses: list[Barred] = field(default_factory=list)
    """Until the person comes again."""
    broken: list[str] = field(default_factory=list)

    @property
    def accounts(self) -> tuple[str, ...]:
        return tuple(one.account for one in self.people)

    async def ask(
        self, step: Step, method: str, path: str, bearer: str = "", body: object = None
    ) -> tuple[int, object]:
        """Status and answer of a replica; 0 if the connection ended."""
        url, began = self.world.replicas.both[step.at].url + path, time.monotonic()
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        status, code, found = 0, "", None
        try:
            async with self.world.http.request(method, url, json=body, headers=headers) as reply:
                read = await reply.read()
                if read:
                    found = await reply.json(content_type=None)
                # Only once the answer is here whole: a server may die in the middle of it.
                status = reply.status
                code = str(found.get("code", "")) if isinstance(found, dict) else ""
        except (OSError, aiohttp.ClientConnectionError, aiohttp.ClientPayloadError):
            status = 0
        took = time.monotonic() - began
        self.ledger.asked.append(Asked(f"{step} {method} {path}", status, code, took))
        return status, found

    async def show(self, step: Step, issued_at: int, ask: Callable[[], Awaitable[int]]) -> None:
        """Have a token shown, and note what follows if it is taken."""
        person = self.people[step.who]
        revoked_until = person.revoked_until
        version = await self.world.cluster.version()
        shown = Shown(person.account, issued_at, frozenset(step.groups), version)
        self.ledger.shown.append(shown)
        _end(self.lapses, person.account, version)
        status = await ask()
        if status not in (200, 201):
            return
        if issued_at <= revoked_until:
            self.broken.append(f"I3: {step} was answered {status}, with a token that was revoked")
        taken = Revoked(person.account, issued_at - 1, await self.world.cluster.version())
        self.ledger.superseded.append(taken)
        person.taken = max(person.taken, issued_at)

    def touch(self, account: str, since: float) -> None:
        self.touched.append((account, since, time.time()))

    def end_bars(self, account: str, version: int) -> None:
        """What an administrator decided is about an AccessGrant that is no more, or decided anew."""
        _end(self.ledger.barred, account, version)

    def bindings_of(self, account: str) -> list[Key]:
        """Those that the person's AccessGrant owns, as the oracle heard last."""
        return sorted(
            key
            for key, one in self.world.recorder.there().items()
            if key[0].endswith("Binding") and one.owner is not None and one.owner.name == account
        )


def _end(bars: list[Barred], account: str, version: int) -> None:
    for one in bars:
        if one.account == account:
            one.until = min(one.until, version)


Act = Callable[[Play, Step], Awaitable[None]]


async def play(world: World, seed: int, steps: Steps, acts: dict[str, Act]) -> Play:
    """All steps, to the end of each."""
    prefix = f"h{seed}{secrets.token_hex(3)}"
    people = [Person(f"{prefix}-{n}", world.issuer) for n in range(PEOPLE)]
    ledger = Ledger()
    club = f"{prefix}-club"
    playing = Play(world, seed, people, club, await world.cluster.version(), ledger)
    async with asyncio.TaskGroup() as tasks:
        for step in steps:
            world.done[step.what] += 1
            act = tasks.create_task(_one(playing, step, acts[step.what]))
            if not step.beside:
                await act
    return playing


async def _one(playing: Play, step: Step, act: Act) -> None:
    try:
        await act(playing, step)
    except TimeoutError:
        playing.broken.append(f"I6: {step} got no answer")
    except (AssertionError, LookupError, aiohttp.ClientError, OSError) as e:
        playing.broken.append(f"{step} could not be played: {e!r}")
