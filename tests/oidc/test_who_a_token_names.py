"""How verified claims become a person: what is read, bounded, and refused."""

from collections.abc import Mapping

import pytest

from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Person, ProvenPerson
from jwt_to_rbac.oidc.issuers import TrustedIssuers

from .local_issuer import JANE, LocalIssuer


async def person(issuers: TrustedIssuers, token: str) -> Person:
    answer = await issuers.prove(token)
    assert isinstance(answer, ProvenPerson), answer
    return answer.person


@pytest.mark.parametrize(
    ("changes", "username", "email"),
    [
        pytest.param({}, "janedoe@example.com", "janedoe@example.com", id="the-email-first"),
        pytest.param({"email": ...}, "jane", "", id="else-the-preferred-username"),
        pytest.param({"email": ..., "preferred_username": ...}, JANE, "", id="else-the-subject"),
        pytest.param({"email_verified": False}, "jane", "", id="an-unverified-email-is-none"),
        pytest.param(
            {"email_verified": ...}, "janedoe@example.com", "janedoe@example.com", id="not-said"
        ),
        pytest.param({"email": "jane"}, "jane", "jane", id="an-email-without-at"),
        pytest.param(
            {"name": 7, "locale": None},
            "janedoe@example.com",
            "janedoe@example.com",
            id="claims-that-are-not-read",
        ),
        pytest.param(
            {"email": "žofie@exämple.com"},
            "žofie@exämple.com",
            "žofie@exämple.com",
            id="letters-beyond-ascii",
        ),
    ],
)
async def test_the_username_is_the_most_readable_name(
    issuers: TrustedIssuers,
    issuer: LocalIssuer,
    changes: Mapping[str, object],
    username: str,
    email: str,
) -> None:
    jane = await person(issuers, issuer.token(**changes))
    assert (jane.username, jane.email) == (username, email)
    assert (jane.identity.issuer, jane.identity.subject) == (issuer.url, JANE)


@pytest.mark.parametrize(
    ("groups", "read"),
    [
        pytest.param(..., (), id="absent"),
        pytest.param([], (), id="empty"),
        pytest.param(["b", "a", "b"], ("a", "b"), id="sorted-and-once-each"),
        pytest.param(["org:team", "système", "a b"], ("a b", "org:team", "système"), id="any-name"),
        pytest.param(["g" * 1024], ("g" * 1024,), id="as-long-as-allowed"),
        pytest.param("admins", ("admins",), id="one-string-as-kubernetes-takes-it"),
        pytest.param(
            [f"g{n:04}" for n in range(1024)],
            tuple(f"g{n:04}" for n in range(1024)),
            id="as-many-as-allowed",
        ),
    ],
)
async def test_groups_are_a_list_of_names(
    issuers: TrustedIssuers, issuer: LocalIssuer, groups: object, read: tuple[str, ...]
) -> None:
    assert (await person(issuers, issuer.token(groups=groups))).groups == read


