"""Other issuers take the place of those in force, while tokens are being verified."""

import asyncio
from dataclasses import replace

import pytest

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping
from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

from .local_issuer import AUDIENCE, LocalIssuer


def trusting(issuer: LocalIssuer, audience: str = AUDIENCE) -> TrustedIssuer:
    return TrustedIssuer(issuer.url, frozenset({audience}))


async def test_an_issuer_that_is_taken_out_is_no_longer_believed(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    assert isinstance(await issuers.prove(token), ProvenPerson)
    issuers.replace([TrustedIssuer("https://another", frozenset({AUDIENCE}))])
    refused = await issuers.prove(token)
    assert isinstance(refused, Denial)
    assert refused.code is Code.TOKEN_ISSUER
    assert not issuers.stated_issuer(token)


async def test_a_token_that_was_proven_before_is_judged_by_the_new_audience(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    assert isinstance(await issuers.prove(token), ProvenPerson)
    issuers.replace([trusting(issuer, "another-app")])
    refused = await issuers.prove(token)
    assert isinstance(refused, Denial)
    assert refused.code is Code.TOKEN_AUDIENCE


async def test_a_token_that_was_proven_before_is_read_by_the_new_mapping(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    await issuers.prove(token)
    mapping = ClaimMapping(groups=Claim("groups", "dex:"))
    issuers.replace([replace(trusting(issuer), mapping=mapping)])
    proven = await issuers.prove(token)
    assert isinstance(proven, ProvenPerson)
    assert proven.person.groups == ("dex:admins", "dex:developers")


async def test_keys_stay_known_unless_they_are_had_from_elsewhere(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    await issuers.prove(issuer.token())
    issuers.replace([trusting(issuer, "another-app")])
    issuers.replace([trusting(issuer)])
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
    assert issuer.key_fetches == 1
    # Whoever vouched for the keys that are known is no longer asked.
    issuers.replace([replace(trusting(issuer), verify_tls=False)])
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
    assert issuer.key_fetches == 2


async def test_a_mistake_among_the_new_ones_leaves_the_old_ones_in_force(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    with pytest.raises(InvalidInput, match="configured twice"):
        issuers.replace([trusting(issuer, "another-app"), trusting(issuer)])
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)


async def test_a_token_on_its_way_is_judged_by_what_held_when_it_came(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    issuer.gate = asyncio.Event()
    token = issuer.token()
    on_its_way = asyncio.create_task(issuers.prove(token))
    await issuer.keys_asked.wait()
    issuers.replace([])
    issuer.gate.set()
    assert isinstance(await on_its_way, ProvenPerson)
    assert isinstance(await issuers.prove(token), Denial)
