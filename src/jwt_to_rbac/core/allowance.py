"""How much each of many may do: so many at once, and so many a second after that. Pure: no clock.

The generic cell rate algorithm (ITU-T I.371): one number a key, the moment at which all of its
allowance is back; a key that has all of it is not remembered.
"""

from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

MOST_KEYS = 10_000
"""Remembered: some 2 MB of addresses. Beyond, whoever took longest ago is forgotten."""


class Allowance(Generic[Key]):
    """`at_once` for each key, of which `a_second` come back. Times are seconds of any clock."""

    def __init__(self, at_once: float, a_second: float, most_keys: int = MOST_KEYS) -> None:
        self._each = 1 / a_second
        self._room = at_once / a_second
        self._most = most_keys
        self._whole_at: OrderedDict[Key, float] = OrderedDict()

    def take(self, key: Key, now: float) -> bool:
        """Take one, if there is one."""
        if self.wait(key, now):
            return False
        self._whole_at[key] = max(self._whole_at.get(key, now), now) + self._each
        self._whole_at.move_to_end(key)
        if len(self._whole_at) > self._most:
            self._whole_at.popitem(last=False)
        return True

    def wait(self, key: Key, now: float) -> float:
        """Seconds until there is one to take; 0 if there is."""
        whole_at = self._whole_at.get(key)
        if whole_at is None:
            return 0.0
        if whole_at <= now:
            del self._whole_at[key]
            return 0.0
        # Rounding must not take one from a whole allowance.
        return max(0.0, whole_at + self._each - self._room - now - 1e-9)

    def __len__(self) -> int:
        return len(self._whole_at)
