"""Makes a history that fails short, by leaving steps out. Knows nothing of what a step is."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

One = TypeVar("One")


async def shrunk(
    steps: tuple[One, ...],
    fails: Callable[[tuple[One, ...]], Awaitable[bool]],
    until: float,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[One, ...]:
    """The shortest part of `steps` that was found to fail by the time `until` (on `clock`).

    Leaves out halves, then quarters, and so on down to single steps, as long as that helps.
    """
    size = max(1, len(steps) // 2)
    while clock() < until:
        begins, helped = 0, False
        while begins < len(steps) and clock() < until:
            fewer = steps[:begins] + steps[begins + size :]
            if fewer and await fails(fewer):
                steps, helped = fewer, True
            else:
                begins += size
        if size == 1 and not helped:
            break
        size = size if helped and size == 1 else max(1, size // 2)
    return steps
