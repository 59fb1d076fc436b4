"""What an issuer's server may answer, over real HTTP and TLS (OpenID Connect Discovery 1.0)."""

import asyncio
import gzip
import json
from collections.abc import Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from joserfc.jwk import RSAKey

from jwt_to_rbac.core.errors import Code, Outage
from jwt_to_rbac.core.identity import ProvenPerson
from jwt_to_rbac.oidc.fetch import MAX_DOCUMENT_BYTES
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

from .local_issuer import AUDIENCE, Clock, LocalIssuer, local_issuer, public
from .own_authority import OwnAuthority


async def outage(issuers: TrustedIssuers, issuer: LocalIssuer) -> str:
    with pytest.raises(Outage) as raised:
        await issuers.prove(issuer.token())
    assert raised.value.code == Code.ISSUER_UNAVAILABLE
    assert raised.value.retry_after >= 1
    assert len(raised.value.detail) < 400
    return raised.value.detail


async def redirect(_: web.Request) -> web.StreamResponse:
    raise web.HTTPFound("http://127.0.0.1:1/keys")


async def too_much(request: web.Request) -> web.StreamResponse:
    return web.Response(body=b" " * (MAX_DOCUMENT_BYTES + 1))


async def too_much_in_chunks(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse()
    answer.enable_chunked_encoding()
    await answer.prepare(request)
    for _ in range(MAX_DOCUMENT_BYTES // 4096 + 2):
        await answer.write(b" " * 4096)
    return answer


async def too_much_when_unpacked(_: web.Request) -> web.StreamResponse:
    bomb = gzip.compress(b" " * 50_000_000)
    assert len(bomb) < MAX_DOCUMENT_BYTES
    return web.Response(body=bomb, headers={"Content-Encoding": "gzip"})


async def wrongly_packed(_: web.Request) -> web.StreamResponse:
    return web.Response(body=b"{}", headers={"Content-Encoding": "gzip"})


async def cut_off(request: web.Request) -> web.StreamResponse:
    answer = web.StreamResponse(headers={"Content-Length": "1000"})
    await answer.prepare(request)
    await answer.write(b"{")
    assert request.transport is not None
    request.transport.abort()
    return answer


async def a_page(_: web.Request) -> web.StreamResponse:
    return web.Response(text="<html>secret-of-the-proxy</html>")


async def broken(_: web.Request) -> web.StreamResponse:
    return web.Response(status=500, text="secret-of-the-issuer")


async def no_content(_: web.Request) -> web.StreamResponse:
    return web.Response(status=204)


@pytest.mark.parametrize("document", ["discovery", "keys"])
@pytest.mark.parametrize(
    ("answer", "words"),
    [
        pytest.param(redirect, "status 302", id="a-redirect"),
        pytest.param(too_much, "more than 262144 bytes", id="too-much"),
        pytest.param(too_much_in_chunks, "more than 262144 bytes", id="too-much-in-chunks"),
        pytest.param(too_much_when_unpacked, "more than 262144 bytes", id="too-much-unpacked"),
        pytest.param(wrongly_packed, "could not be read", id="wrongly-packed"),
        pytest.param(cut_off, "could not be read", id="cut-off"),
        pytest.param(a_page, "can't be read", id="a-page"),
        pytest.param(broken, "status 500", id="broken"),
        pytest.param(no_content, "status 204", id="no-content"),
    ],
)
async def test_an_answer_that_is_no_document_is_an_outage_with_its_reason(
    issuers: TrustedIssuers,
    issuer: LocalIssuer,
    document: str,
    answer: Callable[[web.Request], object],
    words: str,
) -> None:
    setattr(issuer, f"answer_{document}", answer)
    detail = await outage(issuers, issuer)
    assert words in detail
    assert issuer.url in detail
    assert "secret" not in detail


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        pytest.param(
            {"issuer": "https://evil.example"},
            "is of issuer 'https://evil.example', but 'http://127.0.0.1:",
            id="another-issuer",
        ),
        pytest.param({"issuer": None}, "is of issuer no name, but 'http", id="no-issuer"),
        pytest.param({"jwks_uri": None}, "no usable jwks_uri", id="no-jwks-uri"),
        pytest.param({"jwks_uri": "file:///etc/passwd"}, "no usable jwks_uri", id="a-file"),
        pytest.param({"jwks_uri": "/dex/keys"}, "no usable jwks_uri", id="a-relative-address"),
        pytest.param({"jwks_uri": "http://a:b@127.0.0.1/"}, "no usable", id="with-a-password"),
        pytest.param({"jwks_uri": "http://127.0.0.1/\r\nX: y"}, "no usable", id="with-a-header"),
        pytest.param({"jwks_uri": "http://127.0.0.1:1/"}, "could not be read", id="a-closed-port"),
    ],
)
async def test_a_discovery_document_that_cant_be_right_is_refused(
    issuers: TrustedIssuers, issuer: LocalIssuer, changes: dict[str, object], words: str
) -> None:
    issuer.discovery = changes
    assert words in await outage(issuers, issuer)
    assert issuer.key_fetches == 0


