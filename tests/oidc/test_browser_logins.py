"""The authorization code flow: what an issuer is asked, and which of its answers are believed."""

import asyncio
import base64
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, parse_qsl, urlsplit

import aiohttp
import pytest
from aiohttp import web

from jwt_to_rbac.core.errors import Code, Denial, Outage
from jwt_to_rbac.oidc.browser_logins import KNOWN_SECONDS, LONGEST_CODE, CodeFlow, WebClient
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.ports import BrowserLogin, OfferedIssuer

from .local_issuer import AUDIENCE, Clock, LocalIssuer

REDIRECT = "https://access.example.com/web/callback"
CODE = "the-code"


@dataclass
class Endpoint:
    """The token endpoint: what it was sent, and what it answers."""

    answer: object = None
    status: int = 200
    form: dict[str, str] = field(default_factory=dict)
    authorization: str = ""

    async def __call__(self, request: web.Request) -> web.StreamResponse:
        self.form = dict(parse_qsl(await request.text()))
        self.authorization = request.headers.get("Authorization", "")
        if isinstance(self.answer, bytes):
            return web.Response(body=self.answer, status=self.status)
        return web.json_response(self.answer, status=self.status)


@dataclass
class Flow:
    """A flow at a local issuer, whose client tests may change."""

    flow: CodeFlow
    issuer: LocalIssuer
    endpoint: Endpoint
    clients: list[WebClient]

    @property
    def login(self) -> BrowserLogin:
        return BrowserLogin(self.issuer.url, "the-state", "the-nonce", "the-verifier")

    def keeps(self, secret: Path | None) -> None:
        old = self.clients[0]
        self.clients[:] = [WebClient(old.issuer, old.name, old.client_id, old.scopes, secret)]

    async def redeem(self, code: str = CODE) -> str | Denial:
        return await self.flow.redeem(self.login, code)

    async def refusal(self, code: str = CODE) -> Denial:
        found = await self.redeem(code)
        assert isinstance(found, Denial)
        return found


@pytest.fixture
def flow(
    issuer: LocalIssuer, issuers: TrustedIssuers, session: aiohttp.ClientSession, clock: Clock
) -> Flow:
    endpoint = Endpoint()
    issuer.answer_token = endpoint
    issuer.discovery = {
        "authorization_endpoint": f"{issuer.url}/auth",
        "token_endpoint": f"{issuer.url}/token",
    }
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}))
    clients = [WebClient(trusted, "Staff", AUDIENCE, ("openid", "groups"))]
    made = CodeFlow(lambda: clients, issuers, session, REDIRECT, clock)
    endpoint.answer = {"id_token": issuer.token(nonce="the-nonce"), "access_token": "other"}
    return Flow(made, issuer, endpoint, clients)


def secret_file(folder: Path, secret: str) -> Path:
    file = folder / "secret"
    file.write_text(f"{secret}\n")
    return file


def refused(issuer: LocalIssuer, why: str) -> str:
    return f"The login at '{issuer.url}' came to nothing: {why}. Begin anew."


async def test_the_configured_issuers_are_offered(flow: Flow) -> None:
    assert flow.flow.offered() == [OfferedIssuer(flow.issuer.url, "Staff")]


async def test_the_browser_is_sent_with_state_nonce_and_a_challenge(flow: Flow) -> None:
    address = await flow.flow.address(flow.login)
    assert isinstance(address, str)
    assert address.startswith(f"{flow.issuer.url}/auth?")
    asked = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    digest = hashlib.sha256(b"the-verifier").digest()
    assert asked == {
        "response_type": "code",
        "client_id": AUDIENCE,
        "redirect_uri": REDIRECT,
        "scope": "openid groups",
        "state": "the-state",
        "nonce": "the-nonce",
        "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
        "code_challenge_method": "S256",
    }


async def test_an_endpoints_own_query_stays(flow: Flow) -> None:
    flow.issuer.discovery["authorization_endpoint"] = f"{flow.issuer.url}/auth?tenant=7"
    address = await flow.flow.address(flow.login)
    assert isinstance(address, str)
    assert "/auth?tenant=7&response_type=code&" in address


async def test_a_public_client_shows_the_code_and_its_verifier(flow: Flow) -> None:
    assert await flow.redeem() == flow.issuer.token(nonce="the-nonce")
    assert flow.endpoint.authorization == ""
    assert flow.endpoint.form == {
        "grant_type": "authorization_code",
        "code": CODE,
        "redirect_uri": REDIRECT,
        "code_verifier": "the-verifier",
        "client_id": AUDIENCE,
    }


