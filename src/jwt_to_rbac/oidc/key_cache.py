"""Keeps one issuer's keys fresh: when to fetch, who waits, what to do when the issuer is away.

How keys are fetched is `discovery`'s business. The rules, with their reasons:

- Keys are fresh for ten minutes. From five minutes on, a use fetches them anew in the
  background, so that a busy server never makes a login wait.
- One fetch at a time; everybody who needs it waits for the same one, and whoever stops waiting
  doesn't stop it.
- A kid that isn't known causes a fetch (Dex signs with a new key before anyone can have seen
  it), at most one each five seconds: a thousand bogus kids make one.
- When the issuer is away, known keys go on for an hour after their ten minutes: long enough
  for a restart or an upgrade, and what is signed with them expires besides. Then, and for kids
  that aren't known, logins end with an Outage. A failed fetch is repeated after five seconds.
- What a fetch brings replaces what was known: a key that was removed no longer verifies.
"""

import asyncio
from collections.abc import Awaitable, Callable

from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.oidc.fetch import FetchFailed
from jwt_to_rbac.oidc.key_set import KeySet, VerifyingKey
from jwt_to_rbac.ports import Clock

FRESH_SECONDS = 600.0
REFRESH_AHEAD_SECONDS = 300.0
STALE_SECONDS = 3600.0
COOL_DOWN_SECONDS = 5.0
NEVER = float("-inf")


class KeyCache:
    """One issuer's keys. `fetch` brings them or raises FetchFailed."""

    def __init__(self, fetch: Callable[[], Awaitable[KeySet]], clock: Clock) -> None:
        self._fetch = fetch
        self._clock = clock
        self._keys: KeySet | None = None
        self._fetched_at = NEVER
        self._failure: str | None = None
        self._failed_at = NEVER
        self._looked_again_at = NEVER
        self._fetching: asyncio.Task[None] | None = None

    @property
    def state(self) -> str:
        """How the last fetch ended: `answers`, `away`, or `not asked yet`."""
        if self._failure is not None:
            return "away"
        return "not asked yet" if self._keys is None else "answers"

    async def keys(self) -> KeySet:
        """The keys to use now. Raises Outage (issuer_unavailable) when there are none."""
        age = self._since(self._fetched_at)
        if age >= REFRESH_AHEAD_SECONDS:
            fetching = self._start_fetch()
            # Nobody waits for an issuer that is known to be away while older keys serve.
            known_away = self._failure is not None and age <= FRESH_SECONDS + STALE_SECONDS
            if fetching is not None and age > FRESH_SECONDS and not known_away:
                await asyncio.wait([fetching])
        if self._keys is None or self._since(self._fetched_at) > FRESH_SECONDS + STALE_SECONDS:
            raise self._outage()
        return self._keys

    async def candidates(self, kid: str | None, algorithm: str) -> tuple[VerifyingKey, ...]:
        """The keys that fit, after having looked once more at the issuer where none does.

        Raises Outage (issuer_unavailable) when the issuer can't be asked.
        """
        found = (await self.keys()).candidates(kid, algorithm)
        # Twice, for a fetch that is under way may have begun before the key existed.
        for _ in range(2):
            if found or (fetching := self._look_again()) is None:
                break
            await asyncio.wait([fetching])
            found = (await self.keys()).candidates(kid, algorithm)
        if not found and self._failure is not None:
            raise self._outage()
        return found

    async def close(self) -> None:
        """End a fetch that is under way."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    def _look_again(self) -> asyncio.Task[None] | None:
        if self._fetching is None:
            if self._since(self._looked_again_at) < COOL_DOWN_SECONDS:
                return None
            self._looked_again_at = self._clock()
        return self._start_fetch()

    def _start_fetch(self) -> asyncio.Task[None] | None:
        """The fetch under way, or a new one, or None shortly after one has failed."""
        if self._fetching is None and self._since(self._failed_at) >= COOL_DOWN_SECONDS:
            # A task of its own: cancelling one of those who wait leaves it to the others.
            self._fetching = asyncio.create_task(self._refresh())
        return self._fetching

    async def _refresh(self) -> None:
        began = self._clock()
        try:
            self._keys = await self._fetch()
            self._fetched_at = began
            self._failure = None
        except FetchFailed as error:
            self._failure = str(error)
            self._failed_at = self._clock()
        finally:
            self._fetching = None

    def _since(self, moment: float) -> float:
        # Either way: a clock that is set back must not make keys young or a pause endless.
        return abs(self._clock() - moment)

    def _outage(self) -> Outage:
        return Outage(
            Code.ISSUER_UNAVAILABLE,
            f"the issuer's keys can't be had: {self._failure}; try again shortly",
            retry_after=max(1.0, COOL_DOWN_SECONDS - self._since(self._failed_at)),
        )
