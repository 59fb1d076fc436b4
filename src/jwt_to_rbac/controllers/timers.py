"""Calls back at set times: a name each, on time to a second whatever happens to the clock."""

import asyncio
from collections.abc import Callable
from heapq import heapify, heappop, heappush

from jwt_to_rbac.ports import Clock

LONGEST_SLEEP = 1.0
"""Seconds, then the clock is read anew: it may have been set, or the machine have slept."""


class Timers:
    """`due(name)` is called when the time of a name has come, once; `clock` in seconds, as times are.

    Names of different kinds need different Timers. Nothing is called unless `run` runs; what
    became due before that is called then.
    """

    def __init__(self, due: Callable[[str], None], clock: Clock) -> None:
        self._due = due
        self._clock = clock
        self._times: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []
        """Holds each of `_times`, and entries that were replaced: those are passed over."""
        self._sooner = asyncio.Event()

    def set(self, name: str, time: float | None) -> None:
        """At `time` and no other; None: never."""
        if time is None:
            self._times.pop(name, None)
        elif self._times.get(name) != time:
            self._times[name] = time
            heappush(self._heap, (time, name))
            if self._heap[0] == (time, name):
                self._sooner.set()
        if len(self._heap) > 2 * len(self._times) + 64:
            self._heap = [(time, name) for name, time in self._times.items()]
            heapify(self._heap)

    def at_latest(self, name: str, time: float) -> None:
        """At `time` unless it is to be sooner already."""
        self.set(name, min(time, self._times.get(name, time)))

    def __len__(self) -> int:
        return len(self._times)

    async def run(self) -> None:
        """Call back until cancelled."""
        while True:
            self._sooner.clear()
            wait = self.call_all()
            try:
                async with asyncio.timeout(wait):
                    await self._sooner.wait()
            except TimeoutError:
                continue

    def call_all(self) -> float | None:
        """Call those whose time has come; for how long to wait for the next."""
        while self._heap:
            time, name = self._heap[0]
            if self._times.get(name) != time:
                heappop(self._heap)
                continue
            left = time - self._clock()
            if left > 0:
                return min(left, LONGEST_SLEEP)
            heappop(self._heap)
            del self._times[name]
            self._due(name)
        return None
