"""What `doctor` says of issuers and clocks, word for word: each is well, wrong with its mending, or unknown."""

import asyncio

import aiohttp
import pytest
from aiohttp import web
from joserfc.jwk import RSAKey

from jwt_to_rbac.core.finding import Finding, bad, good, unknown
from jwt_to_rbac.oidc.diagnosis import Dates, compare_clocks, date_of, look_at_issuer
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

from .local_issuer import AUDIENCE, Clock, LocalIssuer, public

LATE = "Sun, 06 Nov 1994 08:49:37 GMT"
"""RFC 9110's own example, 784111777 seconds after 1970."""


def trusted(issuer: LocalIssuer, *algorithms: str) -> TrustedIssuer:
    return TrustedIssuer(issuer.url, frozenset({AUDIENCE}), frozenset(algorithms or ("RS256",)))


async def test_an_issuer_with_a_usable_key_is_well(
    issuer: LocalIssuer, session: aiohttp.ClientSession, rsa_keys: list[RSAKey]
) -> None:
    issuer.keys = [public(rsa_keys[0], kid="a"), public(rsa_keys[1], kid="b", alg="RS512")]
    found = await look_at_issuer(session, trusted(issuer, "RS384", "RS256"))
    assert found == good(f"issuer '{issuer.url}'", "1 keys for RS256, RS384")


async def test_an_issuer_whose_keys_fit_no_allowed_algorithm_is_told(
    issuer: LocalIssuer, session: aiohttp.ClientSession
) -> None:
    found = await look_at_issuer(session, trusted(issuer, "ES384", "ES256"))
    assert found == bad(
        f"issuer '{issuer.url}'",
        "none of its 1 keys can sign with ES256, ES384",
        "Allow an algorithm in jwt[].issuer that it signs with, or have it make such a key.",
    )


async def test_an_issuer_that_cant_be_asked_is_told_with_its_reason(
    issuer: LocalIssuer, session: aiohttp.ClientSession
) -> None:
    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    issuer.answer_discovery = away
    found = await look_at_issuer(session, trusted(issuer))
    assert found.check == f"issuer '{issuer.url}'"
    assert found.detail.startswith("its keys can't be had: ")
    assert "503" in found.detail
    assert found.mending == (
        "Nobody can log in through it. Check jwt[].issuer (url, discoveryURL, "
        "certificateAuthority), that it runs, and that this machine may reach it."
    )


@pytest.mark.parametrize(
    ("ahead", "found"),
    [
        pytest.param(
            None,
            unknown("clock of dex", "it told no Date", "Let dex be reached; see above."),
            id="nothing-told",
        ),
        pytest.param(
            12.0, good("clock of dex", "agrees with this machine's within 12 s"), id="just"
        ),
        pytest.param(
            -12.0, good("clock of dex", "agrees with this machine's within 12 s"), id="just-behind"
        ),
        pytest.param(
            12.6,
            bad(
                "clock of dex",
                "13 s ahead of this machine's; 10 s are allowed",
                "Tokens will be refused as not yet valid, or live too long. Have both machines "
                "keep time (NTP).",
            ),
            id="ahead",
        ),
        pytest.param(
            -600.0,
            bad(
                "clock of dex",
                "600 s behind this machine's; 10 s are allowed",
                "Tokens will be refused as not yet valid, or live too long. Have both machines "
                "keep time (NTP).",
            ),
            id="behind",
        ),
    ],
)
def test_a_clock_is_compared_as_tokens_will_be(ahead: float | None, found: Finding) -> None:
    assert compare_clocks("dex", ahead) == found


def test_a_date_is_read_as_http_writes_it() -> None:
    assert date_of(LATE) == 784_111_777
    assert date_of("yesterday") is None
    assert date_of("") is None


async def test_how_far_an_issuers_clock_is_ahead_is_read_off_its_answers(
    issuer: LocalIssuer,
) -> None:
    async def dated(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, headers={"Date": LATE})

    async def undated(_: web.Request) -> web.StreamResponse:
        return web.json_response({}, headers={"Date": "yesterday"})

    dates = Dates(Clock(784_111_700.0))
    where = f"{issuer.url}/.well-known/openid-configuration"
    host = issuer.url.split("/")[2]
    async with aiohttp.ClientSession(trace_configs=[dates.trace()]) as http:
        issuer.answer_discovery = undated
        await (await http.get(where)).read()
        assert dates.ahead == {}
        issuer.answer_discovery = dated
        await (await http.get(where)).read()
        assert dates.ahead == {host: 77.0}


async def test_an_issuer_that_tells_no_date_is_asked_all_the_same() -> None:
    async def dateless(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        writer.close()

    dates = Dates(Clock())
    async with (
        await asyncio.start_server(dateless, "127.0.0.1", 0) as server,
        aiohttp.ClientSession(trust_env=False, trace_configs=[dates.trace()]) as http,
    ):
        port = server.sockets[0].getsockname()[1]
        async with http.get(f"http://127.0.0.1:{port}/") as answer:
            assert answer.status == 204
    assert dates.ahead == {}
