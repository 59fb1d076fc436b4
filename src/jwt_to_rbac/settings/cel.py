"""CEL expressions: what they see, what their value may be, and what is refused though CEL takes it.

What they are for is said by callers. Compiled here and not in `core`, which stays free of foreign
packages, and not in `oidc`, because a mistake must be told with its line when the configuration is
read. The library is `cel_library`'s.
"""

import re
from collections.abc import Mapping
from enum import Enum, StrEnum, auto

from jwt_to_rbac.core.expression import Expression

_STRING_OR_COMMENT = re.compile(
    r"""(?xs)
    [bB]?[rR][bB]?(?: "{3}.*?"{3} | '{3}.*?'{3} | "[^"\n]*" | '[^'\n]*' )
    | "{3}(?:\\.|.)*?"{3} | '{3}(?:\\.|.)*?'{3}
    | "(?:\\.|[^"\\\n])*" | '(?:\\.|[^'\\\n])*'
    | //[^\n]*
    """
)
_ESCAPED = re.compile(r"__[a-z]+__")
_HAS_USER = re.compile(r"\bhas\(\s*user\.\w+\s*\)")


class Kind(StrEnum):
    """What an expression's value is, as far as that is known before there is a token."""

    BOOLEAN = "true or false"
    TEXT = "text"
    TEXTS = "text or a list of texts"


class Type(Enum):
    """What a variable is."""

    TEXT = auto()
    TEXTS = auto()
    TEXTS_BY_TEXT = auto()
    ANYTHING_BY_TEXT = auto()


CLAIMS = {"claims": Type.ANYTHING_BY_TEXT}
"""What mappings and rules on claims see: all of the token."""

USER = {
    "user.username": Type.TEXT,
    "user.uid": Type.TEXT,
    "user.groups": Type.TEXTS,
    "user.extra": Type.TEXTS_BY_TEXT,
}
"""What rules on the user see, as in Kubernetes."""


class NotAnExpression(Exception):
    """The message says what is wrong with the text, to stand after the key's name."""


PERSON = {
    "user.issuer": Type.TEXT,
    "user.subject": Type.TEXT,
    "user.username": Type.TEXT,
    "user.email": Type.TEXT,
    "user.groups": Type.TEXTS,
    "user.connector": Type.TEXT,
    "user.userID": Type.TEXT,
}
"""What a policy's rule sees of a person: the fields of an AccessGrant's `spec.subject`."""


def compiled(text: str, variables: Mapping[str, Type], kind: Kind) -> Expression:
    """The expression over `variables`. Raises NotAnExpression."""
    if _ESCAPED.search(text):
        # Kubernetes reads __dot__ and the like in names: another meaning here would be a trap.
        raise NotAnExpression("has an escaped name (__dot__ and the like): write ['a.b'] instead")
    if _HAS_USER.search(without_texts(text)):
        raise NotAnExpression("asks has() for a field that is always there: compare it with ''")
    # Here and not above: the library takes 11 MB, and most configurations have no expression.
    from jwt_to_rbac.settings.cel_library import compile_expression

    return compile_expression(text, variables, kind)


def without_texts(text: str) -> str:
    """The expression with its string literals and comments taken out, to look for names in it."""
    return _STRING_OR_COMMENT.sub("''", text)
