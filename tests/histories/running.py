"""Plays many histories, several at a time; of those that fail, plays the first again to make it short."""

import asyncio
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass

from tests.histories.acts import ACTS
from tests.histories.judging import judge
from tests.histories.playing import play
from tests.histories.shrinking import shrunk
from tests.histories.steps import Steps, made_of
from tests.histories.world import World

AT_ONCE = 10
"""Histories in flight: most of one's time is waiting for rest, and for replicas to come back."""

TRIES = 3
"""How often a history is played before it counts as one that does not fail: a race is not always lost."""


@dataclass(frozen=True, slots=True)
class Failure:
    """A history that broke something, and the seeds of those that were in flight with it."""

    seed: int
    broken: Sequence[str]
    beside: Sequence[int]

    def __str__(self) -> str:
        steps = "\n".join(f"    {one}" for one in made_of(self.seed))
        beside = ", ".join(map(str, self.beside)) or "no other"
        return "\n".join([f"SEED={self.seed} (in flight: {beside})", *self.broken, steps])


async def run(
    world: World,
    seeds: Iterable[int],
    at_once: int,
    done: Callable[[int, Sequence[str]], None],
    without: Collection[str] = (),
) -> list[Failure]:
    """Play the histories of these seeds, `without` some kinds of steps; `done` is told of each as it ends."""
    waiting, failures = iter(seeds), list[Failure]()

    async def one_after_another() -> None:
        for seed in waiting:
            world.in_flight.add(seed)
            beside = tuple(sorted(world.in_flight - {seed}))
            broken = await judge(await play(world, seed, made_of(seed, without), ACTS))
            world.in_flight.remove(seed)
            if broken:
                failures.append(Failure(seed, broken, beside))
            done(seed, broken)

    async with asyncio.TaskGroup() as tasks:
        for _ in range(at_once):
            tasks.create_task(one_after_another())
    return failures


async def short(world: World, seed: int, seconds: float) -> Steps | None:
    """The shortest part of the history that was found to fail by itself; None if it never does."""
    until = time.monotonic() + seconds

    async def fails(steps: Steps) -> bool:
        for _ in range(TRIES):
            if await judge(await play(world, seed, steps, ACTS)):
                return True
        return False

    steps = made_of(seed)
    return await shrunk(steps, fails, until) if await fails(steps) else None
