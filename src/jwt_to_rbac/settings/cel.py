"""Compiles CEL expressions: the one place that knows the CEL library. What they are for is said by callers.

Compiled here and not in `core`, which stays free of foreign packages, and not in `oidc`,
because a mistake must be told with its line when the configuration is read.

The library bounds an evaluation (10,000 steps of a loop) and its regular expressions are RE2,
so a token can't make an expression run for long.
"""

import re
from collections.abc import Collection, Mapping
from enum import StrEnum

from cel_expr_python import cel
from cel_expr_python.ext import ext_optional, ext_strings

from jwt_to_rbac.core.expression import Expression, ExpressionFailed
from jwt_to_rbac.core.short_line import short_line

_STRING_OR_COMMENT = re.compile(
    r"""(?xs)
    [bB]?[rR][bB]?(?: "{3}.*?"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
    | "{3}(?:\\.|.)*?"{3} | '{3}(?:\\.|.)*?'{3}
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | //[^\n]*
    """
)
_PLACE = re.compile(r"<input>:(\d+:\d+: [^\n]*)")
_ESCAPED = re.compile(r"__[a-z]+__")
_HAS_USER = re.compile(r"\bhas\(\s*user\.\w+\s*\)")


class Kind(StrEnum):
    """What an expression's value is, as far as that is known before there is a token."""

    BOOLEAN = "true or false"
    TEXT = "text"
    TEXTS = "text or a list of texts"


TEXT, TEXTS = cel.Type.STRING, cel.Type.List(cel.Type.STRING)

CLAIMS = {"claims": cel.Type.Map(TEXT, cel.Type.DYN)}
"""What mappings and rules on claims see: all of the token."""

USER = {
    "user.username": TEXT,
    "user.uid": TEXT,
    "user.groups": TEXTS,
    "user.extra": cel.Type.Map(TEXT, TEXTS),
}
"""What rules on the user see, as in Kubernetes."""


class NotAnExpression(Exception):
    """The message says what is wrong with the text, to stand after the key's name."""


PERSON = {
    "user.issuer": TEXT,
    "user.subject": TEXT,
    "user.username": TEXT,
    "user.email": TEXT,
    "user.groups": TEXTS,
    "user.connector": TEXT,
    "user.userID": TEXT,
}
"""What a policy's rule sees of a person: the fields of an AccessGrant's `spec.subject`."""


def compiled(text: str, variables: Mapping[str, cel.Type], kind: Kind) -> Expression:
    """The expression over `variables`. Raises NotAnExpression."""
    if _ESCAPED.search(text):
        # Kubernetes reads __dot__ and the like in names: another meaning here would be a trap.
        raise NotAnExpression("has an escaped name (__dot__ and the like): write ['a.b'] instead")
    if _HAS_USER.search(without_texts(text)):
        raise NotAnExpression("asks has() for a field that is always there: compare it with ''")
    extensions = [ext_strings.ExtStrings(), ext_optional.ExtOptional()]
    try:
        program = cel.NewEnv(variables=dict(variables), extensions=extensions).compile(text)
    except RuntimeError as error:
        place = _PLACE.search(str(error))
        reason = short_line(place[1] if place else str(error))
        raise NotAnExpression(f"is no valid CEL expression: {reason}") from None
    if not _fits(program.return_type(), kind):
        raise NotAnExpression(f"has the type {program.return_type()}, but must be {kind}")

    def value(given: Mapping[str, object]) -> object:
        try:
            result = program.eval(data=given)
            found: object = result.plain_value()
        # What the library raises when its budget is used up, or a value has no form in Python.
        except (RuntimeError, TypeError, ValueError) as error:
            raise ExpressionFailed(short_line(str(error))) from None
        if result.type() == cel.Type.ERROR:
            raise ExpressionFailed(short_line(str(found)))
        return found

    return Expression(text, value)


def without_texts(text: str) -> str:
    """The expression with its string literals and comments taken out, to look for names in it."""
    return _STRING_OR_COMMENT.sub("''", text)


def _fits(found: cel.Type, kind: Kind) -> bool:
    allowed: Collection[cel.Type]
    match kind:
        case Kind.BOOLEAN:
            # Not dynamic ones: Kubernetes' rule, and it finds `claims.admin == ...` half written.
            return bool(found == cel.Type.BOOL)
        case Kind.TEXT:
            allowed = (cel.Type.STRING, cel.Type.DYN)
        case Kind.TEXTS:
            allowed = (cel.Type.STRING, cel.Type.DYN, cel.Type.NULL, TEXTS)
            allowed = (*allowed, cel.Type.List(cel.Type.DYN))
    return found in allowed
