"""Limits against floods: who has to wait at the door before a credential of theirs is looked at.

Whoever proves who they are is not held up by what others do from the same address: behind one
address may be a whole company. So sources are counted by their failures alone, and even a source
with too many of them loses only haste: answers that say no are held back for a while (see
`api.edge`), so that a flood goes at its own expense; of what comes all the same, so much a second
is answered and recorded one by one, and a larger number examined at all. Tokens that were proven
before are always taken. Nobody is locked out, and nothing has to be unlocked.
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from ipaddress import ip_network

from jwt_to_rbac.core.allowance import Allowance
from jwt_to_rbac.core.errors import Code, Denial, Outage
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.ports import Audit, Issuers, Request

EVERYBODY = ""
"""The key under which all sources are counted together."""

EXAMINED_OF_ALL, EXAMINED_OF_ONE = 1000.0, 500.0
"""Bad tokens a second whose signature is still checked although there were too many, of all sources
and of one: 0.1 ms each, so a tenth of a core, and a good one among them is found."""

ANSWERED_OF_ALL, ANSWERED_OF_ONE = 200.0, 50.0
"""Of those, how many are told why, with a record each, or cost the API server a TokenReview."""

ONE_SITE = 64
"""Bits: whoever has one IPv6 address has all of its /64, as a rule (RFC 6177)."""

SHARE = 10
"""How many times one source's failures all sources together, or all of one issuer's tokens, may have."""


@dataclass(frozen=True, slots=True)
class Limits:
    """How much is taken before somebody has to wait; see `settings` for what each is for."""

    failures_at_once: int = 300
    failures_per_minute: int = 60
    caller_requests_per_second: int = 1000
    concurrent_logins: int = 1024


class Door:
    """Counts failures, by source and by issuer, and proven callers' requests. `clock` must not jump."""

    def __init__(
        self, issuers: Issuers, audit: Audit, limits: Limits, clock: Callable[[], float]
    ) -> None:
        self._issuers = issuers
        self._audit = audit
        self._clock = clock
        at_once, a_second = limits.failures_at_once, limits.failures_per_minute / 60
        self._failures: Allowance[str] = Allowance(at_once, a_second)
        self._all_failures: Allowance[str] = Allowance(at_once * SHARE, a_second * SHARE)
        self._issuer_failures: Allowance[str] = Allowance(at_once * SHARE, a_second * SHARE)
        self._examined: Allowance[str] = Allowance(EXAMINED_OF_ONE, EXAMINED_OF_ONE)
        self._all_examined: Allowance[str] = Allowance(EXAMINED_OF_ALL, EXAMINED_OF_ALL)
        self._answered: Allowance[str] = Allowance(ANSWERED_OF_ONE, ANSWERED_OF_ONE)
        self._all_answered: Allowance[str] = Allowance(ANSWERED_OF_ALL, ANSWERED_OF_ALL)
        rate = limits.caller_requests_per_second
        self._callers: Allowance[str] = Allowance(rate * SHARE, rate)
        self._told: Allowance[str] = Allowance(1, 1 / 60)
        self._all_told: Allowance[str] = Allowance(10, 1)
        self._most_logins = limits.concurrent_logins
        self.logins = 0

    def failed(self, source: str) -> bool:
        """A request of this source was refused for reasons of its own; whether that was too much."""
        now = self._clock()
        of_one = self._failures.take(_site(source), now)
        return not (self._all_failures.take(EVERYBODY, now) and of_one)

    async def prove(self, token: str, request: Request) -> ProvenPerson | Denial:
        """As `Issuers.prove`, for whom the limits let in; else Outage (too_many_requests)."""
        crowded = await self.admit(token, request)
        proven = await self._issuers.prove(token)
        if not isinstance(proven, Denial):
            identity = proven.person.identity
            self.proven(f"{identity.issuer}#{identity.subject}")
            return proven
        now = self._clock()
        if proven.code in (Code.TOKEN_SIGNATURE, Code.TOKEN_KEY_UNKNOWN):
            issuer = self._issuers.stated_issuer(token)
            if issuer is not None:
                self._issuer_failures.take(issuer, now)
        if crowded:
            self._examined.take(_site(request.source), now)
            self._all_examined.take(EVERYBODY, now)
            await self._answer(request, now)
        return proven

    async def admit(self, token: str, request: Request) -> bool:
        """Return if an ID token may be examined, and whether there were too many bad ones.

        Raises Outage (too_many_requests) if it may not.
        """
        now, source = self._clock(), _site(request.source)
        if not (self._crowded(source, now) or self._issuer_wait(token, now)):
            return False
        wait = max(self._examined.wait(source, now), self._all_examined.wait(EVERYBODY, now))
        if wait and not self._issuers.remembers(token):
            await self._turn_away(request, now, wait)
        return True

    async def review(self, request: Request) -> None:
        """Return if the API server may be asked about a token. Raises Outage (too_many_requests)."""
        now = self._clock()
        if self._crowded(_site(request.source), now):
            await self._answer(request, now)

    def proven(self, caller: str) -> None:
        """Count a request of somebody proven. Raises Outage (too_many_requests)."""
        now = self._clock()
        if not self._callers.take(caller, now):
            raise Outage(
                Code.TOO_MANY_REQUESTS,
                "You send more requests than one caller may.",
                self._callers.wait(caller, now),
            )

    @asynccontextmanager
    async def login(self) -> AsyncIterator[None]:
        """A place for one login in work. Raises Outage (busy) when there is none."""
        if self.logins >= self._most_logins:
            raise Outage(Code.BUSY, f"{self.logins} logins are in work already. Try again.")
        self.logins += 1
        try:
            yield
        finally:
            self.logins -= 1

    def _crowded(self, source: str, now: float) -> bool:
        return bool(self._failures.wait(source, now) or self._all_failures.wait(EVERYBODY, now))

    async def _answer(self, request: Request, now: float) -> None:
        source = _site(request.source)
        if not (self._answered.take(source, now) and self._all_answered.take(EVERYBODY, now)):
            await self._turn_away(request, now, self._answered.wait(source, now))

    async def _turn_away(self, request: Request, now: float, wait: float) -> None:
        if self._told.take(_site(request.source), now) and self._all_told.take(EVERYBODY, now):
            # Once a minute: the record must not be what a flood fills.
            await self._audit.record("limited", request=request, code=Code.TOO_MANY_REQUESTS)
        raise Outage(
            Code.TOO_MANY_REQUESTS,
            "Too many bad credentials came lately from your address, or for your issuer, so that "
            "others have to wait. If yours is good, try again.",
            wait,
        )

    def _issuer_wait(self, token: str, now: float) -> float:
        if not len(self._issuer_failures):
            return 0.0
        issuer = self._issuers.stated_issuer(token)
        return 0.0 if issuer is None else self._issuer_failures.wait(issuer, now)


def _site(source: str) -> str:
    """What is counted as one source: an address of IPv4, a /64 of IPv6."""
    return str(ip_network(f"{source}/{ONE_SITE}", strict=False)) if ":" in source else source
