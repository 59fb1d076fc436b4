"""CEL over claims and users: an expression and a token's claims name somebody, or are refused.

The first byte of an input says what the expression is for (`PLACES`; p: a policy's rule); NUL
separates it from a JSON object of claims that are put over a good token's.
"""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jwt_to_rbac.core.claim_mapping import Claim, ClaimMapping, Condition
from jwt_to_rbac.core.errors import Code, Denial
from jwt_to_rbac.core.expression import Expression
from jwt_to_rbac.core.identity import Person
from jwt_to_rbac.core.plan import plan
from jwt_to_rbac.core.policy import Policy, Rule
from jwt_to_rbac.core.selector import NamespaceLabels
from jwt_to_rbac.oidc.compact_token import UnverifiedToken, read_token
from jwt_to_rbac.oidc.key_set import import_key
from jwt_to_rbac.oidc.person_claims import person_of
from jwt_to_rbac.oidc.trusted_issuer import TrustedIssuer
from jwt_to_rbac.oidc.verified_claims import verify
from jwt_to_rbac.settings.cel import CLAIMS, PERSON, USER, Kind, NotAnExpression, compiled
from tests.fuzz.tokens import GOOD_CLAIMS, GOOD_HEADER, LONGEST_DETAIL, OWN, URL, sound
from tests.oidc.local_issuer import AUDIENCE, NOW, compact, public

SUB = Claim("sub")
PLACES: dict[bytes, tuple[Kind, Callable[[Expression], ClaimMapping]]] = {
    b"u": (Kind.TEXT, lambda e: ClaimMapping(username=e)),
    b"g": (Kind.TEXTS, lambda e: ClaimMapping(SUB, groups=e)),
    b"i": (Kind.TEXT, lambda e: ClaimMapping(SUB, uid=e)),
    b"x": (Kind.TEXTS, lambda e: ClaimMapping(SUB, extra=(("example.com/a", e),))),
    b"c": (Kind.BOOLEAN, lambda e: ClaimMapping(SUB, claim_rules=(Condition(e),))),
    b"r": (Kind.BOOLEAN, lambda e: ClaimMapping(SUB, user_rules=(Condition(e),))),
}

WORDS = (
    *("claims.", "claims.sub", "claims.?", "claims[", "user.username", "user.groups", "user.email"),
    *("user.extra", "user.uid", "user.connector", ".orValue(", ".all(", ".exists(", ".map(x, "),
    *(".filter(x, ", ".exists_one(", "has(", "size(", "string(", "int(", "double(", "bytes("),
    *("type(", "dyn(", "timestamp(", "duration(", ".startsWith(", ".matches(", ".split(", ".join("),
    *(".replace(", ".lowerAscii()", ".substring(", ".format([", "optional.of(", "optional.none()"),
    *(" == ", " != ", " in ", " && ", " || ", " ? ", " : ", " + ", " / ", " % ", "null", "true"),
    *("'", "b'", "r'", '"""', "\\u", "[", "]", "{", "}", "x", "9223372036854775807", "1u", "1e308"),
    *('"sub":', '"email":', '"groups":', '"a":', "\0{"),
)


def one(data: bytes) -> None:
    """Raises AssertionError, or what must never leave the mapping."""
    place, (text, _, claims) = data[:1], data[1:].partition(b"\0")
    try:
        expression_text = text.decode()
        changes = json.loads(claims or b"{}")
    except ValueError:
        return
    if not isinstance(changes, dict):
        return
    variables = {b"p": PERSON, b"r": USER}.get(place, CLAIMS)
    kind, mapping_of = PLACES.get(place, (Kind.BOOLEAN, lambda _: ClaimMapping()))
    try:
        expression = compiled(expression_text, variables, kind)
    except NotAnExpression as error:
        assert str(error).isprintable(), error
        assert len(str(error)) < LONGEST_DETAIL
        return
    person = _named(GOOD_CLAIMS | changes, mapping_of(expression))
    if place == b"p" and person is not None:
        rule = Rule("rule", frozenset(), "view", when=expression)
        access = plan(person, Policy((rule,)), NamespaceLabels())
        assert len(access.grants) + len(access.failed_rules) <= 1
        assert all(failed.reason.isprintable() for failed in access.failed_rules)


def _named(claims: dict[str, object], mapping: ClaimMapping) -> Person | None:
    token = read_token(compact(GOOD_HEADER, claims, OWN["ed"], "EdDSA"))
    if not isinstance(token, UnverifiedToken):
        return None
    key = import_key(public(OWN["ed"], kid="ed"))
    assert key is not None
    verified = verify(token, TrustedIssuer(URL, frozenset({AUDIENCE})), [key], NOW)
    if isinstance(verified, Denial):
        return None
    answer = person_of(verified, mapping)
    if isinstance(answer, Person):
        sound(answer)
        return answer
    assert answer.code is Code.TOKEN_CLAIM
    assert answer.detail.isprintable(), answer
    assert len(answer.detail) < LONGEST_DETAIL
    return None


@contextmanager
def ready() -> Iterator[Callable[[bytes], None]]:
    """The target; nothing is to be set up."""
    yield one