@pytest.mark.parametrize(
    "federated", [..., {}, {"other": 7}], ids=["absent", "empty", "without-connector"]
)
async def test_the_connector_is_optional(
    issuers: TrustedIssuers, issuer: LocalIssuer, federated: object
) -> None:
    jane = await person(issuers, issuer.token(federated_claims=federated))
    assert (jane.connector, jane.user_id) == ("", "")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param({"groups": True}, "groups ", id="groups-a-boolean"),
        pytest.param({"groups": {"admins": True}}, "groups ", id="groups-an-object"),
        pytest.param({"groups": None}, "groups ", id="groups-null"),
        pytest.param({"groups": ["admins", None]}, "groups ", id="a-group-null"),
        pytest.param({"groups": ["admins", 7]}, "groups ", id="a-group-a-number"),
        pytest.param({"groups": [["admins"]]}, "groups ", id="a-group-a-list"),
        pytest.param({"groups": [""]}, "groups ", id="a-group-empty"),
        pytest.param({"groups": ["g" * 1025]}, "groups ", id="a-group-too-long"),
        pytest.param({"groups": [f"g{n}" for n in range(1025)]}, "groups ", id="too-many-groups"),
        pytest.param({"email": None}, "email ", id="email-null"),
        pytest.param({"email": ["a@b"]}, "email ", id="email-a-list"),
        pytest.param({"email": ""}, "email ", id="email-empty"),
        pytest.param(
            {"email": "a@evil.com@example.com"},
            "email has more than one @;",
            id="email-with-two-ats",
        ),
        pytest.param({"email": "e" * 321}, "email ", id="email-too-long"),
        pytest.param(
            {"email_verified": "false"},
            "email_verified must be true or false, not text;",
            id="verified-a-string",
        ),
        pytest.param(
            {"email_verified": 1},
            "email_verified must be true or false, not text;",
            id="verified-a-number",
        ),
        pytest.param(
            {"email_verified": None},
            "email_verified must be true or false, not text;",
            id="verified-null",
        ),
        pytest.param(
            {"email": ..., "email_verified": "true"},
            "email_verified must be true or false, not text;",
            id="verified-without-email",
        ),
        pytest.param({"preferred_username": 7}, "preferred_username ", id="username-a-number"),
        pytest.param({"preferred_username": "u" * 321}, "preferred_username ", id="username-long"),
        pytest.param(
            {"federated_claims": "ldap"},
            "federated_claims must be an object;",
            id="federated-a-string",
        ),
        pytest.param(
            {"federated_claims": None}, "federated_claims must be an object;", id="federated-null"
        ),
        pytest.param({"federated_claims": {"connector_id": 7}}, "connector_id ", id="connector-7"),
        pytest.param({"federated_claims": {"user_id": 7}}, "user_id ", id="user-id-7"),
        pytest.param({"federated_claims": {"user_id": ""}}, "user_id ", id="user-id-empty"),
        pytest.param({"sub": "s" * 1025}, "sub must have 1 to 1024 characters;", id="sub-too-long"),
        pytest.param(
            {"sub": "jané"}, "sub must be ASCII (OpenID Connect Core 2);", id="sub-beyond-ascii"
        ),
    ],
)
async def test_a_claim_of_the_wrong_kind_is_refused_never_coerced(
    issuers: TrustedIssuers, issuer: LocalIssuer, changes: Mapping[str, object], said: str
) -> None:
    answer = await issuers.prove(issuer.token(**changes))
    assert isinstance(answer, Denial)
    assert answer.code == Code.TOKEN_CLAIM
    assert answer.detail.startswith(f"the token's {said}")


@pytest.mark.parametrize(
    "evil",
    ["\r", "\n", "\0", "\x1b", "\x7f", "\x85", "\u2028", "\u202e", "\u200b", "\ufeff", "\ud800"],
    ids=lambda evil: f"U+{ord(evil):04X}",
)
@pytest.mark.parametrize("claim", ["sub", "email", "preferred_username", "group", "user_id"])
async def test_invisible_characters_never_reach_an_identity(
    issuers: TrustedIssuers, issuer: LocalIssuer, claim: str, evil: str
) -> None:
    value: object = f"ja{evil}ne"
    name = claim
    if claim == "group":
        name, value = "groups", ["admins", value]
    if claim == "user_id":
        name, value = "federated_claims", {"user_id": value}
    answer = await issuers.prove(issuer.token(**{name: value}))
    assert isinstance(answer, Denial)
    assert answer.code == Code.TOKEN_CLAIM
    assert answer.detail.isprintable()


async def test_an_email_address_never_makes_two_people_one(
    issuers: TrustedIssuers, issuer: LocalIssuer
) -> None:
    jane = await person(issuers, issuer.token())
    other = await person(issuers, issuer.token(sub="somebody-else"))
    assert jane.email == other.email
    assert jane.identity != other.identity
