"""What `prove` answers to good tokens, and to tokens whose claims are wrong (OpenID Connect Core)."""

import hashlib
import time
from collections.abc import Mapping

import aiohttp
import pytest
from joserfc.jwk import RSAKey

from jwt_to_rbac.core.errors import Code, Denial, InvalidInput
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims

from .local_issuer import AUDIENCE, JANE, NOW, Clock, LocalIssuer, local_issuer


async def denied(issuers: TrustedIssuers, token: str) -> Denial:
    answer = await issuers.prove(token)
    assert isinstance(answer, Denial)
    return answer


async def test_a_good_token_proves_who_it_is(issuers: TrustedIssuers, issuer: LocalIssuer) -> None:
    token = issuer.token()
    assert await issuers.prove(token) == ProvenPerson(
        person=Person(
            identity=Identity(issuer.url, JANE),
            username="janedoe@example.com",
            email="janedoe@example.com",
            groups=("admins", "developers"),
            connector="ldap",
            user_id="cn=jane,ou=People,dc=example,dc=org",
        ),
        issued_at=int(NOW),
        expires_at=int(NOW) + 600,
        token_sha256=hashlib.sha256(token.encode()).hexdigest(),
        audiences=frozenset({AUDIENCE}),
    )


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"aud": [AUDIENCE]}, id="one-audience-in-a-list"),
        pytest.param({"aud": [AUDIENCE, AUDIENCE]}, id="the-same-audience-twice"),
        pytest.param({"azp": AUDIENCE}, id="an-allowed-azp"),
        pytest.param({"exp": NOW + 600.5, "iat": NOW - 0.5}, id="times-with-fractions"),
        pytest.param({"exp": NOW - 9}, id="expired-within-the-leeway"),
        pytest.param({"iat": NOW + 10}, id="issued-ahead-by-the-leeway"),
        pytest.param({"exp": 253_402_300_799}, id="until-the-year-9999"),
        pytest.param({"nbf": NOW + 9}, id="not-before-within-the-leeway"),
        pytest.param({"nbf": NOW - 60}, id="a-not-before-that-has-passed"),
        pytest.param({"nonce": "n"}, id="a-nonce-of-somebody-elses-login"),
        pytest.param({"events": {"https://example.com/other": {}}}, id="an-event-of-another-kind"),
    ],
)
async def test_what_the_specification_allows_is_accepted(
    issuers: TrustedIssuers, issuer: LocalIssuer, changes: Mapping[str, object]
) -> None:
    assert isinstance(await issuers.prove(issuer.token(**changes)), ProvenPerson)


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        pytest.param({"exp": NOW - 10}, Code.TOKEN_EXPIRED, "log in again", id="expired"),
        pytest.param({"exp": 0}, Code.TOKEN_EXPIRED, "1970-01-01T00:00:00Z", id="expired-in-1970"),
        pytest.param({"exp": ...}, Code.TOKEN_CLAIM, "exp", id="no-exp"),
        pytest.param({"exp": str(NOW + 9)}, Code.TOKEN_CLAIM, "exp", id="exp-in-a-string"),
        pytest.param({"exp": True}, Code.TOKEN_CLAIM, "exp", id="exp-a-boolean"),
        pytest.param({"exp": None}, Code.TOKEN_CLAIM, "exp", id="exp-null"),
        pytest.param({"exp": 10**20}, Code.TOKEN_CLAIM, "exp", id="exp-past-the-year-9999"),
        pytest.param({"exp": -1}, Code.TOKEN_CLAIM, "exp", id="exp-before-1970"),
        pytest.param({"iat": ...}, Code.TOKEN_CLAIM, "iat", id="no-iat"),
        pytest.param({"iat": False}, Code.TOKEN_CLAIM, "iat", id="iat-a-boolean"),
        pytest.param({"iat": NOW + 11}, Code.TOKEN_NOT_YET_VALID, "clocks", id="iat-ahead"),
        pytest.param({"nbf": NOW + 11}, Code.TOKEN_NOT_YET_VALID, "clocks", id="nbf-ahead"),
        pytest.param({"nbf": "soon"}, Code.TOKEN_CLAIM, "nbf", id="nbf-a-string"),
        pytest.param({"nbf": None}, Code.TOKEN_CLAIM, "nbf", id="nbf-null"),
        pytest.param({"aud": "other"}, Code.TOKEN_AUDIENCE, "'other'", id="another-audience"),
        pytest.param({"aud": ...}, Code.TOKEN_AUDIENCE, "no audience", id="no-aud"),
        pytest.param({"aud": []}, Code.TOKEN_AUDIENCE, "no audience", id="empty-aud"),
        pytest.param({"aud": ""}, Code.TOKEN_AUDIENCE, "''", id="aud-an-empty-string"),
        pytest.param(
            {"aud": [AUDIENCE, "evil"]}, Code.TOKEN_AUDIENCE, "'evil'", id="one-untrusted-audience"
        ),
        pytest.param(
            {"aud": [AUDIENCE, "evil"], "azp": AUDIENCE},
            Code.TOKEN_AUDIENCE,
            "'evil'",
            id="an-untrusted-audience-with-a-trusted-azp",
        ),
        pytest.param(
            {"aud": AUDIENCE.upper()}, Code.TOKEN_AUDIENCE, "EXAMPLE", id="aud-in-capitals"
        ),
        pytest.param({"aud": AUDIENCE + " "}, Code.TOKEN_AUDIENCE, "for", id="aud-with-a-space"),
        pytest.param({"aud": [AUDIENCE, 7]}, Code.TOKEN_CLAIM, "aud", id="a-number-in-aud"),
        pytest.param({"aud": {AUDIENCE: 1}}, Code.TOKEN_CLAIM, "aud", id="aud-an-object"),
        pytest.param({"aud": None}, Code.TOKEN_CLAIM, "aud", id="aud-null"),
        pytest.param({"azp": "other"}, Code.TOKEN_AUDIENCE, "'other' (azp)", id="another-azp"),
        pytest.param({"azp": None}, Code.TOKEN_CLAIM, "azp", id="azp-null"),
        pytest.param({"azp": [AUDIENCE]}, Code.TOKEN_CLAIM, "azp", id="azp-a-list"),
        pytest.param(
            {"sub": ...}, Code.TOKEN_CLAIM, "the token's sub must be a string", id="no-sub"
        ),
        pytest.param({"sub": 7}, Code.TOKEN_CLAIM, "sub", id="sub-a-number"),
        pytest.param({"sub": ""}, Code.TOKEN_CLAIM, "sub", id="sub-empty"),
        pytest.param(
            {"events": {"http://schemas.openid.net/event/backchannel-logout": {}}},
            Code.TOKEN_CLAIM,
            "this is a logout token: send the ID token",
            id="a-logout-token-without-typ",
        ),
    ],
)
async def test_a_wrong_claim_is_refused_by_name(
    issuers: TrustedIssuers,
    issuer: LocalIssuer,
    changes: Mapping[str, object],
    code: Code,
    words: str,
) -> None:
    denial = await denied(issuers, issuer.token(**changes))
    assert denial.code == code
    assert words in denial.detail
    assert denial.detail.startswith(("the token", "this is "))


