"""One method of one path with all that a client must know of it: `/openapi.json` is made of these.

To serve is to declare: a path's methods are Operations, so that none goes undescribed.
"""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from http import HTTPStatus
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jwt_to_rbac.core.errors import Code

Handler = Callable[[Request], Awaitable[Response]]

ANY = frozenset({Code.INTERNAL, Code.CLUSTER_UNAVAILABLE})
"""What the edge itself may answer to whatever is asked: an error of ours, or the deadline."""

BODY = frozenset({Code.BODY_MALFORMED, Code.BODY_TOO_LARGE})
"""What reading a body may end with."""

ID_TOKEN = frozenset({code for code in Code if code.startswith("token_")}) | {
    Code.ISSUER_UNAVAILABLE,
    Code.AUDIT_UNAVAILABLE,
    Code.TOO_MANY_REQUESTS,
}
"""What verifying an ID token may end with."""

CALLER = (ID_TOKEN - {Code.TOKEN_MISSING}) | {
    Code.CREDENTIAL_MISSING,
    Code.CREDENTIAL_REFUSED,
    Code.FORBIDDEN,
    Code.CLUSTER_REFUSED,
}
"""What asking who the bearer of a token is, and whether they may, can end with."""

LOGIN = frozenset(
    {
        Code.NO_ACCESS,
        Code.SUSPENDED,
        Code.ACCESS_EXPIRED,
        Code.ACCESS_LAPSED,
        Code.NAME_TAKEN,
        Code.ROLE_OUTDATED,
        Code.CLUSTER_REFUSED,
        Code.BUSY,
    }
)
"""What a login may end with once its ID token is verified."""


SESSION = frozenset({Code.SESSION_ENDED, Code.TOO_MANY_SESSIONS})
"""What beginning or renewing a session may end with."""


class Bearer(Enum):
    """Whether `Authorization: Bearer` is needed."""

    NEEDED = "needed"
    OPTIONAL = "optional"
    UNUSED = "unused"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no problem document. `shape` is its body's type; None for no body."""

    status: HTTPStatus
    says: str
    shape: Any = None
    media_types: tuple[str, ...] = ("application/json",)


@dataclass(frozen=True, slots=True)
class Operation:
    """`codes` are those of `handler` beyond what its bearer and its body bring with them (`all_codes`).

    `body` is the type of the JSON that is taken, `query` a Struct whose fields are the query's.
    """

    handler: Handler
    summary: str
    answers: tuple[Answer, ...]
    bearer: Bearer = Bearer.NEEDED
    body: Any = None
    query: type[msgspec.Struct] | None = None
    codes: frozenset[Code] = frozenset()

    def all_codes(self) -> frozenset[Code]:
        """The codes of every problem document that may answer."""
        callers = frozenset[Code]() if self.bearer is Bearer.UNUSED else CALLER
        return ANY | callers | (BODY if self.body is not None else frozenset()) | self.codes


Resources = Mapping[str, Mapping[str, Operation]]
"""Path templates, each with its methods."""
