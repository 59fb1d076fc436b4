"""What one call was told by an overloaded API server (429, Retry-After) holds for all of them.

A shared pause, then one call to try, then more as they succeed: as TCP meets a full queue. Who
goes first of those that wait is `places`' to say.
"""

import asyncio

from jwt_to_rbac.kube.places import Places

LONGEST_PAUSE = 30.0
"""Seconds: nobody's mistake in a header makes this program silent for longer."""

WIDER_EVERY = 1.0
"""Seconds without a 429 after which one call more may be under way. As slow as that, because each
429 is a call made in vain: at one more a call, one in six was."""


class Throttle:
    """Sets how many of `places` there are. Costs an attribute's look-up while nothing is throttled.

    `round` counts the pauses: a call is told of as one of the round in which it began, so that the
    many that were under way when the first was throttled count once.
    """

    def __init__(self, places: Places) -> None:
        self._places = places
        self._most = places.count
        self._window = places.count
        self._until = 0.0
        self._wider_at = 0.0
        self._paused: asyncio.TimerHandle | None = None
        self.round = 0
        self.narrow = False
        """While this holds, `passed` must be called."""

    @property
    def left(self) -> float:
        """Seconds that the pause lasts still."""
        if self._paused is None:
            return 0.0
        return max(0.0, self._until - asyncio.get_running_loop().time())

    def told(self, round_: int, wait: float) -> None:
        """A call of this round was throttled, and told to `wait` for so many seconds."""
        loop = asyncio.get_running_loop()
        self._until = max(self._until, loop.time() + min(wait, LONGEST_PAUSE))
        if round_ == self.round:
            self.round += 1
            self._window = max(1, self._window // 2)
        self.narrow = True
        self._places.resize(0)
        if self._paused is None:
            self._paused = loop.call_at(self._until, self._try_one)

    def passed(self, round_: int) -> None:
        """A call of this round was not throttled."""
        if round_ != self.round or self._paused is not None:
            return
        now = asyncio.get_running_loop().time()
        if now >= self._wider_at:
            self._wider_at = now + WIDER_EVERY
            self._window = min(self._window + 1, self._most)
        self._places.resize(min(self._window, self._places.count + 1))
        self.narrow = self._places.count < self._most

    def _try_one(self) -> None:
        loop = asyncio.get_running_loop()
        self._paused = None
        if loop.time() < self._until:
            self._paused = loop.call_at(self._until, self._try_one)
            return
        self._wider_at = loop.time() + WIDER_EVERY
        self._places.resize(1)
