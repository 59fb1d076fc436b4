"""How a token is taken apart: RFC 7515 section 7.1, RFC 7519 section 7.2, RFC 8725."""

import json
from collections.abc import Mapping

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.oidc.compact_token import MAX_TOKEN_LENGTH, UnverifiedToken, read_token
from jwt_to_rbac.oidc.strict_json import NotStrictJson, parse_object

from .local_issuer import base64url

HEADER: Mapping[str, object] = {"alg": "RS256", "kid": "k", "typ": "JWT"}


def token(header: object = HEADER, payload: object = b"{}", signature: str = "c2ln") -> str:
    parts = [
        base64url(part if isinstance(part, bytes) else json.dumps(part).encode())
        for part in (header, payload)
    ]
    return ".".join([*parts, signature])


def denied(text: str) -> Denial:
    answer = read_token(text)
    assert isinstance(answer, Denial)
    return answer


def test_a_well_formed_token_comes_apart_unverified() -> None:
    text = token(payload={"iss": "https://i"})
    assert read_token(text) == UnverifiedToken(
        algorithm="RS256",
        kid="k",
        unverified_claims={"iss": "https://i"},
        signing_input=text.rpartition(".")[0].encode(),
        signature=b"sig",
    )


@pytest.mark.parametrize(
    "header",
    [
        pytest.param({"alg": "RS256"}, id="no-typ-no-kid"),
        pytest.param({"alg": "RS256", "typ": "jwt"}, id="typ-in-small-letters"),
        pytest.param({"alg": "RS256", "typ": "application/JWT"}, id="typ-in-full"),
        pytest.param({"alg": "RS256", "cty": "x", "x5t": "y", "zzz": 1}, id="unknown-parameters"),
        pytest.param({"alg": "RS256", "jku": 1, "jwk": [], "x5u": {}, "x5c": ""}, id="keys-inside"),
    ],
)
def test_headers_that_ask_for_nothing_unusual_are_read(header: Mapping[str, object]) -> None:
    assert isinstance(read_token(token(header)), UnverifiedToken)


def test_no_token_is_missing() -> None:
    assert denied("").code == Code.TOKEN_MISSING


def test_the_size_is_limited_before_anything_is_read() -> None:
    assert denied("{" * (MAX_TOKEN_LENGTH + 1)).code == Code.TOKEN_TOO_LARGE
    assert denied("{" * MAX_TOKEN_LENGTH).code == Code.TOKEN_MALFORMED


