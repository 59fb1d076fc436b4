"""When keys are fetched, who waits, and what happens while the issuer is away."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest
from joserfc.jwk import RSAKey

from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.oidc.fetch import FetchFailed
from jwt_to_rbac.oidc.key_cache import KeyCache
from jwt_to_rbac.oidc.key_set import KeySet, import_key

from .local_issuer import Clock, public


class Source:
    """Keys to fetch: how often it was asked, and whether it answers, waits or fails."""

    def __init__(self, key: RSAKey) -> None:
        self._key = key
        self.kids = ["a"]
        self.fetches = 0
        self.away = False
        self.takes: Callable[[], None] = lambda: None
        self.gate = asyncio.Event()
        self.gate.set()

    async def fetch(self) -> KeySet:
        self.fetches += 1
        # As of the request, like a document that is already under way.
        imported = [import_key(public(self._key, kid=kid)) for kid in self.kids]
        await self.gate.wait()
        self.takes()
        if self.away:
            raise FetchFailed("https://i can't be reached")
        return KeySet(frozenset(key for key in imported if key is not None))


@pytest.fixture
def source(rsa_keys: list[RSAKey]) -> Source:
    return Source(rsa_keys[0])


@pytest.fixture
def cache(source: Source, clock: Clock) -> KeyCache:
    return KeyCache(source.fetch, clock)


async def finds(cache: KeyCache, kid: str = "a") -> bool:
    return bool(await cache.candidates(kid, "RS256"))


async def settle() -> None:
    """Let everything that can go on go on."""
    for _ in range(10):
        await asyncio.sleep(0)


async def outage(asked: Callable[[], Awaitable[object]]) -> Outage:
    with pytest.raises(Outage) as raised:
        await asked()
    assert raised.value.code == Code.ISSUER_UNAVAILABLE
    return raised.value


async def test_keys_are_fetched_once_and_kept(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    for _ in range(100):
        assert await finds(cache)
        clock.now += 3
    await settle()
    assert source.fetches == 1


async def test_many_who_come_first_together_cause_one_fetch(
    cache: KeyCache, source: Source
) -> None:
    source.gate.clear()
    waiting = [asyncio.create_task(finds(cache)) for _ in range(500)]
    await settle()
    source.gate.set()
    assert all(await asyncio.gather(*waiting))
    assert source.fetches == 1


@pytest.mark.parametrize(
    ("age", "fetches", "waits"),
    [
        pytest.param(299.75, 1, False, id="fresh-until-five-minutes"),
        pytest.param(300, 2, False, id="renewed-from-five-minutes-on"),
        pytest.param(600, 2, False, id="used-until-ten-minutes"),
        pytest.param(600.25, 2, True, id="not-used-beyond-ten-minutes"),
    ],
)
async def test_the_age_of_keys_says_whether_they_are_renewed_and_waited_for(
    cache: KeyCache, source: Source, clock: Clock, age: float, fetches: int, waits: bool
) -> None:
    assert await finds(cache)
    clock.now += age
    source.gate.clear()
    asked = asyncio.create_task(finds(cache))
    await settle()
    assert source.fetches == fetches
    assert asked.done() is not waits
    source.gate.set()
    assert await asked


async def test_keys_are_renewed_ahead_without_anyone_waiting(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    clock.now += 301
    source.gate.clear()
    assert await finds(cache)
    assert await finds(cache)
    await settle()
    assert source.fetches == 2
    source.gate.set()
    await settle()
    clock.now += 299
    assert await finds(cache)
    await settle()
    assert source.fetches == 2


async def test_keys_older_than_ten_minutes_are_not_used_before_the_issuer_was_asked(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    clock.now += 601
    source.kids = []
    assert not await finds(cache)


async def test_a_key_that_was_removed_stops_working_at_the_next_fetch(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    source.kids = ["a", "b"]
    assert await finds(cache, "b")
    source.kids = ["a"]
    clock.now += 301
    assert await finds(cache, "b")
    await settle()
    assert not await finds(cache, "b")
    assert await finds(cache, "a")


async def test_a_clock_that_is_set_back_doesnt_keep_keys_for_ever(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    clock.now -= 86_400
    source.kids = []
    assert not await finds(cache)


async def test_a_thousand_unknown_kids_cause_one_fetch(cache: KeyCache, source: Source) -> None:
    assert await finds(cache)
    answers = await asyncio.gather(*(finds(cache, f"bogus-{n}") for n in range(1000)))
    for n in range(1000):
        answers.append(await finds(cache, f"late-{n}"))
    assert not any(answers)
    assert source.fetches == 2


async def test_after_a_pause_an_unknown_kid_is_looked_for_again(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    assert not await finds(cache, "b")
    source.kids = ["b"]
    clock.now += 4.75
    assert not await finds(cache, "b")
    clock.now += 0.25
    assert await finds(cache, "b")
    assert source.fetches == 3


async def test_an_unknown_kid_waits_for_two_fetches_at_most_however_slow_they_are(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    source.takes = lambda: setattr(clock, "now", clock.now + 6)
    assert await finds(cache)
    assert not await finds(cache, "b")
    assert source.fetches == 3


async def test_a_new_key_is_found_although_the_fetch_under_way_began_before_it(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    clock.now += 301
    source.gate.clear()
    assert await finds(cache)
    await settle()
    source.kids = ["a", "b"]
    waiting = [asyncio.create_task(finds(cache, "b")) for _ in range(50)]
    await settle()
    source.gate.set()
    assert all(await asyncio.gather(*waiting))
    assert source.fetches == 3


async def test_whoever_stops_waiting_doesnt_stop_the_fetch(cache: KeyCache, source: Source) -> None:
    source.gate.clear()
    first, second = asyncio.create_task(finds(cache)), asyncio.create_task(finds(cache))
    await settle()
    first.cancel()
    await settle()
    assert first.cancelled()
    source.gate.set()
    assert await second
    assert source.fetches == 1


async def test_without_keys_an_unreachable_issuer_is_an_outage_that_is_asked_again_later(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    source.away = True
    error = await outage(cache.keys)
    assert "https://i can't be reached" in error.detail
    assert error.retry_after == pytest.approx(5)
    for _ in range(100):
        await outage(cache.keys)
    clock.now += 2
    assert (await outage(cache.keys)).retry_after == pytest.approx(3)
    clock.now += 2.5
    assert (await outage(cache.keys)).retry_after == 1
    assert source.fetches == 1
    source.away = False
    clock.now += 0.5
    assert await finds(cache)


async def test_while_the_issuer_is_away_known_keys_go_on_for_an_hour(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    source.away = True
    clock.now += 4195
    assert await finds(cache)
    clock.now += 5
    source.gate.clear()
    async with asyncio.timeout(1):
        assert await finds(cache)
    source.gate.set()
    clock.now += 0.25
    await outage(cache.keys)
    source.away = False
    clock.now += 5
    assert await finds(cache)


async def test_nobody_waits_for_an_issuer_that_is_known_to_be_away(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert await finds(cache)
    source.away = True
    clock.now += 700
    assert await finds(cache)
    source.gate.clear()
    clock.now += 5
    async with asyncio.timeout(1):
        assert await finds(cache)
    source.away = False
    source.gate.set()
    await settle()
    assert source.fetches == 3


async def test_how_the_last_fetch_ended_is_told(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    assert cache.state == "not asked yet"
    source.away = True
    await outage(cache.keys)
    assert cache.state == "away"
    source.away = False
    clock.now += 5
    assert await finds(cache)
    assert cache.state == "answers"


async def test_an_unknown_kid_while_the_issuer_is_away_is_an_outage_and_one_fetch(
    cache: KeyCache, source: Source
) -> None:
    assert await finds(cache)
    source.away = True
    for n in range(100):
        kid = f"new-{n}"
        await outage(lambda kid=kid: finds(cache, kid))  # type: ignore[misc]
    assert source.fetches == 2
    assert await finds(cache)


async def test_a_recovered_issuer_denies_unknown_kids_again(
    cache: KeyCache, source: Source, clock: Clock
) -> None:
    source.away = True
    await outage(cache.keys)
    source.away = False
    clock.now += 5
    assert not await finds(cache, "bogus")


async def test_closing_ends_the_fetch_under_way(cache: KeyCache, source: Source) -> None:
    await cache.close()
    source.gate.clear()
    waiting = asyncio.create_task(finds(cache))
    await settle()
    await cache.close()
    with pytest.raises(Outage):
        await waiting
