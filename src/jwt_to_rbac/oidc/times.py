"""When a token is valid: exp, iat and nbf (RFC 7519 section 4.1), and the age limit. No clock here."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from jwt_to_rbac.core.errors import Code, Denial

LEEWAY_SECONDS = 10.0
"""By how much an issuer's clock and ours may differ, for every comparison. Both are servers, and
servers that keep time at all (NTP) differ by less than a second."""

_LAST_MOMENT = 253_402_300_799
"""The end of the year 9999: beyond, no time can be shown."""


@dataclass(frozen=True, slots=True)
class Times:
    """All in seconds since 1970; `latest_use` is when the age limit ends, if there is one."""

    issued_at: float
    expires_at: float
    not_before: float | None = None
    latest_use: float | None = None

    def denial_at(self, now: float) -> Denial | None:
        """Why a token with these times isn't valid at `now`, or None where it is."""
        if now >= self.expires_at + LEEWAY_SECONDS:
            return Denial(
                Code.TOKEN_EXPIRED,
                f"the token expired at {_moment(self.expires_at)}; log in again",
            )
        if self.latest_use is not None and now > self.latest_use + LEEWAY_SECONDS:
            return Denial(
                Code.TOKEN_EXPIRED,
                f"the token, issued at {_moment(self.issued_at)}, is too old to be used here; "
                "log in again",
            )
        begins = max(self.issued_at, self.not_before or 0.0)
        if now < begins - LEEWAY_SECONDS:
            return Denial(
                Code.TOKEN_NOT_YET_VALID,
                f"the token is valid from {_moment(begins)} on, and here it is {_moment(now)}: "
                "compare the clocks of the issuer and of this server",
            )
        return None


def read_times(claims: Mapping[str, object], max_age: float | None) -> Times | Denial:
    """Read the times; `exp` and `iat` must be there (OpenID Connect Core 2), all be numbers.

    token_claim otherwise. `max_age` is the age limit in seconds.
    """
    found: dict[str, float] = {}
    for name in ("exp", "iat", "nbf"):
        if name == "nbf" and name not in claims:
            continue
        value = claims.get(name)
        # bool is an int to Python, and not a number to JSON.
        if isinstance(value, bool) or not isinstance(value, int | float):
            return _denial(name, "must be a number of seconds since 1970")
        if not 0 <= value <= _LAST_MOMENT:
            return _denial(name, "is out of range (seconds since 1970)")
        found[name] = value
    latest_use = None if max_age is None else found["iat"] + max_age
    return Times(found["iat"], found["exp"], found.get("nbf"), latest_use)


def _denial(name: str, what: str) -> Denial:
    return Denial(Code.TOKEN_CLAIM, f"the token's {name} {what}")


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
