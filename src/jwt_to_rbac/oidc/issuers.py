"""The configured issuers, put together: the adapter of the port `Issuers`.

Parsing, keys, verification and claim mapping have their own modules; this one says in what
order they are asked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

import aiohttp

from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.identity import ProvenPerson, token_sha256
from jwt_to_rbac.oidc.compact_token import read_token, unverified_issuer
from jwt_to_rbac.oidc.discovery import fetch_keys
from jwt_to_rbac.oidc.fetch import FETCH_SECONDS
from jwt_to_rbac.oidc.key_cache import KeyCache
from jwt_to_rbac.oidc.person_claims import person_and_user
from jwt_to_rbac.oidc.proven_memory import ProvenMemory, Remembered
from jwt_to_rbac.oidc.shown import shown
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims, verify
from jwt_to_rbac.ports import Clock


@dataclass(frozen=True, slots=True)
class _InForce:
    """Who is trusted, and what was proven under exactly that. Replaced whole, never changed."""

    issuers: Mapping[str, tuple[TrustedIssuer, KeyCache]]
    memory: ProvenMemory = field(default_factory=ProvenMemory)


class TrustedIssuers:
    """Verifies ID tokens of several issuers, each by its own keys alone.

    `session` must be made with `trust_env=False` and stays the caller's to close, after
    `close()`. `fetch_seconds` bounds each document fetched. Raises InvalidInput
    (configuration_invalid) if two issuers have one URL.
    """

    def __init__(
        self,
        issuers: Iterable[TrustedIssuer],
        session: aiohttp.ClientSession,
        clock: Clock,
        fetch_seconds: float = FETCH_SECONDS,
    ) -> None:
        self._session = session
        self._clock = clock
        self._fetch_seconds = fetch_seconds
        self._now = _InForce({})
        self.replace(issuers)

    def replace(self, issuers: Iterable[TrustedIssuer]) -> None:
        """Trust exactly these from now on. Raises InvalidInput, and then nothing has changed.

        Keys stay known where they are had from the same place; what tokens proved is forgotten.
        A token that is being verified meanwhile is judged by what held when it came.
        """
        trusted: dict[str, tuple[TrustedIssuer, KeyCache]] = {}
        for issuer in issuers:
            if issuer.url in trusted:
                raise InvalidInput(
                    Code.CONFIGURATION_INVALID, f"issuer {issuer.url!r} is configured twice"
                )
            known = self._now.issuers.get(issuer.url)
            if known is not None and known[0].key_source == issuer.key_source:
                trusted[issuer.url] = (issuer, known[1])
                continue
            fetch = partial(fetch_keys, self._session, issuer, self._fetch_seconds)
            trusted[issuer.url] = (issuer, KeyCache(fetch, self._clock))
        self._now = _InForce(trusted)

    async def prove(self, token: str) -> ProvenPerson | Denial:
        """Verify an ID token and say whose it is. Raises Outage (issuer_unavailable)."""
        sha256 = token_sha256(token)
        now = self._now
        known = await self._recall(sha256, now)
        if known is not None:
            return known
        verified = await self._verify(token, now)
        if isinstance(verified, Denial):
            return verified
        issuer, _ = now.issuers[verified.issuer]
        read = person_and_user(verified, issuer.mapping)
        if isinstance(read, Denial):
            return read
        person, user = read
        proven = ProvenPerson(
            person=person,
            issued_at=int(verified.times.issued_at),
            expires_at=int(verified.times.expires_at),
            token_sha256=sha256,
            audiences=verified.audiences,
            uid=user.uid,
            extra=tuple(user.extra.items()),
        )
        now.memory.put(sha256, Remembered(verified, proven))
        return proven

    async def verify(self, token: str) -> VerifiedClaims | Denial:
        """Verify an ID token, without reading who it names. Raises Outage (issuer_unavailable).

        For a caller that has a nonce to compare, or rules of its own on the claims.
        """
        return await self._verify(token, self._now)

    async def _verify(self, token: str, now: _InForce) -> VerifiedClaims | Denial:
        unverified = read_token(token)
        if isinstance(unverified, Denial):
            return unverified
        # Believed only so far as to pick whose keys must have signed it.
        named = unverified.unverified_claims.get("iss")
        if not isinstance(named, str) or named not in now.issuers:
            return _unknown_issuer(named, now.issuers)
        issuer, cache = now.issuers[named]
        if unverified.algorithm not in issuer.algorithms:
            return Denial(
                Code.TOKEN_ALGORITHM,
                f"the token is signed with {unverified.algorithm}; for {shown(issuer.url)} only "
                f"{', '.join(sorted(issuer.algorithms))} is allowed",
            )
        candidates = await cache.candidates(unverified.kid, unverified.algorithm)
        return verify(unverified, issuer, candidates, self._clock())

    def stated_issuer(self, token: str) -> str | None:
        """The configured issuer that a token says, unverified, to be made by; None for any other."""
        known = self._remembered(token)
        if known is not None:
            return known.claims.issuer
        stated = unverified_issuer(token)
        return stated if stated in self._now.issuers else None

    def remembers(self, token: str) -> bool:
        """Whether this very token was proven before, so that proving it again costs little."""
        return self._remembered(token) is not None

    def _remembered(self, token: str) -> Remembered | None:
        return self._now.memory.get(token_sha256(token))

    def states(self) -> dict[str, str]:
        """Each issuer's URL, and how it answered last (see `KeyCache.state`)."""
        return {url: cache.state for url, (_, cache) in self._now.issuers.items()}

    async def close(self) -> None:
        """End fetches that are under way."""
        for _, cache in self._now.issuers.values():
            await cache.close()

    async def _recall(self, sha256: str, now: _InForce) -> ProvenPerson | None:
        """Whose token it is, if it was verified before and all that can change still holds."""
        known = now.memory.get(sha256)
        if known is None:
            return None
        _, cache = now.issuers[known.claims.issuer]
        keys = (await cache.keys()).keys
        if known.claims.key in keys and known.claims.times.denial_at(self._clock()) is None:
            return known.person
        now.memory.forget(sha256)
        return None


def _unknown_issuer(named: object, trusted: Iterable[str]) -> Denial:
    found = shown(named) if isinstance(named, str) else "nobody"
    allowed = ", ".join(map(shown, trusted))
    return Denial(Code.TOKEN_ISSUER, f"the token was issued by {found}; trusted here: {allowed}")
