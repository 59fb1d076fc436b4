"""Timers on a clock of the test's own: everything is called on time, once, and nothing else."""

import asyncio

from hypothesis import given
from hypothesis import strategies as st

from jwt_to_rbac.controllers.timers import Timers

NAMES = st.sampled_from("abc")
STEPS = st.lists(
    st.tuples(NAMES, st.one_of(st.none(), st.integers(0, 20))) | st.integers(1, 5), max_size=30
)


@given(STEPS)
def test_each_name_is_called_at_its_last_time_and_once(
    steps: list[tuple[str, int | None] | int],
) -> None:
    now, called = 0, list[tuple[str, int]]()
    timers = Timers(lambda name: called.append((name, now)), lambda: now)
    wanted: dict[str, int] = {}
    expected = list[tuple[str, int]]()
    for step in [*steps, 21]:
        if isinstance(step, int):
            now += step
            due = [name for name, time in wanted.items() if time <= now]
            expected += [(name, now) for name in due]
            for name in due:
                del wanted[name]
            timers.call_all()
        else:
            name, time = step
            timers.set(name, time)
            wanted.pop(name, None)
            if time is not None:
                wanted[name] = time
    assert sorted(called) == sorted(expected)
    assert len(timers) == 0


async def test_a_sooner_time_ends_the_wait_for_a_later_one() -> None:
    called = asyncio.Event()
    loop = asyncio.get_running_loop()
    timers = Timers(lambda name: called.set() if name == "soon" else None, loop.time)
    running = asyncio.create_task(timers.run())
    timers.set("late", loop.time() + 3600)
    await asyncio.sleep(0)
    timers.set("soon", loop.time() + 0.01)
    await asyncio.wait_for(called.wait(), 1)
    running.cancel()


async def test_a_clock_that_is_set_is_followed() -> None:
    """The time of day jumps by an hour, as after a long sleep of the machine."""
    moved, called = False, asyncio.Event()
    loop = asyncio.get_running_loop()
    timers = Timers(lambda name: called.set(), lambda: loop.time() + 3600 * moved)
    timers.set("one", loop.time() + 3000)
    running = asyncio.create_task(timers.run())
    await asyncio.sleep(0)
    moved = True
    await asyncio.wait_for(called.wait(), 2)
    running.cancel()


def test_the_sooner_of_two_times_is_kept_where_that_is_asked_for() -> None:
    now, called = 0, list[str]()
    timers = Timers(called.append, lambda: now)
    timers.at_latest("a", 5)
    timers.at_latest("a", 9)
    now = 5
    timers.call_all()
    assert called == ["a"]
