"""Keys, a local issuer and a verifier that trusts it, for the tests of this folder."""

from collections.abc import AsyncIterator

import aiohttp
import pytest
from joserfc.jwk import RSAKey

from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

from .local_issuer import AUDIENCE, Clock, LocalIssuer, local_issuer


@pytest.fixture(scope="session")
def rsa_keys() -> list[RSAKey]:
    """Four of 2048 bits, made once: making one takes a tenth of a second."""
    return [RSAKey.generate_key(2048) for _ in range(4)]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(trust_env=False) as session:
        yield session


@pytest.fixture
async def issuer(rsa_keys: list[RSAKey]) -> AsyncIterator[LocalIssuer]:
    async with local_issuer(rsa_keys[0]) as issuer:
        yield issuer


@pytest.fixture
async def issuers(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> AsyncIterator[TrustedIssuers]:
    issuers = TrustedIssuers([TrustedIssuer(issuer.url, frozenset({AUDIENCE}))], session, clock)
    yield issuers
    await issuers.close()
