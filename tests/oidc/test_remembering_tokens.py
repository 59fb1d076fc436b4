"""A token seen before costs little, and is believed no longer than a new one would be."""

import dataclasses
from unittest.mock import patch

import pytest
from joserfc.jwk import RSAKey

from jwt_to_rbac.core.errors import Code, Denial, Outage
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.oidc.compact_token import MAX_TOKEN_LENGTH
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.key_set import VerifyingKey
from jwt_to_rbac.oidc.proven_memory import ProvenMemory, Remembered
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims

from .local_issuer import NOW, Clock, LocalIssuer, public


async def code(issuers: TrustedIssuers, token: str) -> Code:
    answer = await issuers.prove(token)
    assert isinstance(answer, Denial), answer
    return answer.code


async def test_the_same_token_again_is_neither_verified_nor_read_again(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    first = await issuers.prove(token)
    # Counting, not replacing: the real verification runs if it is called.
    with (
        patch.object(VerifyingKey, "verifies", autospec=True) as verifies,
        patch("jwt_to_rbac.oidc.issuers.unverified_issuer", autospec=True) as reads,
    ):
        assert await issuers.prove(token) is first
        assert issuers.stated_issuer(token) == issuer.url
    verifies.assert_not_called()
    reads.assert_not_called()


async def test_a_remembered_token_expires_like_any_other(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock
) -> None:
    token = issuer.token(exp=NOW + 60)
    assert isinstance(await issuers.prove(token), ProvenPerson)
    clock.now += 69
    assert isinstance(await issuers.prove(token), ProvenPerson)
    assert issuers.remembers(token)
    clock.now += 1
    assert await code(issuers, token) == Code.TOKEN_EXPIRED
    assert not issuers.remembers(token)
    clock.now -= 1
    assert isinstance(await issuers.prove(token), ProvenPerson)


async def test_a_remembered_token_is_not_valid_before_its_time(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock
) -> None:
    token = issuer.token()
    assert isinstance(await issuers.prove(token), ProvenPerson)
    clock.now -= 60
    assert await code(issuers, token) == Code.TOKEN_NOT_YET_VALID


async def test_a_remembered_token_dies_with_its_key(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock, rsa_keys: list[RSAKey]
) -> None:
    token = issuer.token(exp=NOW + 9999)
    assert isinstance(await issuers.prove(token), ProvenPerson)
    issuer.rotate(rsa_keys[1], "key-2", keep=False)
    clock.now += 601
    assert await code(issuers, token) == Code.TOKEN_KEY_UNKNOWN


async def test_a_remembered_token_dies_when_other_material_takes_its_keys_name(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock, rsa_keys: list[RSAKey]
) -> None:
    token = issuer.token(exp=NOW + 9999)
    assert isinstance(await issuers.prove(token), ProvenPerson)
    issuer.publish(public(rsa_keys[1], kid=issuer.kid))
    clock.now += 601
    assert await code(issuers, token) == Code.TOKEN_SIGNATURE


async def test_a_remembered_token_outlives_a_fetch_that_brings_its_key_again(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock
) -> None:
    token = issuer.token(exp=NOW + 9999)
    first = await issuers.prove(token)
    clock.now += 601
    assert await issuers.prove(token) is first
    assert issuer.key_fetches == 2


async def test_a_remembered_token_is_no_help_when_the_issuer_is_long_away(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock
) -> None:
    token = issuer.token(exp=NOW + 99_999)
    assert isinstance(await issuers.prove(token), ProvenPerson)
    issuer.discovery = {"issuer": "gone"}
    clock.now += 4201
    with pytest.raises(Outage):
        await issuers.prove(token)


async def test_a_refusal_is_not_remembered(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock
) -> None:
    early = issuer.token(iat=NOW + 30, exp=NOW + 600)
    assert await code(issuers, early) == Code.TOKEN_NOT_YET_VALID
    clock.now += 30
    assert isinstance(await issuers.prove(early), ProvenPerson)


async def test_a_longer_token_is_another_token(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    assert isinstance(await issuers.prove(token), ProvenPerson)
    assert await code(issuers, token + "\n") == Code.TOKEN_MALFORMED
    assert await code(issuers, token + "A" * 99_999) == Code.TOKEN_TOO_LARGE


async def test_the_longest_token_is_remembered_whole(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    # Base64 leaves out every fourth length of a part, so both parts are padded until it fits.
    room = (MAX_TOKEN_LENGTH - len(issuer.token(pad=""))) * 3 // 4
    tokens = (
        issuer.token({"x": "x" * x}, pad="p" * (room - y)) for x in range(3) for y in range(30)
    )
    longest = next(token for token in tokens if len(token) == MAX_TOKEN_LENGTH)
    assert issuers.stated_issuer(longest)
    assert isinstance(await issuers.prove(longest), ProvenPerson)
    assert issuers.remembers(longest)
    assert not issuers.remembers(longest + "A")
    assert not issuers.remembers(issuer.token(jti="another"))
    assert issuers.stated_issuer(longest)
    other = longest[:-1] + ("A" if longest[-1] != "A" else "Q")
    assert await code(issuers, other) == Code.TOKEN_SIGNATURE
    assert await code(issuers, longest + "A") == Code.TOKEN_TOO_LARGE
    assert not issuers.stated_issuer(longest + "A")


async def test_only_the_latest_used_are_remembered(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    token = issuer.token()
    claims, person = await issuers.verify(token), await issuers.prove(token)
    assert isinstance(claims, VerifiedClaims)
    assert isinstance(person, ProvenPerson)
    remembered = Remembered(claims, dataclasses.replace(person))
    memory = ProvenMemory(most=2)
    memory.put("a", remembered)
    memory.put("b", remembered)
    assert memory.get("a") is remembered
    memory.put("c", remembered)
    assert memory.get("b") is None
    assert memory.get("a") is memory.get("c") is remembered
    memory.forget("a")
    memory.forget("a")
    assert memory.get("a") is None
