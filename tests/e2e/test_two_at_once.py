"""Logins of one person at the same moment, in one process and in two: the newest token's access stays."""

import asyncio
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from functools import reduce

import aiohttp
import pytest

from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.core.record import Record, advance
from jwt_to_rbac.sandbox import Sandbox
from tests.support.cluster import clear, get, install
from tests.support.configuration import pod_configuration
from tests.support.issuer import AUDIENCE, ManyPeople
from tests.support.release import installed_server
from tests.support.server import Server
from tests.support.waiting import eventually

PEOPLE = 1000
"""Random interleavings: each person's logins meet differently."""

SEED = 20260101
AT_ONCE = 24
ROLE = {"admins": "admin", "developers": "developers-from-jwt"}


@dataclass(frozen=True)
class Login:
    """One token that arrives at one of the replicas after a while (seconds)."""

    issued_at: int
    groups: tuple[str, ...]
    replica: int
    after: float


@pytest.fixture(scope="module")
def replicas(
    sandbox: Sandbox, issuer: ManyPeople, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Server]]:
    install(sandbox)
    one, two = tmp_path_factory.mktemp("one"), tmp_path_factory.mktemp("two")
    issuers = {issuer.url: AUDIENCE}
    with (
        installed_server(sandbox, pod_configuration(one / "audit", issuers), one) as first,
        installed_server(sandbox, pod_configuration(two / "audit", issuers), two) as second,
    ):
        yield [first, second]
    clear(sandbox)


def history(chance: random.Random, now: int) -> list[Login]:
    """Two or three logins whose tokens are of one second or of several, in any order."""
    return [
        Login(
            now - 100 + chance.randrange(3),
            tuple(sorted(chance.sample(["admins", "developers"], chance.choice([1, 1, 2])))),
            chance.randrange(2),
            chance.choice([0.0, 0.0, chance.random() * 0.05]),
        )
        for _ in range(chance.choice([2, 2, 3]))
    ]


def access_after(logins: list[Login]) -> set[str]:
    """The roles that the newest token leaves, by the one rule that orders tokens."""

    def after(record: Record | None, login: Login) -> Record:
        person = Person(Identity("i", "s"), "u", groups=login.groups)
        advanced = advance(record, ProvenPerson(person, login.issued_at, 0, ""), 0)
        assert isinstance(advanced, Record)
        return advanced

    end: Record | None = reduce(after, logins, None)
    return {ROLE[group] for group in end.person.groups} if end else set()


async def test_the_newest_token_wins_whatever_the_order_in_which_logins_meet(
    sandbox: Sandbox, replicas: list[Server], issuer: ManyPeople
) -> None:
    chance = random.Random(SEED)
    now = int(time.time())
    people = {f"race-{SEED}-{n}": history(chance, now) for n in range(PEOPLE)}
    async with aiohttp.ClientSession() as http:
        gate = asyncio.Semaphore(AT_ONCE)

        async def one_person(name: str, logins: list[Login]) -> None:
            async with gate:
                await asyncio.gather(*(log_in(http, replicas, issuer, name, one) for one in logins))

        await asyncio.gather(*(one_person(name, logins) for name, logins in people.items()))
    wanted = {f"{name}-example-com": access_after(logins) for name, logins in people.items()}

    def wrong() -> dict[str, set[str]]:
        held = roles_held(sandbox, f"race-{SEED}-")
        return {
            name: held.get(name, set()) for name in wanted if held.get(name, set()) != wanted[name]
        }

    eventually(lambda: not wrong(), 30)
    told = {
        name: f"holds {held}, wanted {wanted[name]}; {people[name.removesuffix('-example-com')]}"
        for name, held in wrong().items()
    }
    assert not told, f"seed {SEED}: {told}"


async def log_in(
    http: aiohttp.ClientSession, replicas: list[Server], issuer: ManyPeople, name: str, login: Login
) -> None:
    """One login, again where it is answered `busy`: others changed the same person just then."""
    token = issuer.token(name, iat=login.issued_at, groups=list(login.groups))
    await asyncio.sleep(login.after)
    for _ in range(20):
        url = f"{replicas[login.replica].url}/rbac/"
        async with http.post(url, json={"token": token}) as answer:
            said = await answer.json()
            if answer.status in (201, 403):
                return
            assert (answer.status, said["code"]) == (503, "busy"), said
    raise AssertionError(f"{name}: busy for ever")


def roles_held(sandbox: Sandbox, prefix: str) -> dict[str, set[str]]:
    held: dict[str, set[str]] = {}
    for binding in get(sandbox, "clusterrolebindings", "-l", "generatedby=jwttorbac")["items"]:
        for subject in binding["subjects"]:
            if subject["name"].startswith(prefix):
                held.setdefault(subject["name"], set()).add(binding["roleRef"]["name"])
    return held