async def test_a_secret_goes_into_the_header_and_is_read_anew_each_time(
    flow: Flow, tmp_path: Path
) -> None:
    flow.keeps(secret_file(tmp_path, "a b:c%"))
    await flow.redeem()
    pair = base64.b64encode(f"{AUDIENCE}:a+b%3Ac%25".encode()).decode()
    assert flow.endpoint.authorization == f"Basic {pair}"
    assert "client_id" not in flow.endpoint.form
    secret_file(tmp_path, "new")
    await flow.redeem()
    pair = base64.b64encode(f"{AUDIENCE}:new".encode()).decode()
    assert flow.endpoint.authorization == f"Basic {pair}"


@pytest.mark.parametrize(
    ("methods", "in_header"),
    [(["client_secret_post"], False), (["client_secret_post", "client_secret_basic"], True)],
    ids=["post-alone", "both"],
)
async def test_a_secret_goes_where_the_issuer_takes_it(
    flow: Flow, tmp_path: Path, methods: list[str], in_header: bool
) -> None:
    flow.keeps(secret_file(tmp_path, "secret"))
    flow.issuer.discovery["token_endpoint_auth_methods_supported"] = methods
    assert isinstance(await flow.redeem(), str)
    assert bool(flow.endpoint.authorization) == in_header
    sent = (flow.endpoint.form.get("client_id"), flow.endpoint.form.get("client_secret"))
    assert sent == ((None, None) if in_header else (AUDIENCE, "secret"))


async def test_a_secret_that_cant_be_read_is_an_outage(flow: Flow, tmp_path: Path) -> None:
    flow.keeps(tmp_path / "missing")
    with pytest.raises(Outage) as caught:
        await flow.redeem()
    assert caught.value.code is Code.ISSUER_UNAVAILABLE
    assert caught.value.detail == (
        "The web app's client secret can't be read. Tell whoever runs jwt-to-rbac."
    )


@pytest.mark.parametrize(
    ("changes", "code", "says"),
    [
        ({"nonce": "other"}, Code.LOGIN_REFUSED, ": its ID token's nonce is not this login's. "),
        ({"nonce": ...}, Code.LOGIN_REFUSED, ": its ID token's nonce is not this login's. "),
        ({"aud": "other"}, Code.TOKEN_AUDIENCE, "other"),
        ({"exp": 1}, Code.TOKEN_EXPIRED, "expired"),
    ],
    ids=["other-nonce", "no-nonce", "audience", "expired"],
)
async def test_an_id_token_that_isnt_for_this_login_is_refused(
    flow: Flow, changes: Mapping[str, object], code: Code, says: str
) -> None:
    token = flow.issuer.token(**{"nonce": "the-nonce", **changes})
    flow.endpoint.answer = {"id_token": token}
    refusal = await flow.refusal()
    assert refusal.code is code
    assert says in refusal.detail
    assert token not in refusal.detail


async def test_an_id_token_for_another_client_of_ours_is_refused(
    flow: Flow, session: aiohttp.ClientSession, clock: Clock
) -> None:
    trusted = TrustedIssuer(flow.issuer.url, frozenset({AUDIENCE, "cli"}))
    several = TrustedIssuers([trusted], session, clock)
    made = CodeFlow(lambda: flow.clients, several, session, REDIRECT, clock)
    flow.endpoint.answer = {"id_token": flow.issuer.token(nonce="the-nonce", aud="cli")}
    refusal = await made.redeem(flow.login, CODE)
    await several.close()
    assert isinstance(refusal, Denial)
    assert refusal.detail == refused(flow.issuer, "its ID token is not for this login")


@pytest.mark.parametrize(
    ("status", "answer", "says"),
    [
        (400, {"error": "invalid_grant"}, "said 'invalid_grant'"),
        (401, {"error": "invalid_client", "id_token": "x"}, "said 'invalid_client'"),
        (200, {"access_token": "x"}, "said no ID token"),
        (200, {"id_token": 7}, "said no ID token"),
        (200, b"<html>", ": its token endpoint's answer can't be read. "),
        (499, {"error": "invalid_grant"}, "said 'invalid_grant'"),
    ],
    ids=["refused", "client", "none", "a-number", "no-json", "no-outage"],
)
async def test_an_answer_without_an_id_token_is_a_refusal(
    flow: Flow, status: int, answer: object, says: str
) -> None:
    flow.endpoint.status, flow.endpoint.answer = status, answer
    refusal = await flow.refusal()
    assert refusal.code is Code.LOGIN_REFUSED
    assert says in refusal.detail


@pytest.mark.parametrize("status", [500, 502])
async def test_an_issuer_in_trouble_is_an_outage(flow: Flow, status: int) -> None:
    flow.endpoint.status = status
    with pytest.raises(Outage, match=f"answered with status {status}") as caught:
        await flow.redeem()
    assert caught.value.code is Code.ISSUER_UNAVAILABLE


