"""Looks at an issuer as a login would, and at its clock; for `jwt-to-rbac doctor`. Verifies no token."""

from email.utils import parsedate_to_datetime
from types import SimpleNamespace

import aiohttp
from aiohttp import hdrs

from jwt_to_rbac.core.finding import Finding, bad, good, unknown
from jwt_to_rbac.oidc.discovery import fetch_keys
from jwt_to_rbac.oidc.fetch import FetchFailed
from jwt_to_rbac.oidc.shown import shown
from jwt_to_rbac.oidc.times import LEEWAY_SECONDS
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.ports import Clock

DATE_SECONDS = 2.0
"""How far a Date header may be from the moment at which it is read: it counts whole seconds, and
was under way."""


class Dates:
    """How far each host's clock was ahead of ours, in seconds, by the Date of its last answer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.ahead: dict[str, float] = {}

    def trace(self) -> aiohttp.TraceConfig:
        """For the ClientSession whose answers are to be looked at."""

        async def answered(
            _: aiohttp.ClientSession, __: SimpleNamespace, end: aiohttp.TraceRequestEndParams
        ) -> None:
            for told in end.response.headers.getall(hdrs.DATE, ()):
                date = date_of(told)
                if date is not None:
                    self.ahead[end.url.authority] = date - self._clock()

        trace = aiohttp.TraceConfig()
        trace.on_request_end.append(answered)
        return trace


async def look_at_issuer(session: aiohttp.ClientSession, issuer: TrustedIssuer) -> Finding:
    """Whether its keys can be had, and whether one of them fits what the configuration allows."""
    check = f"issuer {shown(issuer.url)}"
    try:
        found = await fetch_keys(session, issuer)
    except FetchFailed as failure:
        return bad(
            check,
            f"its keys can't be had: {failure}",
            "Nobody can log in through it. Check jwt[].issuer (url, discoveryURL, "
            "certificateAuthority), that it runs, and that this machine may reach it.",
        )
    usable = [key for key in found.keys if any(map(key.fits, issuer.algorithms))]
    allowed = ", ".join(sorted(issuer.algorithms))
    if not usable:
        return bad(
            check,
            f"none of its {len(found.keys)} keys can sign with {allowed}",
            "Allow an algorithm in jwt[].issuer that it signs with, or have it make such a key.",
        )
    return good(check, f"{len(usable)} keys for {allowed}")


def compare_clocks(whose: str, ahead: float | None) -> Finding:
    """Whether a clock agrees with ours well enough for the times in a token."""
    check = f"clock of {whose}"
    if ahead is None:
        return unknown(check, "it told no Date", f"Let {whose} be reached; see above.")
    most = LEEWAY_SECONDS + DATE_SECONDS
    way = "ahead of" if ahead > most else "behind" if ahead < -most else ""
    if not way:
        return good(check, f"agrees with this machine's within {most:.0f} s")
    return bad(
        check,
        f"{abs(ahead):.0f} s {way} this machine's; {LEEWAY_SECONDS:.0f} s are allowed",
        "Tokens will be refused as not yet valid, or live too long. Have both machines keep "
        "time (NTP).",
    )


def date_of(header: str) -> float | None:
    """Seconds since 1970 of an HTTP Date; None for what is none."""
    try:
        return parsedate_to_datetime(header).timestamp()
    except ValueError:
        return None