async def test_a_name_that_occurs_twice_refuses_the_document(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    async def twice(_: web.Request) -> web.StreamResponse:
        good = json.dumps({"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"})
        return web.Response(text=good[:-1] + ', "issuer": "https://evil.example"}')

    issuer.answer_discovery = twice
    assert "twice" in await outage(issuers, issuer)


@pytest.mark.parametrize("document", ["discovery", "keys"])
async def test_a_byte_at_a_time_ends_at_the_time_out(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock, document: str
) -> None:
    async def drip(request: web.Request) -> web.StreamResponse:
        answer = web.StreamResponse()
        await answer.prepare(request)
        # Bounded; far longer than the time-out below, at a byte each hundredth of a second.
        for _ in range(2000):
            await answer.write(b" ")
            await asyncio.sleep(0.01)
        return answer

    setattr(issuer, f"answer_{document}", drip)
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}))
    issuers = TrustedIssuers([trusted], session, clock, fetch_seconds=0.2)
    async with asyncio.timeout(5):
        assert "within 0.2 seconds" in await outage(issuers, issuer)


async def test_an_issuer_that_accepts_and_says_nothing_ends_at_the_time_out(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> None:
    issuer.gate = asyncio.Event()
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}))
    issuers = TrustedIssuers([trusted], session, clock, fetch_seconds=0.1)
    async with asyncio.timeout(5):
        assert "within 0.1 seconds" in await outage(issuers, issuer)


async def test_a_stopping_program_says_so(
    issuers: TrustedIssuers, issuer: LocalIssuer, session: aiohttp.ClientSession
) -> None:
    await session.close()
    assert "stopping" in await outage(issuers, issuer)


async def test_the_environment_names_no_proxy(
    issuers: TrustedIssuers, issuer: LocalIssuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)


async def test_an_issuer_may_be_reached_at_another_address_than_its_name(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> None:
    where = issuer.url
    issuer.url = "https://dex.example.com"
    issuer.discovery = {"jwks_uri": f"{where}/keys"}
    trusted = TrustedIssuer(
        issuer.url,
        frozenset({AUDIENCE}),
        discovery_url=f"{where}/.well-known/openid-configuration",
    )
    issuers = TrustedIssuers([trusted], session, clock)
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)


async def test_an_issuer_with_a_certificate_of_its_own_authority_needs_that_authority(
    rsa_keys: list[RSAKey], session: aiohttp.ClientSession, clock: Clock, tmp_path: Path
) -> None:
    ours, other = OwnAuthority(tmp_path / "ours"), OwnAuthority(tmp_path / "other")
    async with local_issuer(rsa_keys[0], ours.server_context()) as issuer:

        def trusting(ca_file: Path | None) -> TrustedIssuers:
            trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), ca_file=ca_file)
            return TrustedIssuers([trusted], session, clock)

        assert isinstance(await trusting(ours.ca_file).prove(issuer.token()), ProvenPerson)
        for ca_file in (None, other.ca_file):
            detail = await outage(trusting(ca_file), issuer)
            assert "ClientConnectorCertificateError" in detail
        assert "CA file" in await outage(trusting(tmp_path / "absent.pem"), issuer)
        assert issuer.discoveries == 1


