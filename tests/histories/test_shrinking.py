"""A history that fails is made short: what it fails without is left out, within a time."""

import pytest

from tests.histories.shrinking import shrunk

MANY = tuple(range(40))


@pytest.mark.parametrize(
    "needed", [{0}, {39}, {3, 31}, {7, 8, 9}, {0, 13, 26, 39}], ids=lambda one: str(sorted(one))
)
async def test_what_it_fails_without_is_left_out(needed: set[int]) -> None:
    async def fails(steps: tuple[int, ...]) -> bool:
        return needed <= set(steps)

    assert await shrunk(MANY, fails, until=1, clock=lambda: 0) == tuple(sorted(needed))


async def test_the_order_is_kept() -> None:
    async def fails(steps: tuple[int, ...]) -> bool:
        return len(steps) >= 5

    found = await shrunk(MANY, fails, until=1, clock=lambda: 0)
    assert len(found) == 5
    assert found == tuple(sorted(found))


async def test_it_stops_when_the_time_is_up_with_what_it_has() -> None:
    tried = 0

    async def fails(steps: tuple[int, ...]) -> bool:
        nonlocal tried
        tried += 1
        return 3 in steps

    found = await shrunk(MANY, fails, until=2, clock=lambda: tried)
    assert tried == 2
    assert 3 in found
    assert len(found) < len(MANY)