@pytest.mark.parametrize(
    "text",
    [
        pytest.param(" ", id="a-space"),
        pytest.param("..", id="empty-parts"),
        pytest.param(token() + ".c2ln", id="four-parts"),
        pytest.param(token().rpartition(".")[0], id="two-parts"),
        pytest.param(token() + "\n", id="a-line-feed-at-the-end"),
        pytest.param(" " + token(), id="a-space-in-front"),
        pytest.param("Bearer " + token(), id="with-a-scheme"),
        pytest.param(token().replace(".", ". ", 1), id="a-space-inside"),
        pytest.param(token(signature=""), id="an-empty-signature"),
        pytest.param(token(signature="c2lnbg=="), id="padding"),
        pytest.param(token(signature="c2lnb"), id="a-character-too-many"),
        pytest.param(token(signature="c2lnbh"), id="stray-bits-in-the-last-character"),
        pytest.param(token(signature="c2+n"), id="a-plus"),
        pytest.param(token(signature="c2/n"), id="a-slash"),
        pytest.param(token(signature="c2\u2113n"), id="a-letter-beyond-ascii"),
        pytest.param(token(signature="c2\ud800"), id="a-lone-surrogate"),
        pytest.param(token(signature="c2\x00n"), id="a-nul"),
        pytest.param("." + token().partition(".")[2], id="an-empty-header"),
        pytest.param(token(payload=b""), id="an-empty-payload"),
        pytest.param(token(header=[HEADER]), id="header-a-list"),
        pytest.param(token(payload="x"), id="payload-a-string"),
        pytest.param(token(payload=[]), id="payload-a-list"),
        pytest.param(token(payload=b'{"a":1}{}'), id="two-values"),
        pytest.param(token(payload=b"{'a':1}"), id="no-json"),
        pytest.param(token(payload=b"\xff{}"), id="no-utf-8"),
        pytest.param(token(payload="{}".encode("utf-16")), id="utf-16"),
        pytest.param(token(payload="{}".encode("utf-32")), id="utf-32"),
        pytest.param(token(payload=b"\xef\xbb\xbf{}"), id="a-byte-order-mark"),
        pytest.param(token(payload=b'{"iss":"a","iss":"b"}'), id="a-claim-twice"),
        pytest.param(token(payload=b'{"iss":"a","\\u0069ss":"b"}'), id="a-claim-twice-escaped"),
        pytest.param(token(payload=b'{"x":{"y":[{"a":1,"a":1}]}}'), id="a-name-twice-deep-down"),
        pytest.param(token(b'{"alg":"none","alg":"RS256"}'), id="alg-twice"),
        pytest.param(token(payload=b'{"exp":NaN}'), id="nan"),
        pytest.param(token(payload=b'{"exp":Infinity}'), id="infinity"),
        pytest.param(token(payload=b'{"exp":-Infinity}'), id="minus-infinity"),
        pytest.param(token(payload=b'{"exp":1e999}'), id="a-number-beyond-doubles"),
        pytest.param(token(payload=b'{"exp":' + b"9" * 33 + b"}"), id="a-long-number"),
        pytest.param(token(payload=b'{"exp":' + b"9" * 40_000 + b"}"), id="a-number-bomb"),
        pytest.param(token(payload=b'{"exp":0.' + b"9" * 40_000 + b"}"), id="a-fraction-bomb"),
        pytest.param(token(payload=b'{"a":' * 17 + b"1" + b"}" * 17), id="17-deep"),
        pytest.param(token(payload=b'{"a":' + b"[" * 900 + b"]" * 900 + b"}"), id="900-deep"),
        pytest.param(token(payload=b'{"a":' + b"[" * 40_000), id="a-depth-bomb"),
        pytest.param(token({**HEADER, "crit": ["exp"], "exp": 1}), id="crit"),
        pytest.param(token({**HEADER, "crit": []}), id="crit-empty"),
        pytest.param(token({**HEADER, "crit": ["b64"], "b64": False}), id="b64-false"),
        pytest.param(token({**HEADER, "b64": False}), id="b64-false-without-crit"),
        pytest.param(token({**HEADER, "typ": "at+jwt"}), id="an-access-token"),
        pytest.param(token({**HEADER, "typ": "application/at+JWT"}), id="an-access-token-in-full"),
        pytest.param(token({**HEADER, "typ": "logout+jwt"}), id="a-logout-token"),
        pytest.param(token({**HEADER, "typ": None}), id="typ-null"),
        pytest.param(token({**HEADER, "kid": 7}), id="kid-a-number"),
        pytest.param(token({**HEADER, "kid": None}), id="kid-null"),
        pytest.param(token({"kid": "k"}), id="no-alg"),
        pytest.param(token({"alg": None}), id="alg-null"),
        pytest.param(token({"alg": ["RS256"]}), id="alg-a-list"),
    ],
)
def test_a_malformed_token_is_refused(text: str) -> None:
    assert denied(text).code == Code.TOKEN_MALFORMED


@pytest.mark.parametrize(
    "algorithm",
    [
        *("none", "None", "NONE", "nOnE", "", "HS256", "HS384", "HS512"),
        *("RS1", "rs256", "RS256 ", "ES256K", "Ed448", "dir", "RSA-OAEP"),
        *("A" * 4000, "x\r\nSet-Cookie: y"),
    ],
    ids=lambda algorithm: repr(algorithm[:10]),
)
def test_algorithms_other_than_public_key_signatures_are_never_taken(algorithm: str) -> None:
    for signature in ("", "c2ln"):
        denial = denied(token({"alg": algorithm}, signature=signature))
        assert denial.code == Code.TOKEN_ALGORITHM
        assert denial.detail.isprintable()
        assert len(denial.detail) < 200


def test_json_may_be_as_deep_as_people_make_it() -> None:
    deep = b'{"a":' * 16 + b"1" + b"}" * 16
    assert parse_object(deep)["a"]
    assert parse_object(b'{"b":{},"c":[],' + deep[1:])["a"]
    wide = b'{"groups":[' + b",".join([b'"[{"'] * 500) + b"]}"
    assert parse_object(wide) == {"groups": ["[{"] * 500}
    with pytest.raises(NotStrictJson, match="16 deep"):
        parse_object(b'{"a":' + deep + b"}")
    with pytest.raises(NotStrictJson, match="16 deep"):
        parse_object(b'{"a":' + b"[" * 16 + b"]" * 16 + b"}")


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b'{"a":1e999}', "a number is out of range", id="beyond-doubles"),
        pytest.param(b'{"a":' + b"9" * 33 + b"}", "a number is too long", id="too-long"),
        pytest.param(b'{"a":NaN}', "it holds NaN or Infinity", id="nan"),
        pytest.param(b'{"a":-Infinity}', "it holds NaN or Infinity", id="infinity"),
    ],
)
def test_what_is_no_strict_json_is_named(data: bytes, said: str) -> None:
    with pytest.raises(NotStrictJson, match=f"^{said}$"):
        parse_object(data)


@pytest.mark.parametrize("number", [b"9" * 32, b"0." + b"9" * 30])
def test_a_number_may_have_32_characters(number: bytes) -> None:
    assert parse_object(b'{"a":' + number + b"}")["a"]
    with pytest.raises(NotStrictJson):
        parse_object(b'{"a":' + number + b"9}")
