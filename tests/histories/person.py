"""One person of a history: the ID tokens that they have, and whether something is being done with them."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from tests.support.issuer import ManyPeople

HEARD_AFTER = 1.0
"""Seconds after which a replica has heard of what another did: sooner, two requests one after the
other race like two at once."""

BEGAN_AGO = 2 * 24 * 3600
"""Seconds that the first token is old: later ones are a second younger each, whatever the time is.

Longer than access lasts with nobody coming: what keeps it then is when they came last."""


@dataclass
class Person:
    """`issued_at` is that of the newest token; `taken` of the newest that was let in and acknowledged.

    `revoked_until`: tokens issued up to this second must be refused, by what was acknowledged.
    `races` are the times during which several things were done with them at once.
    """

    name: str
    issuer: ManyPeople
    issued_at: int = 0
    taken: int = -1
    revoked_until: int = -1
    token: str = ""
    groups: tuple[str, ...] = ()
    races: list[tuple[float, float]] = field(default_factory=list)
    _last: tuple[int, float] = (-1, 0.0)
    """The replica that was asked last, and when it had answered."""
    _inside: int = 0
    _racing_since: float = 0.0
    _door: asyncio.Lock = field(default_factory=asyncio.Lock)
    _empty: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._empty.set()
        self.issued_at = self.issuer.now() - BEGAN_AGO

    @property
    def account(self) -> str:
        return f"{self.name}-example-com"

    @property
    def subject(self) -> str:
        return f"sub-{self.name}"

    def next_token(self, groups: tuple[str, ...], club: str) -> int:
        """Have the issuer sign one that is newer than all before, and good again after a revocation."""
        self.issued_at = max(self.issued_at, self.revoked_until) + 1
        self.groups, self.token = groups, self.signed(self.issued_at, groups, club)
        return self.issued_at

    def signed(self, issued_at: int, groups: tuple[str, ...], club: str) -> str:
        return self.issuer.token(self.name, iat=issued_at, groups=[*groups, club])

    @asynccontextmanager
    async def beside_others(self, at: int = -1) -> AsyncIterator[None]:
        """Something, at this replica or by hand, that may race others of its kind."""
        async with self._door:
            self._inside += 1
            self._empty.clear()
            if (self._inside > 1 or self._is_too_soon(at)) and not self._racing_since:
                self._racing_since = time.time()
        try:
            yield
        finally:
            self._inside -= 1
            self._end(at)
            if not self._inside:
                self._empty.set()

    @asynccontextmanager
    async def alone(self, at: int = -1) -> AsyncIterator[None]:
        """Something after which it must be known what holds."""
        async with self._door:
            await self._empty.wait()
            if self._is_too_soon(at):
                self._racing_since = time.time()
            yield
            self._end(at)

    def _is_too_soon(self, at: int) -> bool:
        where, when = self._last
        return at >= 0 and where not in (-1, at) and time.time() - when < HEARD_AFTER

    def _end(self, at: int) -> None:
        if at >= 0:
            self._last = (at, time.time())
        if not self._inside and self._racing_since:
            self.races.append((self._racing_since, time.time()))
            self._racing_since = 0.0