async def test_several_allowed_audiences_need_an_allowed_azp(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> None:
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE, "cli"}))
    issuers = TrustedIssuers([trusted], session, clock)
    both = [AUDIENCE, "cli"]
    assert isinstance(await issuers.prove(issuer.token(aud=both, azp="cli")), ProvenPerson)
    assert (await denied(issuers, issuer.token(aud=both))).code == Code.TOKEN_AUDIENCE
    assert (await denied(issuers, issuer.token(aud=both, azp="x"))).code == Code.TOKEN_AUDIENCE


@pytest.mark.parametrize("azp", [..., AUDIENCE], ids=["without-azp", "with-azp"])
async def test_the_audiences_are_handed_out(
    issuers: TrustedIssuers, issuer: LocalIssuer, azp: object
) -> None:
    verified = await issuers.verify(issuer.token(azp=azp))
    assert isinstance(verified, VerifiedClaims)
    assert verified.audiences == {AUDIENCE}


@pytest.mark.parametrize(
    ("count", "ending"), [(5, "'4'; allowed here"), (6, "'4' and 1 more; allowed here")]
)
async def test_a_message_names_five_audiences_at_most(
    issuers: TrustedIssuers, issuer: LocalIssuer, count: int, ending: str
) -> None:
    denial = await denied(issuers, issuer.token(aud=[str(n) for n in range(count)]))
    assert ending in denial.detail


async def test_a_message_has_a_comma_between_audiences(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    denial = await denied(issuers, issuer.token(aud=["b", "a"]))
    assert denial.detail == f"the token is for 'a', 'b'; allowed here: '{AUDIENCE}'"


async def test_times_in_a_message_are_in_utc(
    issuers: TrustedIssuers, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    try:
        denial = await denied(issuers, issuer.token(exp=86_400))
    finally:
        monkeypatch.undo()
        time.tzset()
    assert denial.detail == "the token expired at 1970-01-02T00:00:00Z; log in again"


async def test_a_maximum_age_refuses_old_tokens_that_are_not_expired(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> None:
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), max_age=60)
    issuers = TrustedIssuers([trusted], session, clock)
    assert isinstance(await issuers.prove(issuer.token(iat=NOW - 70)), ProvenPerson)
    denial = await denied(issuers, issuer.token(iat=NOW - 71))
    assert denial.code == Code.TOKEN_EXPIRED
    assert "too old" in denial.detail


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda url: url + "/", id="a-slash-more"),
        pytest.param(lambda url: url.upper(), id="in-capitals"),
        pytest.param(lambda url: url.replace("127.0.0.1", "localhost"), id="another-name"),
        pytest.param(lambda url: [url], id="in-a-list"),
        pytest.param(lambda _: None, id="null"),
        pytest.param(lambda _: ..., id="absent"),
        pytest.param(lambda _: "https://evil.example/" + "x" * 500, id="long"),
    ],
)
async def test_the_issuer_is_compared_exactly(
    issuers: TrustedIssuers, issuer: LocalIssuer, change: object
) -> None:
    assert callable(change)
    denial = await denied(issuers, issuer.token(iss=change(issuer.url)))
    assert denial.code == Code.TOKEN_ISSUER
    assert issuer.url in denial.detail
    assert len(denial.detail) < 300
    assert issuer.key_fetches == 0


