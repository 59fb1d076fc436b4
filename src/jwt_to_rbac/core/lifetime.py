"""How long things last: durations as Go writes them, and the bounds of a credential's life."""

import re
from dataclasses import dataclass

from jwt_to_rbac.core.errors import Code, InvalidInput

_UNITS = {
    "ns": 1e-9,
    "us": 1e-6,
    "µs": 1e-6,  # U+00B5, which Go's time.ParseDuration takes
    "μs": 1e-6,  # U+03BC, likewise
    "ms": 1e-3,
    "s": 1.0,
    "m": 60.0,
    "h": 3600.0,
}
_ELEMENT = re.compile(r"(\d+\.?\d*|\.\d+)(" + "|".join(_UNITS) + ")", re.ASCII)
_WHOLE = re.compile(rf"[+-]?(?:0|(?:{_ELEMENT.pattern})+)", re.ASCII)

SHORTEST_TOKEN = 600
"""Seconds; TokenRequest refuses less (k8s.io/kubernetes/pkg/apis/authentication/validation)."""

_LONGEST = (1 << 63) / 1e9
"""Seconds; Go keeps a duration in 64 bits of nanoseconds and refuses more."""


def parse_duration(text: str) -> float:
    """Seconds in a duration as Go's time.ParseDuration reads it: `12h30m`, `1.5h`, `300ms`.

    Raises InvalidInput (duration_invalid) for anything else, a number without unit included.
    """
    if len(text) <= 64 and _WHOLE.fullmatch(text):
        seconds = sum((float(n) * _UNITS[unit] for n, unit in _ELEMENT.findall(text)), 0.0)
        if seconds < _LONGEST:
            return -seconds if text.startswith("-") else seconds
    raise InvalidInput(
        Code.DURATION_INVALID,
        f"duration: {text[:64]!r} is not a duration such as 12h30m, 1.5h or 300ms (unit needed).",
    )


@dataclass(frozen=True, slots=True)
class TokenLifetimes:
    """Bounds of a credential's life in seconds: what is given if none is asked for, and the most."""

    default: float = 3600.0
    maximum: float = 86400.0

    def bound(self, asked: float | None) -> int:
        """Whole seconds, at least one; raises InvalidInput for a duration of none or less.

        May be less than SHORTEST_TOKEN: then the session is ended on time, not the token.
        """
        seconds = self.default if asked is None else asked
        if seconds <= 0:
            raise InvalidInput(Code.DURATION_INVALID, "duration: must be more than nothing.")
        return max(1, int(min(seconds, self.maximum)))
