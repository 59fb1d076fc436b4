"""Users by expressions and rules: the tokens that kube-apiserver is shown too, and what we tell.

`tests/conformance` holds the same table against Kubernetes itself; here nothing is started.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from joserfc.jwk import RSAKey

from jwt_to_rbac.core.claim_mapping import ClaimMapping
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.identity import Person, ProvenPerson
from jwt_to_rbac.oidc.compact_token import UnverifiedToken, read_token
from jwt_to_rbac.oidc.issuers import TrustedIssuers
from jwt_to_rbac.oidc.key_set import import_key
from jwt_to_rbac.oidc.mapped_user import CREDENTIAL_ID, MappedUser, mapped_user
from jwt_to_rbac.oidc.person_claims import person_of
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.oidc.verified_claims import VerifiedClaims, verify
from jwt_to_rbac.settings import load
from tests.conformance.table import (
    CONFIGURATIONS,
    SUB,
    Changes,
    cel,
    claim,
    mapped,
    pairs,
    requires,
)

from .local_issuer import AUDIENCE, NOW, Clock, LocalIssuer, compact, public

URL = "https://dex.example.com"
HEAD = {"apiVersion": "jwt-to-rbac.io/v1alpha1", "kind": "Configuration"}
CLAIMS = {
    "iss": URL,
    "sub": "1234",
    "aud": AUDIENCE,
    "iat": int(NOW),
    "nbf": int(NOW),
    "exp": int(NOW) + 600,
    "email": "jane@example.com",
    "email_verified": True,
    "groups": ["admins", "developers"],
}


def mapping_of(folder: Path, entry: Mapping[str, Any]) -> ClaimMapping:
    """As the program reads it from a file."""
    issuer = {"url": URL, "audiences": [AUDIENCE]}
    (folder / "config.json").write_text(json.dumps({**HEAD, "jwt": [{"issuer": issuer, **entry}]}))
    return load(folder / "config.json", {}).settings.issuers[0].mapping


def verified(key: RSAKey, changes: Changes) -> VerifiedClaims | Denial:
    """The claims of a token that is signed with them; `...` leaves one out."""
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    token, own = read_token(compact({"alg": "RS256"}, claims, key, "RS256")), public(key)
    assert isinstance(token, UnverifiedToken)
    imported = import_key(own)
    assert imported is not None
    return verify(token, TrustedIssuer(URL, frozenset({AUDIENCE})), [imported], NOW)


@pytest.mark.parametrize(
    ("configuration", "changes", "accepted"),
    [pytest.param(name, changes, yes, id=f"{name}-{what}") for name, what, changes, yes in pairs()],
)
def test_a_token_names_somebody_exactly_where_kubernetes_says_so(
    tmp_path: Path, rsa_keys: list[RSAKey], configuration: str, changes: Changes, accepted: bool
) -> None:
    claims = verified(rsa_keys[0], changes)
    mapping = mapping_of(tmp_path, CONFIGURATIONS[configuration].entry)
    answer = claims if isinstance(claims, Denial) else person_of(claims, mapping)
    assert isinstance(answer, Person) is accepted


WHOLE = mapped(
    cel("'u:' + claims.sub"),
    groups=cel("claims.roles"),
    uid=cel("claims.number == 7.0 ? claims.id : ''"),
    extra=[
        {"key": "example.com/b", "valueExpression": "claims.list"},
        {"key": "example.com/c", "valueExpression": "claims.nothing"},
    ],
)
WHOLE_CLAIMS: Changes = {
    "roles": ["b", "", "a"],
    "number": 7,
    "id": "i",
    "list": ["x", "", "y"],
    "nothing": "",
    "jti": "j",
    "deep": {"a": [True, {"b": 1}]},
}


def test_every_part_of_a_user_is_what_its_expression_says(
    tmp_path: Path, rsa_keys: list[RSAKey]
) -> None:
    claims = verified(rsa_keys[0], WHOLE_CLAIMS)
    assert isinstance(claims, VerifiedClaims)
    assert mapped_user(claims.claims, mapping_of(tmp_path, WHOLE), "") == MappedUser(
        "u:1234", "i", ("b", "a"), {CREDENTIAL_ID: ("JTI=j",), "example.com/b": ("x", "y")}
    )


def test_an_empty_uid_is_none_and_an_identifier_that_is_no_text_is_no_extra(
    tmp_path: Path, rsa_keys: list[RSAKey]
) -> None:
    claims = verified(rsa_keys[0], WHOLE_CLAIMS | {"number": 8, "jti": 7})
    assert isinstance(claims, VerifiedClaims)
    user = mapped_user(claims.claims, mapping_of(tmp_path, WHOLE), "")
    assert (user.uid, set(user.extra)) == ("", {"example.com/b"})


async def test_a_proven_person_has_the_uid_and_the_extras_of_the_mapping(
    tmp_path: Path, issuer: LocalIssuer, session: aiohttp.ClientSession, clock: Clock
) -> None:
    trusted = TrustedIssuer(issuer.url, frozenset({AUDIENCE}), mapping=mapping_of(tmp_path, WHOLE))
    issuers = TrustedIssuers([trusted], session, clock)
    proven = await issuers.prove(issuer.token(**WHOLE_CLAIMS))
    await issuers.close()
    assert isinstance(proven, ProvenPerson)
    assert proven.uid == "i"
    assert proven.extra == ((CREDENTIAL_ID, ("JTI=j",)), ("example.com/b", ("x", "y")))


SAID: dict[str, tuple[dict[str, Any], Changes, str]] = {
    "username-no-text": (
        mapped(cel("claims.number")),
        {"number": 7},
        "user name must be text",
    ),
    "claim-missing": (
        mapped(claim("upn")),
        {},
        "upn is missing, which the configuration names;",
    ),
    "username-empty": (mapped(cel("''")), {}, "user name must have 1 to 1024 characters"),
    "username-fails": (
        mapped(cel("claims.nick")),
        {},
        "user name can't be read: NOT_FOUND: Key not found",
    ),
    "groups-no-texts": (
        mapped(SUB, groups=cel("claims.groups[0] == 'a' ? dyn(1) : dyn(2.0)")),
        {},
        "groups: its expression gave neither text nor a list of texts;",
    ),
    "groups-too-many": (
        mapped(SUB, groups=cel("claims.groups")),
        {"groups": ["g"] * 1025},
        "groups are more than 1024;",
    ),
    "group-too-long": (
        mapped(SUB, groups=cel("claims.groups")),
        {"groups": ["g" * 1025]},
        "groups must have 1 to 1024 characters",
    ),
    "groups-fail": (
        mapped(SUB, groups=cel("claims.nick")),
        {},
        "groups can't be read: NOT_FOUND: Key not found",
    ),
    "groups-of-a-claim-no-texts": (
        mapped(SUB, groups=claim("roles")),
        {"roles": 7},
        "roles must be a list of strings, or one string;",
    ),
    "groups-of-a-claim-too-many": (
        mapped(SUB, groups=claim("roles")),
        {"roles": ["g"] * 1025},
        "roles are more than 1024;",
    ),
    "group-of-a-claim-too-long": (
        mapped(SUB, groups=claim("roles")),
        {"roles": ["g" * 1025]},
        "roles must have 1 to 1024 characters;",
    ),
    "uid-claim-missing": (
        mapped(SUB, uid={"claim": "id"}),
        {},
        "id is missing, which the configuration names;",
    ),
    "uid-fails": (
        mapped(SUB, uid=cel("claims.id")),
        {},
        "uid can't be read: NOT_FOUND: Key not found",
    ),
    "uid-too-long": (
        mapped(SUB, uid=cel("claims.id")),
        {"id": "i" * 1025},
        "uid must have 1 to 1024 characters;",
    ),
    "uid-with-a-line-break": (
        mapped(SUB, uid=cel("claims.id")),
        {"id": "a\nb"},
        "uid holds control or invisible",
    ),
    "extra-fails": (
        mapped(SUB, extra=[{"key": "example.com/a", "valueExpression": "claims.a"}]),
        {},
        "extra example.com/a can't be read: NOT_FOUND: Key",
    ),
    "extra-no-texts": (
        mapped(SUB, extra=[{"key": "example.com/a", "valueExpression": "dyn(claims.number)"}]),
        {"number": 7},
        "extra example.com/a: its expression gave neither text nor a list of texts;",
    ),
    "extra-too-long": (
        mapped(SUB, extra=[{"key": "example.com/a", "valueExpression": "claims.a"}]),
        {"a": "a" * 1025},
        "extra example.com/a must have 1 to 1024 characters;",
    ),
    "required": (
        requires({"claim": "hd", "requiredValue": "example.com"}),
        {"hd": "x"},
        "hd is not what the configuration requires;",
    ),
    "rule-by-its-message": (
        requires({"expression": "claims.sub == 'a'", "message": "only a"}),
        {},
        "claims don't satisfy a rule of the configuration: only a;",
    ),
    "rule-by-its-lines": (
        requires({"expression": "claims.sub ==\n\n'a'"}),
        {},
        "claims don't satisfy a rule of the configuration: claims.sub ==  'a';",
    ),
    "a-long-rule": (
        requires({"expression": f"claims.sub == '{'a' * 300}'"}),
        {},
        f"claims don't satisfy a rule of the configuration: claims.sub == '{'a' * 185}…;",
    ),
    "rule-fails": (
        requires({"expression": "claims.a == 1.0"}),
        {},
        "claims can't be judged by a rule of the configuration: NOT_FOUND: Key",
    ),
    "user-rule": (
        mapped(SUB) | {"userValidationRules": [{"expression": "user.username == 'a'"}]},
        {},
        "user don't satisfy a rule of the configuration: user.username == 'a';",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in SAID.items()])
def test_a_refusal_says_in_one_line_what_is_wrong(
    tmp_path: Path, rsa_keys: list[RSAKey], case: tuple[dict[str, Any], Changes, str]
) -> None:
    entry, changes, said = case
    claims = verified(rsa_keys[0], changes)
    assert isinstance(claims, VerifiedClaims)
    denial = person_of(claims, mapping_of(tmp_path, entry))
    assert isinstance(denial, Denial)
    assert denial.code is Code.TOKEN_CLAIM
    assert denial.detail.startswith(f"the token's {said}")
    assert denial.detail.endswith("; ask who runs the issuer to mend it")
    assert denial.detail.isprintable()


def test_as_many_groups_as_allowed_are_taken_from_an_expression(
    tmp_path: Path, rsa_keys: list[RSAKey]
) -> None:
    mapping = mapping_of(tmp_path, mapped(SUB, groups=cel("claims.groups")))
    claims = verified(rsa_keys[0], {"groups": [f"{n}{'g' * 1020}" for n in range(40)]})
    assert isinstance(claims, VerifiedClaims)
    person = person_of(claims, mapping)
    assert isinstance(person, Person)
    assert len(person.groups) == 40
    claims = verified(rsa_keys[0], {"groups": [f"{n}" for n in range(1024)]})
    assert isinstance(claims, VerifiedClaims)
    assert isinstance(person_of(claims, mapping), Person)
