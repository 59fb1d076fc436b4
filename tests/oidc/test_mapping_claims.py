"""Which claims name somebody is the configuration's to say, with Kubernetes' rules."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack

import aiohttp
import pytest

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Person, ProvenPerson
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer

from .local_issuer import AUDIENCE, JANE, Clock, LocalIssuer

Read = Callable[..., Awaitable[Person | Denial]]


@pytest.fixture
async def read(
    issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> AsyncIterator[Read]:
    """Whom a token names under a mapping; keyword arguments change the token's claims."""
    async with AsyncExitStack() as ends:

        async def reading(mapping: ClaimMapping, **changes: object) -> Person | Denial:
            trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), mapping=mapping)
            issuers = TrustedIssuers([trusted], session, clock)
            ends.push_async_callback(issuers.close)
            answer = await issuers.prove(issuer.token(**changes))
            return answer.person if isinstance(answer, ProvenPerson) else answer

        yield reading


@pytest.mark.parametrize(
    ("claim", "changes", "username"),
    [
        pytest.param(Claim("email"), {}, "janedoe@example.com", id="email"),
        pytest.param(Claim("sub", "dex:"), {}, f"dex:{JANE}", id="with-a-prefix"),
        pytest.param(Claim("email"), {"email_verified": ...}, "janedoe@example.com", id="unsaid"),
        pytest.param(Claim("name"), {"email_verified": False}, "jane", id="another-claim"),
    ],
)
async def test_the_username_is_the_claim_that_the_configuration_names(
    read: Read, claim: Claim, changes: dict[str, object], username: str
) -> None:
    person = await read(ClaimMapping(username=claim), **changes)
    assert isinstance(person, Person)
    assert person.username == username
    assert person.identity.subject == JANE


@pytest.mark.parametrize(
    ("claim", "changes", "said"),
    [
        pytest.param(
            "email",
            {"email_verified": False},
            "the token's email is not verified (email_verified is not true);",
            id="unverified-email",
        ),
        pytest.param("email", {"email": ...}, "email is missing", id="absent"),
        pytest.param("upn", {"upn": ["jane"]}, "upn must be text", id="a-list"),
        pytest.param("upn", {"upn": ""}, "upn must have 1 to", id="empty"),
        pytest.param("upn", {"upn": "ja\nne"}, "upn holds control", id="a-line-break"),
    ],
)
async def test_a_username_that_is_not_there_as_it_must_be_refuses_the_token(
    read: Read, claim: str, changes: dict[str, object], said: str
) -> None:
    refused = await read(ClaimMapping(username=Claim(claim)), **changes)
    assert isinstance(refused, Denial)
    assert refused.code == Code.TOKEN_CLAIM
    assert said in refused.detail


@pytest.mark.parametrize(
    ("claim", "changes", "groups"),
    [
        pytest.param(Claim("groups", "dex:"), {}, ("dex:admins", "dex:developers"), id="prefix"),
        pytest.param(Claim("roles"), {"roles": ["b", "a"]}, ("a", "b"), id="another-claim"),
        pytest.param(Claim("role", "r:"), {"role": "a"}, ("r:a",), id="one-string"),
        pytest.param(Claim("roles"), {}, (), id="absent"),
        pytest.param(None, {}, (), id="none-configured"),
    ],
)
async def test_groups_are_those_of_the_claim_that_the_configuration_names(
    read: Read, claim: Claim | None, changes: dict[str, object], groups: tuple[str, ...]
) -> None:
    person = await read(ClaimMapping(groups=claim), **changes)
    assert isinstance(person, Person)
    assert person.groups == groups
