"""Real Dex: its tokens are accepted, and it may change its keys whenever it likes."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator

import aiohttp
import pytest

from jwt_to_rbac.core.errors import Code, Denial, Outage
from jwt_to_rbac.core.identity import Identity, Person, ProvenPerson
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.sandbox import Options, Sandbox, start

from .local_issuer import JANE

# How long a refused key may take to be asked for again, and a little.
PAUSE = 5.5


class Later:
    """The real time, which can be put forward instead of waiting."""

    def __init__(self) -> None:
        self.ahead = 0.0

    def __call__(self) -> float:
        return time.time() + self.ahead


@pytest.fixture
def later() -> Later:
    return Later()


@pytest.fixture
async def dex(
    sandbox: Sandbox, session: aiohttp.ClientSession, later: Later
) -> AsyncIterator[TrustedIssuers]:
    trusted = TrustedIssuer(sandbox.issuer, frozenset({sandbox.client_id}))
    issuers = TrustedIssuers([trusted], session, later)
    yield issuers
    await issuers.close()


@pytest.fixture(scope="module")
def own() -> Iterator[Sandbox]:
    """A sandbox of our own, with Dex by https, to be restarted."""
    with start(Options(issuer_tls=True)) as sandbox:
        yield sandbox


async def log_in(sandbox: Sandbox) -> str:
    return await asyncio.to_thread(sandbox.id_token, "jane")


async def test_jane_of_the_article_is_proven(dex: TrustedIssuers, sandbox: Sandbox) -> None:
    before = int(time.time())
    token = await log_in(sandbox)
    assert dex.stated_issuer(token)
    jane = await dex.prove(token)
    assert isinstance(jane, ProvenPerson)
    assert jane.person == Person(
        identity=Identity(sandbox.issuer, JANE),
        username="janedoe@example.com",
        email="janedoe@example.com",
        groups=("admins", "developers"),
        connector="ldap",
        user_id="cn=jane,ou=People,dc=example,dc=org",
    )
    assert before - 1 <= jane.issued_at <= time.time() + 1 < jane.expires_at


async def test_fewer_scopes_mean_fewer_facts_and_the_same_person(
    dex: TrustedIssuers, sandbox: Sandbox
) -> None:
    token = await asyncio.to_thread(sandbox.id_token, "jane", scopes=("openid",))
    jane = await dex.prove(token)
    assert isinstance(jane, ProvenPerson)
    assert jane.person == Person(identity=Identity(sandbox.issuer, JANE), username=JANE)


async def test_a_token_for_another_client_of_the_same_dex_is_refused(
    dex: TrustedIssuers, sandbox: Sandbox
) -> None:
    other = sandbox.public_client_id
    answer = await dex.prove(await asyncio.to_thread(sandbox.id_token, "jane", client_id=other))
    assert isinstance(answer, Denial)
    assert answer.code == Code.TOKEN_AUDIENCE
    assert other in answer.detail
    assert sandbox.client_id in answer.detail


async def test_a_token_of_dex_expires(dex: TrustedIssuers, sandbox: Sandbox, later: Later) -> None:
    token = await log_in(sandbox)
    jane = await dex.prove(token)
    assert isinstance(jane, ProvenPerson)
    later.ahead = jane.expires_at - time.time() + 10
    answer = await dex.prove(token)
    assert isinstance(answer, Denial)
    assert answer.code == Code.TOKEN_EXPIRED


async def test_no_login_is_lost_when_dex_changes_its_keys_and_the_old_ones_die(
    own: Sandbox, session: aiohttp.ClientSession, later: Later
) -> None:
    trusted = TrustedIssuer(own.issuer, frozenset({own.client_id}), ca_file=own.ca_file)
    issuers = TrustedIssuers([trusted], session, later)
    old = await log_in(own)
    assert isinstance(await issuers.prove(old), ProvenPerson)
    for _ in range(2):
        # Dex keeps its keys in memory here: a restart is a rotation that keeps nothing.
        await asyncio.to_thread(own.stop, "dex")
        assert isinstance(await issuers.prove(old), ProvenPerson)
        await asyncio.to_thread(own.start, "dex")
        later.ahead += PAUSE
        new = await asyncio.gather(*(log_in(own) for _ in range(8)))
        answers = await asyncio.gather(*(issuers.prove(token) for token in new))
        assert all(isinstance(answer, ProvenPerson) for answer in answers), answers
        dead = await issuers.prove(old)
        assert isinstance(dead, Denial)
        assert dead.code == Code.TOKEN_KEY_UNKNOWN
        old = new[0]
    await issuers.close()


async def test_dex_away_is_an_outage_for_those_who_dont_know_its_keys_yet(
    own: Sandbox, session: aiohttp.ClientSession, later: Later
) -> None:
    token = await log_in(own)
    trusted = TrustedIssuer(own.issuer, frozenset({own.client_id}), ca_file=own.ca_file)
    issuers = TrustedIssuers([trusted], session, later)
    await asyncio.to_thread(own.stop, "dex")
    try:
        with pytest.raises(Outage) as raised:
            await issuers.prove(token)
        assert raised.value.code == Code.ISSUER_UNAVAILABLE
    finally:
        await asyncio.to_thread(own.start, "dex")
    await issuers.close()
