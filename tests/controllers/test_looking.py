"""What is looked at again and again: at once when told, whatever failed before."""

import asyncio

import pytest

from jwt_to_rbac.controllers.looking import Looking


@pytest.mark.parametrize("well", [True, False], ids=["all-is-well", "something-fails"])
async def test_the_next_look_is_at_once_when_told(well: bool) -> None:
    looks: asyncio.Queue[None] = asyncio.Queue()

    async def look() -> bool:
        looks.put_nowait(None)
        return well

    an_hour = 3600.0
    looking = Looking(look, an_hour)
    running = asyncio.create_task(looking.run())
    try:
        async with asyncio.timeout(5):
            for _ in range(3):
                await looks.get()
                looking.look_now()
            await looks.get()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_what_it_is_told_during_a_look_is_not_lost() -> None:
    looks = 0

    async def look() -> bool:
        nonlocal looks
        looks += 1
        if looks == 1:
            looking.look_now()
        else:
            again.set()
        return True

    again = asyncio.Event()
    looking = Looking(look, 3600.0)
    running = asyncio.create_task(looking.run())
    try:
        async with asyncio.timeout(5):
            await again.wait()
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
