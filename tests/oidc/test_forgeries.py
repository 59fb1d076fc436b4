"""Thousands of bad tokens: none is accepted, none raises, each is refused with the right code.

The tokens are mutations of good ones, or signed in every wrong way that has worked somewhere.
Keys, signatures and the issuer's server are real. FORGERIES sets how many are made in all.
"""

import asyncio
import hmac
import json
import os
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from itertools import count

import aiohttp
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from joserfc.jwk import ECKey, RSAKey

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.oidc.algorithms import KEY_SHAPE
from jwt_to_rbac.oidc.compact_token import MAX_TOKEN_LENGTH
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

from .local_issuer import (
    AUDIENCE,
    NOW,
    Clock,
    LocalIssuer,
    base64url,
    compact,
    local_issuer,
    public,
)

FORGERIES = int(os.environ.get("FORGERIES", "10400"))
PROPERTIES = 8  # The tests below that are marked `many`.

many = settings(
    max_examples=FORGERIES // PROPERTIES,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
SALTS = count(10**9)
"""In `jti`, so that tokens that are bad in the same way are tokens of their own all the same; of one
length, on which it depends what hypothesis may draw."""

ODD = st.sampled_from(list('=+/. \n\r\t\0~%"{é\u2028\ud800'))


@dataclass
class Field:
    """Two trusted issuers (RS256 and ES256) and an evil key, on a loop of their own."""

    loop: asyncio.Runner
    issuers: TrustedIssuers
    rsa: LocalIssuer
    elliptic: LocalIssuer
    evil: RSAKey

    def refuse(self, token: str, *codes: Code) -> None:
        answer = self.loop.run(self.issuers.prove(token))
        assert isinstance(answer, Denial), answer
        assert answer.code in codes, answer
        assert answer.detail.isprintable()
        assert len(answer.detail) < 500


@pytest.fixture(scope="module")
def field(rsa_keys: list[RSAKey]) -> Iterator[Field]:
    with asyncio.Runner() as loop:
        rsa_server = local_issuer(rsa_keys[0])
        elliptic_server = local_issuer(ECKey.generate_key("P-256"), algorithm="ES256")
        rsa, elliptic = loop.run(rsa_server.__aenter__()), loop.run(elliptic_server.__aenter__())

        async def trust() -> tuple[aiohttp.ClientSession, TrustedIssuers]:
            session = aiohttp.ClientSession(trust_env=False)
            trusted = [
                TrustedIssuer(each.url, frozenset({AUDIENCE}), frozenset({each.algorithm}))
                for each in (rsa, elliptic)
            ]
            return session, TrustedIssuers(trusted, session, Clock())

        session, issuers = loop.run(trust())
        for each in (rsa, elliptic):
            assert isinstance(loop.run(issuers.prove(each.token())), ProvenPerson)
        yield Field(loop, issuers, rsa, elliptic, rsa_keys[3])
        loop.run(issuers.close())
        loop.run(session.close())
        loop.run(rsa_server.__aexit__(None, None, None))
        loop.run(elliptic_server.__aexit__(None, None, None))


@many
@given(data=st.data(), elliptic=st.booleans())
def test_a_token_with_changed_characters_is_refused(
    field: Field, data: st.DataObject, elliptic: bool
) -> None:
    good = (field.elliptic if elliptic else field.rsa).token(jti=next(SALTS))
    changed = list(good)
    for _ in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.integers(0, len(changed) - 1))
        kind = data.draw(st.sampled_from(["replace", "insert", "delete", "swap"]))
        character = data.draw(st.sampled_from(ALPHABET) | ODD)
        if kind == "insert":
            changed.insert(place, character)
        elif kind == "delete":
            del changed[place]
        elif kind == "swap":
            changed[place], changed[place - 1] = changed[place - 1], changed[place]
        else:
            changed[place] = character
    token = "".join(changed)
    if token == good:
        token = good[:-1]
    field.refuse(
        token,
        *(Code.TOKEN_MALFORMED, Code.TOKEN_SIGNATURE, Code.TOKEN_ALGORITHM),
        *(Code.TOKEN_ISSUER, Code.TOKEN_KEY_UNKNOWN),
    )