@pytest.mark.parametrize("member", ["authorization_endpoint", "token_endpoint"])
@pytest.mark.parametrize("value", [None, "ftp://x", 7], ids=["none", "ftp", "a-number"])
async def test_an_issuer_without_the_endpoint_is_an_outage(
    flow: Flow, member: str, value: object
) -> None:
    flow.issuer.discovery[member] = value
    asking = flow.redeem() if member == "token_endpoint" else flow.flow.address(flow.login)
    with pytest.raises(Outage, match=f"names no usable {member}"):
        await asking


@pytest.mark.parametrize("code", ["", "x" * (LONGEST_CODE + 1)], ids=["none", "too-long"])
async def test_an_unusable_code_is_shown_to_nobody(flow: Flow, code: str) -> None:
    told = (await flow.refusal(code)).detail
    assert told == refused(flow.issuer, "its answer has no usable code")
    assert flow.endpoint.form == {}
    assert isinstance(await flow.redeem("x" * LONGEST_CODE), str)
    assert isinstance(await flow.redeem("x"), str)


async def test_an_issuer_that_isnt_offered_any_more_is_told(flow: Flow) -> None:
    flow.clients.clear()
    login = flow.login
    for found in (await flow.flow.address(login), await flow.flow.redeem(login, CODE)):
        assert isinstance(found, Denial)
        assert found == Denial(
            Code.LOGIN_INCOMPLETE, f"Nobody logs in at '{login.issuer}' here. Begin anew."
        )
    assert await flow.flow.end_address(login.issuer, "https://back") == ""


async def test_a_logout_leads_to_the_issuer_and_back_where_it_offers_that(
    flow: Flow, clock: Clock
) -> None:
    url, back = flow.issuer.url, "https://access.example.com/web/logged-out"
    assert await flow.flow.end_address(url, back) == ""
    flow.issuer.discovery["end_session_endpoint"] = f"{url}/end"
    clock.now += KNOWN_SECONDS
    address = await flow.flow.end_address(url, back)
    assert urlsplit(address).path == "/dex/end"
    assert parse_qs(urlsplit(address).query) == {
        "client_id": [AUDIENCE],
        "post_logout_redirect_uri": [back],
    }
    flow.issuer.discovery["end_session_endpoint"] = "javascript:alert(1)"
    clock.now += KNOWN_SECONDS
    with pytest.raises(Outage, match="names no usable end_session_endpoint"):
        await flow.flow.end_address(url, back)


async def test_the_issuers_addresses_are_remembered_for_a_minute(flow: Flow, clock: Clock) -> None:
    for _ in range(3):
        await flow.flow.address(flow.login)
    assert flow.issuer.discoveries == 1
    clock.now += KNOWN_SECONDS - 1
    await flow.flow.address(flow.login)
    assert flow.issuer.discoveries == 1
    clock.now += 1
    await flow.flow.address(flow.login)
    assert flow.issuer.discoveries == 2


async def test_nothing_is_taken_for_remembered_shortly_after_the_clock_began(flow: Flow) -> None:
    early = replace(flow.flow, clock=Clock(KNOWN_SECONDS + 1))
    assert isinstance(await early.address(flow.login), str)
    assert flow.issuer.discoveries == 1


async def test_an_issuer_that_is_away_is_an_outage_and_is_asked_again(flow: Flow) -> None:
    async def away(_: web.Request) -> web.StreamResponse:
        return web.Response(status=503)

    flow.issuer.answer_discovery = away
    for act in (flow.flow.address(flow.login), flow.redeem(), _end(flow)):
        with pytest.raises(Outage, match="The issuer can't be asked"):
            await act
    flow.issuer.answer_discovery = None
    assert isinstance(await flow.flow.address(flow.login), str)


async def _end(flow: Flow) -> str:
    return await flow.flow.end_address(flow.issuer.url, "https://back")


async def test_nothing_secret_is_in_a_refusal(flow: Flow, tmp_path: Path) -> None:
    flow.keeps(secret_file(tmp_path, "hush-hush"))
    flow.endpoint.status = 400
    flow.endpoint.answer = {"error": "x" * 500, "error_description": "the-verifier hush-hush"}
    told = json.dumps((await flow.refusal()).detail)
    assert "hush" not in told
    assert "verifier" not in told
    assert len(told) < 300


async def test_an_issuer_that_says_nothing_is_waited_for_no_longer_than_is_configured(
    flow: Flow,
) -> None:
    silent = asyncio.Event()

    async def hang(_: web.Request) -> web.StreamResponse:
        await silent.wait()
        return web.Response()

    hasty = replace(flow.flow, fetch_seconds=0.05)
    flow.issuer.answer_discovery = hang
    with pytest.raises(Outage, match="The issuer can't be asked"):
        await asyncio.wait_for(hasty.address(flow.login), 2)
    flow.issuer.answer_discovery = None
    flow.issuer.answer_token = hang
    with pytest.raises(Outage, match="The issuer can't be asked"):
        await asyncio.wait_for(hasty.redeem(flow.login, CODE), 2)
    silent.set()
