"""What time it is for the server, seen from a machine whose clock may be off."""

import time
from collections.abc import Callable

_ALLOWED = 5.0
"""Seconds that the clocks may differ before anything is corrected: Date counts whole seconds,
and the answer was under way for a while."""

_WORTH_SAYING = 60.0


class ServerClock:
    """Learns from the Date headers of answers how far this machine's clock is off."""

    def __init__(self, here: Callable[[], float] = time.time) -> None:
        self._here = here
        self._ahead = 0.0

    def learn(self, date: float | None) -> None:
        """`date` is from an answer that came just now."""
        if date is not None:
            ahead = self._here() - date
            self._ahead = ahead if abs(ahead) > _ALLOWED else 0.0

    def now(self) -> float:
        """The server's time."""
        return self._here() - self._ahead

    def here(self) -> float:
        """This machine's time."""
        return self._here()

    def as_here(self, there: float) -> float:
        """A time of the server's as this machine's clock will show it."""
        return there + self._ahead

    def complaint(self) -> str:
        """A sentence for the person if the clock is far off, else ""."""
        if abs(self._ahead) < _WORTH_SAYING:
            return ""
        minutes = round(abs(self._ahead) / 60)
        way = "fast" if self._ahead > 0 else "slow"
        return (
            f"This machine's clock is about {minutes} min {way}. This login allows for it; "
            "other programs may not: set the clock."
        )
