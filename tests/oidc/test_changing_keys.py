"""An issuer that changes its keys while people log in loses nobody."""

import asyncio

from joserfc.jwk import RSAKey

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.oidc.issuers import TrustedIssuers

from .local_issuer import Clock, LocalIssuer, public


async def test_a_first_crowd_causes_one_fetch(issuers: TrustedIssuers, issuer: LocalIssuer) -> None:
    tokens = [issuer.token(jti=str(n)) for n in range(100)]
    answers = await asyncio.gather(*(issuers.prove(token) for token in tokens))
    assert all(isinstance(answer, ProvenPerson) for answer in answers)
    assert (issuer.discoveries, issuer.key_fetches) == (1, 1)


async def test_no_login_is_lost_while_keys_rotate(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock, rsa_keys: list[RSAKey]
) -> None:
    """Dex's way: the new key signs at once, the old one stays for its tokens' lifetime."""
    rotations = 8
    for turn in range(rotations):
        old = [issuer.token(jti=f"old-{turn}-{n}") for n in range(10)]
        issuer.rotate(rsa_keys[turn % 4], f"turn-{turn}")
        new = [issuer.token(jti=f"new-{turn}-{n}") for n in range(30)]
        mixed = [token for trio in zip(old, new[:10], new[10:20], strict=True) for token in trio]
        answers = await asyncio.gather(*(issuers.prove(token) for token in mixed + new[20:]))
        assert [each for each in answers if not isinstance(each, ProvenPerson)] == []
        clock.now += 5
    assert issuer.key_fetches == rotations


async def test_a_login_that_arrives_during_the_periodic_fetch_is_not_lost_to_a_rotation(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock, rsa_keys: list[RSAKey]
) -> None:
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
    clock.now += 301
    issuer.gate = asyncio.Event()
    issuer.keys_asked.clear()
    assert isinstance(await issuers.prove(issuer.token(iat=clock.now)), ProvenPerson)
    await issuer.keys_asked.wait()  # The background fetch reads the old keys, and hangs.
    issuer.rotate(rsa_keys[1], "key-2")
    logins = [asyncio.create_task(issuers.prove(issuer.token(jti=str(n)))) for n in range(20)]
    await asyncio.sleep(0)
    issuer.gate.set()
    assert all(isinstance(answer, ProvenPerson) for answer in await asyncio.gather(*logins))
    assert issuer.key_fetches == 3


async def test_bogus_kids_among_good_logins_cause_one_fetch_and_refuse_nobody_else(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    bogus = [issuer.token({"kid": f"../{n}?x=1"}) for n in range(200)]
    good = [issuer.token(jti=str(n)) for n in range(200)]
    answers = await asyncio.gather(*(issuers.prove(token) for token in bogus + good))
    assert all(isinstance(answer, ProvenPerson) for answer in answers[200:])
    refused = {answer.code for answer in answers[:200] if isinstance(answer, Denial)}
    assert refused == {Code.TOKEN_KEY_UNKNOWN}
    assert "'../0?x=1'" in str(answers[0])
    assert issuer.key_fetches == 2


async def test_a_repeated_kid_verifies_with_each_of_its_keys(
    issuers: TrustedIssuers, issuer: LocalIssuer, rsa_keys: list[RSAKey]
) -> None:
    issuer.publish(public(rsa_keys[1], kid="key-1"), public(rsa_keys[0], kid="key-1"))
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
    issuer.key = rsa_keys[1]
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
    issuer.key = rsa_keys[2]
    answer = await issuers.prove(issuer.token())
    assert isinstance(answer, Denial)
    assert answer.code == Code.TOKEN_SIGNATURE


async def test_a_token_without_kid_needs_an_issuer_with_one_key(
    issuers: TrustedIssuers, issuer: LocalIssuer, clock: Clock, rsa_keys: list[RSAKey]
) -> None:
    assert isinstance(await issuers.prove(issuer.token({"kid": ...})), ProvenPerson)
    issuer.publish(*issuer.keys, public(rsa_keys[1], kid="key-2"))
    clock.now += 601
    answer = await issuers.prove(issuer.token({"kid": ...}, exp=clock.now + 60))
    assert isinstance(answer, Denial)
    assert answer.code == Code.TOKEN_KEY_UNKNOWN
    assert "names no key" in answer.detail