@many
@given(flips=st.sets(st.integers(0, 64 * 8 - 1), min_size=1, max_size=4), elliptic=st.booleans())
def test_a_signature_with_flipped_bits_is_refused(
    field: Field, flips: set[int], elliptic: bool
) -> None:
    good = (field.elliptic if elliptic else field.rsa).token(jti=next(SALTS))
    signed, _, signature = good.rpartition(".")
    bits = bytearray(urlsafe_b64decode(signature + "=="))
    for flip in flips:
        bits[flip // 8] ^= 1 << flip % 8
    field.refuse(f"{signed}.{base64url(bytes(bits))}", Code.TOKEN_SIGNATURE)


@many
@given(
    signature=st.binary(min_size=1, max_size=600) | st.integers(1, 300).map(bytes),
    elliptic=st.booleans(),
)
def test_a_made_up_signature_is_refused(field: Field, signature: bytes, elliptic: bool) -> None:
    good = (field.elliptic if elliptic else field.rsa).token(jti=next(SALTS))
    signed = good.rpartition(".")[0]
    field.refuse(f"{signed}.{base64url(signature)}", Code.TOKEN_SIGNATURE)


CLAIM = st.sampled_from(
    ["sub", "aud", "exp", "iat", "nbf", "azp", "groups", "email", "preferred_username", "admin"]
)
VALUE = st.sampled_from(
    [
        *(None, True, False, 0, -1, 1.5, 10**40, "", "cluster-admin", AUDIENCE),
        *([], {}, [None], [AUDIENCE], ["system:masters"], {"a": [1]}),
    ]
) | st.text(max_size=9)


@many
@given(claims=st.dictionaries(CLAIM, VALUE, min_size=1))
def test_other_claims_under_a_good_signature_are_refused(
    field: Field, claims: dict[str, object]
) -> None:
    header, _, signature = field.rsa.token().split(".")
    other = base64url(json.dumps(field.rsa.claims(**claims, jti=next(SALTS))).encode())
    # Malformed where a number is too long to be read at all.
    field.refuse(f"{header}.{other}.{signature}", Code.TOKEN_SIGNATURE, Code.TOKEN_MALFORMED)


HEADER = st.fixed_dictionaries(
    {},
    optional={
        "kid": st.sampled_from(["key-1", "", "../key-1", "http://evil.example/k"]) | VALUE,
        "typ": st.sampled_from(["JWT", "at+jwt", "logout+jwt", "JOSE"]) | VALUE,
        "crit": VALUE,
        "b64": st.booleans(),
        "jku": st.just("http://127.0.0.1:1/evil"),
        "x5u": st.just("http://127.0.0.1:1/evil"),
        "x5c": VALUE,
        "jwk": VALUE,
        "zip": st.just("DEF"),
        "enc": st.just("A128GCM"),
    },
)
ALGORITHM = st.sampled_from(
    [
        *KEY_SHAPE,
        "none",
        "None",
        "NONE",
        "",
        "HS256",
        "HS384",
        "HS512",
        "ES256K",
        "rs256",
        "RS256\0",
    ]
)


@many
@given(header=HEADER, algorithm=ALGORITHM, own_key=st.booleans())
def test_a_forgers_key_is_refused_whatever_the_header_says(
    field: Field, header: dict[str, object], algorithm: str, own_key: bool
) -> None:
    """Signed by a key that the header may carry (`jwk`), with any algorithm in its name."""
    if own_key:
        header["jwk"] = public(field.evil)
    claims = field.rsa.claims(jti=next(SALTS))
    token = compact({**header, "alg": algorithm}, claims, field.evil, "RS256")
    field.refuse(
        token,
        *(Code.TOKEN_SIGNATURE, Code.TOKEN_ALGORITHM),
        *(Code.TOKEN_MALFORMED, Code.TOKEN_KEY_UNKNOWN),
    )


def secrets_of(issuer: LocalIssuer) -> list[bytes]:
    """What a forger may take for the HMAC secret: all that is public."""
    entry = public(issuer.key, kid=issuer.kid)
    der = issuer.key.as_der(private=False)
    return [
        issuer.key.as_pem(private=False),
        issuer.key.as_pem(private=False).strip(),
        der,
        json.dumps(entry).encode(),
        json.dumps(entry, separators=(",", ":")).encode(),
        *(str(entry[name]).encode() for name in ("n", "x") if name in entry),
        base64url(der).encode(),
        b"secret",
    ]


@many
@given(data=st.data(), header=HEADER, elliptic=st.booleans())
def test_a_public_key_is_never_taken_for_a_secret(
    field: Field, data: st.DataObject, header: dict[str, object], elliptic: bool
) -> None:
    issuer = field.elliptic if elliptic else field.rsa
    said = data.draw(st.sampled_from(["HS256", "HS384", "HS512", issuer.algorithm]))
    used = data.draw(st.sampled_from(["HS256", "HS384", "HS512"]))
    secret = data.draw(st.sampled_from(secrets_of(issuer)))
    whole = {"kid": issuer.kid, **header, "alg": said}
    parts = (whole, issuer.claims(jti=next(SALTS)))
    signing_input = ".".join(base64url(json.dumps(part).encode()) for part in parts)
    # By hand: joserfc won't take a public key for a secret even to sign.
    signature = hmac.digest(secret, signing_input.encode(), used.replace("HS", "sha"))
    token = f"{signing_input}.{base64url(signature)}"
    field.refuse(
        token,
        *(Code.TOKEN_ALGORITHM, Code.TOKEN_SIGNATURE),
        *(Code.TOKEN_MALFORMED, Code.TOKEN_KEY_UNKNOWN),
    )


@many
@given(data=st.data(), crossed=st.booleans())
def test_a_key_or_algorithm_of_another_issuer_is_refused(
    field: Field, data: st.DataObject, crossed: bool
) -> None:
    signer, named = (field.elliptic, field.rsa) if crossed else (field.rsa, field.elliptic)
    fitting = [name for name, shape in KEY_SHAPE.items() if shape.key_type == signer.key.key_type]
    used = data.draw(st.sampled_from([name for name in fitting if name not in ("ES384", "ES512")]))
    said = data.draw(st.sampled_from([used, named.algorithm]))
    kid = data.draw(st.sampled_from([{}, {"kid": "key-1"}]))
    # Drawn, or hypothesis would soon have seen all that there are.
    salt = data.draw(st.integers(0, 10**9))
    claims = named.claims(jti=next(SALTS), salt=salt)
    token = compact({"alg": said, **kid}, claims, signer.key, used)
    field.refuse(token, Code.TOKEN_SIGNATURE, Code.TOKEN_ALGORITHM)


def repeated(claims: dict[str, object], name: str, value: object) -> bytes:
    """The claims with one of them twice, the forger's first."""
    return (json.dumps({name: value})[:-1] + ", " + json.dumps(claims)[1:]).encode()


@many
@given(data=st.data())
def test_a_wrong_token_is_refused_though_the_issuer_signed_it(
    field: Field, data: st.DataObject
) -> None:
    """What a careless or half-captured issuer may sign: bad JSON, sizes, depths, claims."""
    issuer = field.rsa
    header: object = {"alg": "RS256", "kid": "key-1"}
    number = data.draw(st.integers(1, 10**6))
    name = data.draw(st.sampled_from(sorted(issuer.claims())))
    deep = data.draw(st.integers(17, 5000))
    claims = partial(issuer.claims, jti=next(SALTS))
    good = json.dumps(claims())[:-1]
    payload, code = data.draw(
        st.sampled_from(
            [
                (repeated(claims(), name, number), Code.TOKEN_MALFORMED),
                (good + ', "a": ' + "[" * deep + "]" * deep + "}", Code.TOKEN_MALFORMED),
                (good + ', "a": ' + '{"a":' * deep + "1" + "}" * deep + "}", Code.TOKEN_MALFORMED),
                (good + ', "a": ' + "9" * (32 + deep) + "}", Code.TOKEN_MALFORMED),
                (good + ', "a": 1e' + "9" * deep + "}", Code.TOKEN_MALFORMED),
                (good + ', "a": NaN}', Code.TOKEN_MALFORMED),
                (good[: number % len(good)], Code.TOKEN_MALFORMED),
                (good + '}{"a": 1}', Code.TOKEN_MALFORMED),
                ((good + "}").encode("utf-16"), Code.TOKEN_MALFORMED),
                (good + ', "a": "' + "x" * MAX_TOKEN_LENGTH + '"}', Code.TOKEN_TOO_LARGE),
                (claims(iss=field.elliptic.url), None),
                (claims(iss=f"https://evil-{number}.example"), Code.TOKEN_ISSUER),
                (claims(aud=f"app-{number}"), Code.TOKEN_AUDIENCE),
                (claims(aud=[AUDIENCE, f"app-{number}"]), Code.TOKEN_AUDIENCE),
                (claims(exp=NOW - 9 - number), Code.TOKEN_EXPIRED),
                (claims(nbf=NOW + 10 + number), Code.TOKEN_NOT_YET_VALID),
                (claims(iat=NOW + 10 + number), Code.TOKEN_NOT_YET_VALID),
                (claims(groups=[number]), Code.TOKEN_CLAIM),
                (claims(sub=f"a\n{number}"), Code.TOKEN_CLAIM),
            ]
        )
    )
    raw = payload.encode() if isinstance(payload, str) else payload
    token = issuer.sign(header, raw)
    if code is None:
        field.refuse(token, Code.TOKEN_ALGORITHM)
    else:
        field.refuse(token, code)


def test_good_tokens_are_still_accepted_after_all_that(field: Field) -> None:
    for issuer in (field.rsa, field.elliptic):
        for number in range(50):
            answer = field.loop.run(field.issuers.prove(issuer.token(jti=number)))
            assert isinstance(answer, ProvenPerson)
    # The bogus kids of all those thousands, the clock standing still: one fetch beside the first.
    assert field.rsa.key_fetches <= 2
    assert field.elliptic.key_fetches <= 2
