"""The configurations and the tokens: what both programs are asked, and whom they must accept."""

from dataclasses import dataclass, field
from typing import Any

Changes = dict[str, object]


@dataclass(frozen=True)
class Configuration:
    """One entry of `jwt` without its issuer, and tokens by what is special about them."""

    entry: dict[str, Any]
    accepted: dict[str, Changes] = field(default_factory=dict)
    refused: dict[str, Changes] = field(default_factory=dict)


def mapped(username: object, **others: object) -> dict[str, Any]:
    return {"claimMappings": {"username": username, **others}}


def claim(name: str, prefix: str = "") -> dict[str, str]:
    return {"claim": name, "prefix": prefix}


def cel(expression: str) -> dict[str, str]:
    return {"expression": expression}


SUB = claim("sub")


def requires(*rules: dict[str, str]) -> dict[str, Any]:
    return mapped(SUB) | {"claimValidationRules": list(rules)}


def user_must(expression: str) -> dict[str, Any]:
    mappings = mapped(SUB, groups=claim("groups"), uid={"claim": "uid"})
    mappings["claimMappings"]["extra"] = [
        {"key": "example.com/team", "valueExpression": "claims.?team.orValue('')"}
    ]
    return mappings | {"userValidationRules": [{"expression": expression, "message": "no"}]}


CONFIGURATIONS: dict[str, Configuration] = {
    "sub": Configuration(
        mapped(SUB),
        {
            "plain": {},
            "with-jti": {"jti": "7f3a"},
            "jti-a-number": {"jti": 7},
            "another": {"sub": "jane-1"},
        },
        {"expired": {"exp": 1}, "another-audience": {"aud": "other"}, "no-audience": {"aud": ...}},
    ),
    "email": Configuration(
        mapped(claim("email", "oidc:")),
        {"verified": {}, "not-said": {"email_verified": ...}},
        {
            "unverified": {"email_verified": False},
            "verified-a-text": {"email_verified": "true"},
            "verified-a-number": {"email_verified": 1},
            "verified-null": {"email_verified": None},
            "missing": {"email": ...},
            "a-list": {"email": ["jane@example.com"]},
        },
    ),
    "groups": Configuration(
        mapped(SUB, groups=claim("groups", "g:")),
        {
            "list": {},
            "one-text": {"groups": "admins"},
            "empty": {"groups": []},
            "absent": {"groups": ...},
            "repeated": {"groups": ["b", "a", "b"]},
        },
        {
            "numbers": {"groups": [1]},
            "mixed": {"groups": ["a", 1]},
            "an-object": {"groups": {"a": True}},
            "a-number": {"groups": 7},
        },
    ),
    "uid-claim": Configuration(
        mapped(SUB, uid={"claim": "uid"}),
        {"text": {"uid": "u-1"}},
        {"missing": {}, "a-number": {"uid": 7}, "a-list": {"uid": ["u"]}},
    ),
    "username-cel": Configuration(
        mapped(cel("claims.email_verified ? claims.email : claims.sub")),
        {"verified": {}, "unverified": {"email_verified": False}},
        {"not-said": {"email_verified": ...}, "empty": {"email": ""}, "number": {"email": 7}},
    ),
    "username-optional": Configuration(
        mapped(cel("'x:' + claims.?nick.orValue('none')")),
        {"there": {"nick": "jay"}, "absent": {}},
        {"a-number": {"nick": 7}, "null": {"nick": None}},
    ),
    "username-number": Configuration(
        mapped(cel("string(claims.number)")),
        {"whole": {"number": 3}, "fraction": {"number": 1.5}, "text": {"number": "n"}},
        {"missing": {}, "a-list": {"number": []}},
    ),
    "groups-cel": Configuration(
        mapped(SUB, groups=cel("claims.roles")),
        {
            "list": {"roles": ["b", "a"]},
            "text": {"roles": "one"},
            "null": {"roles": None},
            "empty-text": {"roles": ""},
            "empty-texts-in-it": {"roles": ["a", "", "b"]},
        },
        {
            "missing": {},
            "numbers": {"roles": [1]},
            "an-object": {"roles": {}},
            "bool": {"roles": True},
        },
    ),
    "groups-map": Configuration(
        mapped(SUB, groups=cel("claims.roles.split(',').map(r, 'r:' + r)")),
        {"two": {"roles": "a,b"}},
        {"a-list": {"roles": ["a"]}},
    ),
    "uid-cel": Configuration(
        mapped(SUB, uid=cel("claims.a.b['c/d']")),
        {"nested": {"a": {"b": {"c/d": "deep"}}}},
        {"missing": {"a": {"b": {}}}, "flat": {"a": "x"}},
    ),
    "extra": Configuration(
        mapped(SUB, extra=[{"key": "example.com/team", "valueExpression": "claims.team"}]),
        {
            "text": {"team": "t"},
            "texts": {"team": ["t", "u"]},
            "empty": {"team": ""},
            "jti": {"team": "t", "jti": "j"},
        },
        {"missing": {}, "number": {"team": 7}},
    ),
    "required": Configuration(
        requires({"claim": "hd", "requiredValue": "example.com"}),
        {"equal": {"hd": "example.com"}},
        {
            "other": {"hd": "example.org"},
            "missing": {},
            "list": {"hd": ["example.com"]},
            "longer": {"hd": "example.com."},
        },
    ),
    "lifetime": Configuration(
        requires({"expression": "claims.exp - claims.nbf <= 3600", "message": "an hour"}),
        {"short": {}},
        {"long": {"exp": 4102444800}, "no-nbf": {"nbf": ...}},
    ),
    "whole-numbers": Configuration(
        requires({"expression": "has(claims.level) ? claims.level + 1 > 2 : true"}),
        {"absent": {}},
        {"numbers-are-doubles": {"level": 2}},
    ),
    "compared-numbers": Configuration(
        requires({"expression": "claims.level >= 2 && type(claims.level) == double"}),
        {"more": {"level": 3}, "equal": {"level": 2}},
        {"less": {"level": 1}, "text": {"level": "3"}},
    ),
    "short-circuit": Configuration(
        requires(
            {"expression": "has(claims.admin) && claims.admin == true || claims.sub == 'root'"}
        ),
        {"true": {"admin": True}, "root": {"sub": "root"}},
        {"false": {"admin": False}, "absent": {}, "text": {"admin": "true"}},
    ),
    "user-system": Configuration(
        user_must(
            "!user.username.startsWith('system:') && user.groups.all(g, !g.startsWith('system:'))"
        ),
        {"plain": {"uid": "u"}},
        {
            "name": {"uid": "u", "sub": "system:admin"},
            "group": {"uid": "u", "groups": ["system:masters"]},
        },
    ),
    "user-facts": Configuration(
        user_must(
            "user.uid == 'u' && user.extra['example.com/team'] == ['t'] && 'admins' in user.groups"
        ),
        {"all": {"uid": "u", "team": "t"}},
        {
            "uid": {"uid": "v", "team": "t"},
            "team": {"uid": "u", "team": "s"},
            "no-team": {"uid": "u"},
            "group": {"uid": "u", "team": "t", "groups": []},
        },
    ),
}


def pairs() -> list[tuple[str, str, Changes, bool]]:
    """(configuration, what is special, claims, whether it is accepted)."""
    return [
        (name, special, changes, accepted)
        for name, configuration in CONFIGURATIONS.items()
        for accepted in (True, False)
        for special, changes in (
            configuration.accepted if accepted else configuration.refused
        ).items()
    ]
