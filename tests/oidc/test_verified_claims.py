"""Trust is a type: what the verifier hands out, nobody else can make, and nobody can change."""

import dataclasses
from collections.abc import Mapping, MutableMapping
from typing import Any, cast

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.compact_token import UnverifiedToken, read_token
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims, verify

from .local_issuer import AUDIENCE, NOW, LocalIssuer


async def verified(issuers: TrustedIssuers, token: str) -> VerifiedClaims:
    answer = await issuers.verify(token)
    assert isinstance(answer, VerifiedClaims)
    return answer


async def test_verified_claims_are_handed_out_whole(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    claims = await verified(issuers, issuer.token(nonce="n-1"))
    assert (claims.issuer, claims.audiences) == (issuer.url, frozenset({AUDIENCE}))
    assert (claims.times.issued_at, claims.times.expires_at) == (NOW, NOW + 600)
    assert claims.claims["nonce"] == "n-1"
    assert claims.claims["groups"] == ("developers", "admins")
    assert claims.key.kid == issuer.kid


async def test_only_the_verifier_makes_verified_claims(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    claims = await verified(issuers, issuer.token())
    fields = {f.name: getattr(claims, f.name) for f in dataclasses.fields(claims)}
    for seal in (None, object(), True, claims):
        with pytest.raises(TypeError, match=r"^only verify\(\) makes VerifiedClaims$"):
            VerifiedClaims(**fields, seal=seal)
    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(cast(Any, claims), subject="root")


async def test_another_issuers_token_is_refused_whoever_signed_it(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    """Who calls `verify` has chosen the issuer by the token; it holds for one who chose wrongly too."""
    text = issuer.token()
    token, trusted = read_token(text), TrustedIssuer("https://other", frozenset({AUDIENCE}))
    assert isinstance(token, UnverifiedToken)
    key = (await verified(issuers, text)).key
    assert verify(token, trusted, [key], NOW) == Denial(
        Code.TOKEN_ISSUER, "the token's issuer is not 'https://other'"
    )


async def test_verified_claims_cant_be_changed(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    claims = await verified(issuers, issuer.token(deep={"a": [{"b": 1}]}))
    with pytest.raises(dataclasses.FrozenInstanceError):
        cast(Any, claims).subject = "root"
    with pytest.raises(TypeError):
        cast(MutableMapping[str, object], claims.claims)["sub"] = "root"
    deep = cast(Mapping[str, tuple[MutableMapping[str, object]]], claims.claims["deep"])
    with pytest.raises(TypeError):
        deep["a"][0]["b"] = 2
