"""One throttled call makes all of them wait; then one tries, the urgent first, and more as they succeed."""

import asyncio

import pytest

from jwt_to_rbac.kube.places import Places
from jwt_to_rbac.kube.throttle import LONGEST_PAUSE, Throttle

PAUSE = 0.05
MOST = 8


class Callers:
    """Calls that wait for a place; `let_in` holds their names in the order in which they got one."""

    def __init__(self) -> None:
        self.places = Places(MOST)
        self.throttle = Throttle(self.places)
        self.let_in: list[str] = []
        self._came = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()

    def come(self, name: str, urgent: bool = False, again: bool = False) -> None:
        async def take() -> None:
            await self.places.take(urgent, again)
            self.let_in.append(name)
            self._came.set()

        self._tasks.add(asyncio.create_task(take()))

    async def until(self, many: int) -> None:
        """Return once so many were let in, and all that could be."""
        async with asyncio.timeout(5):
            while len(self.let_in) < many:
                self._came.clear()
                await self._came.wait()
        for _ in range(3):
            await asyncio.sleep(0)

    def end(self) -> None:
        for task in self._tasks:
            task.cancel()


@pytest.fixture
async def callers() -> Callers:
    return Callers()


async def test_after_a_429_all_wait_and_one_tries_the_urgent_first(callers: Callers) -> None:
    callers.throttle.told(callers.throttle.round, PAUSE)
    callers.come("login")
    callers.come("the throttled one", again=True)
    callers.come("revocation", urgent=True)
    await callers.until(1)
    assert callers.let_in == ["revocation"]
    for expected in (2, 3):
        callers.throttle.passed(callers.throttle.round)
        callers.places.give()
        await callers.until(expected)
    assert callers.let_in == ["revocation", "the throttled one", "login"]


async def test_calls_come_back_one_more_for_each_that_succeeds_up_to_half_of_what_was_too_much(
    callers: Callers,
) -> None:
    for n in range(20):
        callers.come(str(n))
    await callers.until(MOST)
    round_ = callers.throttle.round
    for _ in range(MOST):  # All that were under way are told so: that counts once.
        callers.throttle.told(round_, PAUSE)
        callers.places.give()
    await callers.until(MOST + 1)
    under_way = [len(callers.let_in) - MOST]
    for _ in range(4):
        callers.throttle.passed(callers.throttle.round)
        callers.places.give()
        await callers.until(0)
        under_way.append(callers.places.count)
    assert under_way == [1, 2, 3, MOST // 2, MOST // 2]
    callers.end()


async def test_a_success_from_before_the_429_opens_nothing(callers: Callers) -> None:
    before = callers.throttle.round
    callers.throttle.told(before, PAUSE)
    callers.throttle.passed(before)
    assert callers.places.count == 0
    assert callers.throttle.narrow


async def test_no_header_makes_the_program_silent_for_long(callers: Callers) -> None:
    callers.throttle.told(callers.throttle.round, 1e9)
    assert 0 < callers.throttle.left <= LONGEST_PAUSE
