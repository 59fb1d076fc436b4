"""What an issuer's claim mappings and validation rules may say, with Kubernetes' own checks."""

from pathlib import Path

import pytest

from jwt_to_rbac.core.claim_mapping import Claim, Condition, RequiredClaim
from jwt_to_rbac.core.expression import Expression
from tests.settings.given import loaded, refusal

HEAD = """\
apiVersion: jwt-to-rbac.io/v1alpha1
kind: Configuration
jwt:
- issuer: {url: "https://dex.example.com", audiences: [example-app]}
"""

WHOLE = """\
  claimMappings:
    username: {expression: "claims.email_verified ? claims.email : claims.sub"}
    groups: {expression: "claims.?roles.orValue([])"}
    uid: {claim: sub}
    extra:
    - {key: example.com/team, valueExpression: "claims.team.lowerAscii()"}
  claimValidationRules:
  - {claim: hd, requiredValue: example.com}
  - {expression: "claims.exp - claims.nbf <= 86400", message: "a day at most"}
  userValidationRules:
  - {expression: "!user.username.startsWith('system:')", message: "not for people"}
"""


def _never(variables: object) -> object:
    raise AssertionError


def same(text: str) -> Expression:
    """Expressions are equal by their text."""
    return Expression(text, _never)


def test_every_key_of_kubernetes_mappings_and_rules_arrives(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, HEAD + WHOLE).settings.issuers[0].mapping
    assert mapping.username == same("claims.email_verified ? claims.email : claims.sub")
    assert mapping.groups == same("claims.?roles.orValue([])")
    assert mapping.uid == Claim("sub")
    assert mapping.extra == (("example.com/team", same("claims.team.lowerAscii()")),)
    assert mapping.claim_rules == (
        RequiredClaim("hd", "example.com"),
        Condition(same("claims.exp - claims.nbf <= 86400"), "a day at most"),
    )
    assert mapping.user_rules == (
        Condition(same("!user.username.startsWith('system:')"), "not for people"),
    )


MAPPINGS = {
    "nothing": ("username: {}", "username needs exactly one of `claim` and `expression`"),
    "both": ("username: {claim: a, prefix: '', expression: claims.a}", "username needs exactly"),
    "no-prefix": ("username: {claim: a}", "username lacks the key `prefix`"),
    "prefix": ("groups: {prefix: '', expression: claims.a}", "groups.prefix has no effect"),
    "syntax": ("username: {expression: claims.}", "username.expression is no valid CEL expression"),
    "a-number": ("username: {expression: 1 + 1}", "username.expression has the type INT, but must"),
    "groups-of-numbers": (
        "groups: {expression: '[1]'}",
        "groups.expression has the type LIST<INT>",
    ),
    "a-list-as-uid": ("uid: {expression: '[\"a\"]'}", "uid.expression has the type LIST<STRING>"),
    "unverified": (
        "username: {expression: claims.email}",
        "username.expression takes claims.email",
    ),
    "unverified-optional": (
        "username: {expression: \"claims.?email.orValue('a')\"}",
        "username.expression takes claims.email",
    ),
    "verified-in-a-text-alone": (
        "username: {expression: \"'claims.email_verified' + claims.email\"}",
        "username.expression takes claims.email",
    ),
    "escaped": ("username: {expression: claims.a__dot__b}", "username.expression has an escaped"),
    "extra-key": ("extra: [{key: team, valueExpression: claims.a}]", "extra[0].key is 'team', but"),
    "extra-capitals": (
        "extra: [{key: a.com/Team, valueExpression: claims.a}]",
        "extra[0].key is 'a.com/Team', but",
    ),
    "extra-of-kubernetes": (
        "extra: [{key: x.k8s.io/a, valueExpression: claims.a}]",
        "extra[0].key is 'x.k8s.io/a', which is reserved",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in MAPPINGS.items()])
def test_a_mapping_is_refused_with(tmp_path: Path, case: tuple[str, str]) -> None:
    keys, said = case
    (line,) = refusal(tmp_path, f"{HEAD}  claimMappings:\n    {keys}\n")
    assert f": jwt[0].claimMappings.{said}" in line
    assert line.startswith("config.yaml:6:")


RULES = {
    "nothing": ("claimValidationRules: [{}]", "claimValidationRules[0] needs exactly one of"),
    "message": (
        "claimValidationRules: [{claim: a, message: b}]",
        "claimValidationRules[0].message has no effect",
    ),
    "value": (
        "claimValidationRules: [{expression: 'true', requiredValue: b}]",
        "claimValidationRules[0].requiredValue has no effect",
    ),
    "dynamic": (
        "claimValidationRules: [{expression: claims.admin}]",
        "claimValidationRules[0].expression has the type DYN, but must be true or false",
    ),
    "twice": (
        "claimValidationRules: [{claim: a}, {claim: a}]",
        "claimValidationRules[1] is there twice",
    ),
    "another-name": (
        "userValidationRules: [{expression: user.name == 'a'}]",
        "userValidationRules[0].expression is no valid CEL expression: 1:5: undeclared",
    ),
    "claims-of-a-user": (
        "userValidationRules: [{expression: claims.a == 'a'}]",
        "userValidationRules[0].expression is no valid CEL expression: 1:7: undeclared",
    ),
    "user-twice": (
        "userValidationRules: [{expression: 'true'}, {expression: 'true'}]",
        "userValidationRules[1].expression is there twice",
    ),
}


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in RULES.items()])
def test_a_rule_is_refused_with(tmp_path: Path, case: tuple[str, str]) -> None:
    keys, said = case
    (line,) = refusal(tmp_path, f"{HEAD}  claimMappings: {{}}\n  {keys}\n")
    assert f": jwt[0].{said}" in line


def test_an_organisation_of_github_needs_groups_as_they_are(tmp_path: Path) -> None:
    (line,) = refusal(tmp_path, HEAD + WHOLE + "policy: {githubOrg: pokeorg}\n")
    assert "policy.githubOrg can't be kept beside the groups expression of" in line
