"""A configuration that can't be right refuses to start."""

import pytest

from jwt_to_rbac.core.errors import Code, InvalidInput
from jwt_to_rbac.oidc.algorithms import KEY_SHAPE
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

APP = frozenset({"app"})


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("", id="empty"),
        pytest.param("dex.example.com", id="no-scheme"),
        pytest.param("ftp://dex.example.com", id="another-scheme"),
        pytest.param("https://", id="no-host"),
        pytest.param("https://jane:secret@dex.example.com", id="a-password"),
        pytest.param("https://dex.example.com?tenant=1", id="a-query"),
        pytest.param("https://dex.example.com#x", id="a-fragment"),
        pytest.param("https://dex.example.com:port", id="a-port-that-is-none"),
        pytest.param("https://dex.example.com:70000", id="a-port-out-of-range"),
        pytest.param("https://[::1", id="half-an-address"),
        pytest.param("https://dex.example.com/\n", id="a-line-feed"),
        pytest.param("https://dex.example.com/a b", id="a-space"),
        pytest.param("https://dex.exämple.com", id="not-ascii"),
        pytest.param("https://dex.example.com/" + "x" * 2048, id="too-long"),
    ],
)
def test_an_issuer_is_an_http_address(url: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        TrustedIssuer(url, APP)
    assert refused.value.code == Code.CONFIGURATION_INVALID
    words = f"issuer {url!r} must be an http(s) URL with no query or fragment"
    assert refused.value.detail == words
    if url:
        with pytest.raises(InvalidInput):
            TrustedIssuer("https://i", APP, discovery_url=url.replace("?", "#"))


@pytest.mark.parametrize("audiences", [(), ("",), ("app", "")], ids=repr)
def test_an_issuer_needs_audiences(audiences: tuple[str, ...]) -> None:
    with pytest.raises(InvalidInput) as refused:
        TrustedIssuer("https://i", frozenset(audiences))
    words = "issuer 'https://i' needs at least one audience, and none empty"
    assert refused.value.detail == words


@pytest.mark.parametrize(
    ("algorithms", "found"),
    [
        ((), "none"),
        (("none",), "['none']"),
        (("HS256",), "['HS256']"),
        (("RS256", "HS256"), "['HS256']"),
        (("rs256",), "['rs256']"),
        (("",), "['']"),
    ],
    ids=repr,
)
def test_unsigned_and_symmetric_algorithms_cant_be_configured(
    algorithms: tuple[str, ...], found: str
) -> None:
    with pytest.raises(InvalidInput) as refused:
        TrustedIssuer("https://i", APP, frozenset(algorithms))
    allowed = "RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, ES512, EdDSA"
    assert refused.value.detail == f"issuer 'https://i' may allow {allowed}; found {found}"


def test_every_public_key_algorithm_can_be_configured_and_rs256_is_the_default() -> None:
    assert TrustedIssuer("https://i", APP, frozenset(KEY_SHAPE)).algorithms == KEY_SHAPE.keys()
    assert TrustedIssuer("https://i", APP).algorithms == {"RS256"}


@pytest.mark.parametrize("age", [0, -1, float("nan")])
def test_a_maximum_age_that_refuses_everything_is_a_mistake(age: float) -> None:
    with pytest.raises(InvalidInput) as refused:
        TrustedIssuer("https://i", APP, max_age=age)
    words = "issuer 'https://i': the maximum age must be more than 0 seconds"
    assert refused.value.detail == words


def test_an_address_may_have_2048_characters() -> None:
    longest = "https://i/".ljust(2048, "x")
    assert TrustedIssuer(longest, APP).url == longest
    with pytest.raises(InvalidInput):
        TrustedIssuer(longest + "x", APP)


def test_a_maximum_age_may_be_a_second() -> None:
    assert TrustedIssuer("https://i", APP, max_age=1).max_age == 1


def test_a_discovery_address_that_is_none_is_named() -> None:
    with pytest.raises(InvalidInput) as refused:
        TrustedIssuer("https://i", APP, discovery_url="dex")
    assert refused.value.detail == "discovery URL 'dex' must be an http(s) URL"


@pytest.mark.parametrize(
    ("url", "discovery_url", "address"),
    [
        pytest.param("https://i", "", "https://i/.well-known/openid-configuration", id="host"),
        pytest.param("https://i/", "", "https://i/.well-known/openid-configuration", id="slash"),
        pytest.param(
            "https://i/dex", "", "https://i/dex/.well-known/openid-configuration", id="path"
        ),
        pytest.param(
            "https://i/dex", "http://dex.svc/x?y=1", "http://dex.svc/x?y=1", id="elsewhere"
        ),
    ],
)
def test_the_discovery_document_is_where_the_specification_puts_it(
    url: str, discovery_url: str, address: str
) -> None:
    assert TrustedIssuer(url, APP, discovery_url=discovery_url).configuration_url == address