@pytest.mark.parametrize("how", ["ca_pem", "verify_tls"])
async def test_an_authority_may_be_given_as_text_or_not_be_asked_for(
    rsa_keys: list[RSAKey],
    session: aiohttp.ClientSession,
    clock: Clock,
    tmp_path: Path,
    how: str,
) -> None:
    ours, other = OwnAuthority(tmp_path / "ours"), OwnAuthority(tmp_path / "other")
    async with local_issuer(rsa_keys[0], ours.server_context()) as issuer:

        def trusting(ca_pem: str, verify_tls: bool) -> TrustedIssuers:
            audiences = frozenset({AUDIENCE})
            trusted = TrustedIssuer(issuer.url, audiences, ca_pem=ca_pem, verify_tls=verify_tls)
            return TrustedIssuers([trusted], session, clock)

        right = ("", False) if how == "verify_tls" else (ours.ca_file.read_text(), True)
        assert isinstance(await trusting(*right).prove(issuer.token()), ProvenPerson)
        wrong = ("", True) if how == "verify_tls" else (other.ca_file.read_text(), True)
        assert "ClientConnectorCertificateError" in await outage(trusting(*wrong), issuer)
        if how == "ca_pem":
            assert "the configured CA" in await outage(trusting("no PEM", True), issuer)


@pytest.mark.parametrize(
    ("ca_pem", "error"),
    [
        pytest.param("no certificate", "SSLError", id="no-pem"),
        pytest.param("é", "TypeError", id="not-ascii"),
    ],
)
async def test_an_authority_that_cant_be_read_is_an_outage(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock, ca_pem: str, error: str
) -> None:
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), ca_pem=ca_pem)
    detail = await outage(TrustedIssuers([trusted], session, clock), issuer)
    assert f"the configured CA can't be used ({error})" in detail


async def test_the_keys_of_an_https_issuer_come_by_https(
    rsa_keys: list[RSAKey], session: aiohttp.ClientSession, clock: Clock, tmp_path: Path
) -> None:
    authority = OwnAuthority(tmp_path)
    async with local_issuer(rsa_keys[0], authority.server_context()) as issuer:
        issuer.discovery = {"jwks_uri": issuer.url.replace("https:", "http:") + "/keys"}
        trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), ca_file=authority.ca_file)
        issuers = TrustedIssuers([trusted], session, clock)
        assert "not https" in await outage(issuers, issuer)


async def test_both_documents_are_asked_for_as_json(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    asked: list[tuple[str, str | None]] = []

    async def discovery(request: web.Request) -> web.StreamResponse:
        asked.append((request.method, request.headers.get("Accept")))
        return web.json_response({"issuer": issuer.url, "jwks_uri": f"{issuer.url}/keys"})

    async def keys(request: web.Request) -> web.StreamResponse:
        asked.append((request.method, request.headers.get("Accept")))
        return web.json_response({"keys": issuer.keys})

    issuer.answer_discovery, issuer.answer_keys = discovery, keys
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
    assert asked == [("GET", "application/json")] * 2


async def test_a_document_may_be_as_large_as_the_limit(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    async def large(_: web.Request) -> web.StreamResponse:
        return web.Response(
            body=json.dumps({"keys": issuer.keys}).encode().ljust(MAX_DOCUMENT_BYTES)
        )

    issuer.answer_keys = large
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)


async def test_one_odd_key_doesnt_keep_anybody_out(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    issuer.publish({"kty": "AKP"}, None, public(issuer.key, kid=issuer.kid), {"kty": "RSA"})
    assert isinstance(await issuers.prove(issuer.token()), ProvenPerson)