@pytest.mark.parametrize(
    ("issuer_claim", "named"),
    [
        pytest.param("https://evil.example", "'https://evil.example'", id="a-stranger"),
        pytest.param(..., "nobody", id="nobody"),
    ],
)
async def test_a_stranger_is_named_beside_whom_we_trust(
    session: aiohttp.ClientSession,
    clock: Clock,
    issuer: LocalIssuer,
    issuer_claim: object,
    named: str,
) -> None:
    urls = ("https://a.example", "https://b.example")
    trusted = [TrustedIssuer(url, frozenset({AUDIENCE})) for url in urls]
    denial = await denied(TrustedIssuers(trusted, session, clock), issuer.token(iss=issuer_claim))
    assert denial == Denial(
        Code.TOKEN_ISSUER,
        f"the token was issued by {named}; trusted here: 'https://a.example', 'https://b.example'",
    )


async def test_the_signature_is_checked_before_claims_are_talked_about(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    good, other = issuer.token(exp=NOW - 999, aud="other"), issuer.token(exp=NOW)
    forged = good.rpartition(".")[0] + "." + other.rpartition(".")[2]
    assert (await denied(issuers, forged)).code == Code.TOKEN_SIGNATURE


async def test_an_issuers_keys_verify_that_issuers_tokens_alone(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock, rsa_keys: list[RSAKey]
) -> None:
    async with local_issuer(rsa_keys[1]) as evil:
        trusted = [TrustedIssuer(each.url, frozenset({AUDIENCE})) for each in (issuer, evil)]
        issuers = TrustedIssuers(trusted, session, clock)
        assert isinstance(await issuers.prove(evil.token()), ProvenPerson)
        denial = await denied(issuers, evil.token(iss=issuer.url))
        assert denial.code == Code.TOKEN_SIGNATURE


async def test_a_key_that_a_header_names_or_carries_is_neither_fetched_nor_believed(
    issuers: TrustedIssuers, issuer: LocalIssuer, rsa_keys: list[RSAKey]
) -> None:
    async with local_issuer(rsa_keys[1]) as evil:
        offered = {"jku": f"{evil.url}/keys", "x5u": f"{evil.url}/keys", "jwk": evil.keys[0]}
        for kid in (issuer.kid, "unknown"):
            token = evil.token({**offered, "kid": kid}, iss=issuer.url)
            code = (await denied(issuers, token)).code
            assert code == (Code.TOKEN_SIGNATURE if kid == issuer.kid else Code.TOKEN_KEY_UNKNOWN)
        assert (evil.key_fetches, evil.discoveries) == (0, 0)


async def test_one_url_cant_be_two_issuers(session: aiohttp.ClientSession, clock: Clock) -> None:
    trusted = TrustedIssuer("https://dex.example.com", frozenset({AUDIENCE}))
    with pytest.raises(InvalidInput, match="configured twice") as refused:
        TrustedIssuers([trusted, trusted], session, clock)
    assert refused.value.code is Code.CONFIGURATION_INVALID


async def test_an_algorithm_that_isnt_allowed_is_named_beside_those_that_are(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> None:
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), frozenset({"PS256", "ES256"}))
    assert await denied(TrustedIssuers([trusted], session, clock), issuer.token()) == Denial(
        Code.TOKEN_ALGORITHM,
        f"the token is signed with RS256; for '{issuer.url}' only ES256, PS256 is allowed",
    )


@pytest.mark.parametrize(
    "claims",
    [
        pytest.param({"email": "secret-mail\r\n@example.com"}, id="email"),
        pytest.param({"groups": ["secret-group\x00"]}, id="group"),
        pytest.param({"sub": "secret-sub\u2028"}, id="sub"),
        pytest.param({"exp": "secret-exp"}, id="exp"),
    ],
)
async def test_no_denial_repeats_what_a_claim_says(
    issuers: TrustedIssuers, issuer: LocalIssuer, claims: Mapping[str, object]
) -> None:
    assert "secret" not in (await denied(issuers, issuer.token(**claims))).detail


async def test_a_token_claims_an_issuer_before_anything_is_verified(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    assert issuers.stated_issuer(issuer.token())
    assert issuers.stated_issuer(issuer.token({"alg": "none"}, exp=0))
    assert not issuers.stated_issuer(issuer.token(iss="https://kubernetes.default.svc"))
    assert not issuers.stated_issuer(issuer.token(iss=[issuer.url]))
    for rubbish in ("", "a.b.c", "e30.e30.e30", "x" * 70_000, "\ud800", issuer.token() + "\n"):
        assert not issuers.stated_issuer(rubbish)
    assert issuer.key_fetches == 0
