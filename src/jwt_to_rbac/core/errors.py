"""Every error and denial that a person may meet, with its stable code; nothing about how it is shown.

    Denial                a value: the answer is no, and asking again will not change it
    JwtToRbacError        an exception: something unexpected stands in the way
    ├── Outage            time may cure it; carries how long to wait
    ├── Conflict          somebody else changed the same object; read again and repeat
    └── InvalidInput      a person must mend what they gave us (configuration, arguments)

Foreign exceptions stop at the adapter that met them and become one of these.
"""

from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus


class Code(StrEnum):
    """The stable names of errors: clients and alerts match on these, never on a message."""

    # The request itself.
    BODY_MALFORMED = "body_malformed"
    BODY_TOO_LARGE = "body_too_large"
    DURATION_INVALID = "duration_invalid"
    NOT_FOUND = "not_found"
    METHOD_NOT_ALLOWED = "method_not_allowed"
    TOO_MANY_REQUESTS = "too_many_requests"
    # Who is asking.
    CREDENTIAL_MISSING = "credential_missing"
    CREDENTIAL_REFUSED = "credential_refused"
    FORBIDDEN = "forbidden"
    # A person's browser (the Authentication App).
    LOGIN_INCOMPLETE = "login_incomplete"
    LOGIN_REFUSED = "login_refused"
    FORM_REFUSED = "form_refused"
    # The ID token (OpenID Connect Core 3.1.3.7, RFC 8725).
    TOKEN_MISSING = "token_missing"
    TOKEN_TOO_LARGE = "token_too_large"
    TOKEN_MALFORMED = "token_malformed"
    TOKEN_ALGORITHM = "token_algorithm"
    TOKEN_KEY_UNKNOWN = "token_key_unknown"
    TOKEN_SIGNATURE = "token_signature"
    TOKEN_ISSUER = "token_issuer"
    TOKEN_AUDIENCE = "token_audience"
    TOKEN_EXPIRED = "token_expired"
    TOKEN_NOT_YET_VALID = "token_not_yet_valid"
    TOKEN_CLAIM = "token_claim"
    # What the person may have.
    NO_ACCESS = "no_access"
    SUSPENDED = "suspended"
    ACCESS_EXPIRED = "access_expired"
    ACCESS_LAPSED = "access_lapsed"
    TOKEN_REVOKED = "token_revoked"
    SESSION_ENDED = "session_ended"
    TOO_MANY_SESSIONS = "too_many_sessions"
    # What a person must mend on the cluster or in the configuration.
    NAME_TAKEN = "name_taken"
    CONFIGURATION_INVALID = "configuration_invalid"
    ROLE_OUTDATED = "role_outdated"
    # What time may cure.
    CLUSTER_UNAVAILABLE = "cluster_unavailable"
    CLUSTER_REFUSED = "cluster_refused"
    ISSUER_UNAVAILABLE = "issuer_unavailable"
    AUDIT_UNAVAILABLE = "audit_unavailable"
    BUSY = "busy"
    NOT_LEADING = "not_leading"
    INTERNAL = "internal"


STATUS: dict[Code, HTTPStatus] = {
    Code.BODY_MALFORMED: HTTPStatus.BAD_REQUEST,
    Code.BODY_TOO_LARGE: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    Code.DURATION_INVALID: HTTPStatus.BAD_REQUEST,
    Code.NOT_FOUND: HTTPStatus.NOT_FOUND,
    Code.METHOD_NOT_ALLOWED: HTTPStatus.METHOD_NOT_ALLOWED,
    Code.TOO_MANY_REQUESTS: HTTPStatus.TOO_MANY_REQUESTS,
    Code.TOKEN_MISSING: HTTPStatus.BAD_REQUEST,
    Code.FORBIDDEN: HTTPStatus.FORBIDDEN,
    Code.LOGIN_INCOMPLETE: HTTPStatus.BAD_REQUEST,
    Code.FORM_REFUSED: HTTPStatus.FORBIDDEN,
    Code.NO_ACCESS: HTTPStatus.FORBIDDEN,
    Code.SUSPENDED: HTTPStatus.FORBIDDEN,
    Code.ACCESS_EXPIRED: HTTPStatus.FORBIDDEN,
    Code.ACCESS_LAPSED: HTTPStatus.FORBIDDEN,
    Code.SESSION_ENDED: HTTPStatus.GONE,
    Code.TOO_MANY_SESSIONS: HTTPStatus.CONFLICT,
    Code.NAME_TAKEN: HTTPStatus.CONFLICT,
    Code.CONFIGURATION_INVALID: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.ROLE_OUTDATED: HTTPStatus.INTERNAL_SERVER_ERROR,
    Code.CLUSTER_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.CLUSTER_REFUSED: HTTPStatus.BAD_GATEWAY,
    Code.ISSUER_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.AUDIT_UNAVAILABLE: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.BUSY: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.NOT_LEADING: HTTPStatus.SERVICE_UNAVAILABLE,
    Code.INTERNAL: HTTPStatus.INTERNAL_SERVER_ERROR,
}
"""The HTTP status of each code; whatever isn't listed is about a credential: 401."""


def status_of(code: Code) -> HTTPStatus:
    return STATUS.get(code, HTTPStatus.UNAUTHORIZED)


@dataclass(frozen=True, slots=True)
class Denial:
    """A no with its reason. `detail` is one sentence a person can act on; never holds a secret."""

    code: Code
    detail: str


class JwtToRbacError(Exception):
    """The root of everything that this program raises."""

    def __init__(self, code: Code, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class Outage(JwtToRbacError):
    """Something that we need is away or overloaded. `retry_after` is in seconds."""

    def __init__(self, code: Code, detail: str, retry_after: float = 1.0) -> None:
        super().__init__(code, detail)
        self.retry_after = retry_after


class Conflict(JwtToRbacError):
    """The object changed since it was read (HTTP 409 on a precondition)."""


class InvalidInput(JwtToRbacError):
    """A person must mend what they gave: the detail says which field, what was seen, what to do."""
